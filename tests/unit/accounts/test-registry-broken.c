/* Files that are broken, misnamed, or not to be believed: each tells its mend and leaves the
 * others alone. */
#include "registry-fixture.h"

#include "base/limits.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
test_broken (Fixture *f, gconstpointer unused)
{
  PfAccount *account;

  put_file (f, "good@example.org.account", GOOD ("good@example.org"));
  put_file (f, "bad@example.org.account", GOOD ("bad@example.org") "Interval=5\nPort=x\n");
  pf_registry_reload (f->registry);
  /* Order is the folder's. */
  g_assert_cmpuint (f->told->len, ==, strlen ("+good@example.org! +bad@example.org! "));
  g_string_truncate (f->told, 0);
  assert_says (sentence_of (f, "bad@example.org"), "bad@example.org.account, line 5: Interval=5");
  assert_says (sentence_of (f, "bad@example.org"), "(and 1 more)");
  g_assert_cmpstr (pf_account_get_settings (lookup_account (f, "bad@example.org"))->local_user, ==,
                   "");
  g_assert_false (pf_account_is_broken (lookup_account (f, "good@example.org")));

  put_file (f, "bad@example.org.account", GOOD ("bad@example.org"));
  wait_for (f, "*bad@example.org! ");
  g_assert_cmpstr (pf_account_get_state (lookup_account (f, "bad@example.org")), ==, "idle");

  account = lookup_account (f, "good@example.org");
  put_file (f, "good@example.org.account", GOOD ("good@example.org") "Nonsense=1\n");
  wait_for (f, "*good@example.org! ");
  g_assert_true (account == lookup_account (f, "good@example.org"));
  assert_says (sentence_of (f, "good@example.org"), "Nonsense: there is no such setting");
  /* Its owner still sees it. */
  g_assert_cmpstr (pf_account_get_settings (account)->local_user, ==, "alice");
  /* Said once. */
  pf_registry_reload (f->registry);
  assert_told (f, "");
  delete_file (f, "good@example.org.account");
  wait_for (f, "-good@example.org! ");
}

static void
test_wrong_name (Fixture *f, gconstpointer unused)
{
  put_file (f, "work.account", GOOD ("a@example.org"));
  pf_registry_reload (f->registry);
  assert_told (f, "+work! ");
  assert_says (sentence_of (f, "work"), "Mend it with: mv ");
  assert_says (sentence_of (f, "work"), "/work.account ");
  assert_says (sentence_of (f, "work"), "/accounts.d/a@example.org.account");
  put_file (f, "B@example.org.account", GOOD ("B@example.org"));
  pf_registry_reload (f->registry);
  assert_told (f, "+b@example.org! ");
  assert_says (sentence_of (f, "b@example.org"), "/b@example.org.account");
}

/* The one with the right name is the account, whichever came first. */
static void
test_two_files (Fixture *f, gconstpointer unused)
{
  PfAccount *account;

  put_file (f, "B@example.org.account", GOOD ("B@example.org"));
  pf_registry_reload (f->registry);
  assert_told (f, "+b@example.org! ");
  account = lookup_account (f, "b@example.org");
  put_file (f, "b@example.org.account", GOOD ("b@example.org") "Note=right\n");
  pf_registry_reload (f->registry);
  assert_told (f, "*b@example.org! ");
  g_assert_true (lookup_account (f, "b@example.org") == account);
  g_assert_false (pf_account_is_broken (account));
  g_assert_cmpstr (pf_account_get_settings (account)->note, ==, "right");
  delete_file (f, "b@example.org.account");
  pf_registry_reload (f->registry);
  assert_told (f, "-b@example.org! +b@example.org! ");
  assert_says (sentence_of (f, "b@example.org"), "mv ");
  delete_file (f, "B@example.org.account");
  pf_registry_reload (f->registry);
  assert_told (f, "-b@example.org! ");
  g_assert_cmpuint (pf_registry_list (f->registry)->len, ==, 0);
}

static void
test_no_regular_file (Fixture *f, gconstpointer unused)
{
  g_autofree char *link = path_of (f, "link@example.org.account");
  g_autofree char *pipe = path_of (f, "pipe@example.org.account");
  g_autofree char *directory = path_of (f, "dir@example.org.account");
  g_autofree char *target = path_of (f, "target");

  put_file (f, "target", GOOD ("link@example.org"));
  g_assert_cmpint (symlink (target, link), ==, 0);
  g_assert_cmpint (mkfifo (pipe, 0600), ==, 0);
  g_assert_cmpint (g_mkdir (directory, 0700), ==, 0);
  pf_registry_reload (f->registry);
  g_assert_cmpuint (pf_registry_list (f->registry)->len, ==, 3);
  /* Leaving O_NOFOLLOW out of pf_account_file_read() makes this fail. */
  assert_says (sentence_of (f, "link@example.org"), "symbolic link");
  assert_says (sentence_of (f, "pipe@example.org"), "no regular file");
  assert_says (sentence_of (f, "dir@example.org"), "no regular file");
}

static void
test_too_long (Fixture *f, gconstpointer unused)
{
  g_autofree char *comment = g_strnfill (PF_LIMIT_ACCOUNT_FILE, '#');
  g_autofree char *text = g_strconcat (GOOD ("a@example.org"), comment, NULL);

  put_file (f, "a@example.org.account", text);
  pf_registry_reload (f->registry);
  assert_says (sentence_of (f, "a@example.org"), "is longer than");
}

static void
test_rights (Fixture *f, gconstpointer unused)
{
  g_autofree char *path = path_of (f, "a@example.org.account");
  struct stat status;

  put_file (f, "a@example.org.account", GOOD ("a@example.org"));
  g_assert_cmpint (g_chmod (path, 0664), ==, 0);
  pf_registry_reload (f->registry);
  g_assert_false (pf_account_is_broken (lookup_account (f, "a@example.org")));
  g_assert_cmpint (stat (path, &status), ==, 0);
  g_assert_cmpuint (status.st_mode & 0777, ==, 0600);
}

/* A file of somebody else would be changed by somebody else. */
static void
test_owner (Fixture *f, gconstpointer unused)
{
  g_autofree char *path = path_of (f, "a@example.org.account");

  put_file (f, "a@example.org.account", GOOD ("a@example.org"));
  if (geteuid () != 0)
    {
      g_test_skip ("only root gives files away");
      return;
    }
  g_assert_cmpint (chown (path, 65534, 65534), ==, 0);
  pf_registry_reload (f->registry);
  /* Leaving out the test of st_uid in read_open() makes this fail. */
  assert_says (sentence_of (f, "a@example.org"), "it belongs to somebody else");
  assert_says (sentence_of (f, "a@example.org"), "Mend it with: chown root ");
  g_assert_cmpint (chown (path, 0, 0), ==, 0);
  g_string_truncate (f->told, 0);
  wait_for (f, "*a@example.org! ");
  g_assert_false (pf_account_is_broken (lookup_account (f, "a@example.org")));
}

static void
test_unreadable (Fixture *f, gconstpointer unused)
{
  g_autofree char *path = path_of (f, "a@example.org.account");

  if (geteuid () == 0)
    {
      g_test_skip ("root reads everything");
      return;
    }
  put_file (f, "a@example.org.account", GOOD ("a@example.org"));
  g_assert_cmpint (g_chmod (path, 0), ==, 0);
  pf_registry_reload (f->registry);
  assert_says (sentence_of (f, "a@example.org"), "Mend it with: chmod 600 ");
}

/* A folder that cannot be read for a moment is no reason to forget the accounts. */
static void
test_folder_gone (Fixture *f, gconstpointer unused)
{
  g_autofree char *away = g_strconcat (f->folder, ".away", NULL);

  put_file (f, "a@example.org.account", GOOD ("a@example.org"));
  pf_registry_reload (f->registry);
  assert_told (f, "+a@example.org! ");
  g_assert_cmpint (g_rename (f->folder, away), ==, 0);
  pf_registry_reload (f->registry);
  assert_told (f, "");
  g_assert_nonnull (pf_registry_lookup (f->registry, "a@example.org"));
  g_assert_cmpint (g_rename (away, f->folder), ==, 0);
  pf_registry_reload (f->registry);
  assert_told (f, "");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("broken", test_broken);
  ADD ("wrong-name", test_wrong_name);
  ADD ("two-files", test_two_files);
  ADD ("no-regular-file", test_no_regular_file);
  ADD ("too-long", test_too_long);
  ADD ("rights", test_rights);
  ADD ("owner", test_owner);
  ADD ("unreadable", test_unreadable);
  ADD ("folder-gone", test_folder_gone);
  return g_test_run ();
}
