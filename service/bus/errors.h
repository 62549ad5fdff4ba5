/* errors.h - every GError as a D-Bus error name, in one place (DESIGN 5). */
#pragma once

#include <gio/gio.h>

/* "org.postferry1.Error.*" or "org.freedesktop.DBus.Error.*"; static. PF_PROBLEM codes get the
 * nearest one. */
const char *pf_bus_error_name (const GError *error);

/* What GLib 2.74 has no code for. */
typedef enum
{
  PF_BUS_ERROR_INTERACTION /* org.freedesktop.DBus.Error.InteractiveAuthorizationRequired */
} PfBusError;

#define PF_BUS_ERROR (pf_bus_error_quark ())
GQuark      pf_bus_error_quark (void);
