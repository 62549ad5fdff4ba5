#include "drivers.h"
#include "fuzz.h"

static const FuzzDeed deeds[] = {
  { 'c', "capability", FUZZ_ALONE },
  { 'l', "list *", FUZZ_GROUP },
  { 'x', "examine INBOX", FUZZ_ALONE },
  { 's', "select INBOX", FUZZ_ALONE },
  { 'f', "listing 1:*", FUZZ_GROUP },
  { 'b', "fetch 1", FUZZ_GROUP },
  { 'B', "fetch 2,4:6", FUZZ_GROUP },
  { 'u', "search DELETED", FUZZ_GROUP },
  { 'd', "delete 1", FUZZ_GROUP },
  { 'e', "uid-expunge 1", FUZZ_GROUP },
  { 'E', "expunge", FUZZ_GROUP },
  { 'n', "noop", FUZZ_GROUP },
  { 'w', "unselect", FUZZ_ALONE },
  { 'L', "login alice se\\xc3\\xa9cret", FUZZ_ALONE },
  { 'a', "authenticate PLAIN AA==", FUZZ_ALONE },
  { 'A', "authenticate CRAM-MD5", FUZZ_ALONE },
  { 'q', "logout", FUZZ_ALONE },
  { 'r', "respond AAAA", FUZZ_ANY },
  { 'i', "idle", FUZZ_ALONE },
  { 'I', "done", FUZZ_ANY },
  { 'h', "has IDLE", FUZZ_ANY },
  { 'S', "selected", FUZZ_ANY },
  { 'V', "enable UTF8=ACCEPT", FUZZ_GROUP },
  { 'T', "starttls", FUZZ_HOLD },
  { 't', "tls", FUZZ_UNHOLD },
};

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  fuzz_conversation (&talk_imap, deeds, G_N_ELEMENTS (deeds), NULL, data, size);
  return 0;
}
