/* What the service writes itself: told once, whole, and never over what is there. */
#include "registry-fixture.h"

#include "build.h"
#include "dbus-interfaces/errors.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
  text = get_file (f, "a@example.org.account");
  g_assert_cmpstr (text, ==,
                   "[Account]\nAddress=A@example.org\nServer=pop.example.org\nLocalUser=alice\n"
                   "Folders=INBOX;\\Junk\n");
  /* Nothing new: nothing to tell. */
  g_assert_true (pf_registry_update (f->registry, account, other, &error));
  assert_told (f, "");
  load_registry (f);
  assert_told (f, "+a@example.org ");
  g_assert_true (
      pf_settings_equal (pf_account_get_settings (lookup_account (f, "a@example.org")), other));
  g_assert_true (pf_registry_remove (f->registry, lookup_account (f, "a@example.org"), &error));
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
  put_file (f, "b@example.org.account", GOOD ("b@example.org") "Note=by hand\n");
  g_clear_pointer (&upper, pf_settings_unref);
  upper = make_good ("{'Address': <'b@example.org'>}");
  g_assert_null (pf_registry_add (f->registry, upper, &error));
  g_assert_error (error, PF_ERROR, PF_ERROR_ACCOUNT_EXISTS);
  text = get_file (f, "b@example.org.account");
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

/* An update that was decided on settings that a hand has changed since. */
static void
test_hand_meanwhile (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PfSettings) settings = make_good ("@a{sv} {}");
  g_autoptr (PfSettings) other = make_good ("{'Note': <'by the bus'>}");
  PfAccount *account = pf_registry_add (f->registry, settings, NULL);
  g_autoptr (PfAccount) alive = g_object_ref (account);

  assert_told (f, "+a@example.org ");
  put_file (f, "a@example.org.account", GOOD ("a@example.org") "Note=by hand\n");
  /* Leaving the look at the stamp out of file_as_known() makes this fail. */
  g_assert_false (pf_registry_update (f->registry, account, other, &error));
  g_assert_error (error, PF_ERROR, PF_ERROR_BUSY);
  g_clear_error (&error);
  assert_told (f, "*a@example.org! ");
  g_assert_cmpstr (pf_account_get_settings (account)->note, ==, "by hand");
  g_assert_true (pf_registry_update (f->registry, account, other, &error));
  assert_told (f, "*a@example.org ");
  delete_file (f, "a@example.org.account");
  g_assert_false (pf_registry_update (f->registry, account, settings, &error));
  g_assert_error (error, PF_ERROR, PF_ERROR_UNKNOWN_ACCOUNT);
  assert_told (f, "-a@example.org! ");
  assert_quiet (f);
}

/* An update mends what is broken, and puts it under the right name. */
static void
test_mend_by_update (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PfSettings) settings = make_good ("{'Address': <'B@example.org'>}");
  g_autofree char *wrong = path_of (f, "B@example.org.account");

  put_file (f, "B@example.org.account", GOOD ("B@example.org"));
  pf_registry_reload (f->registry);
  assert_told (f, "+b@example.org! ");
  g_assert_true (
      pf_registry_update (f->registry, lookup_account (f, "b@example.org"), settings, &error));
  assert_told (f, "*b@example.org ");
  g_assert_false (pf_account_is_broken (lookup_account (f, "b@example.org")));
  g_assert_cmpint (g_access (wrong, F_OK), !=, 0);
  assert_quiet (f);
  g_assert_true (pf_registry_remove (f->registry, lookup_account (f, "b@example.org"), &error));
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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("own-writes", test_own_writes);
  ADD ("exists", test_exists);
  ADD ("gone-meanwhile", test_gone_meanwhile);
  ADD ("hand-meanwhile", test_hand_meanwhile);
  ADD ("mend-by-update", test_mend_by_update);
  ADD ("write-fails", test_write_fails);
  return g_test_run ();
}
