#include "drivers.h"

#include "protocol/pop3.h"

#include <string.h>

static const char *const commands[] = { "GREETING", "CAPA", "STLS", "UTF8", "USER",
                                        "PASS",     "AUTH", "STAT", "LIST", "UIDL",
                                        "RETR",     "DELE", "NOOP", "RSET", "QUIT" };
static const char *const faults[] = { "none", "syntax", "limit", "eof" };

static gpointer
create (void)
{
  return pf_pop3_new ();
}

static void
destroy (gpointer machine)
{
  pf_pop3_free (machine);
}

static void
trace_reply (const PfPop3Event *event, TalkTrace *log)
{
  g_autofree char *text = talk_quote (event->text, strlen (event->text));
  g_autofree char *numbers = NULL;

  if (event->command == PF_POP3_STAT && event->ok)
    numbers = g_strdup_printf (" %u %" G_GUINT64_FORMAT, event->number, event->size);
  else if (event->number != 0)
    numbers = g_strdup_printf (" %u", event->number);
  talk_trace_event (log, "REPLY %s%s %s%s%s%s %s", commands[event->command],
                    numbers != NULL ? numbers : "", event->ok ? "ok" : "error",
                    event->code != NULL ? " [" : "", event->code != NULL ? event->code : "",
                    event->code != NULL ? "]" : "", text);
}

static void
trace_item (const PfPop3Event *event, TalkTrace *log)
{
  g_autofree char *text = talk_quote (event->text, strlen (event->text));

  if (event->command == PF_POP3_LIST)
    talk_trace_event (log, "ITEM %u %" G_GUINT64_FORMAT, event->number, event->size);
  else if (event->command == PF_POP3_UIDL)
    talk_trace_event (log, "ITEM %u %s", event->number, text);
  else
    talk_trace_event (log, "ITEM %s", text);
}

static void
trace (const PfPop3Event *event, TalkTrace *log)
{
  g_autofree char *text = talk_quote (event->text, strlen (event->text));
  g_autofree char *label = g_strdup_printf ("BODY %u", event->number);

  switch (event->type)
    {
    case PF_POP3_EVENT_REPLY:
      trace_reply (event, log);
      break;
    case PF_POP3_EVENT_CHALLENGE:
      talk_trace_event (log, "CHALLENGE %s", text);
      break;
    case PF_POP3_EVENT_ITEM:
      trace_item (event, log);
      break;
    case PF_POP3_EVENT_BODY:
      g_assert_cmpuint (event->length, >, 0);
      talk_trace_octets (log, label, event->data, event->length);
      break;
    case PF_POP3_EVENT_END:
      talk_trace_event (log, "END %s", commands[event->command]);
      break;
    case PF_POP3_EVENT_FAULT:
      talk_trace_event (log, "FAULT %s %s", faults[event->fault], text);
      break;
    default:
      g_assert_not_reached ();
    }
}

static void
drain (gpointer machine, TalkTrace *log)
{
  PfPop3Event event;

  while (pf_pop3_next_event (machine, &event))
    trace (&event, log);
}

static const struct
{
  const char *name;
  void (*act) (PfPop3 *self);
} plain[] = { { "capa", pf_pop3_capa },
              { "stls", pf_pop3_stls },
              { "utf8", pf_pop3_utf8 },
              { "stat", pf_pop3_stat },
              { "list", pf_pop3_list },
              { "uidl", pf_pop3_uidl },
              { "noop", pf_pop3_noop },
              { "rset", pf_pop3_rset },
              { "quit", pf_pop3_quit },
              { "cancel", pf_pop3_auth_cancel },
              { "forget", pf_pop3_forget_capabilities } };

static gboolean
act_plain (PfPop3 *self, const char *word)
{
  for (guint i = 0; i < G_N_ELEMENTS (plain); i++)
    if (strcmp (plain[i].name, word) == 0)
      {
        plain[i].act (self);
        return TRUE;
      }
  return FALSE;
}

static void
trace_capability (PfPop3 *self, const char *keyword, TalkTrace *log)
{
  const char *rest = NULL;
  gboolean has = pf_pop3_has_capability (self, keyword, &rest);

  talk_trace_event (log, "HAS %s %s", keyword, has ? rest : "not");
}

static gboolean
act (gpointer machine, char **words, TalkTrace *log)
{
  const char *argument = words[1] != NULL ? words[1] : "";

  if (strcmp (words[0], "retr") == 0)
    pf_pop3_retr (machine, (guint32) g_ascii_strtoull (argument, NULL, 10));
  else if (strcmp (words[0], "dele") == 0)
    pf_pop3_dele (machine, (guint32) g_ascii_strtoull (argument, NULL, 10));
  else if (strcmp (words[0], "user") == 0)
    g_assert_true (pf_pop3_user (machine, argument));
  else if (strcmp (words[0], "pass") == 0)
    g_assert_true (pf_pop3_pass (machine, argument));
  else if (strcmp (words[0], "auth") == 0)
    pf_pop3_auth (machine, argument, words[1] != NULL ? words[2] : NULL);
  else if (strcmp (words[0], "respond") == 0)
    pf_pop3_auth_respond (machine, argument);
  else if (strcmp (words[0], "pipelining") == 0)
    pf_pop3_set_pipelining (machine, TRUE);
  else if (strcmp (words[0], "tls") == 0)
    talk_trace_event (log, "TLS %s", pf_pop3_tls_started (machine) ? "injected" : "clean");
  else if (strcmp (words[0], "has") == 0)
    trace_capability (machine, argument, log);
  else
    return act_plain (machine, words[0]);
  return TRUE;
}

const TalkDriver talk_pop3 = { &pf_pop3_machine, create, destroy, drain, act };
