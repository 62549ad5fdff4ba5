#include "drivers.h"
#include "fuzz.h"
#include "protocol/clamd.h"

#include <string.h>

/* One command a connection; a deed out of turn is ignored by the machine. */
static const FuzzDeed deeds[] = {
  { 'p', "ping", FUZZ_ANY },     { 'v', "version", FUZZ_ANY }, { 'i', "instream", FUZZ_ANY },
  { 'd', "data abc", FUZZ_ANY }, { 'D', "data", FUZZ_ANY },    { 'e', "end", FUZZ_ANY },
};

/* Whatever is said before the stream is complete, it is never "clean". */
static void
never_clean_early (const guint8 *data, gsize size)
{
  g_autoptr (PfClamd) clamd = pf_clamd_new ();
  PfClamdEvent event;

  pf_clamd_instream (clamd);
  pf_clamd_data (clamd, (const guint8 *) "abc", 3);
  pf_clamd_machine.feed (clamd, data, size);
  if (size > 0)
    pf_clamd_end (clamd);
  pf_clamd_machine.feed (clamd, (const guint8 *) "stream: OK", sizeof "stream: OK");
  if (size > 0 && pf_clamd_next_event (clamd, &event))
    g_assert_cmpint (event.type, !=, PF_CLAMD_EVENT_CLEAN);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  fuzz_conversation (&talk_clamd, deeds, G_N_ELEMENTS (deeds), NULL, data, size);
  never_clean_early (data, size);
  return 0;
}
