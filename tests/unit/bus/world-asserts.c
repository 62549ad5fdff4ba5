#include "world.h"

#include <string.h>

void
world_assert_has (const char *text, const char *part)
{
  if (strstr (text, part) == NULL)
    g_error ("“%s” is not in:\n%s", part, text);
}

void
world_assert_has_not (const char *text, const char *part)
{
  if (strstr (text, part) != NULL)
    g_error ("“%s” is in:\n%s", part, text);
}

/* A call's whole outcome as text, with @path as PATH. */
char *
world_outcome (World *world,
               Client *client,
               const char *path,
               const char *method,
               const char *arguments)
{
  const char *dot = strrchr (method, '.');
  g_autofree char *interface = g_strndup (method, (gsize) (dot - method));
  g_autoptr (GVariant) parsed =
      arguments != NULL ? g_variant_parse (NULL, arguments, NULL, NULL, NULL) : NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) body =
      fixture_call (client->connection, world->name, path, interface, dot + 1, parsed, &error);
  g_autofree char *text = error != NULL ? g_strdup (error->message) : g_variant_print (body, TRUE);
  g_auto (GStrv) parts = g_strsplit (text, path, -1);

  return g_strjoinv ("PATH", parts);
}

char *
world_text (GVariant *value)
{
  return value != NULL ? g_variant_print (value, FALSE) : g_strdup ("(none)");
}

void
world_listen (World *world)
{
  Client *clients[] = { &world->root, &world->nobody, &world->daemon };

  for (gsize i = 0; i < G_N_ELEMENTS (clients); i++)
    {
      g_autoptr (GVariant) reply = world_call (world, clients[i], MANAGER, GET_ALL, "('',)", NULL);
      g_autofree char *drained = world_heard (world, clients[i]);
    }
}

guint
world_count (const char *text, const char *part)
{
  guint n = 0;

  for (const char *p = strstr (text, part); p != NULL; p = strstr (p + 1, part))
    n++;
  return n;
}

void
world_assert_log (const char *expected)
{
  g_autofree char *log = fakes_take_log ();

  g_assert_cmpstr (log, ==, expected);
}

void
world_assert_secret (const char *key, const char *expected)
{
  g_assert_cmpstr (g_hash_table_lookup (fakes.secrets, key), ==, expected);
}

void
world_assert_asked (const char *expected)
{
  g_autofree char *asked = NULL;

  g_ptr_array_add (fake_polkit.actions, NULL);
  asked = g_strjoinv (" ", (char **) fake_polkit.actions->pdata);
  g_ptr_array_set_size (fake_polkit.actions, 0);
  g_assert_cmpstr (asked, ==, expected);
}

PfAccount *
world_lookup (World *world)
{
  return pf_registry_lookup (world->parts.registry, "a@example.org");
}

/* The account with a password, its making forgotten. */
const char *
world_make_account (World *world)
{
  PfAccount *account = world_add (world, "a@example.org", NOBODY);

  g_hash_table_insert (fakes.secrets, g_strdup ("a@example.org password"), g_strdup ("old"));
  g_hash_table_insert (fakes.secrets, g_strdup ("a@example.org refresh-token"), g_strdup ("token"));
  g_free (fakes_take_log ());
  return pf_account_get_path (account);
}
