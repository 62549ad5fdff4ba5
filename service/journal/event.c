#include "journal/event.h"

#include "base/log.h"
#include "dbus-interfaces/text.h"

#include <string.h>

/* What of a text from outside is kept for D-Bus, and for a log line. */
#define LONGEST_TEXT 4096
#define LONGEST_LOGGED 200

static const char *const kinds[] = { "started", "check",  "message", "removed",
                                     "problem", "mended", "added",   "changed",
                                     "deleted", "secret", "filter",  "quarantine" };
static const char *const outcomes[] = { "",         "delivered", "junked", "quarantined",
                                        "deferred", "skipped",   "refused" };

G_STATIC_ASSERT (G_N_ELEMENTS (kinds) == PF_EVENT_N);
G_STATIC_ASSERT (G_N_ELEMENTS (outcomes) == PF_OUTCOME_N);

PfEvent *
pf_event_new (PfEventKind kind, const char *account)
{
  PfEvent *self = g_new0 (PfEvent, 1);

  self->kind = kind;
  self->account = g_strdup (account);
  self->time = g_get_real_time ();
  return self;
}

void
pf_event_free (PfEvent *self)
{
  g_free (self->account);
  g_free (self->caller);
  g_free (self->uid);
  g_free (self->message_id);
  g_free (self->sender);
  g_free (self->subject);
  g_free (self->verdict);
  g_free (self->reason);
  g_free (self);
}

const char *
pf_event_kind_nick (PfEventKind kind)
{
  return kinds[kind];
}

const char *
pf_outcome_nick (PfOutcome outcome)
{
  return outcomes[outcome];
}

gboolean
pf_event_kind_from_nick (const char *nick, PfEventKind *kind)
{
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (strcmp (kinds[i], nick) == 0)
      {
        *kind = i;
        return TRUE;
      }
  return FALSE;
}

gboolean
pf_outcome_from_nick (const char *nick, PfOutcome *outcome)
{
  for (guint i = 1; i < G_N_ELEMENTS (outcomes); i++)
    if (strcmp (outcomes[i], nick) == 0)
      {
        *outcome = i;
        return TRUE;
      }
  return FALSE;
}

static void
insert_text (GVariantDict *dict, const char *key, const char *text)
{
  if (text != NULL && *text != '\0')
    g_variant_dict_insert_value (
        dict, key, g_variant_new_take_string (pf_text_printable (text, -1, LONGEST_TEXT)));
}

GVariant *
pf_event_to_vardict (const PfEvent *self)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "Time", "t", (guint64) self->time);
  g_variant_dict_insert (&dict, "Event", "s", kinds[self->kind]);
  insert_text (&dict, "Outcome", outcomes[self->outcome]);
  insert_text (&dict, "Account", self->account);
  insert_text (&dict, "Caller", self->caller);
  insert_text (&dict, "Uid", self->uid);
  insert_text (&dict, "MessageId", self->message_id);
  insert_text (&dict, "Sender", self->sender);
  insert_text (&dict, "Subject", self->subject);
  insert_text (&dict, "Verdict", self->verdict);
  insert_text (&dict, "Reason", self->reason);
  if (self->size > 0)
    g_variant_dict_insert (&dict, "Size", "t", self->size);
  if (self->score != 0)
    g_variant_dict_insert (&dict, "Score", "d", self->score);
  return g_variant_dict_end (&dict);
}

/* --- Lines -------------------------------------------------------------------------------------------------------------- */

static void
append_field (GString *line,
              const char *name,
              const char *text,
              const char *open,
              const char *close)
{
  g_autofree char *shown = NULL;

  if (text == NULL || *text == '\0')
    return;
  shown = pf_text_ascii (text, -1, LONGEST_LOGGED);
  g_string_append_printf (line, ", %s=%s%s%s", name, open, shown, close);
}

char *
pf_event_to_line (const PfEvent *self)
{
  GString *line = g_string_new (NULL);
  g_autofree char *account =
      self->account != NULL ? pf_text_ascii (self->account, -1, LONGEST_LOGGED) : NULL;
  g_autofree char *reason =
      self->reason != NULL ? pf_text_ascii (self->reason, -1, 3 * LONGEST_LOGGED) : NULL;
  gboolean bracketed = self->message_id != NULL && *self->message_id == '<';

  if (account != NULL)
    g_string_append_printf (line, "%s: ", account);
  g_string_append (line, kinds[self->kind]);
  append_field (line, "uid", self->uid, "", "");
  append_field (line, "msgid", self->message_id, bracketed ? "" : "<", bracketed ? "" : ">");
  if (self->kind == PF_EVENT_MESSAGE)
    append_field (line, "from", self->sender != NULL && *self->sender == '\0' ? NULL : self->sender,
                  "<", ">");
  if (self->size > 0)
    g_string_append_printf (line, ", size=%" G_GUINT64_FORMAT, self->size);
  append_field (line, self->kind == PF_EVENT_PROBLEM ? "code" : "verdict", self->verdict, "", "");
  append_field (line, "by", self->caller, "", "");
  append_field (line, "status", outcomes[self->outcome], "", "");
  if (reason != NULL && *reason != '\0')
    g_string_append_printf (line, " (%s)", reason);
  return g_string_free (line, FALSE);
}

static PfLogLevel
level_of (const PfEvent *self)
{
  if (self->kind == PF_EVENT_PROBLEM)
    return PF_LOG_WARNING;
  return self->kind == PF_EVENT_CHECK || self->kind == PF_EVENT_MESSAGE ? PF_LOG_INFO
                                                                        : PF_LOG_NOTICE;
}

void
pf_event_log (const PfEvent *self)
{
  g_autofree char *line = pf_event_to_line (self);
  g_autofree char *size = g_strdup_printf ("%" G_GUINT64_FORMAT, self->size);
  const PfLogField fields[] = {
    { "POSTFERRY_EVENT", kinds[self->kind] },
    { "POSTFERRY_ACCOUNT", self->account },
    { "POSTFERRY_CALLER", self->caller },
    { "POSTFERRY_OUTCOME", self->outcome != PF_OUTCOME_NONE ? outcomes[self->outcome] : NULL },
    { "POSTFERRY_UID", self->uid },
    { "POSTFERRY_MESSAGE_ID", self->message_id },
    { "POSTFERRY_SENDER", self->sender },
    { "POSTFERRY_VERDICT", self->verdict },
    { "POSTFERRY_SIZE", self->size > 0 ? size : NULL },
  };

  pf_log_fields (level_of (self), fields, G_N_ELEMENTS (fields), line);
}
