#include "drivers.h"

#include "protocol/imap.h"

#include <string.h>

static const char *const commands[] = {
  "GREETING", "CAPABILITY", "STARTTLS", "AUTHENTICATE", "LOGIN",  "ID",      "ENABLE", "COMPRESS",
  "LIST",     "SELECT",     "EXAMINE",  "UNSELECT",     "SEARCH", "LISTING", "FETCH",  "STORE",
  "COPY",     "EXPUNGE",    "NOOP",     "IDLE",         "LOGOUT", "NONE"
};
static const char *const statuses[] = { "OK", "NO", "BAD", "BYE", "PREAUTH" };
static const char *const faults[] = { "none", "syntax", "limit", "eof" };

static gpointer
create (void)
{
  return pf_imap_new ();
}

static void
destroy (gpointer machine)
{
  pf_imap_free (machine);
}

static void
trace_status (const char *what, const PfImapEvent *event, TalkTrace *log)
{
  g_autofree char *text = talk_quote (event->text, strlen (event->text));

  talk_trace_event (log, "%s %s%s%s%s%s%s %s", what, statuses[event->status],
                    event->code != NULL ? " [" : "", event->code != NULL ? event->code : "",
                    event->code != NULL && *event->code_arguments != '\0' ? " " : "",
                    event->code != NULL ? event->code_arguments : "",
                    event->code != NULL ? "]" : "", text);
}

static void
trace_fetch (const PfImapEvent *event, TalkTrace *log)
{
  GString *line = g_string_new ("FETCH");

  g_string_append_printf (line, " uid=%u", event->uid);
  if (event->has_size)
    g_string_append_printf (line, " size=%" G_GUINT64_FORMAT, event->size);
  if (event->has_date)
    g_string_append_printf (line, " date=%" G_GINT64_FORMAT, event->internal_date);
  if (event->has_flags)
    g_string_append_printf (line, " flags=%u", event->flags);
  if (event->has_body)
    g_string_append (line, event->body_nil ? " body=nil" : " body");
  talk_trace_event (log, "%s", line->str);
  g_string_free (line, TRUE);
}

static void
trace_folder (const PfImapEvent *event, TalkTrace *log)
{
  g_autofree char *name = talk_quote (event->text, strlen (event->text));
  g_autofree char *attributes = g_strjoinv (" ", (char **) event->attributes);

  talk_trace_event (log, "FOLDER %s (%s)", name, attributes);
}

static void
trace (const PfImapEvent *event, TalkTrace *log)
{
  g_autofree char *what = g_strdup_printf ("REPLY %s", commands[event->command]);
  g_autofree char *text = talk_quote (event->text, strlen (event->text));

  switch (event->type)
    {
    case PF_IMAP_EVENT_REPLY:
      trace_status (what, event, log);
      break;
    case PF_IMAP_EVENT_STATUS:
      trace_status ("STATUS", event, log);
      break;
    case PF_IMAP_EVENT_CHALLENGE:
      talk_trace_event (log, "CHALLENGE %s", text);
      break;
    case PF_IMAP_EVENT_IDLING:
      talk_trace_event (log, "IDLING");
      break;
    case PF_IMAP_EVENT_FOLDER:
      trace_folder (event, log);
      break;
    case PF_IMAP_EVENT_EXISTS:
      talk_trace_event (log, "EXISTS %u", event->number);
      break;
    case PF_IMAP_EVENT_FOUND:
      talk_trace_event (log, "FOUND %u", event->uid);
      break;
    case PF_IMAP_EVENT_FETCH:
      trace_fetch (event, log);
      break;
    case PF_IMAP_EVENT_BODY_BEGIN:
      talk_trace_event (log, "BEGIN %" G_GUINT64_FORMAT, event->size);
      break;
    case PF_IMAP_EVENT_BODY:
      talk_trace_octets (log, "BODY", event->data, event->length);
      break;
    case PF_IMAP_EVENT_BODY_END:
      talk_trace_event (log, "END");
      break;
    case PF_IMAP_EVENT_EXPUNGED:
      talk_trace_event (log, "EXPUNGED");
      break;
    case PF_IMAP_EVENT_FAULT:
      talk_trace_event (log, "FAULT %s %s", faults[event->fault], text);
      break;
    default:
      g_assert_not_reached ();
    }
}

static void
drain (gpointer machine, TalkTrace *log)
{
  PfImapEvent event;

  while (pf_imap_next_event (machine, &event))
    trace (&event, log);
}

static gboolean
act_plain (PfImap *self, const char *word)
{
  static const struct
  {
    const char *name;
    guint (*act) (PfImap *self);
  } plain[] = { { "capability", pf_imap_capability },
                { "starttls", pf_imap_starttls },
                { "compress", pf_imap_compress },
                { "noop", pf_imap_noop },
                { "idle", pf_imap_idle },
                { "logout", pf_imap_logout },
                { "expunge", pf_imap_expunge },
                { "unselect", pf_imap_unselect } };

  for (guint i = 0; i < G_N_ELEMENTS (plain); i++)
    if (strcmp (plain[i].name, word) == 0)
      {
        plain[i].act (self);
        return TRUE;
      }
  return FALSE;
}

static void
trace_selected (PfImap *self, TalkTrace *log)
{
  const PfImapSelected *selected = pf_imap_get_selected (self);

  g_autofree char *modseq =
      selected->highestmodseq != 0
          ? g_strdup_printf (" modseq=%" G_GUINT64_FORMAT, selected->highestmodseq)
          : g_strdup ("");

  talk_trace_event (
      log, "SELECTED %s%u next=%u exists=%u%s%s%s", selected->has_uidvalidity ? "" : "none ",
      selected->uidvalidity, selected->uidnext, selected->exists, modseq,
      selected->read_only ? " read-only" : "", selected->may_delete ? " may-delete" : "");
}

/* Words of a talk may hold escapes. */
static guint
login (PfImap *self, const char *user, const char *password)
{
  g_autoptr (GByteArray) octets = g_byte_array_new ();

  talk_unquote (octets, password);
  g_byte_array_append (octets, (const guint8 *) "", 1);
  return pf_imap_login (self, user, (const char *) octets->data);
}

static gboolean
act (gpointer machine, char **words, TalkTrace *log)
{
  const char *argument = words[1] != NULL ? words[1] : "";
  const char *second = words[1] != NULL && words[2] != NULL ? words[2] : NULL;

  if (strcmp (words[0], "login") == 0)
    talk_trace_event (log, "LOGIN %s",
                      login (machine, argument, second) != 0 ? "queued" : "refused");
  else if (strcmp (words[0], "id") == 0)
    pf_imap_id (machine, "1");
  else if (strcmp (words[0], "authenticate") == 0)
    pf_imap_authenticate (machine, argument, second);
  else if (strcmp (words[0], "respond") == 0)
    talk_trace_event (log, "RESPONSE %s",
                      pf_imap_auth_respond (machine, argument) ? "sent" : "kept back");
  else if (strcmp (words[0], "enable") == 0)
    pf_imap_enable (machine, argument);
  else if (strcmp (words[0], "select") == 0)
    pf_imap_select (machine, argument);
  else if (strcmp (words[0], "examine") == 0)
    pf_imap_examine (machine, argument);
  else if (strcmp (words[0], "list") == 0)
    pf_imap_list (machine, argument, TRUE);
  else if (strcmp (words[0], "search") == 0)
    pf_imap_uid_search (machine, argument);
  else if (strcmp (words[0], "listing") == 0)
    pf_imap_uid_fetch_listing (machine, argument);
  else if (strcmp (words[0], "fetch") == 0)
    pf_imap_uid_fetch_bodies (machine, argument);
  else if (strcmp (words[0], "delete") == 0)
    pf_imap_uid_store_deleted (machine, argument, TRUE);
  else if (strcmp (words[0], "uid-expunge") == 0)
    pf_imap_uid_expunge (machine, argument);
  else if (strcmp (words[0], "done") == 0)
    pf_imap_idle_done (machine);
  else if (strcmp (words[0], "tls") == 0)
    talk_trace_event (log, "TLS %s", pf_imap_tls_started (machine) ? "injected" : "clean");
  else if (strcmp (words[0], "compressed") == 0)
    {
      g_autoptr (GBytes) left = pf_imap_compress_started (machine);

      talk_trace_event (log, "AHEAD %" G_GSIZE_FORMAT, g_bytes_get_size (left));
    }
  else if (strcmp (words[0], "has") == 0)
    talk_trace_event (log, "HAS %s %s", argument,
                      pf_imap_has_capability (machine, argument) ? "yes" : "no");
  else if (strcmp (words[0], "selected") == 0)
    trace_selected (machine, log);
  else
    return act_plain (machine, words[0]);
  return TRUE;
}

const TalkDriver talk_imap = { &pf_imap_machine, create, destroy, drain, act };
