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

/* One is made for each message that arrives: no dictionary is built for it, no format is parsed.
 * @value: (transfer floating) */
static void
add (GVariantBuilder *builder, const char *key, GVariant *value)
{
  g_variant_builder_add_value (builder, g_variant_new_dict_entry (g_variant_new_string (key),
                                                                  g_variant_new_variant (value)));
}

static void
add_text (GVariantBuilder *builder, const char *key, const char *text)
{
  if (text != NULL && *text != '\0')
    add (builder, key,
         g_variant_new_take_string (pf_text_printable (text, -1, PF_LIMIT_EVENT_TEXT)));
}

GVariant *
pf_event_to_vardict (const PfEvent *self)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  add (&builder, "Time", g_variant_new_uint64 ((guint64) self->time));
  add (&builder, "Event", g_variant_new_string (kinds[self->kind]));
  add_text (&builder, "Outcome", outcomes[self->outcome]);
  add_text (&builder, "Account", self->account);
  add_text (&builder, "Caller", self->caller);
  add_text (&builder, "Uid", self->uid);
  add_text (&builder, "MessageId", self->message_id);
  add_text (&builder, "Sender", self->sender);
  add_text (&builder, "Subject", self->subject);
  add_text (&builder, "Verdict", self->verdict);
  add_text (&builder, "Reason", self->reason);
  if (self->size > 0)
    add (&builder, "Size", g_variant_new_uint64 (self->size));
  if (self->score != 0)
    add (&builder, "Score", g_variant_new_double (self->score));
  return g_variant_builder_end (&builder);
}
