/* org.freedesktop.DBus.ObjectManager at the root: what is there for this caller.
 *
 * Ten thousand accounts are some ten megabytes. Each account's part is kept until the account
 * changes; those that are missing are made in many turns of the main loop, and the whole is then
 * put together in one, so that it tells of one moment.
 */
#include "base/limits.h"
#include "bus/account-object.h"
#include "dbus-interfaces/names.h"
#include "service/bus/standard.h"

/* One caller's answer in the making. */
typedef struct
{
  PfBus *bus;
  PfCall *call;
  guint index; /* of the registry's list: how far this round is */
  guint made;  /* in this round */
  guint rounds;
} Gathering;

static void
add_object (PfBus *bus,
            const PfCaller *caller,
            GVariantBuilder *objects,
            const char *path,
            const PfInterface *interface,
            gpointer object)
{
  g_variant_builder_open (objects, G_VARIANT_TYPE ("{oa{sa{sv}}}"));
  g_variant_builder_add (objects, "o", path);
  g_variant_builder_open (objects, G_VARIANT_TYPE ("a{sa{sv}}"));
  g_variant_builder_add (objects, "{s@a{sv}}", interface->info->name,
                         interface->properties (bus, caller, object));
  g_variant_builder_close (objects);
  g_variant_builder_close (objects);
}

static void
reply (PfBus *bus, PfCall *call)
{
  const PfCaller *caller = pf_call_caller (call);
  g_autoptr (GPtrArray) accounts = pf_bus_visible_accounts (bus, caller);
  GPtrArray *checks = pf_schedule_list (bus->parts.schedule);
  GVariantBuilder objects;

  g_variant_builder_init (&objects, G_VARIANT_TYPE ("a{oa{sa{sv}}}"));
  add_object (bus, caller, &objects, PF_PATH_MANAGER, &pf_manager_interface, NULL);
  for (guint i = 0; i < accounts->len; i++)
    g_variant_builder_add_value (&objects,
                                 pf_account_watch_entry (bus->account_watch, accounts->pdata[i]));
  for (guint i = 0; i < checks->len; i++)
    if (pf_bus_sees_check (caller, checks->pdata[i]))
      add_object (bus, caller, &objects, pf_check_get_path (checks->pdata[i]), &pf_check_interface,
                  checks->pdata[i]);
  pf_call_return_large (call, g_variant_new ("(a{oa{sa{sv}}})", &objects));
}

/* Makes what is missing, from where the last turn ended; TRUE when the round is complete. The list
 * may have changed since: who slipped through is made in the end. */
static gboolean
go_on (Gathering *self)
{
  GPtrArray *accounts = pf_registry_list (self->bus->parts.registry);
  const PfCaller *caller = pf_call_caller (self->call);
  gint64 end = g_get_monotonic_time () + PF_LIMIT_TURN_US;

  for (; self->index < accounts->len; self->index++)
    {
      PfAccount *account = accounts->pdata[self->index];

      if (!pf_caller_sees_account (caller, pf_account_get_settings (account))
          || pf_account_watch_has_entry (self->bus->account_watch, account))
        continue;
      if (g_get_monotonic_time () >= end)
        return FALSE;
      pf_account_watch_entry (self->bus->account_watch, account);
      self->made++;
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
