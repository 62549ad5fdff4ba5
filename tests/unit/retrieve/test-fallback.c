#include "retrieve/fallback.h"

#include <string.h>

static PfSettings *
settings_of (const char *server)
{
  g_autofree char *text =
      g_strdup_printf ("[Account]\nAddress=tim@example.net\nServer=%s\nLocalUser=tim\n", server);
  g_autoptr (GPtrArray) faults =
      g_ptr_array_new_with_free_func ((GDestroyNotify) pf_settings_fault_free);

  return pf_settings_from_file (text, strlen (text), faults);
}

/* What fails it: pf_fallback_get() that does not compare the password, or the server. */
static void
test_known_for_one_password_and_server (void)
{
  g_autoptr (PfSettings) one = settings_of ("a.example"), other = settings_of ("b.example");
  g_autoptr (PfSecret) old = pf_secret_new ("old", 3), new = pf_secret_new ("new", 3);

  g_assert_cmpint (pf_fallback_get (one, old), ==, PF_FALLBACK_NONE);
  pf_fallback_set (one, old, PF_FALLBACK_VAIN);
  g_assert_cmpint (pf_fallback_get (one, old), ==, PF_FALLBACK_VAIN);
  g_assert_cmpint (pf_fallback_get (one, new), ==, PF_FALLBACK_NONE);
  g_assert_cmpint (pf_fallback_get (other, old), ==, PF_FALLBACK_NONE);
  pf_fallback_clear ();
  g_assert_cmpint (pf_fallback_get (one, old), ==, PF_FALLBACK_NONE);
}

static void
test_what_worked_is_never_given_up (void)
{
  g_autoptr (PfSettings) one = settings_of ("a.example"), other = settings_of ("b.example");
  g_autoptr (PfSecret) old = pf_secret_new ("old", 3), new = pf_secret_new ("new", 3);

  pf_fallback_set (one, old, PF_FALLBACK_NEVER);
  g_assert_cmpint (pf_fallback_get (one, new), ==, PF_FALLBACK_NEVER);
  g_assert_cmpint (pf_fallback_get (other, old), ==, PF_FALLBACK_NONE);
  pf_fallback_clear ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fallback/one", test_known_for_one_password_and_server);
  g_test_add_func ("/fallback/never", test_what_worked_is_never_given_up);
  return g_test_run ();
}
