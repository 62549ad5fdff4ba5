#include "registry-fixture.h"

#include "base/limits.h"

#include <glib/gstdio.h>
#include <string.h>

#define PATIENCE_SECONDS 20

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

char *
path_of (Fixture *f, const char *name)
{
  return g_build_filename (f->folder, name, NULL);
}

void
put_file (Fixture *f, const char *name, const char *text)
{
  g_autofree char *path = path_of (f, name);

  g_assert_true (
      g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
}

void
delete_file (Fixture *f, const char *name)
{
  g_autofree char *path = path_of (f, name);

  g_assert_cmpint (g_unlink (path), ==, 0);
}

char *
get_file (Fixture *f, const char *name)
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
void
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
void
assert_quiet (Fixture *f)
{
  gboolean over = FALSE;

  g_timeout_add (3 * PF_LIMIT_FOLDER_QUIET_MS, on_time, &over);
  while (!over)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpstr (f->told->str, ==, "");
}

void
assert_told (Fixture *f, const char *told)
{
  g_assert_cmpstr (f->told->str, ==, told);
  g_string_truncate (f->told, 0);
}

void
load_registry (Fixture *f)
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

void
registry_setup (Fixture *f, gconstpointer unused)
{
  f->root = g_dir_make_tmp ("pf-registry-XXXXXX", NULL);
  f->folder = g_build_filename (f->root, "etc", "accounts.d", NULL);
  f->told = g_string_new (NULL);
  load_registry (f);
}

void
registry_teardown (Fixture *f, gconstpointer unused)
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

PfAccount *
lookup_account (Fixture *f, const char *address)
{
  PfAccount *account = pf_registry_lookup (f->registry, address);

  g_assert_nonnull (account);
  return account;
}

const char *
sentence_of (Fixture *f, const char *address)
{
  PfAccount *account = lookup_account (f, address);

  g_assert_true (pf_account_is_broken (account));
  g_assert_cmpstr (pf_account_get_state (account), ==, "on-hold");
  return pf_account_get_problem (account)->message;
}

void
assert_says (const char *sentence, const char *what)
{
  if (strstr (sentence, what) == NULL)
    g_error ("“%s” does not say “%s”", sentence, what);
}
