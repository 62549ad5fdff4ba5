#include "bus/properties.h"

void
pf_vardict_append (GVariantBuilder *builder, GVariant *values)
{
  g_autoptr (GVariant) owned = g_variant_ref_sink (values);

  for (gsize i = 0; i < g_variant_n_children (owned); i++)
    {
      g_autoptr (GVariant) entry = g_variant_get_child_value (owned, i);

      g_variant_builder_add_value (builder, entry);
    }
}

/* (transfer full) (nullable): the value of @name, which most likely stands at @index. */
static GVariant *
lookup_near (GVariant *dict, gsize index, const char *name)
{
  g_autoptr (GVariant) entry = NULL;
  g_autoptr (GVariant) key = NULL;
  g_autoptr (GVariant) boxed = NULL;

  if (index >= g_variant_n_children (dict))
    return g_variant_lookup_value (dict, name, NULL);
  entry = g_variant_get_child_value (dict, index);
  key = g_variant_get_child_value (entry, 0);
  if (!g_str_equal (g_variant_get_string (key, NULL), name))
    return g_variant_lookup_value (dict, name, NULL);
  boxed = g_variant_get_child_value (entry, 1);
  return g_variant_get_variant (boxed);
}

/* One of many that share their entries. */
static gboolean
is_same_entry (GVariant *before, gsize index, GVariant *entry)
{
  g_autoptr (GVariant) other =
      index < g_variant_n_children (before) ? g_variant_get_child_value (before, index) : NULL;

  return other == entry;
}

gboolean
pf_vardict_diff (GVariant *before, GVariant *after, GVariantBuilder *changed)
{
  gboolean any = FALSE;

  for (gsize i = 0; i < g_variant_n_children (after); i++)
    {
      g_autoptr (GVariant) entry = g_variant_get_child_value (after, i);
      g_autoptr (GVariant) name = NULL, boxed = NULL, value = NULL, old = NULL;

      if (before != NULL && is_same_entry (before, i, entry))
        continue;
      name = g_variant_get_child_value (entry, 0);
      boxed = g_variant_get_child_value (entry, 1);
      value = g_variant_get_variant (boxed);
      if (before != NULL)
        old = lookup_near (before, i, g_variant_get_string (name, NULL));
      if (old != NULL && g_variant_equal (old, value))
        continue;
      g_variant_builder_add_value (changed, entry);
      any = TRUE;
    }
  return any;
}

GVariant *
pf_object_entry (PfBus *bus,
                 const PfCaller *caller,
                 const PfInterface *interface,
                 const char *path,
                 gpointer object)
{
  GVariant *interfaces[] = { g_variant_new_dict_entry (
      g_variant_new_string (interface->info->name), interface->properties (bus, caller, object)) };

  return g_variant_ref_sink (g_variant_new_dict_entry (g_variant_new_object_path (path),
                                                       g_variant_new_array (NULL, interfaces, 1)));
}

/* TRUE when @interface is meant: an empty name means any. */
static gboolean
accepts (PfCall *call, const PfInterface *interface, const char *name)
{
  if (*name == '\0' || g_str_equal (name, interface->info->name))
    return TRUE;
  pf_call_fail_with (call, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_INTERFACE,
                     "There is no interface “%s” at path “%s”", name, pf_call_path (call));
  return FALSE;
}

static GVariant *
read_all (PfBus *bus, PfCall *call, const PfInterface *interface, gpointer object)
{
  GVariant *all = interface->properties != NULL
                      ? interface->properties (bus, pf_call_caller (call), object)
                      : g_variant_new ("a{sv}", NULL);

  return g_variant_ref_sink (all);
}

static void
get_all (PfBus *bus, PfCall *call, const PfInterface *interface, gpointer object)
{
  g_autoptr (GVariant) all = NULL;
  const char *name;

  g_variant_get (pf_call_arguments (call), "(&s)", &name);
  if (!accepts (call, interface, name))
    return;
  all = read_all (bus, call, interface, object);
  pf_call_return (call, g_variant_new ("(@a{sv})", all));
}

static void
fail_unknown_property (PfCall *call, const char *property)
{
  pf_call_fail_with (call, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_PROPERTY,
                     "There is no property “%s” at path “%s”", property, pf_call_path (call));
}

static void
get_one (PfBus *bus, PfCall *call, const PfInterface *interface, gpointer object)
{
  g_autoptr (GVariant) all = NULL, value = NULL;
  const char *name, *property;

  g_variant_get (pf_call_arguments (call), "(&s&s)", &name, &property);
  if (!accepts (call, interface, name))
    return;
  all = read_all (bus, call, interface, object);
  value = g_variant_lookup_value (all, property, NULL);
  if (value == NULL)
    fail_unknown_property (call, property);
  else
    pf_call_return (call, g_variant_new ("(v)", value));
}

/* Settings change by methods alone, so that a change is atomic and authorised. */
static void
set_one (PfCall *call, const PfInterface *interface)
{
  const char *name, *property;

  g_variant_get (pf_call_arguments (call), "(&s&sv)", &name, &property, NULL);
  if (!accepts (call, interface, name))
    return;
  if (g_dbus_interface_info_lookup_property ((GDBusInterfaceInfo *) interface->info, property)
      == NULL)
    fail_unknown_property (call, property);
  else
    pf_call_fail_with (call, G_DBUS_ERROR, G_DBUS_ERROR_PROPERTY_READ_ONLY,
                       "Property “%s” is read-only: settings change by methods", property);
}

void
pf_properties_call (PfBus *bus, PfCall *call, const PfInterface *interface, gpointer object)
{
  const char *member = pf_call_member (call);
  GVariant *arguments = pf_call_arguments (call);

  if (g_str_equal (member, "Get") && g_variant_is_of_type (arguments, G_VARIANT_TYPE ("(ss)")))
    get_one (bus, call, interface, object);
  else if (g_str_equal (member, "GetAll")
           && g_variant_is_of_type (arguments, G_VARIANT_TYPE ("(s)")))
    get_all (bus, call, interface, object);
  else if (g_str_equal (member, "Set")
           && g_variant_is_of_type (arguments, G_VARIANT_TYPE ("(ssv)")))
    set_one (call, interface);
  else
    pf_call_fail_with (call, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD,
                       "There is no method “%s” with arguments “%s” on "
                       "org.freedesktop.DBus.Properties",
                       member, g_variant_get_type_string (arguments));
}
