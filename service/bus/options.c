#include "bus/options.h"

#include "dbus-interfaces/text.h"

static const PfOption *
find_option (const PfOption *allowed, gsize n_allowed, const char *name)
{
  for (gsize i = 0; i < n_allowed; i++)
    if (g_str_equal (allowed[i].name, name))
      return &allowed[i];
  return NULL;
}

static gboolean
check_one (const char *name,
           GVariant *value,
           const PfOption *option,
           GHashTable *seen,
           GError **error)
{
  g_autofree char *shown = pf_text_printable (name, -1, 60);

  if (option == NULL)
    g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, "There is no option “%s” here",
                 shown);
  else if (!g_variant_is_of_type (value, G_VARIANT_TYPE (option->type)))
    g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
                 "Option “%s” has type %s, expected %s", shown, g_variant_get_type_string (value),
                 option->type);
  else if (!g_hash_table_add (seen, (gpointer) option))
    g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, "Option “%s” is given twice",
                 shown);
  else
    return TRUE;
  return FALSE;
}

gboolean
pf_options_check (GVariant *options, const PfOption *allowed, gsize n_allowed, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
  gsize n = g_variant_n_children (options);

  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) entry = g_variant_get_child_value (options, i);
      g_autoptr (GVariant) value = NULL;
      const char *name;

      g_variant_get (entry, "{&sv}", &name, &value);
      if (!check_one (name, value, find_option (allowed, n_allowed, name), seen, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
pf_options_check_none (GVariant *options, GError **error)
{
  return pf_options_check (options, NULL, 0, error);
}

gboolean
pf_options_read_number (GVariant *options,
                        const char *name,
                        guint low,
                        guint high,
                        guint *number,
                        GError **error)
{
  guint value;

  if (!g_variant_lookup (options, name, "u", &value))
    return TRUE;
  if (value < low || value > high)
    {
      g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
                   "Option “%s” is %u, allowed is %u to %u", name, value, low, high);
      return FALSE;
    }
  *number = value;
  return TRUE;
}
