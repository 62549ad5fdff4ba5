#include "journal/event.h"

#include "base/limits.h"
#include "dbus-interfaces/text.h"

#include <string.h>

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
        dict, key, g_variant_new_take_string (pf_text_printable (text, -1, PF_LIMIT_EVENT_TEXT)));
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
