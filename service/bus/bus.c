#include "bus/internal.h"

#include "bus/account-object.h"
#include "bus/check-object.h"
#include "bus/filter-object.h"
#include "bus/manager.h"
#include "bus/quarantine.h"
#include "bus/router.h"
#include "dbus-interfaces/errors.h"

/* --- Parts ------------------------------------------------------------------------------------ */

static void
take_parts (PfBusParts *to, const PfBusParts *from)
{
  *to = *from;
  g_object_ref (to->connection);
  g_object_ref (to->registry);
  g_object_ref (to->journal);
  g_object_ref (to->secrets);
  g_object_ref (to->schedule);
  g_object_ref (to->target);
  g_object_ref (to->filter);
  g_object_ref (to->keeper);
  to->settings = pf_service_settings_ref (from->settings);
}

static void
drop_parts (PfBusParts *parts)
{
  g_object_unref (parts->connection);
  g_object_unref (parts->registry);
  g_object_unref (parts->journal);
  g_object_unref (parts->secrets);
  g_object_unref (parts->schedule);
  g_object_unref (parts->target);
  g_object_unref (parts->filter);
  g_object_unref (parts->keeper);
  pf_service_settings_unref ((PfServiceSettings *) parts->settings);
}

PfBus *
pf_bus_ref (PfBus *self)
{
  self->ref_count++;
  return self;
}

void
pf_bus_unref (PfBus *self)
{
  if (--self->ref_count > 0)
    return;
  g_object_unref (self->authority);
  g_hash_table_unref (self->changing);
  g_hash_table_unref (self->adding);
  g_hash_table_unref (self->departed);
  drop_parts (&self->parts);
  g_free (self);
}

/* Who waits in it holds the bus: it is empty. */
static void
free_queue (gpointer queue)
{
  g_queue_free (queue);
}

PfBus *
pf_bus_new (const PfBusParts *parts, GError **error)
{
  PfBus *self = g_new0 (PfBus, 1);

  pf_error_quark ();
  self->ref_count = 1;
  take_parts (&self->parts, parts);
  self->changing = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_queue);
  self->adding = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->departed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->authority = pf_authority_new (parts->connection, parts->session);
  self->manager_watch = pf_manager_watch_new (self);
  self->check_watch = pf_check_watch_new (self);
  self->account_watch = pf_account_watch_new (self);
  self->quarantine_watch = pf_quarantine_watch_new (self);
  self->filter_watch = pf_filter_watch_new (self);
  self->filter_status = pf_filter_status_new (self);
  self->gate = pf_gate_new (parts->connection, parts->session, pf_router_dispatch, self);
  return self;
}

void
pf_bus_set_parts (PfBus *self, const PfBusParts *parts)
{
  PfBusParts old = self->parts;

  take_parts (&self->parts, parts);
  pf_filter_watch_changed (self->filter_watch, old.settings->filter);
  drop_parts (&old);
  pf_manager_watch_changed (self->manager_watch);
}

/* Operations under way hold the rest until they end; their answers go nowhere. */
void
pf_bus_free (PfBus *self)
{
  self->closed = TRUE;
  pf_quarantine_watch_free (self->quarantine_watch);
  pf_filter_status_free (self->filter_status);
  pf_filter_watch_free (self->filter_watch);
  pf_account_watch_free (self->account_watch);
  pf_check_watch_free (self->check_watch);
  pf_manager_watch_free (self->manager_watch);
  pf_gate_free (self->gate);
  pf_bus_unref (self);
}

/* --- What the methods share ------------------------------------------------------------------- */

GPtrArray *
pf_bus_visible_accounts (PfBus *self, const PfCaller *caller)
{
  GPtrArray *all = pf_registry_list (self->parts.registry);
  GPtrArray *visible = g_ptr_array_new ();

  for (guint i = 0; i < all->len; i++)
    if (pf_caller_sees_account (caller, pf_account_get_settings (all->pdata[i])))
      g_ptr_array_add (visible, all->pdata[i]);
  return visible;
}

PfAccount *
pf_bus_visible_account (PfBus *self, const PfCaller *caller, const char *address)
{
  PfAccount *account = pf_registry_lookup (self->parts.registry, address);

  if (account == NULL || !pf_caller_sees_account (caller, pf_account_get_settings (account)))
    return NULL;
  return account;
}

gboolean
pf_bus_sees_check (const PfCaller *caller, PfCheck *check)
{
  PfAccount *account = pf_check_get_account (check);

  return pf_caller_sees_check (
      caller, account != NULL ? pf_account_get_settings (account)->local_user : NULL,
      pf_check_get_starter (check));
}

void
pf_bus_record (PfBus *self,
               const PfCaller *caller,
               PfEventKind kind,
               const char *address,
               const char *reason)
{
  PfEvent *event = pf_event_new (kind, address);

  g_free (event->caller);
  event->caller = pf_caller_label (caller);
  g_free (event->reason);
  event->reason = g_strdup (reason);
  pf_journal_record (self->parts.journal, event);
}

/* @values with LocalUser where nobody said. */
static GVariant *
with_local_user (GVariant *values, const char *user)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, values);
  if (!g_variant_dict_contains (&dict, "LocalUser"))
    g_variant_dict_insert (&dict, "LocalUser", "s", user);
  return g_variant_ref_sink (g_variant_dict_end (&dict));
}

static void
add_fault (GPtrArray *faults, const char *user)
{
  PfSettingsFault *fault = g_new0 (PfSettingsFault, 1);

  fault->key = g_strdup ("LocalUser");
  fault->code = g_strdup ("not-allowed");
  fault->text = g_strdup_printf (
      "LocalUser: a service on the session bus delivers to %s alone, in Recipients too", user);
  g_ptr_array_add (faults, fault);
}

PfSettings *
pf_bus_make_settings (PfBus *self,
                      const PfCaller *caller,
                      const PfSettings *base,
                      GVariant *values,
                      GPtrArray *faults)
{
  g_autoptr (PfSettings) settings = NULL;
  g_autoptr (GVariant) complete = NULL;

  if (!self->parts.session || !g_str_equal (self->parts.settings->target, "local")
      || caller->user == NULL)
    return pf_settings_from_vardict (base, values, faults);
  complete = base == NULL ? with_local_user (values, caller->user) : g_variant_ref (values);
  settings = pf_settings_from_vardict (base, complete, faults);
  if (settings == NULL || pf_settings_all_deliver_to (settings, caller->user))
    return g_steal_pointer (&settings);
  add_fault (faults, caller->user);
  return NULL;
}
