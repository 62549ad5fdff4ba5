#include "bus/introspect.h"

#include "service/bus/standard.h"

#define HEADER                                                                                     \
  "<!DOCTYPE node PUBLIC \"-//freedesktop//DTD D-BUS Object Introspection 1.0//EN\"\n"             \
  "  \"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd\">\n"                          \
  "<node>\n"

static void
append (GString *xml, const GDBusInterfaceInfo *info)
{
  g_dbus_interface_info_generate_xml ((GDBusInterfaceInfo *) info, 2, xml);
}

char *
pf_introspect (const PfInterface *interface, gboolean is_standard, const char *const *children)
{
  GString *xml = g_string_new (HEADER);

  append (xml, &org_freedesktop_dbus_introspectable_interface);
  append (xml, &org_freedesktop_dbus_peer_interface);
  if (interface != NULL && !is_standard)
    append (xml, &org_freedesktop_dbus_properties_interface);
  if (interface != NULL)
    append (xml, interface->info);
  for (; *children != NULL; children++)
    g_string_append_printf (xml, "  <node name=\"%s\"/>\n", *children);
  g_string_append (xml, "</node>\n");
  return g_string_free (xml, FALSE);
}
