/* [Filter] written into postferry.conf: whole or not at all, and nothing else in the file. */
#include "accounts/filter-policy-store.h"

#include "dbus-interfaces/errors.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct
{
  char *folder, *path, *own;
} Fixture;

static void
setup (Fixture *f, gconstpointer unused)
{
  f->folder = g_dir_make_tmp ("pf-policy-XXXXXX", NULL);
  f->path = g_build_filename (f->folder, "postferry.conf", NULL);
  f->own = g_build_filename (f->folder, "deliver.conf", NULL);
}

static void
teardown (Fixture *f, gconstpointer unused)
{
  g_unlink (f->path);
  g_unlink (f->own);
  g_assert_cmpint (g_rmdir (f->folder), ==, 0);
  g_free (f->folder);
  g_free (f->path);
  g_free (f->own);
}

static void
write_file (const char *path, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
}

static void
assert_file (Fixture *f, const char *wanted)
{
  g_autofree char *text = NULL;

  g_assert_true (g_file_get_contents (f->path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, wanted);
}

static PfServiceSettings *
store (Fixture *f, const char *changes, GError **error)
{
  g_autoptr (GVariant) values = g_variant_ref_sink (g_variant_new_parsed (changes, NULL));

  return pf_filter_policy_store (f->path, values, error);
}

static void
test_no_file (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PfServiceSettings) settings = store (f, "{'OnSpam': <'quarantine'>}", &error);
  struct stat status;

  g_assert_no_error (error);
  g_assert_cmpint (settings->filter->on_spam, ==, PF_ON_QUARANTINE);
  assert_file (f, "[Filter]\nOnSpam=quarantine\n");
  g_assert_cmpint (stat (f->path, &status), ==, 0);
  g_assert_cmpint (status.st_mode & 0777, ==, 0600);
}

/* A default that is asked for where there is no file makes none. */
static void
test_nothing_to_do (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PfServiceSettings) settings = store (f, "{'OnSpam': <''>}", &error);

  g_assert_no_error (error);
  g_assert_nonnull (settings);
  g_assert_false (g_file_test (f->path, G_FILE_TEST_EXISTS));
}

/* A file that needs no change is not even replaced. */
static void
test_same_again (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PfServiceSettings) settings = NULL;
  struct stat before, after;

  write_file (f->path, "# mine\n[Filter]\nOnSpam=quarantine\n");
  g_assert_cmpint (stat (f->path, &before), ==, 0);
  settings = store (f, "{'OnSpam': <'quarantine'>}", &error);
  g_assert_no_error (error);
  g_assert_cmpint (stat (f->path, &after), ==, 0);
  g_assert_cmpuint (before.st_ino, ==, after.st_ino);
}

static void
test_keeps_the_rest (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PfServiceSettings) settings = NULL;

  write_file (f->path, "# top\n[Delivery]\nTimeout=9\n\n[Filter]\n# as agreed\n#OnSpam=junk\n"
                       "AllowSenders=a.example\n\n[Limits]\nConnections=3\n# end\n");
  settings =
      store (f, "{'OnSpam': <'discard'>, 'Timeout': <uint32 7>, 'AllowSenders': <@as []>}", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (settings->filter->timeout, ==, 7);
  g_assert_cmpuint (settings->delivery_timeout, ==, 9);
  g_assert_cmpuint (settings->connections, ==, 3);
  g_assert_null (settings->filter->allow_senders[0]);
  assert_file (f, "# top\n[Delivery]\nTimeout=9\n\n[Filter]\n# as agreed\n#OnSpam=junk\n"
                  "OnSpam=discard\nTimeout=7\n\n[Limits]\nConnections=3\n# end\n");
}

/* A file that a hand broke is named by line and stays as it is.
 * Mutant: make_edited() does not look at the whole: the broken file is written over. */
static void
test_broken (Fixture *f, gconstpointer unused)
{
  static const struct
  {
    const char *text, *told;
  } cases[] = {
    { "[Filter]\nOnSpam\n", ":2: " },
    { "OnSpam=junk\n", ":1: " },
    { "[Filter]\nOnSpam=junk\nOnSpam=discard\n", ":3: " },
    { "[Filter]\nOnVirus=eat\n", ":2: [Filter] OnVirus=eat: allowed is deliver, junk," },
    { "[Limits]\nConnections=none\n", ":2: [Limits] Connections=none" },
    { "[Filtre]\n", ":1: [Filtre]: there is no such group" },
    { "# \xff\n", ":1: " },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (PfServiceSettings) settings = NULL;

      write_file (f->path, cases[i].text);
      settings = store (f, "{'OnSpam': <'quarantine'>}", &error);
      g_assert_null (settings);
      g_assert_error (error, PF_ERROR, PF_ERROR_INVALID_SETTING);
      g_assert_nonnull (strstr (error->message, f->path));
      g_test_message ("%s", error->message);
      g_assert_nonnull (strstr (error->message, cases[i].told));
      assert_file (f, cases[i].text);
    }
}

static void
test_null_octet (Fixture *f, gconstpointer unused)
{
  static const char text[] = "[Filter]\n\0OnVirus=discard\n";
  g_autoptr (GError) error = NULL;
  g_autoptr (PfServiceSettings) settings = NULL;
  g_autofree char *after = NULL;
  gsize length;

  g_assert_true (g_file_set_contents (f->path, text, sizeof text - 1, NULL));
  settings = store (f, "{'OnSpam': <'quarantine'>}", &error);
  g_assert_error (error, PF_ERROR, PF_ERROR_INVALID_SETTING);
  g_assert_true (g_file_get_contents (f->path, &after, &length, NULL));
  g_assert_cmpmem (after, length, text, sizeof text - 1);
}

/* A value that is wrong is mended by a change of that very key. */
static void
test_mended (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PfServiceSettings) settings = NULL;

  write_file (f->path, "[Filter]\nOnSpam=eat\n");
  settings = store (f, "{'OnSpam': <'discard'>}", &error);
  g_assert_no_error (error);
  assert_file (f, "[Filter]\nOnSpam=discard\n");
}

static void
test_faults (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PfServiceSettings) settings =
      store (f, "{'OnSpam': <'discard'>, 'OnVirus': <'eat'>, 'Colour': <'red'>}", &error);

  g_assert_null (settings);
  g_assert_error (error, PF_ERROR, PF_ERROR_INVALID_SETTING);
  g_assert_cmpstr (error->message, ==,
                   "OnVirus=eat: allowed is deliver, junk, quarantine, defer or discard\n"
                   "Colour: there is no such setting");
  g_assert_false (g_file_test (f->path, G_FILE_TEST_EXISTS));
}

/* As a user who is not root, with a file of root's: what only counts as root's is not taken from
 * it. Mutant: may_become_ours() always says yes: no mail is delivered any more. */
static void
test_what_is_roots (Fixture *f, gconstpointer unused)
{
  static const char text[] = "[Local]\nCommand=/usr/bin/deliver\n";
  g_autoptr (GError) error = NULL;
  g_autoptr (PfServiceSettings) refused = NULL, settings = NULL;

  if (geteuid () != 0)
    {
      g_test_skip ("only root has files of root's");
      return;
    }
  g_assert_cmpint (chown (f->folder, 65534, 65534), ==, 0);
  write_file (f->path, text);
  g_assert_cmpint (chmod (f->path, 0644), ==, 0);
  g_assert_cmpint (seteuid (65534), ==, 0);
  refused = store (f, "{'OnSpam': <'discard'>}", &error);
  g_assert_error (error, PF_ERROR, PF_ERROR_NOT_SUPPORTED);
  assert_file (f, text);
  g_clear_error (&error);
  /* Its own file for the helper goes before it. */
  write_file (f->own, text);
  settings = store (f, "{'OnSpam': <'discard'>}", &error);
  g_assert_cmpint (seteuid (0), ==, 0);
  g_assert_no_error (error);
  g_assert_cmpint (settings->filter->on_spam, ==, PF_ON_DISCARD);
}

static void
on_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static void
test_in_a_thread (Fixture *f, gconstpointer unused)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (PfServiceSettings) settings = NULL;

  pf_filter_policy_store_async (f->path, g_variant_new_parsed ("{'DeferHours': <uint32 1>}"),
                                on_done, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  settings = pf_filter_policy_store_finish (result, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (settings->filter->defer_hours, ==, 1);
  assert_file (f, "[Filter]\nDeferHours=1\n");
}

#define ADD(name, func)                                                                            \
  g_test_add ("/filter-policy-store/" name, Fixture, NULL, setup, func, teardown)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("no-file", test_no_file);
  ADD ("nothing-to-do", test_nothing_to_do);
  ADD ("same-again", test_same_again);
  ADD ("keeps-the-rest", test_keeps_the_rest);
  ADD ("broken", test_broken);
  ADD ("null-octet", test_null_octet);
  ADD ("mended", test_mended);
  ADD ("faults", test_faults);
  ADD ("what-is-roots", test_what_is_roots);
  ADD ("in-a-thread", test_in_a_thread);
  return g_test_run ();
}
