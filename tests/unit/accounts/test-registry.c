/* Accounts that come, change and go by hand. */
#include "registry-fixture.h"

#include "accounts/account-name.h"
#include "accounts/registry-private.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

static void
test_empty (Fixture *f, gconstpointer unused)
{
  struct stat status;

  g_assert_cmpint (stat (f->folder, &status), ==, 0);
  g_assert_cmpuint (status.st_mode & 0777, ==, 0700);
  g_assert_cmpuint (pf_registry_list (f->registry)->len, ==, 0);
  g_assert_null (pf_registry_lookup (f->registry, "a@example.org"));
  g_assert_null (pf_registry_lookup_path (f->registry, "/org/postferry1/account/0"));
}

static void
test_by_hand (Fixture *f, gconstpointer unused)
{
  put_file (f, "a@example.org.account", GOOD ("A@example.org"));
  wait_for (f, "+a@example.org! ");
  g_assert_true (pf_registry_lookup (f->registry, "A@EXAMPLE.org")
                 == lookup_account (f, "a@example.org"));
  g_assert_false (pf_registry_is_by_hand (f->registry));
  put_file (f, "a@example.org.account", GOOD ("A@example.org") "Interval=300\n");
  wait_for (f, "*a@example.org! ");
  g_assert_cmpuint (pf_account_get_settings (lookup_account (f, "a@example.org"))->interval, ==,
                    300);
  /* The same said in other words is no change. */
  put_file (f, "a@example.org.account",
            "# x\n[Account]\nServer = pop.example.org\nInterval=300\nAddress=A@example.org\n"
            "LocalUser=alice\n");
  assert_quiet (f);
  delete_file (f, "a@example.org.account");
  wait_for (f, "-a@example.org! ");
  g_assert_cmpuint (pf_registry_list (f->registry)->len, ==, 0);
}

/* Whole folders come by cp, in whatever order. */
static void
test_sorted (Fixture *f, gconstpointer unused)
{
  GPtrArray *list = pf_registry_list (f->registry);

  put_file (f, "c@example.org.account", GOOD ("c@example.org"));
  put_file (f, "a@example.org.account", GOOD ("a@example.org"));
  put_file (f, "b@example.org.account", GOOD ("b@example.org"));
  pf_registry_reload (f->registry);
  g_assert_cmpuint (list->len, ==, 3);
  for (guint i = 0; i < list->len; i++)
    {
      PfAccount *account = list->pdata[i];

      g_assert_cmpint (pf_account_get_id (account)[0], ==, "abc"[i]);
      g_assert_true (pf_registry_lookup_path (f->registry, pf_account_get_path (account))
                     == account);
    }
  delete_file (f, "b@example.org.account");
  pf_registry_reload (f->registry);
  g_assert_cmpuint (list->len, ==, 2);
  g_assert_cmpstr (pf_account_get_id (list->pdata[1]), ==, "c@example.org");
}

static void
test_other_files (Fixture *f, gconstpointer unused)
{
  put_file (f, "a@example.org.account~", GOOD ("a@example.org"));
  put_file (f, ".a@example.org.account.swp", GOOD ("a@example.org"));
  put_file (f, "README", "x");
  pf_registry_reload (f->registry);
  assert_told (f, "");
}

/* Two changes within one tick of the clock, of the same length: the stamp tells nothing, so the
 * file is read. (New kernels tick finely enough, so the mark is looked at too.) */
static void
test_same_stamp (Fixture *f, gconstpointer unused)
{
  PfAccountFile read = { 0 };

  for (guint i = 0; i < 50; i++)
    {
      g_autofree char *text = g_strdup_printf (GOOD ("a@example.org") "Interval=%u\n", 100 + i);
      g_autofree char *path = path_of (f, "a@example.org.account");
      FILE *file = g_fopen (path, "we");

      fputs (text, file);
      fclose (file);
      pf_registry_scan (f->registry, FALSE);
      g_assert_cmpuint (pf_account_get_settings (lookup_account (f, "a@example.org"))->interval, ==,
                        100 + i);
    }
  g_assert_cmpint (pf_account_file_read (&read, f->folder, "a@example.org.account"), ==,
                   PF_ACCOUNT_FILE_GOOD);
  /* Believing each stamp in pf_account_file_read() makes this fail. */
  g_assert_false (read.stamp_is_sure);
  pf_account_file_clear (&read);
}

static void
test_many (Fixture *f, gconstpointer unused)
{
  const guint n = 2000;

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *address = g_strdup_printf ("user-%05u@example.org", (i * 7919) % n);
      g_autofree char *name = pf_account_file_name (address);
      g_autofree char *path = path_of (f, name);
      g_autofree char *text = g_strdup_printf (
          "[Account]\nAddress=%s\nServer=pop.example.org\nLocalUser=alice\n", address);
      FILE *file = g_fopen (path, "we");

      fputs (text, file);
      fclose (file);
    }
  pf_registry_reload (f->registry);
  g_assert_cmpuint (pf_registry_list (f->registry)->len, ==, n);
  for (guint i = 1; i < n; i++)
    g_assert_cmpstr (pf_account_get_id (pf_registry_list (f->registry)->pdata[i - 1]), <,
                     pf_account_get_id (pf_registry_list (f->registry)->pdata[i]));
  g_string_truncate (f->told, 0);
  put_file (f, "user-01000@example.org.account", GOOD ("user-01000@example.org") "Note=x\n");
  wait_for (f, "*user-01000@example.org! ");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("empty", test_empty);
  ADD ("by-hand", test_by_hand);
  ADD ("sorted", test_sorted);
  ADD ("other-files", test_other_files);
  ADD ("same-stamp", test_same_stamp);
  ADD ("many", test_many);
  return g_test_run ();
}
