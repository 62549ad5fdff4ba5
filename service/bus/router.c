#include "bus/router.h"

#include <string.h>

#include "bus/filter-object.h"
#include "bus/introspect.h"
#include "bus/manager.h"
#include "bus/properties.h"
#include "dbus-interfaces/names.h"

/* A place in the tree as one caller sees it. */
typedef struct
{
  const PfInterface *interface; /* NULL for a place that only leads to others */
  gpointer object;
  const char *children; /* names of fixed ones, separated by blanks; NULL where there are none */
} Place;

static const struct
{
  const char *path;
  const PfInterface *interface;
  const char *children;
  /* (nullable): NULL for what everybody sees */
  gboolean (*is_seen) (PfBus *bus, const PfCaller *caller);
} fixed[] = {
  { "/", NULL, "org", NULL },
  { "/org", NULL, "postferry1", NULL },
  { PF_PATH_ROOT, &pf_object_manager_interface, "Manager account check filter quarantine", NULL },
  { PF_PATH_MANAGER, &pf_manager_interface, NULL, NULL },
  { PF_PATH_ACCOUNTS, NULL, NULL, NULL },
  { PF_PATH_CHECKS, NULL, NULL, NULL },
  { PF_PATH_FILTER, &pf_filter_interface, NULL, pf_filter_is_seen },
  { PF_PATH_QUARANTINE, &pf_quarantine_interface, NULL, NULL },
};

static gboolean
find_account (PfBus *bus, const PfCaller *caller, const char *path, Place *place)
{
  PfAccount *account = pf_registry_lookup_path (bus->parts.registry, path);

  if (account == NULL || !pf_caller_sees_account (caller, pf_account_get_settings (account)))
    return FALSE;
  place->interface = &pf_account_interface;
  place->object = account;
  return TRUE;
}

static gboolean
find_check (PfBus *bus, const PfCaller *caller, const char *path, Place *place)
{
  PfCheck *check = pf_schedule_lookup (bus->parts.schedule, path);

  if (check == NULL || !pf_bus_sees_check (caller, check))
    return FALSE;
  place->interface = &pf_check_interface;
  place->object = check;
  return TRUE;
}

static gboolean
find (PfBus *bus, const PfCaller *caller, const char *path, Place *place)
{
  *place = (Place){ 0 };
  for (gsize i = 0; i < G_N_ELEMENTS (fixed); i++)
    if (g_str_equal (path, fixed[i].path))
      {
        place->interface = fixed[i].interface;
        place->children = fixed[i].children;
        return fixed[i].is_seen == NULL || fixed[i].is_seen (bus, caller);
      }
  if (g_str_has_prefix (path, PF_PATH_ACCOUNTS "/"))
    return find_account (bus, caller, path, place);
  if (g_str_has_prefix (path, PF_PATH_CHECKS "/"))
    return find_check (bus, caller, path, place);
  return FALSE;
}

/* --- Introspection ---------------------------------------------------------------------------- */

/* Those of the fixed children that @caller sees. */
static void
add_fixed (PfBus *bus, const PfCaller *caller, const char *path, const char *all, GStrvBuilder *to)
{
  g_auto (GStrv) names = g_strsplit (all, " ", -1);
  Place place;

  for (char **name = names; *name != NULL; name++)
    {
      g_autofree char *child = g_build_path ("/", path, *name, NULL);

      if (find (bus, caller, child, &place))
        g_strv_builder_add (to, *name);
    }
}

/* (transfer full): the names below @path that @caller sees. */
static GStrv
list_children (PfBus *bus, const PfCaller *caller, const char *path, const Place *place)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();

  if (g_str_equal (path, PF_PATH_ACCOUNTS))
    {
      g_autoptr (GPtrArray) accounts = pf_bus_visible_accounts (bus, caller);

      for (guint i = 0; i < accounts->len; i++)
        g_strv_builder_add (names, strrchr (pf_account_get_path (accounts->pdata[i]), '/') + 1);
    }
  else if (g_str_equal (path, PF_PATH_CHECKS))
    {
      GPtrArray *checks = pf_schedule_list (bus->parts.schedule);

      for (guint i = 0; i < checks->len; i++)
        if (pf_bus_sees_check (caller, checks->pdata[i]))
          g_strv_builder_add (names, strrchr (pf_check_get_path (checks->pdata[i]), '/') + 1);
    }
  else if (place->children != NULL)
    add_fixed (bus, caller, path, place->children, names);
  return g_strv_builder_end (names);
}

static void
introspect (PfBus *bus, PfCall *call, const Place *place)
{
  g_auto (GStrv) children = list_children (bus, pf_call_caller (call), pf_call_path (call), place);
  g_autofree char *xml =
      pf_introspect (place->interface, place->interface == &pf_object_manager_interface,
                     (const char *const *) children);

  pf_call_return (call, g_variant_new ("(s)", xml));
}

/* --- Methods ---------------------------------------------------------------------------------- */

/* The complete type of a method's arguments: "(a{sv}s)". */
static char *
arguments_type (const GDBusMethodInfo *method)
{
  GString *type = g_string_new ("(");

  for (guint i = 0; method->in_args != NULL && method->in_args[i] != NULL; i++)
    g_string_append (type, method->in_args[i]->signature);
  g_string_append_c (type, ')');
  return g_string_free (type, FALSE);
}

static PfHandler
find_handler (const PfInterface *interface, const char *member)
{
  for (const PfMethod *method = interface->methods; method->name != NULL; method++)
    if (g_str_equal (method->name, member))
      return method->handle;
  return NULL;
}

static void
call_method (PfBus *bus, PfCall *call, const Place *place)
{
  const char *member = pf_call_member (call);
  PfHandler handle = find_handler (place->interface, member);
  GDBusMethodInfo *method =
      g_dbus_interface_info_lookup_method ((GDBusInterfaceInfo *) place->interface->info, member);
  g_autofree char *expected = NULL;
  const char *given = g_variant_get_type_string (pf_call_arguments (call));

  if (method == NULL || handle == NULL)
    {
      pf_call_fail_with (call, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD,
                         "There is no method “%s” on interface “%s”", member,
                         pf_call_interface (call));
      return;
    }
  expected = arguments_type (method);
  if (!g_str_equal (given, expected))
    pf_call_fail_with (call, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
                       "%s takes arguments of type “%s”, not “%s”", member, expected, given);
  else
    handle (bus, call, place->object);
}

/* --- The door's other side -------------------------------------------------------------------- */

static gboolean
is_call_to (PfCall *call, const char *interface, const char *member)
{
  return g_str_equal (pf_call_interface (call), interface)
         && (member == NULL || g_str_equal (pf_call_member (call), member));
}

void
pf_router_dispatch (PfCall *call, gpointer user_data)
{
  PfBus *bus = user_data;
  const char *interface = pf_call_interface (call);
  Place place;

  pf_manager_watch_greet (bus->manager_watch, pf_call_caller (call));
  pf_filter_watch_greet (bus->filter_watch, pf_call_caller (call));
  if (!find (bus, pf_call_caller (call), pf_call_path (call), &place))
    pf_call_fail_unknown_object (call);
  else if (interface == NULL)
    pf_call_fail_with (call, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_INTERFACE,
                       "The call names no interface");
  else if (is_call_to (call, "org.freedesktop.DBus.Introspectable", "Introspect"))
    introspect (bus, call, &place);
  else if (place.interface == NULL)
    pf_call_fail_unknown_object (call);
  else if (is_call_to (call, "org.freedesktop.DBus.Properties", NULL))
    pf_properties_call (bus, call, place.interface, place.object);
  else if (g_str_equal (interface, place.interface->info->name))
    call_method (bus, call, &place);
  else
    pf_call_fail_with (call, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_INTERFACE,
                       "There is no interface “%s” at path “%s”", interface, pf_call_path (call));
}
