#include "cli-client/held.h"

#include "cli-client/failure.h"
#include "cli-client/i18n.h"
#include "cli-client/json.h"
#include "dbus-interfaces/names.h"
#include "dbus-interfaces/text.h"

#include <string.h>

#define LEAST_DIGITS 8
#define ID_LENGTH 32

static void
held_free (gpointer data)
{
  PfHeld *held = data;

  g_free (held->id);
  g_free (held->account);
  g_variant_unref (held->properties);
  g_free (held);
}

/* --- Listing ---------------------------------------------------------------------------------- */

/* (transfer none): the address of the account at @path, asked for once. */
static const char *
address_of (PfClient *client, GHashTable *addresses, const char *path)
{
  char *address = g_hash_table_lookup (addresses, path);

  if (address != NULL)
    return address;
  address = pf_client_read_address (client, path, NULL);
  if (address == NULL)
    address = g_strdup ("");
  g_hash_table_insert (addresses, g_strdup (path), address);
  return address;
}

static void
take_items (PfClient *client, GPtrArray *list, GHashTable *addresses, GVariant *items)
{
  for (gsize i = 0; i < g_variant_n_children (items); i++)
    {
      PfHeld *held = g_new0 (PfHeld, 1);

      g_variant_get_child (items, i, "(s@a{sv})", &held->id, &held->properties);
      held->account = g_strdup (
          address_of (client, addresses, pf_property_string (held->properties, "Account")));
      g_ptr_array_add (list, held);
    }
}

/* Page by page; what comes or goes meanwhile is in one of them, or in none. */
GPtrArray *
pf_held_list (PfClient *client, GError **error)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func (held_free);
  g_autoptr (GHashTable) addresses =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  guint total = 0, before;

  do
    {
      PfClientCall call = { .path = PF_PATH_QUARANTINE,
                            .interface = PF_INTERFACE_QUARANTINE,
                            .member = "List",
                            .arguments = g_variant_new ("(a{sv}uu)", NULL, list->len, 0),
                            .reply = "(a(sa{sv})u)" };
      g_autoptr (GVariant) reply = pf_client_call (client, &call, error);
      g_autoptr (GVariant) items = NULL;

      if (reply == NULL)
        return NULL;
      before = list->len;
      g_variant_get (reply, "(@a(sa{sv})u)", &items, &total);
      take_items (client, list, addresses, items);
    }
  while (list->len < total && list->len > before);
  return g_steal_pointer (&list);
}

static int
compare_ids (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

guint
pf_held_digits (GPtrArray *list)
{
  g_autoptr (GPtrArray) ids = g_ptr_array_new ();
  guint digits = LEAST_DIGITS;

  for (guint i = 0; i < list->len; i++)
    g_ptr_array_add (ids, ((PfHeld *) list->pdata[i])->id);
  g_ptr_array_sort (ids, compare_ids);
  for (guint i = 1; i < ids->len; i++)
    {
      const char *a = ids->pdata[i - 1], *b = ids->pdata[i];
      guint same = 0;

      while (a[same] != '\0' && a[same] == b[same])
        same++;
      if (a[same] != b[same])
        digits = MAX (digits, same + 1);
    }
  return digits;
}

/* --- Finding ---------------------------------------------------------------------------------- */

/* The one that @word begins. @all: emptied of those that were found */
static PfHeld *
find_one (GPtrArray *all, const char *word, GError **error)
{
  g_autofree char *lower = g_ascii_strdown (word, -1);
  g_autofree char *shown = pf_text_printable (word, -1, 60);
  PfHeld *found = NULL;

  for (guint i = 0; i < all->len; i++)
    {
      PfHeld *held = all->pdata[i];

      if (*lower == '\0' || !g_str_has_prefix (held->id, lower))
        continue;
      if (found != NULL)
        {
          pf_usage (error, _ ("%s is the beginning of several: %s, %s"), shown, found->id,
                    held->id);
          return NULL;
        }
      found = held;
    }
  if (found == NULL)
    g_set_error (error, PF_FAILURE, PF_FAILURE_UNKNOWN_MESSAGE,
                 _ ("There is no message %s in quarantine"), shown);
  return found;
}

GPtrArray *
pf_held_find (PfClient *client, const char *const *words, GError **error)
{
  g_autoptr (GPtrArray) all = pf_held_list (client, error);
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
  g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func (held_free);

  for (; all != NULL && *words != NULL; words++)
    {
      PfHeld *held = find_one (all, *words, error);

      if (held == NULL)
        return NULL;
      if (g_hash_table_add (seen, held))
        {
          PfHeld *copy = g_new0 (PfHeld, 1);

          copy->id = g_strdup (held->id);
          copy->account = g_strdup (held->account);
          copy->properties = g_variant_ref (held->properties);
          g_ptr_array_add (found, copy);
        }
    }
  return all != NULL ? g_steal_pointer (&found) : NULL;
}

/* --- JSON ------------------------------------------------------------------------------------- */

JsonNode *
pf_held_json (const PfHeld *held)
{
  static const char *const order[] = { "Id",   "Account", "Recipient", "Sender", "Subject", "Time",
                                       "Size", "Verdict", "Reason",    "Score",  "Symbols", NULL };
  GVariantDict dict;
  g_autoptr (GVariant) whole = NULL;

  g_variant_dict_init (&dict, held->properties);
  g_variant_dict_insert (&dict, "Id", "s", held->id);
  g_variant_dict_insert (&dict, "Account", "s", held->account);
  whole = g_variant_ref_sink (g_variant_dict_end (&dict));
  return pf_json_object (whole, order);
}
