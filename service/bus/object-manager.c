/* org.freedesktop.DBus.ObjectManager at the root: what is there for this caller. */
#include "bus/internal.h"
#include "dbus-interfaces/names.h"
#include "service/bus/standard.h"

static void
add_object (PfBus *bus,
            const PfCaller *caller,
            GVariantBuilder *objects,
            const char *path,
            const PfInterface *interface,
            gpointer object)
{
  g_autoptr (GVariant) properties =
      g_variant_ref_sink (interface->properties (bus, caller, object));

  /* Flat at once: as trees ten thousand accounts would take some hundred megabytes. */
  g_variant_get_data (properties);
  g_variant_builder_open (objects, G_VARIANT_TYPE ("{oa{sa{sv}}}"));
  g_variant_builder_add (objects, "o", path);
  g_variant_builder_open (objects, G_VARIANT_TYPE ("a{sa{sv}}"));
  g_variant_builder_add (objects, "{s@a{sv}}", interface->info->name, properties);
  g_variant_builder_close (objects);
  g_variant_builder_close (objects);
}

static void
get_managed_objects (PfBus *bus, PfCall *call, gpointer object)
{
  const PfCaller *caller = pf_call_caller (call);
  g_autoptr (GPtrArray) accounts = pf_bus_visible_accounts (bus, caller);
  GPtrArray *checks = pf_schedule_list (bus->parts.schedule);
  GVariantBuilder objects;

  g_variant_builder_init (&objects, G_VARIANT_TYPE ("a{oa{sa{sv}}}"));
  add_object (bus, caller, &objects, PF_PATH_MANAGER, &pf_manager_interface, NULL);
  for (guint i = 0; i < accounts->len; i++)
    add_object (bus, caller, &objects, pf_account_get_path (accounts->pdata[i]),
                &pf_account_interface, accounts->pdata[i]);
  for (guint i = 0; i < checks->len; i++)
    if (pf_bus_sees_check (caller, checks->pdata[i]))
      add_object (bus, caller, &objects, pf_check_get_path (checks->pdata[i]), &pf_check_interface,
                  checks->pdata[i]);
  pf_call_return (call, g_variant_new ("(a{oa{sa{sv}}})", &objects));
}

static const PfMethod methods[] = {
  { "GetManagedObjects", get_managed_objects },
  { NULL, NULL },
};

const PfInterface pf_object_manager_interface = { &org_freedesktop_dbus_object_manager_interface,
                                                  methods, NULL };
