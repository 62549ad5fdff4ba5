/* options.h - typed reading of a{sv}: options and filters. Unknown names and wrong types are
 * refused by name. */
#pragma once

#include <gio/gio.h>

typedef struct
{
  const char *name;
  const char *type; /* a D-Bus signature */
} PfOption;

/**
 * pf_options_check:
 * @options: a{sv}
 * @allowed: (array length=n_allowed): what may stand there
 * @error: G_DBUS_ERROR_INVALID_ARGS that names the option
 *
 * Returns: TRUE when every name is allowed, has its type and stands there once. After it
 * g_variant_lookup() is safe.
 */
gboolean pf_options_check (GVariant *options, const PfOption *allowed, gsize n_allowed,
                           GError **error);
/* The same for methods that have no option yet. */
gboolean pf_options_check_none (GVariant *options, GError **error);
/* @value between @low and @high, else G_DBUS_ERROR_INVALID_ARGS; *@number stays as it is where the
 * option is not given. */
gboolean pf_options_read_number (GVariant *options, const char *name, guint low, guint high,
                                 guint *number, GError **error);
