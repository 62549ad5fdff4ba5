#include "secrets/item-name.h"

static GHashTable *
attributes_new (const char *address, const char *kind)
{
  GHashTable *attributes = g_hash_table_new (g_str_hash, g_str_equal);

  g_hash_table_insert (attributes, (gpointer) "kind", (gpointer) kind);
  g_hash_table_insert (attributes, (gpointer) "address", (gpointer) address);
  g_hash_table_insert (attributes, (gpointer) "xdg:schema", (gpointer) "its own");
  return attributes;
}

static char *
make (const char *address, const char *kind)
{
  g_autoptr (GHashTable) attributes = attributes_new (address, kind);

  return pf_item_name_make ("org.example", attributes);
}

static void
test_readable (void)
{
  g_autofree char *name = make ("a.b+c@example.org", "password");

  g_assert_cmpstr (name, ==, "org.example|address=a.b+c@example.org|kind=password");
}

/* No address can make the name of another's item. Mutant: add "|=" to PLAIN. */
static void
test_unambiguous (void)
{
  static const char *const addresses[] = { "a|kind=password",
                                           "a%7Ckind=password",
                                           "a%7Ckind%3Dpassword",
                                           "a",
                                           "a|kind",
                                           "a\xff",
                                           "a%FF",
                                           "" };
  g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (addresses); i++)
    {
      g_autoptr (GHashTable) attributes = attributes_new (addresses[i], "token");
      g_autoptr (GHashTable) back = NULL;
      char *name = pf_item_name_make ("org.example", attributes);

      back = pf_item_name_match (name, "org.example", attributes);
      g_assert_nonnull (back);
      g_assert_cmpuint (g_hash_table_size (back), ==, 2);
      g_assert_cmpstr (g_hash_table_lookup (back, "address"), ==, addresses[i]);
      g_assert_true (g_hash_table_add (names, name));
    }
}

static void
test_match (void)
{
  g_autofree char *name = make ("a@example.org", "password");
  g_autoptr (GHashTable) all = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GHashTable) same = attributes_new ("a@example.org", "password");
  g_autoptr (GHashTable) other = attributes_new ("b@example.org", "password");
  g_autoptr (GHashTable) found = pf_item_name_match (name, "org.example", all);
  g_autoptr (GHashTable) found_same = pf_item_name_match (name, "org.example", same);

  g_assert_nonnull (found);
  g_assert_nonnull (found_same);
  g_assert_null (pf_item_name_match (name, "org.example", other));
  g_assert_null (pf_item_name_match (name, "org.exampl", all));
  g_assert_null (pf_item_name_match ("org.example|address", "org.example", all));
  g_assert_null (pf_item_name_match ("", "org.example", all));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/secrets/item-name/readable", test_readable);
  g_test_add_func ("/secrets/item-name/unambiguous", test_unambiguous);
  g_test_add_func ("/secrets/item-name/match", test_match);
  return g_test_run ();
}
