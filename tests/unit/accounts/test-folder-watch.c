/* A folder that is watched, and one that cannot be. */
#include "accounts/folder-watch.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/resource.h>
#include <unistd.h>

/* So long nothing of what is waited for may take: far more than it ever should. */
#define PATIENCE_SECONDS 20

typedef struct
{
  char *folder;
  char *path;
  guint told;
} Fixture;

static void
setup (Fixture *f, gconstpointer unused)
{
  f->folder = g_dir_make_tmp ("pf-watch-XXXXXX", NULL);
  f->path = g_build_filename (f->folder, "a", NULL);
  f->told = 0;
}

static void
teardown (Fixture *f, gconstpointer unused)
{
  g_remove (f->path);
  g_rmdir (f->folder);
  g_free (f->folder);
  g_free (f->path);
}

static void
on_told (gpointer user_data)
{
  ((Fixture *) user_data)->told++;
}

static gboolean
on_late (gpointer user_data)
{
  g_error ("not told within %d seconds", PATIENCE_SECONDS);
  return G_SOURCE_REMOVE;
}

static void
wait_for (Fixture *f, guint told)
{
  guint late = g_timeout_add_seconds (PATIENCE_SECONDS, on_late, NULL);

  while (f->told < told)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (late);
}

static void
wait_until_watching (const PfFolderWatch *watch)
{
  guint late = g_timeout_add_seconds (PATIENCE_SECONDS, on_late, NULL);

  while (pf_folder_watch_is_polling (watch))
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (late);
}

static void
write_file (Fixture *f, const char *text)
{
  int fd = open (f->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, text, 1), ==, 1);
  close (fd);
}

static void
test_changes (Fixture *f, gconstpointer unused)
{
  g_autoptr (PfFolderWatch) watch = pf_folder_watch_new (f->folder, 1, on_told, f);
  g_autofree char *other = g_build_filename (f->folder, "b", NULL);

  g_assert_false (pf_folder_watch_is_polling (watch));
  write_file (f, "1");
  wait_for (f, 1);
  g_assert_cmpint (g_chmod (f->path, 0400), ==, 0);
  wait_for (f, 2);
  g_assert_cmpint (g_rename (f->path, other), ==, 0);
  wait_for (f, 3);
  g_assert_cmpint (g_remove (other), ==, 0);
  wait_for (f, 4);
}

/* Many changes are one; a writer that never rests is told all the same. */
static gboolean
write_again (gpointer user_data)
{
  write_file (user_data, "x");
  return G_SOURCE_CONTINUE;
}

static void
test_together (Fixture *f, gconstpointer unused)
{
  g_autoptr (PfFolderWatch) watch = pf_folder_watch_new (f->folder, 1, on_told, f);
  guint writer;

  for (guint i = 0; i < 100; i++)
    write_file (f, "x");
  wait_for (f, 1);
  g_assert_cmpuint (f->told, ==, 1);
  /* Without PF_LIMIT_FOLDER_LATEST_MS in note_change() this waits for ever. */
  writer = g_timeout_add (20, write_again, f);
  wait_for (f, 3);
  g_source_remove (writer);
}

/* Before it is closed it is not whole. */
static void
test_file_being_written (Fixture *f, gconstpointer unused)
{
  g_autoptr (PfFolderWatch) watch = NULL;
  g_autofree char *other = g_build_filename (f->folder, "b", NULL);
  int fd = open (f->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  int mark;

  watch = pf_folder_watch_new (f->folder, 1, on_told, f);
  g_assert_cmpint (write (fd, "half", 4), ==, 4);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (f->told, ==, 0);
  close (fd);
  wait_for (f, 1);
  mark = open (other, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  close (mark);
  wait_for (f, 2);
  g_remove (other);
}

static void
allow_files (rlim_t n)
{
  struct rlimit limit;

  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &limit), ==, 0);
  limit.rlim_cur = MIN (n, limit.rlim_max);
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &limit), ==, 0);
}

/* No descriptor is left for inotify: the folder is read at intervals, until there is one. */
static void
test_polling (Fixture *f, gconstpointer unused)
{
  g_autoptr (PfFolderWatch) watch = NULL;

  /* The main context has its own descriptors before. */
  while (g_main_context_iteration (NULL, FALSE))
    ;
  allow_files (3);
  watch = pf_folder_watch_new (f->folder, 1, on_told, f);
  g_assert_true (pf_folder_watch_is_polling (watch));
  wait_for (f, 2);
  g_assert_true (pf_folder_watch_is_polling (watch));
  allow_files (1024);
  wait_until_watching (watch);
  /* What changed before is told, and what changes now. */
  wait_for (f, 3);
  write_file (f, "1");
  wait_for (f, 4);
}

/* A folder that is put in the place of the one that was watched is watched again. */
static void
test_replaced (Fixture *f, gconstpointer unused)
{
  g_autofree char *away = g_strconcat (f->folder, ".old", NULL);
  g_autoptr (PfFolderWatch) watch = pf_folder_watch_new (f->folder, 1, on_told, f);

  g_assert_cmpint (g_rename (f->folder, away), ==, 0);
  wait_for (f, 1);
  g_assert_true (pf_folder_watch_is_polling (watch));
  g_assert_cmpint (g_mkdir (f->folder, 0700), ==, 0);
  wait_until_watching (watch);
  f->told = 0;
  wait_for (f, 1);
  write_file (f, "1");
  wait_for (f, 2);
  g_rmdir (away);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/folder-watch/changes", Fixture, NULL, setup, test_changes, teardown);
  g_test_add ("/folder-watch/together", Fixture, NULL, setup, test_together, teardown);
  g_test_add ("/folder-watch/being-written", Fixture, NULL, setup, test_file_being_written,
              teardown);
  g_test_add ("/folder-watch/polling", Fixture, NULL, setup, test_polling, teardown);
  g_test_add ("/folder-watch/replaced", Fixture, NULL, setup, test_replaced, teardown);
  return g_test_run ();
}
