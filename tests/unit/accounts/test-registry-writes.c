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
on_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static GAsyncResult *
wait_for_answer (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return *result;
}

/* The registry holds it. */
static PfAccount *
add (Fixture *f, const PfSettings *settings, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (PfAccount) account = NULL;

  pf_registry_add_async (f->registry, settings, on_done, &result);
  account = pf_registry_add_finish (f->registry, wait_for_answer (&result), error);
  return account;
}

static gboolean
update (Fixture *f, PfAccount *account, const PfSettings *settings, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  pf_registry_update_async (f->registry, account, settings, on_done, &result);
  return pf_registry_update_finish (f->registry, wait_for_answer (&result), error);
}

static gboolean
take_out (Fixture *f, PfAccount *account, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  pf_registry_remove_async (f->registry, account, on_done, &result);
  return pf_registry_remove_finish (f->registry, wait_for_answer (&result), error);
}

static void
test_own_writes (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PfSettings) settings = make_good ("{'Address': <'A@example.org'>}");
  g_autoptr (PfSettings) other =
      make_good ("{'Address': <'A@example.org'>, 'Folders': <['INBOX', '\\\\Junk']>}");
  g_autofree char *path = path_of (f, "a@example.org.account");
  g_autofree char *text = NULL;
  PfAccount *account = add (f, settings, &error);
  struct stat status;

  g_assert_no_error (error);
  assert_told (f, "+a@example.org ");
  g_assert_cmpint (stat (path, &status), ==, 0);
  g_assert_cmpuint (status.st_mode & 0777, ==, 0600);
  assert_quiet (f);
  g_assert_true (update (f, account, other, &error));
  assert_told (f, "*a@example.org ");
  assert_quiet (f);
  text = get_file (f, "a@example.org.account");
  g_assert_cmpstr (text, ==,
                   "[Account]\nAddress=A@example.org\nServer=pop.example.org\nLocalUser=alice\n"
                   "Folders=INBOX;\\Junk\n");
  /* Nothing new: nothing to tell. */
  g_assert_true (update (f, account, other, &error));
  assert_told (f, "");
  load_registry (f);
  assert_told (f, "+a@example.org ");
  g_assert_true (
      pf_settings_equal (pf_account_get_settings (lookup_account (f, "a@example.org")), other));
  g_assert_true (take_out (f, lookup_account (f, "a@example.org"), &error));
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

  g_assert_nonnull (add (f, settings, NULL));
  g_assert_null (add (f, upper, &error));
  g_assert_error (error, PF_ERROR, PF_ERROR_ACCOUNT_EXISTS);
  g_clear_error (&error);
  /* A file that nobody has read yet is not written over. */
  put_file (f, "b@example.org.account", GOOD ("b@example.org") "Note=by hand\n");
  g_clear_pointer (&upper, pf_settings_unref);
  upper = make_good ("{'Address': <'b@example.org'>}");
  g_assert_null (add (f, upper, &error));
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

  account = g_object_ref (add (f, settings, NULL));
  g_assert_true (take_out (f, account, NULL));
  g_assert_false (update (f, account, settings, &error));
  g_assert_error (error, PF_ERROR, PF_ERROR_UNKNOWN_ACCOUNT);
  g_clear_error (&error);
  g_assert_false (take_out (f, account, &error));
  g_assert_error (error, PF_ERROR, PF_ERROR_UNKNOWN_ACCOUNT);
}

/* An update that was decided on settings that a hand has changed since. */
static void
test_hand_meanwhile (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PfSettings) settings = make_good ("@a{sv} {}");
  g_autoptr (PfSettings) other = make_good ("{'Note': <'by the bus'>}");
  PfAccount *account = add (f, settings, NULL);
  g_autoptr (PfAccount) alive = g_object_ref (account);

  assert_told (f, "+a@example.org ");
  put_file (f, "a@example.org.account", GOOD ("a@example.org") "Note=by hand\n");
  /* Leaving the look at the stamp out of is_as_known() makes this fail. */
  g_assert_false (update (f, account, other, &error));
  g_assert_error (error, PF_ERROR, PF_ERROR_BUSY);
  g_clear_error (&error);
  assert_told (f, "*a@example.org! ");
  g_assert_cmpstr (pf_account_get_settings (account)->note, ==, "by hand");
  g_assert_true (update (f, account, other, &error));
  assert_told (f, "*a@example.org ");
  delete_file (f, "a@example.org.account");
  g_assert_false (update (f, account, settings, &error));
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
  g_assert_true (update (f, lookup_account (f, "b@example.org"), settings, &error));
  assert_told (f, "*b@example.org ");
  g_assert_false (pf_account_is_broken (lookup_account (f, "b@example.org")));
  g_assert_cmpint (g_access (wrong, F_OK), !=, 0);
  assert_quiet (f);
  g_assert_true (take_out (f, lookup_account (f, "b@example.org"), &error));
}

/* The file cannot be written: what was is what is. */
static void
test_write_fails (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PfSettings) settings = make_good ("@a{sv} {}");
  g_autoptr (PfSettings) other = make_good ("{'Note': <'x'>}");
  PfAccount *account = add (f, settings, NULL);
  g_autofree char *away = g_strconcat (f->folder, ".away", NULL);

  assert_told (f, "+a@example.org ");
  g_assert_cmpint (g_rename (f->folder, away), ==, 0);
  g_assert_false (update (f, account, other, &error));
  g_assert_cmpint (error->domain, ==, G_IO_ERROR);
  g_assert_cmpstr (pf_account_get_settings (account)->note, ==, "");
  assert_told (f, "");
  g_assert_cmpint (g_rename (away, f->folder), ==, 0);
}

/* --- Several at a time ------------------------------------------------------------------------ */

#define WRITES 40

typedef struct
{
  Fixture *f;
  GString *answers;
  guint count;
} Answers;

/* Whoever is answered finds in the file what was written. */
static void
on_noted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Answers *answers = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  g_autofree char *wanted = NULL;

  pf_registry_update_finish (PF_REGISTRY (source), result, &error);
  g_assert_no_error (error);
  wanted = g_strdup_printf (
      "Note=%s", pf_account_get_settings (lookup_account (answers->f, "a@example.org"))->note);
  text = get_file (answers->f, "a@example.org.account");
  assert_says (text, wanted);
  g_string_append_printf (answers->answers, "%s ", wanted);
  answers->count++;
}

/* A change that is made of the last one, while its file is being written, waits for it; scans that
 * come by meanwhile take none of them for a hand's work. */
static void
test_one_after_the_other (Fixture *f, gconstpointer unused)
{
  g_autoptr (PfSettings) settings = make_good ("@a{sv} {}");
  g_autoptr (GString) wanted = g_string_new (NULL);
  Answers answers = { f, g_string_new (NULL), 0 };
  PfAccount *account = add (f, settings, NULL);

  assert_told (f, "+a@example.org ");
  for (guint i = 0; i < WRITES; i++)
    {
      g_autofree char *text = g_strdup_printf ("{'Note': <'%u'>}", i);
      g_autoptr (PfSettings) noted = make_good (text);

      g_string_append_printf (wanted, "Note=%u ", i);
      pf_registry_update_async (f->registry, account, noted, on_noted, &answers);
      while (answers.count <= i)
        {
          /* Leaving is_left_alone() out of look_at() makes this fail. */
          pf_registry_reload (f->registry);
          g_main_context_iteration (NULL, TRUE);
        }
      assert_told (f, "*a@example.org ");
    }
  g_assert_cmpstr (answers.answers->str, ==, wanted->str);
  assert_quiet (f);
  g_string_free (answers.answers, TRUE);
}

static void
count_good (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Answers *answers = user_data;
  g_autoptr (GError) error = NULL;

  if (pf_registry_update_finish (PF_REGISTRY (source), result, &error))
    g_string_append (answers->answers, "good ");
  else if (g_error_matches (error, PF_ERROR, PF_ERROR_BUSY))
    g_string_append (answers->answers, "busy ");
  else if (g_error_matches (error, PF_ERROR, PF_ERROR_UNKNOWN_ACCOUNT))
    g_string_append (answers->answers, "unknown ");
  answers->count++;
}

/* What was decided on settings that are no more is refused, and what comes after a removal too. */
static void
test_at_once (Fixture *f, gconstpointer unused)
{
  g_autoptr (PfSettings) settings = make_good ("@a{sv} {}");
  g_autoptr (PfSettings) first = make_good ("{'Note': <'first'>}");
  g_autoptr (PfSettings) second = make_good ("{'Note': <'second'>}");
  Answers answers = { f, g_string_new (NULL), 0 };
  PfAccount *account = add (f, settings, NULL);

  pf_registry_update_async (f->registry, account, first, count_good, &answers);
  /* Leaving the look at the base out of prepare_change() makes this fail. */
  pf_registry_update_async (f->registry, account, second, count_good, &answers);
  pf_registry_remove_async (f->registry, account, count_good, &answers);
  pf_registry_update_async (f->registry, account, second, count_good, &answers);
  while (answers.count < 4)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpstr (answers.answers->str, ==, "good busy good unknown ");
  assert_told (f, "+a@example.org *a@example.org -a@example.org ");
  assert_quiet (f);
  g_string_free (answers.answers, TRUE);
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
  ADD ("one-after-the-other", test_one_after_the_other);
  ADD ("at-once", test_at_once);
  return g_test_run ();
}
