#include "bus/account-object.h"

#include "base/limits.h"
#include "bus/check-object.h"
#include "bus/coalescer.h"
#include "bus/listeners.h"
#include "bus/manager.h"
#include "bus/properties.h"

struct _PfAccountWatch
{
  PfBus *bus;
  GHashTable *shown; /* PfAccount -> Shown */
  PfCoalescer *changes;
  gulong added, removed;
};

/* One account as it was told last. Settings are a shared value and cost nothing to keep; the state
 * is kept only while somebody listens, and told whole to the first who does. */
typedef struct
{
  PfAccountWatch *watch;
  PfAccount *account;
  PfSettings *settings; /* as told; NULL before InterfacesAdded */
  GVariant *state;      /* (nullable): as told */
  GVariant *entry;      /* (nullable): pf_account_watch_entry() */
  gulong changed;
} Shown;

static void
shown_free (Shown *self)
{
  pf_coalescer_drop (self->watch->changes, self);
  g_signal_handler_disconnect (self->account, self->changed);
  g_object_unref (self->account);
  g_clear_pointer (&self->settings, pf_settings_unref);
  g_clear_pointer (&self->state, g_variant_unref);
  g_clear_pointer (&self->entry, g_variant_unref);
  g_free (self);
}

static PfAudience
audience_of (const PfSettings *settings)
{
  return (PfAudience){ settings != NULL, settings != NULL ? settings->local_user : NULL,
                       (guint) -1 };
}

/* What differs from what was told; NULL for nothing. Floating. */
static GVariant *
changes_of (Shown *self, const PfSettings *settings, GVariant *state)
{
  GVariantBuilder builder;
  gboolean any;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  any = pf_vardict_diff (self->state, state, &builder);
  if (settings != self->settings)
    {
      g_autoptr (GVariant) before = g_variant_ref_sink (pf_settings_to_vardict (self->settings));
      g_autoptr (GVariant) after = g_variant_ref_sink (pf_settings_to_vardict (settings));

      any = pf_vardict_diff (before, after, &builder) || any;
    }
  if (any)
    return g_variant_builder_end (&builder);
  g_variant_builder_clear (&builder);
  return NULL;
}

static void
keep (Shown *self, const PfSettings *settings, GVariant *state)
{
  PfSettings *kept = pf_settings_ref (settings);

  g_clear_pointer (&self->settings, pf_settings_unref);
  g_clear_pointer (&self->state, g_variant_unref);
  self->settings = kept;
  if (state != NULL)
    self->state = g_variant_ref (state);
}

static void
tell (gpointer item, gpointer user_data)
{
  Shown *self = item;
  PfBus *bus = self->watch->bus;
  const PfSettings *settings = pf_account_get_settings (self->account);
  g_autoptr (GVariant) state = NULL;
  GVariant *changed = NULL;
  PfAudience before = audience_of (self->settings), after = audience_of (settings);

  pf_coalescer_drop (self->watch->changes, self);
  if (pf_listeners_any (bus))
    {
      state = g_variant_ref_sink (pf_account_state_vardict (self->account));
      if (self->settings != NULL)
        changed = changes_of (self, settings, state);
      pf_listeners_tell (bus, &pf_account_interface, self->account,
                         pf_account_get_path (self->account), &before, &after, changed);
      if (self->settings != NULL && g_strcmp0 (before.local_user, after.local_user) != 0)
        pf_check_watch_moved (bus->check_watch, self->account);
    }
  keep (self, settings, state);
}

static void
on_changed (PfAccount *account, gpointer user_data)
{
  Shown *self = user_data;

  g_clear_pointer (&self->entry, g_variant_unref);
  pf_coalescer_add (self->watch->changes, self);
  pf_manager_watch_changed (self->watch->bus->manager_watch);
}

static Shown *
show (PfAccountWatch *self, PfAccount *account)
{
  Shown *shown = g_new0 (Shown, 1);

  shown->watch = self;
  shown->account = g_object_ref (account);
  shown->changed = g_signal_connect (account, "changed", G_CALLBACK (on_changed), shown);
  g_hash_table_insert (self->shown, account, shown);
  return shown;
}

static void
on_added (PfRegistry *registry, PfAccount *account, gpointer user_data)
{
  PfAccountWatch *self = user_data;

  g_hash_table_remove (self->bus->departed, pf_account_get_id (account));
  pf_coalescer_add (self->changes, show (self, account));
  pf_manager_watch_changed (self->bus->manager_watch);
}

/* Its last log entry is still its owner's to see. */
static void
note_departed (PfBus *bus, PfAccount *account)
{
  if (g_hash_table_size (bus->departed) >= PF_LIMIT_DEPARTED)
    g_hash_table_remove_all (bus->departed);
  g_hash_table_insert (bus->departed, g_strdup (pf_account_get_id (account)),
                       g_strdup (pf_account_get_settings (account)->local_user));
}

static void
on_removed (PfRegistry *registry, PfAccount *account, gpointer user_data)
{
  PfAccountWatch *self = user_data;
  Shown *shown = g_hash_table_lookup (self->shown, account);
  PfAudience before, after = { 0 };

  if (shown == NULL)
    return;
  note_departed (self->bus, account);
  before = audience_of (shown->settings);
  pf_listeners_tell (self->bus, &pf_account_interface, account, pf_account_get_path (account),
                     &before, &after, NULL);
  g_hash_table_remove (self->shown, account);
  pf_manager_watch_changed (self->bus->manager_watch);
}

PfAccountWatch *
pf_account_watch_new (PfBus *bus)
{
  PfAccountWatch *self = g_new0 (PfAccountWatch, 1);
  GPtrArray *accounts = pf_registry_list (bus->parts.registry);

  self->bus = bus;
  self->shown = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) shown_free);
  self->changes = pf_coalescer_new (PF_LIMIT_TELL_ACCOUNTS_MS, tell, self);
  self->added = g_signal_connect (bus->parts.registry, "added", G_CALLBACK (on_added), self);
  self->removed = g_signal_connect (bus->parts.registry, "removed", G_CALLBACK (on_removed), self);
  for (guint i = 0; i < accounts->len; i++)
    {
      Shown *shown = show (self, accounts->pdata[i]);

      keep (shown, pf_account_get_settings (shown->account), NULL);
    }
  return self;
}

void
pf_account_watch_free (PfAccountWatch *self)
{
  g_signal_handler_disconnect (self->bus->parts.registry, self->added);
  g_signal_handler_disconnect (self->bus->parts.registry, self->removed);
  g_hash_table_unref (self->shown);
  pf_coalescer_free (self->changes);
  g_free (self);
}

void
pf_account_watch_tell (PfAccountWatch *self, PfAccount *account)
{
  Shown *shown = g_hash_table_lookup (self->shown, account);

  if (shown != NULL)
    tell (shown, NULL);
}

GVariant *
pf_account_watch_entry (PfAccountWatch *self, PfAccount *account)
{
  Shown *shown = g_hash_table_lookup (self->shown, account);

  if (shown->entry == NULL)
    shown->entry = pf_object_entry (self->bus, NULL, &pf_account_interface,
                                    pf_account_get_path (account), account);
  return shown->entry;
}

gboolean
pf_account_watch_has_entry (PfAccountWatch *self, PfAccount *account)
{
  const Shown *shown = g_hash_table_lookup (self->shown, account);

  return shown->entry != NULL;
}
