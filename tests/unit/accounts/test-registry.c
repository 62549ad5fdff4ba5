/* All accounts: files that are dropped in, changed, broken, mended, deleted; and what the service writes itself. */
#include "accounts/registry.h"

#include "accounts/account-name.h"
#include "base/limits.h"
#include "build.h"
#include "dbus-interfaces/errors.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATIENCE_SECONDS 20
#define GOOD(address) "[Account]\nAddress=" address "\nServer=pop.example.org\nLocalUser=alice\n"

typedef struct
{
  char *root, *folder;
  PfRegistry *registry;
  GString *told; /* "+a@example.org! " for added by hand, "*" changed, "-" removed */
} Fixture;

/* --- Tools ------------------------------------------------------------------------------------ */

static void
tell (Fixture *f, char what, PfAccount *account)
{
  g_string_append_printf (f->told, "%c%s%s ", what, pf_account_get_id (account),
                          pf_registry_is_by_hand (f->registry) ? "!" : "");
}

static void
on_added (PfRegistry *registry, PfAccount *account, Fixture *f)
{
  g_assert_true (pf_registry_lookup (registry, pf_account_get_id (account)) == account);
  tell (f, '+', account);
}

static void
on_changed (PfRegistry *registry, PfAccount *account, const PfSettings *before, Fixture *f)
{
  g_assert_nonnull (before);
  tell (f, '*', account);
}

static void
on_removed (PfRegistry *registry, PfAccount *account, Fixture *f)
{
  g_assert_null (pf_registry_lookup (registry, pf_account_get_id (account)));
  tell (f, '-', account);
}

static char *
path_of (Fixture *f, const char *name)
{
  return g_build_filename (f->folder, name, NULL);
}

static void
put (Fixture *f, const char *name, const char *text)
{
  g_autofree char *path = path_of (f, name);

  g_assert_true (
      g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
}

static void delete (Fixture *f, const char *name)
{
  g_autofree char *path = path_of (f, name);

  g_assert_cmpint (g_unlink (path), ==, 0);
}

static char *
get (Fixture *f, const char *name)
{
  g_autofree char *path = path_of (f, name);
  char *text = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  return text;
}

static gboolean
on_late (gpointer user_data)
{
  g_error ("told only: %s", ((Fixture *) user_data)->told->str);
  return G_SOURCE_REMOVE;
}

static gboolean
on_time (gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
  return G_SOURCE_REMOVE;
}

/* Until all of @told is told; nothing else may be. */
static void
wait_for (Fixture *f, const char *told)
{
  guint late = g_timeout_add_seconds (PATIENCE_SECONDS, on_late, f);

  while (f->told->len < strlen (told))
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (late);
  g_assert_cmpstr (f->told->str, ==, told);
  g_string_truncate (f->told, 0);
}

/* Nothing follows in the time in which files are read. */
static void
assert_quiet (Fixture *f)
{
  gboolean over = FALSE;

  g_timeout_add (3 * PF_LIMIT_FOLDER_QUIET_MS, on_time, &over);
  while (!over)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpstr (f->told->str, ==, "");
}

static void
assert_told (Fixture *f, const char *told)
{
  g_assert_cmpstr (f->told->str, ==, told);
  g_string_truncate (f->told, 0);
}

static void
load (Fixture *f)
{
  g_autoptr (GError) error = NULL;

  g_clear_object (&f->registry);
  f->registry = pf_registry_new (f->folder);
  g_signal_connect (f->registry, "added", G_CALLBACK (on_added), f);
  g_signal_connect (f->registry, "changed", G_CALLBACK (on_changed), f);
  g_signal_connect (f->registry, "removed", G_CALLBACK (on_removed), f);
  pf_registry_load (f->registry, &error);
  g_assert_no_error (error);
}

static void
setup (Fixture *f, gconstpointer unused)
{
  f->root = g_dir_make_tmp ("pf-registry-XXXXXX", NULL);
  f->folder = g_build_filename (f->root, "etc", "accounts.d", NULL);
  f->told = g_string_new (NULL);
  load (f);
}

static void
teardown (Fixture *f, gconstpointer unused)
{
  g_autoptr (GDir) folder = g_dir_open (f->folder, 0, NULL);
  g_autofree char *etc = g_path_get_dirname (f->folder);
  const char *name;

  g_clear_object (&f->registry);
  while (folder != NULL && (name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *path = path_of (f, name);

      if (g_remove (path) != 0)
        g_rmdir (path);
    }
  g_rmdir (f->folder);
  g_rmdir (etc);
  g_rmdir (f->root);
  g_free (f->folder);
  g_free (f->root);
  g_string_free (f->told, TRUE);
}

static PfAccount *
lookup (Fixture *f, const char *address)
{
  PfAccount *account = pf_registry_lookup (f->registry, address);

  g_assert_nonnull (account);
  return account;
}

static const char *
sentence_of (Fixture *f, const char *address)
{
  PfAccount *account = lookup (f, address);

  g_assert_true (pf_account_is_broken (account));
  g_assert_cmpstr (pf_account_get_state (account), ==, "on-hold");
  return pf_account_get_problem (account)->message;
}

static void
assert_says (const char *sentence, const char *what)
{
  if (strstr (sentence, what) == NULL)
    g_error ("“%s” does not say “%s”", sentence, what);
}

/* --- By hand ---------------------------------------------------------------------------------- */

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
  put (f, "a@example.org.account", GOOD ("A@example.org"));
  wait_for (f, "+a@example.org! ");
  g_assert_true (pf_registry_lookup (f->registry, "A@EXAMPLE.org") == lookup (f, "a@example.org"));
  g_assert_false (pf_registry_is_by_hand (f->registry));
  put (f, "a@example.org.account", GOOD ("A@example.org") "Interval=300\n");
  wait_for (f, "*a@example.org! ");
  g_assert_cmpuint (pf_account_get_settings (lookup (f, "a@example.org"))->interval, ==, 300);
  /* The same said in other words is no change. */
  put (f, "a@example.org.account",
       "# x\n[Account]\nServer = pop.example.org\nInterval=300\nAddress=A@example.org\n"
       "LocalUser=alice\n");
  assert_quiet (f);
  delete (f, "a@example.org.account");
  wait_for (f, "-a@example.org! ");
  g_assert_cmpuint (pf_registry_list (f->registry)->len, ==, 0);
}

/* Whole folders come by cp, in whatever order. */
static void
test_sorted (Fixture *f, gconstpointer unused)
{
  GPtrArray *list = pf_registry_list (f->registry);

  put (f, "c@example.org.account", GOOD ("c@example.org"));
  put (f, "a@example.org.account", GOOD ("a@example.org"));
  put (f, "b@example.org.account", GOOD ("b@example.org"));
  pf_registry_reload (f->registry);
  g_assert_cmpuint (list->len, ==, 3);
  for (guint i = 0; i < list->len; i++)
    {
      PfAccount *account = list->pdata[i];

      g_assert_cmpint (pf_account_get_id (account)[0], ==, "abc"[i]);
      g_assert_true (pf_registry_lookup_path (f->registry, pf_account_get_path (account))
                     == account);
    }
  delete (f, "b@example.org.account");
  pf_registry_reload (f->registry);
  g_assert_cmpuint (list->len, ==, 2);
  g_assert_cmpstr (pf_account_get_id (list->pdata[1]), ==, "c@example.org");
}

static void
test_other_files (Fixture *f, gconstpointer unused)
{
  put (f, "a@example.org.account~", GOOD ("a@example.org"));
  put (f, ".a@example.org.account.swp", GOOD ("a@example.org"));
  put (f, "README", "x");
  pf_registry_reload (f->registry);
  assert_told (f, "");
}

/* Two changes within one tick of the clock, of the same length: the stamp tells nothing, so the file is read. */
static void
test_same_stamp (Fixture *f, gconstpointer unused)
{
  for (guint i = 0; i < 50; i++)
    {
      g_autofree char *text = g_strdup_printf (GOOD ("a@example.org") "Interval=%u\n", 100 + i);
      g_autofree char *path = path_of (f, "a@example.org.account");
      FILE *file = g_fopen (path, "we");

      fputs (text, file);
      fclose (file);
      pf_registry_reload (f->registry);
      g_assert_cmpuint (pf_account_get_settings (lookup (f, "a@example.org"))->interval, ==,
                        100 + i);
    }
}

/* --- Broken ----------------------------------------------------------------------------------- */

static void
test_broken (Fixture *f, gconstpointer unused)
{
  PfAccount *account;

  put (f, "good@example.org.account", GOOD ("good@example.org"));
  put (f, "bad@example.org.account", GOOD ("bad@example.org") "Interval=5\nPort=x\n");
  pf_registry_reload (f->registry);
  /* Order is the folder's. */
  g_assert_cmpuint (f->told->len, ==, strlen ("+good@example.org! +bad@example.org! "));
  g_string_truncate (f->told, 0);
  assert_says (sentence_of (f, "bad@example.org"), "bad@example.org.account, line 5: Interval=5");
  assert_says (sentence_of (f, "bad@example.org"), "(and 1 more)");
  g_assert_cmpstr (pf_account_get_settings (lookup (f, "bad@example.org"))->local_user, ==, "");
  g_assert_false (pf_account_is_broken (lookup (f, "good@example.org")));

  put (f, "bad@example.org.account", GOOD ("bad@example.org"));
  wait_for (f, "*bad@example.org! ");
  g_assert_cmpstr (pf_account_get_state (lookup (f, "bad@example.org")), ==, "idle");

  account = lookup (f, "good@example.org");
  put (f, "good@example.org.account", GOOD ("good@example.org") "Nonsense=1\n");
  wait_for (f, "*good@example.org! ");
  g_assert_true (account == lookup (f, "good@example.org"));
  assert_says (sentence_of (f, "good@example.org"), "Nonsense: there is no such setting");
  /* Its owner still sees it. */
  g_assert_cmpstr (pf_account_get_settings (account)->local_user, ==, "alice");
  /* Said once. */
  pf_registry_reload (f->registry);
  assert_told (f, "");
  delete (f, "good@example.org.account");
  wait_for (f, "-good@example.org! ");
}

static void
test_wrong_name (Fixture *f, gconstpointer unused)
{
  put (f, "work.account", GOOD ("a@example.org"));
  pf_registry_reload (f->registry);
  assert_told (f, "+work! ");
  assert_says (sentence_of (f, "work"), "Mend it with: mv ");
  assert_says (sentence_of (f, "work"), "/work.account ");
  assert_says (sentence_of (f, "work"), "/accounts.d/a@example.org.account");
  put (f, "B@example.org.account", GOOD ("B@example.org"));
  pf_registry_reload (f->registry);
  assert_told (f, "+b@example.org! ");
  assert_says (sentence_of (f, "b@example.org"), "/b@example.org.account");
}

/* The one with the right name is the account, whichever came first. */
static void
test_two_files (Fixture *f, gconstpointer unused)
{
  PfAccount *account;

  put (f, "B@example.org.account", GOOD ("B@example.org"));
  pf_registry_reload (f->registry);
  assert_told (f, "+b@example.org! ");
  account = lookup (f, "b@example.org");
  put (f, "b@example.org.account", GOOD ("b@example.org") "Note=right\n");
  pf_registry_reload (f->registry);
  assert_told (f, "*b@example.org! ");
  g_assert_true (lookup (f, "b@example.org") == account);
  g_assert_false (pf_account_is_broken (account));
  g_assert_cmpstr (pf_account_get_settings (account)->note, ==, "right");
  delete (f, "b@example.org.account");
  pf_registry_reload (f->registry);
  assert_told (f, "-b@example.org! +b@example.org! ");
  assert_says (sentence_of (f, "b@example.org"), "mv ");
  delete (f, "B@example.org.account");
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

  put (f, "target", GOOD ("link@example.org"));
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

  put (f, "a@example.org.account", text);
  pf_registry_reload (f->registry);
  assert_says (sentence_of (f, "a@example.org"), "is longer than");
}

static void
test_rights (Fixture *f, gconstpointer unused)
{
  g_autofree char *path = path_of (f, "a@example.org.account");
  struct stat status;

  put (f, "a@example.org.account", GOOD ("a@example.org"));
  g_assert_cmpint (g_chmod (path, 0664), ==, 0);
  pf_registry_reload (f->registry);
  g_assert_false (pf_account_is_broken (lookup (f, "a@example.org")));
  g_assert_cmpint (stat (path, &status), ==, 0);
  g_assert_cmpuint (status.st_mode & 0777, ==, 0600);
}

/* A file of somebody else would be changed by somebody else. */
static void
test_owner (Fixture *f, gconstpointer unused)
{
  g_autofree char *path = path_of (f, "a@example.org.account");

  put (f, "a@example.org.account", GOOD ("a@example.org"));
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
  g_assert_false (pf_account_is_broken (lookup (f, "a@example.org")));
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
  put (f, "a@example.org.account", GOOD ("a@example.org"));
  g_assert_cmpint (g_chmod (path, 0), ==, 0);
  pf_registry_reload (f->registry);
  assert_says (sentence_of (f, "a@example.org"), "Mend it with: chmod 600 ");
}

/* A folder that cannot be read for a moment is no reason to forget the accounts. */
static void
test_folder_gone (Fixture *f, gconstpointer unused)
{
  g_autofree char *away = g_strconcat (f->folder, ".away", NULL);

  put (f, "a@example.org.account", GOOD ("a@example.org"));
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

/* --- By the service --------------------------------------------------------------------------- */

static void
test_own_writes (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PfSettings) settings = make_good ("{'Address': <'A@example.org'>}");
  g_autoptr (PfSettings) other =
      make_good ("{'Address': <'A@example.org'>, 'Folders': <['INBOX', '\\\\Junk']>}");
  g_autofree char *path = path_of (f, "a@example.org.account");
  g_autofree char *text = NULL;
  PfAccount *account = pf_registry_add (f->registry, settings, &error);
  struct stat status;

  g_assert_no_error (error);
  assert_told (f, "+a@example.org ");
  g_assert_cmpint (stat (path, &status), ==, 0);
  g_assert_cmpuint (status.st_mode & 0777, ==, 0600);
  assert_quiet (f);
  g_assert_true (pf_registry_update (f->registry, account, other, &error));
  assert_told (f, "*a@example.org ");
  assert_quiet (f);
  text = get (f, "a@example.org.account");
  g_assert_cmpstr (text, ==,
                   "[Account]\nAddress=A@example.org\nServer=pop.example.org\nLocalUser=alice\n"
                   "Folders=INBOX;\\Junk\n");
  /* Nothing new: nothing to tell. */
  g_assert_true (pf_registry_update (f->registry, account, other, &error));
  assert_told (f, "");
  load (f);
  assert_told (f, "+a@example.org ");
  g_assert_true (pf_settings_equal (pf_account_get_settings (lookup (f, "a@example.org")), other));
  g_assert_true (pf_registry_remove (f->registry, lookup (f, "a@example.org"), &error));
  assert_told (f, "-a@example.org ");
  g_assert_cmpint (g_access (path, F_OK), !=, 0);
  assert_quiet (f);
}

static void
test_exists (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PfSettings) settings = make_good ("@a{sv} {}");
  g_autoptr (PfSettings) upper = make_good ("{'Address': <'A@EXAMPLE.org'>}");
  g_autofree char *text = NULL;

  g_assert_nonnull (pf_registry_add (f->registry, settings, NULL));
  g_assert_null (pf_registry_add (f->registry, upper, &error));
  g_assert_error (error, PF_ERROR, PF_ERROR_ACCOUNT_EXISTS);
  g_clear_error (&error);
  /* A file that nobody has read yet is not written over. */
  put (f, "b@example.org.account", GOOD ("b@example.org") "Note=by hand\n");
  g_clear_pointer (&upper, pf_settings_unref);
  upper = make_good ("{'Address': <'b@example.org'>}");
  g_assert_null (pf_registry_add (f->registry, upper, &error));
  g_assert_error (error, PF_ERROR, PF_ERROR_ACCOUNT_EXISTS);
  text = get (f, "b@example.org.account");
  assert_says (text, "by hand");
}

static void
test_gone_meanwhile (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PfSettings) settings = make_good ("@a{sv} {}");
  g_autoptr (PfAccount) account = NULL;

  account = g_object_ref (pf_registry_add (f->registry, settings, NULL));
  g_assert_true (pf_registry_remove (f->registry, account, NULL));
  g_assert_false (pf_registry_update (f->registry, account, settings, &error));
  g_assert_error (error, PF_ERROR, PF_ERROR_UNKNOWN_ACCOUNT);
  g_clear_error (&error);
  g_assert_false (pf_registry_remove (f->registry, account, &error));
  g_assert_error (error, PF_ERROR, PF_ERROR_UNKNOWN_ACCOUNT);
}

/* An update mends what is broken, and puts it under the right name. */
static void
test_mend_by_update (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PfSettings) settings = make_good ("{'Address': <'B@example.org'>}");
  g_autofree char *wrong = path_of (f, "B@example.org.account");

  put (f, "B@example.org.account", GOOD ("B@example.org"));
  pf_registry_reload (f->registry);
  assert_told (f, "+b@example.org! ");
  g_assert_true (pf_registry_update (f->registry, lookup (f, "b@example.org"), settings, &error));
  assert_told (f, "*b@example.org ");
  g_assert_false (pf_account_is_broken (lookup (f, "b@example.org")));
  g_assert_cmpint (g_access (wrong, F_OK), !=, 0);
  assert_quiet (f);
  g_assert_true (pf_registry_remove (f->registry, lookup (f, "b@example.org"), &error));
}

/* The file cannot be written: what was is what is. */
static void
test_write_fails (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PfSettings) settings = make_good ("@a{sv} {}");
  g_autoptr (PfSettings) other = make_good ("{'Note': <'x'>}");
  PfAccount *account = pf_registry_add (f->registry, settings, NULL);
  g_autofree char *away = g_strconcat (f->folder, ".away", NULL);

  assert_told (f, "+a@example.org ");
  g_assert_cmpint (g_rename (f->folder, away), ==, 0);
  g_assert_false (pf_registry_update (f->registry, account, other, &error));
  g_assert_cmpint (error->domain, ==, G_IO_ERROR);
  g_assert_cmpstr (pf_account_get_settings (account)->note, ==, "");
  assert_told (f, "");
  g_assert_cmpint (g_rename (away, f->folder), ==, 0);
}

/* --- Many ------------------------------------------------------------------------------------- */

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
  put (f, "user-01000@example.org.account", GOOD ("user-01000@example.org") "Note=x\n");
  wait_for (f, "*user-01000@example.org! ");
}

#define ADD(name, func) g_test_add ("/registry/" name, Fixture, NULL, setup, func, teardown)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("empty", test_empty);
  ADD ("by-hand", test_by_hand);
  ADD ("sorted", test_sorted);
  ADD ("other-files", test_other_files);
  ADD ("same-stamp", test_same_stamp);
  ADD ("broken", test_broken);
  ADD ("wrong-name", test_wrong_name);
  ADD ("two-files", test_two_files);
  ADD ("no-regular-file", test_no_regular_file);
  ADD ("too-long", test_too_long);
  ADD ("rights", test_rights);
  ADD ("owner", test_owner);
  ADD ("unreadable", test_unreadable);
  ADD ("folder-gone", test_folder_gone);
  ADD ("own-writes", test_own_writes);
  ADD ("exists", test_exists);
  ADD ("gone-meanwhile", test_gone_meanwhile);
  ADD ("mend-by-update", test_mend_by_update);
  ADD ("write-fails", test_write_fails);
  ADD ("many", test_many);
  return g_test_run ();
}
