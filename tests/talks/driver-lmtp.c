#include "drivers.h"

#include "protocol/lmtp.h"

#include <string.h>

static const char *const commands[] = { "GREETING", "LHLO", "MAIL", "RCPT", "DATA",
                                        "MESSAGE",  "RSET", "NOOP", "QUIT" };
static const char *const faults[] = { "none", "syntax", "limit", "eof" };

static gpointer
create (void)
{
  return pf_lmtp_new ();
}

static void
destroy (gpointer machine)
{
  pf_lmtp_free (machine);
}

static void
drain (gpointer machine, TalkTrace *trace)
{
  PfLmtpEvent event;

  while (pf_lmtp_next_event (machine, &event))
    {
      g_autofree char *text = talk_quote (event.text, strlen (event.text));

      if (event.type == PF_LMTP_EVENT_FAULT)
        talk_trace_event (trace, "FAULT %s %s", faults[event.fault], text);
      else
        talk_trace_event (trace, "REPLY %s %u%s%s %s", commands[event.command], event.status,
                          *event.enhanced != '\0' ? " " : "", event.enhanced, text);
    }
}

static void
put_text (PfLmtp *self, const char *text)
{
  g_autoptr (GByteArray) octets = g_byte_array_new ();

  talk_unquote (octets, text);
  pf_lmtp_message (self, octets->data, octets->len);
}

static const struct
{
  const char *name;
  void (*act) (PfLmtp *self);
} plain[] = { { "data", pf_lmtp_data },
              { "end", pf_lmtp_message_end },
              { "rset", pf_lmtp_rset },
              { "noop", pf_lmtp_noop },
              { "quit", pf_lmtp_quit } };

static gboolean
act (gpointer machine, char **words, TalkTrace *trace)
{
  const char *argument = words[1] != NULL ? words[1] : "";
  const char *second = words[1] != NULL && words[2] != NULL ? words[2] : "";

  for (guint i = 0; i < G_N_ELEMENTS (plain); i++)
    if (strcmp (plain[i].name, words[0]) == 0)
      {
        plain[i].act (machine);
        return TRUE;
      }
  if (strcmp (words[0], "lhlo") == 0)
    pf_lmtp_lhlo (machine, argument);
  else if (strcmp (words[0], "mail") == 0)
    g_assert_true (pf_lmtp_mail (machine, argument, second));
  else if (strcmp (words[0], "rcpt") == 0)
    g_assert_true (pf_lmtp_rcpt (machine, argument));
  else if (strcmp (words[0], "text") == 0)
    put_text (machine, argument);
  else if (strcmp (words[0], "has") == 0)
    talk_trace_event (trace, "HAS %s %s", argument,
                      pf_lmtp_has_extension (machine, argument) ? "yes" : "not");
  else
    return FALSE;
  return TRUE;
}

const TalkDriver talk_lmtp = { &pf_lmtp_machine, create, destroy, drain, act };
