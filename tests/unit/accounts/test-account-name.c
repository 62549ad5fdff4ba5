/* What an account's file and object are called. */
#include "accounts/account-name.h"

#include "accounts/settings.h"

#include <string.h>

static void
test_file_names (void)
{
  static const struct
  {
    const char *address, *name;
  } cases[] = {
    { "a@example.org", "a@example.org.account" },
    { "A.B+c_d-e@Example.ORG", "a.b+c_d-e@example.org.account" },
    { "a/b@example.org", "a%2Fb@example.org.account" },
    { "a%b@example.org", "a%25b@example.org.account" },
    { ".a@example.org", "%2Ea@example.org.account" },
    { "j\xc3\xb6rg@example.org", "j%C3%B6rg@example.org.account" },
    { "..", "%2E..account" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *name = pf_account_file_name (cases[i].address);
      g_autofree char *id = pf_address_fold (cases[i].address);
      g_autofree char *address = pf_account_file_address (name);

      g_assert_cmpstr (name, ==, cases[i].name);
      g_assert_cmpstr (address, ==, id);
    }
}

static void
test_other_names (void)
{
  static const struct
  {
    const char *name, *guess;
  } cases[] = {
    { "A@example.org.account", "a@example.org" },
    { "a%40example.org.account", "a@example.org" },
    { "a%2fb@example.org.account", "a/b@example.org" },
    { "a%zz.account", "a%zz" },
    { "a%4.account", "a%4" },
    { "a%00b.account", "a%00b" },
    { "a b.account", "a b" },
    { "a\x01\xff.account", "a\\x01\\xff" },
    { "a%0ab.account", "a\\x0ab" },
    { "a%FFb.account", "a\\xffb" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *guess = pf_account_file_guess (cases[i].name);

      g_assert_null (pf_account_file_address (cases[i].name));
      g_assert_cmpstr (guess, ==, cases[i].guess);
      g_assert_true (g_utf8_validate (guess, -1, NULL));
    }
}

/* Whoever can make a file in the folder makes no line of the log. */
static void
test_guess_is_one_line (void)
{
  g_autofree char *line = pf_account_file_guess ("a%0Ab@example.org.account");
  g_autofree char *label = g_strnfill (63, 'x');
  g_autofree char *address = g_strdup_printf ("a@%s.%s.%s.org", label, label, label);
  g_autofree char *name = pf_account_file_name (address);
  g_autofree char *guess = pf_account_file_guess (name);

  g_assert_cmpstr (line, ==, "a\\x0ab@example.org");
  g_assert_cmpstr (guess, ==, address);
}

static void
test_which_files_count (void)
{
  g_assert_true (pf_account_file_is_one ("a@example.org.account"));
  g_assert_false (pf_account_file_is_one ("a@example.org.account~"));
  g_assert_false (pf_account_file_is_one (".a@example.org.account"));
  g_assert_false (pf_account_file_is_one (".a@example.org.account.swp"));
  g_assert_false (pf_account_file_is_one ("#a@example.org.account#"));
  g_assert_false (pf_account_file_is_one ("a@example.org.account.dpkg-new"));
  g_assert_false (pf_account_file_is_one ("a@example.org.account.X1Y2Z3"));
  g_assert_false (pf_account_file_is_one (".account"));
  g_assert_false (pf_account_file_is_one ("README"));
}

/* printf %s a@example.org | sha256sum */
static void
test_object_path (void)
{
  g_autofree char *path = pf_account_object_path ("a@example.org");
  g_autofree char *other = pf_account_object_path ("b@example.org");

  g_assert_cmpstr (path, ==, "/org/postferry1/account/e16bfe08be114c7b3737aa01ce504ebc");
  g_assert_cmpstr (path, !=, other);
  g_assert_true (g_variant_is_object_path (path));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/account-name/files", test_file_names);
  g_test_add_func ("/account-name/other-names", test_other_names);
  g_test_add_func ("/account-name/guess-is-one-line", test_guess_is_one_line);
  g_test_add_func ("/account-name/which-files-count", test_which_files_count);
  g_test_add_func ("/account-name/object-path", test_object_path);
  return g_test_run ();
}
