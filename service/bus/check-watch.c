#include "bus/check-object.h"

#include "base/limits.h"
#include "bus/coalescer.h"
#include "bus/listeners.h"
#include "bus/properties.h"
#include "dbus-interfaces/names.h"

struct _PfCheckWatch
{
  PfBus *bus;
  GHashTable *shown;   /* PfCheck -> Shown */
  GHashTable *running; /* PfAccount -> PfCheck, of kind check */
  PfCoalescer *changes;
  gulong added, removed;
};

/* One check as it was told last. */
typedef struct
{
  PfCheckWatch *watch;
  PfCheck *check;
  gboolean told;    /* InterfacesAdded went out */
  char *local_user; /* (nullable): the audience it was told to */
  guint starter;
  GVariant *state; /* (nullable): as told */
  GVariant *entry; /* (nullable): pf_check_watch_entry() */
  gulong changed, finished;
} Shown;

static void
shown_free (Shown *self)
{
  pf_coalescer_drop (self->watch->changes, self);
  g_signal_handler_disconnect (self->check, self->changed);
  g_signal_handler_disconnect (self->check, self->finished);
  g_object_unref (self->check);
  g_free (self->local_user);
  g_clear_pointer (&self->state, g_variant_unref);
  g_clear_pointer (&self->entry, g_variant_unref);
  g_free (self);
}

static PfAudience
audience_told (const Shown *self)
{
  return (PfAudience){ self->told, self->local_user, self->starter };
}

static PfAudience
audience_now (PfCheck *check)
{
  PfAccount *account = pf_check_get_account (check);

  return (PfAudience){ TRUE, account != NULL ? pf_account_get_settings (account)->local_user : NULL,
                       pf_check_get_starter (check) };
}

static void
keep (Shown *self, const PfAudience *audience, GVariant *state)
{
  g_autofree char *local_user = g_strdup (audience->local_user);

  g_free (self->local_user);
  self->local_user = g_steal_pointer (&local_user);
  self->starter = audience->starter;
  self->told = TRUE;
  g_clear_pointer (&self->state, g_variant_unref);
  if (state != NULL)
    self->state = g_variant_ref (state);
}

static void
tell (gpointer item, gpointer user_data)
{
  Shown *self = item;
  PfBus *bus = self->watch->bus;
  PfAudience before = audience_told (self), after = audience_now (self->check);
  g_autoptr (GVariant) state = NULL;
  GVariant *changed = NULL;

  pf_coalescer_drop (self->watch->changes, self);
  if (pf_listeners_any (bus))
    {
      GVariantBuilder builder;

      g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
      state = g_variant_ref_sink (pf_check_to_vardict (self->check));
      if (self->told && pf_vardict_diff (self->state, state, &builder))
        changed = g_variant_builder_end (&builder);
      else
        g_variant_builder_clear (&builder);
      pf_listeners_tell (bus, &pf_check_interface, self->check, pf_check_get_path (self->check),
                         &before, &after, changed);
    }
  keep (self, &after, state);
}

static void
on_changed (PfCheck *check, gpointer user_data)
{
  Shown *self = user_data;

  g_clear_pointer (&self->entry, g_variant_unref);
  pf_coalescer_add (self->watch->changes, self);
}

/* Thousands that ended may linger: none is looked at to find the one that runs. */
static void
note_running (PfCheckWatch *self, PfCheck *check)
{
  PfAccount *account = pf_check_get_account (check);

  if (account != NULL && pf_check_get_kind (check) == PF_CHECK_KIND_CHECK
      && pf_check_get_state (check) == PF_CHECK_RUNNING)
    g_hash_table_insert (self->running, account, check);
}

static void
forget_running (PfCheckWatch *self, PfCheck *check)
{
  PfAccount *account = pf_check_get_account (check);

  if (account != NULL && g_hash_table_lookup (self->running, account) == check)
    g_hash_table_remove (self->running, account);
}

PfCheck *
pf_bus_running_check (PfBus *bus, PfAccount *account)
{
  PfCheck *check = g_hash_table_lookup (bus->check_watch->running, account);

  return check != NULL && pf_check_get_state (check) == PF_CHECK_RUNNING ? check : NULL;
}

static void
on_finished (PfCheck *check, gpointer user_data)
{
  static const char *const states[] = { "running", "succeeded", "failed", "cancelled" };
  Shown *self = user_data;
  PfAudience audience;

  forget_running (self->watch, check);
  g_clear_pointer (&self->entry, g_variant_unref);
  tell (self, NULL);
  audience = audience_told (self);
  pf_listeners_emit_to (
      self->watch->bus, &audience, pf_check_get_path (check), PF_INTERFACE_CHECK, "Finished",
      g_variant_new ("(s@a{sv})", states[pf_check_get_state (check)], pf_check_get_result (check)));
}

static Shown *
show (PfCheckWatch *self, PfCheck *check)
{
  Shown *shown = g_new0 (Shown, 1);

  shown->watch = self;
  shown->check = g_object_ref (check);
  shown->changed = g_signal_connect (check, "changed", G_CALLBACK (on_changed), shown);
  shown->finished = g_signal_connect (check, "finished", G_CALLBACK (on_finished), shown);
  g_hash_table_insert (self->shown, check, shown);
  note_running (self, check);
  return shown;
}

/* Not told at once: who started it is known only when the method that did so goes on. */
static void
on_added (PfSchedule *schedule, PfCheck *check, gpointer user_data)
{
  PfCheckWatch *self = user_data;

  pf_coalescer_add (self->changes, show (self, check));
}

static void
on_removed (PfSchedule *schedule, PfCheck *check, gpointer user_data)
{
  PfCheckWatch *self = user_data;
  Shown *shown = g_hash_table_lookup (self->shown, check);
  PfAudience before, after = { 0 };

  forget_running (self, check);
  if (shown == NULL)
    return;
  before = audience_told (shown);
  pf_listeners_tell (self->bus, &pf_check_interface, check, pf_check_get_path (check), &before,
                     &after, NULL);
  g_hash_table_remove (self->shown, check);
}

PfCheckWatch *
pf_check_watch_new (PfBus *bus)
{
  PfCheckWatch *self = g_new0 (PfCheckWatch, 1);
  PfSchedule *schedule = bus->parts.schedule;
  GPtrArray *checks = pf_schedule_list (schedule);

  self->bus = bus;
  self->shown = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) shown_free);
  self->running = g_hash_table_new (NULL, NULL);
  self->changes = pf_coalescer_new (PF_LIMIT_TELL_CHECKS_MS, tell, self);
  self->added = g_signal_connect (schedule, "check-added", G_CALLBACK (on_added), self);
  self->removed = g_signal_connect (schedule, "check-removed", G_CALLBACK (on_removed), self);
  for (guint i = 0; i < checks->len; i++)
    show (self, checks->pdata[i]);
  return self;
}

void
pf_check_watch_free (PfCheckWatch *self)
{
  g_signal_handler_disconnect (self->bus->parts.schedule, self->added);
  g_signal_handler_disconnect (self->bus->parts.schedule, self->removed);
  g_hash_table_unref (self->shown);
  g_hash_table_unref (self->running);
  pf_coalescer_free (self->changes);
  g_free (self);
}

void
pf_check_watch_tell (PfCheckWatch *self, PfCheck *check)
{
  Shown *shown = g_hash_table_lookup (self->shown, check);

  if (shown != NULL)
    tell (shown, NULL);
}

void
pf_check_watch_moved (PfCheckWatch *self, PfAccount *account)
{
  g_autoptr (GList) all = g_hash_table_get_values (self->shown);

  for (GList *l = all; l != NULL; l = l->next)
    if (pf_check_get_account (((Shown *) l->data)->check) == account)
      tell (l->data, NULL);
}

GVariant *
pf_check_watch_entry (PfCheckWatch *self, PfCheck *check)
{
  Shown *shown = g_hash_table_lookup (self->shown, check);

  if (shown->entry == NULL)
    {
      shown->entry =
          pf_object_entry (self->bus, NULL, &pf_check_interface, pf_check_get_path (check), check);
      /* Flat: a tree of values takes ten times the memory. */
      g_variant_get_data (shown->entry);
    }
  return shown->entry;
}

gboolean
pf_check_watch_has_entry (PfCheckWatch *self, PfCheck *check)
{
  const Shown *shown = g_hash_table_lookup (self->shown, check);

  return shown->entry != NULL;
}
