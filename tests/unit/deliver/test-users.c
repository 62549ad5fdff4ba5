/* Who can be chosen, and when that may have changed. */
#include "deliver/users.h"

#include <string.h>

static void
test_list (void)
{
  g_auto (GStrv) all = pf_users_list (0), people = pf_users_list (1000),
                 none = pf_users_list (70000);

  g_assert_false (g_strv_contains ((const char *const *) all, "root"));
  g_assert_false (g_strv_contains ((const char *const *) all, "nobody"));
  g_assert_true (g_strv_contains ((const char *const *) all, "daemon"));
  g_assert_false (g_strv_contains ((const char *const *) people, "daemon"));
  for (guint i = 1; i < g_strv_length (all); i++)
    g_assert_cmpint (strcmp (all[i - 1], all[i]), <, 0);
  for (guint i = 0; none[i] != NULL; i++)
    g_assert_true (g_strv_contains ((const char *const *) people, none[i]));
  if (g_getenv ("PF_IN_NAMESPACE") != NULL)
    {
      g_assert_true (g_strv_contains ((const char *const *) people, "pfperson"));
      g_assert_false (g_strv_contains ((const char *const *) people, "pfsystem"));
      g_assert_false (g_strv_contains ((const char *const *) people, "pfdynamic"));
    }
}

static void
on_changed (gpointer user_data)
{
  (*(guint *) user_data)++;
}

static void
run (const char *command)
{
  int status = -1;

  g_assert_true (g_spawn_command_line_sync (command, NULL, NULL, &status, NULL));
  g_assert_cmpint (status, ==, 0);
}

/* Several files change, and change again: told once, and again the next time. */
static void
test_watch (void)
{
  PfUsersWatch *watch;
  guint told = 0;

  if (g_getenv ("PF_IN_NAMESPACE") == NULL)
    {
      g_test_skip ("needs a user database of its own");
      return;
    }
  watch = pf_users_watch_new (on_changed, &told);
  run ("useradd pfone");
  run ("userdel pfone");
  run ("useradd pfone");
  while (told == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (told, ==, 1);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  run ("userdel pfone");
  while (told == 1)
    g_main_context_iteration (NULL, TRUE);
  run ("useradd pftwo");
  pf_users_watch_free (watch); /* whatever waits is dropped */
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (told, ==, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/users/list", test_list);
  g_test_add_func ("/users/watch", test_watch);
  return g_test_run ();
}
