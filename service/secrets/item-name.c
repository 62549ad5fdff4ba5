#include "secrets/item-name.h"

#include <string.h>

/* Octets of an address that need no %HH; `|`, `=` and `%` do. */
#define PLAIN "@+!#$&'*/?^`{}"

static gboolean
is_own (const char *key)
{
  return !g_str_has_prefix (key, "xdg:");
}

char *
pf_item_name_make (const char *schema, GHashTable *attributes)
{
  g_autoptr (GList) keys = g_list_sort (g_hash_table_get_keys (attributes), (GCompareFunc) strcmp);
  GString *name = g_string_new (schema);

  for (GList *l = keys; l != NULL; l = l->next)
    if (is_own (l->data))
      {
        g_autofree char *key = g_uri_escape_string (l->data, NULL, FALSE);
        g_autofree char *value =
            g_uri_escape_string (g_hash_table_lookup (attributes, l->data), PLAIN, FALSE);

        g_string_append_printf (name, "|%s=%s", key, value);
      }
  return g_string_free (name, FALSE);
}

/* FALSE: no `key=value`. */
static gboolean
add_pair (GHashTable *attributes, const char *pair)
{
  const char *equals = strchr (pair, '=');
  char *key, *value;

  if (equals == NULL)
    return FALSE;
  key = g_uri_unescape_segment (pair, equals, NULL);
  value = g_uri_unescape_string (equals + 1, NULL);
  if (key != NULL && value != NULL)
    return g_hash_table_insert (attributes, key, value);
  g_free (key);
  g_free (value);
  return FALSE;
}

GHashTable *
pf_item_name_match (const char *name, const char *schema, GHashTable *wanted)
{
  g_auto (GStrv) parts = g_strsplit (name, "|", -1);
  g_autoptr (GHashTable) found = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  GHashTableIter iter;
  gpointer key, value;

  if (parts[0] == NULL || strcmp (parts[0], schema) != 0)
    return NULL;
  for (guint i = 1; parts[i] != NULL; i++)
    if (!add_pair (found, parts[i]))
      return NULL;
  g_hash_table_iter_init (&iter, wanted);
  while (g_hash_table_iter_next (&iter, &key, &value))
    if (is_own (key) && g_strcmp0 (g_hash_table_lookup (found, key), value) != 0)
      return NULL;
  return g_steal_pointer (&found);
}
