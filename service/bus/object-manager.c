/* org.freedesktop.DBus.ObjectManager at the root: what is there for this caller.
 *
 * Ten thousand accounts are some ten megabytes. The part of each account and check is kept until it
 * changes; those that are missing are made in many turns of the main loop, and the whole is then
 * put together in one, so that it tells of one moment.
 */
#include "base/limits.h"
#include "bus/account-object.h"
#include "bus/check-object.h"
#include "bus/filter-object.h"
#include "bus/manager.h"
#include "bus/properties.h"
#include "dbus-interfaces/names.h"
#include "service/bus/standard.h"

/* So many are looked at between two looks at the clock. */
#define A_LOOK 16

/* One caller's answer in the making. */
typedef struct
{
  PfBus *bus;
  PfCall *call;
  guint index; /* of the lists of accounts and checks: how far this round is */
  guint made;  /* in this round */
  guint rounds;
} Gathering;

static void
reply (PfBus *bus, PfCall *call)
{
  const PfCaller *caller = pf_call_caller (call);
  g_autoptr (GPtrArray) accounts = pf_bus_visible_accounts (bus, caller);
  GPtrArray *checks = pf_schedule_list (bus->parts.schedule);
  g_autoptr (GVariant) manager =
      pf_object_entry (bus, caller, &pf_manager_interface, PF_PATH_MANAGER, NULL);
  g_autoptr (GVariant) quarantine =
      pf_object_entry (bus, caller, &pf_quarantine_interface, PF_PATH_QUARANTINE, NULL);
  GVariantBuilder objects;

  g_variant_builder_init (&objects, G_VARIANT_TYPE ("a{oa{sa{sv}}}"));
  g_variant_builder_add_value (&objects, manager);
  g_variant_builder_add_value (&objects, quarantine);
  if (pf_filter_is_seen (bus, caller))
    {
      g_autoptr (GVariant) filter =
          pf_object_entry (bus, caller, &pf_filter_interface, PF_PATH_FILTER, NULL);

      g_variant_builder_add_value (&objects, filter);
    }
  for (guint i = 0; i < accounts->len; i++)
    g_variant_builder_add_value (&objects,
                                 pf_account_watch_entry (bus->account_watch, accounts->pdata[i]));
  for (guint i = 0; i < checks->len; i++)
    if (pf_bus_sees_check (caller, checks->pdata[i]))
      g_variant_builder_add_value (&objects,
                                   pf_check_watch_entry (bus->check_watch, checks->pdata[i]));
  pf_call_return_large (call, g_variant_new ("(a{oa{sa{sv}}})", &objects));
}

/* TRUE when there is nothing to be made for it. */
static gboolean
is_made (Gathering *self, PfAccount *account)
{
  return !pf_caller_sees_account (pf_call_caller (self->call), pf_account_get_settings (account))
         || pf_account_watch_has_entry (self->bus->account_watch, account);
}

static gboolean
is_check_made (Gathering *self, PfCheck *check)
{
  return !pf_bus_sees_check (pf_call_caller (self->call), check)
         || pf_check_watch_has_entry (self->bus->check_watch, check);
}

/* The accounts, then the checks. */
static void
make_at (Gathering *self, GPtrArray *accounts, GPtrArray *checks)
{
  if (self->index < accounts->len && !is_made (self, accounts->pdata[self->index]))
    pf_account_watch_entry (self->bus->account_watch, accounts->pdata[self->index]);
  else if (self->index >= accounts->len
           && !is_check_made (self, checks->pdata[self->index - accounts->len]))
    pf_check_watch_entry (self->bus->check_watch, checks->pdata[self->index - accounts->len]);
  else
    return;
  self->made++;
}

/* Makes what is missing, from where the last turn ended; TRUE when the round is complete. The lists
 * may have changed since: who slipped through is made in the end. */
static gboolean
go_on (Gathering *self)
{
  GPtrArray *accounts = pf_registry_list (self->bus->parts.registry);
  GPtrArray *checks = pf_schedule_list (self->bus->parts.schedule);
  gint64 end = g_get_monotonic_time () + PF_LIMIT_TURN_US;

  for (; self->index < accounts->len + checks->len; self->index++)
    {
      if (self->index % A_LOOK == 0 && g_get_monotonic_time () >= end)
        return FALSE;
      make_at (self, accounts, checks);
    }
  return TRUE;
}

static gboolean
gather (gpointer user_data)
{
  Gathering *self = user_data;

  if (self->bus->closed || g_cancellable_is_cancelled (pf_call_caller (self->call)->left))
    {
      pf_call_free (g_steal_pointer (&self->call));
      return G_SOURCE_REMOVE;
    }
  if (!go_on (self))
    return G_SOURCE_CONTINUE;
  /* Others may have changed while these were made. */
  if (self->made > PF_LIMIT_ENTRIES_A_TURN && ++self->rounds < PF_LIMIT_GATHERING_ROUNDS)
    {
      self->index = self->made = 0;
      return G_SOURCE_CONTINUE;
    }
  reply (self->bus, g_steal_pointer (&self->call));
  return G_SOURCE_REMOVE;
}

static void
gathering_free (gpointer data)
{
  Gathering *self = data;

  pf_bus_unref (self->bus);
  g_free (self);
}

static void
get_managed_objects (PfBus *bus, PfCall *call, gpointer object)
{
  Gathering *self = g_new0 (Gathering, 1);

  self->bus = pf_bus_ref (bus);
  self->call = call;
  g_idle_add_full (G_PRIORITY_DEFAULT, gather, self, gathering_free);
}

static const PfMethod methods[] = {
  { "GetManagedObjects", get_managed_objects },
  { NULL, NULL },
};

const PfInterface pf_object_manager_interface = { &org_freedesktop_dbus_object_manager_interface,
                                                  methods, NULL };
