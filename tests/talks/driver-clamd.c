#include "drivers.h"

#include "protocol/clamd.h"

#include <string.h>

static const char *const names[] = { "PONG", "VERSION", "CLEAN", "FOUND", "TOO-LARGE", "ERROR" };
static const char *const faults[] = { "none", "syntax", "limit", "eof" };

static gpointer
create (void)
{
  return pf_clamd_new ();
}

static void
destroy (gpointer machine)
{
  pf_clamd_free (machine);
}

static void
drain (gpointer machine, TalkTrace *trace)
{
  PfClamdEvent event;

  while (pf_clamd_next_event (machine, &event))
    {
      g_autofree char *text = talk_quote (event.text, strlen (event.text));

      if (event.type == PF_CLAMD_EVENT_FAULT)
        talk_trace_event (trace, "FAULT %s %s", faults[event.fault], text);
      else
        talk_trace_event (trace, "%s %s", names[event.type], text);
    }
}

static void
put_data (PfClamd *self, const char *text)
{
  g_autoptr (GByteArray) octets = g_byte_array_new ();

  talk_unquote (octets, text);
  pf_clamd_data (self, octets->data, octets->len);
}

static gboolean
act (gpointer machine, char **words, TalkTrace *trace)
{
  if (strcmp (words[0], "ping") == 0)
    pf_clamd_ping (machine);
  else if (strcmp (words[0], "version") == 0)
    pf_clamd_version (machine);
  else if (strcmp (words[0], "instream") == 0)
    pf_clamd_instream (machine);
  else if (strcmp (words[0], "data") == 0)
    put_data (machine, words[1] != NULL ? words[1] : "");
  else if (strcmp (words[0], "end") == 0)
    pf_clamd_end (machine);
  else
    return FALSE;
  return TRUE;
}

const TalkDriver talk_clamd = { &pf_clamd_machine, create, destroy, drain, act };
