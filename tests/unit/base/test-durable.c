/* Files that survive: what is written is whole, what fails leaves the old content. */
#include "base/durable.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct
{
  char *folder, *path;
} Fixture;

static void
setup (Fixture *f, gconstpointer unused)
{
  f->folder = g_dir_make_tmp ("pf-durable-XXXXXX", NULL);
  f->path = g_build_filename (f->folder, "state", NULL);
}

static void
teardown (Fixture *f, gconstpointer unused)
{
  g_unlink (f->path);
  g_assert_cmpint (g_rmdir (f->folder), ==, 0);
  g_free (f->folder);
  g_free (f->path);
}

static void
assert_content (Fixture *f, const char *wanted)
{
  g_autofree char *text = NULL;

  g_assert_true (g_file_get_contents (f->path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, wanted);
}

/* Nothing half-written lies about. */
static void
assert_alone (Fixture *f)
{
  g_autoptr (GDir) folder = g_dir_open (f->folder, 0, NULL);

  g_assert_cmpstr (g_dir_read_name (folder), ==, "state");
  g_assert_null (g_dir_read_name (folder));
}

static void
test_write (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  struct stat status;
  g_autofree char *data = NULL;
  gsize length;

  g_assert_true (pf_durable_write (f->path, "one", -1, &error));
  assert_content (f, "one");
  g_assert_cmpint (g_chmod (f->path, 0644), ==, 0);
  g_assert_true (pf_durable_write (f->path, "a\0b", 3, &error));
  g_assert_true (g_file_get_contents (f->path, &data, &length, NULL));
  g_assert_cmpmem (data, length, "a\0b", 3);
  g_assert_cmpint (stat (f->path, &status), ==, 0);
  g_assert_cmpuint (status.st_mode & 07777, ==, 0600);
  g_assert_true (pf_durable_write (f->path, "", 0, &error));
  assert_content (f, "");
  assert_alone (f);
}

/* Who reads the old file goes on reading the old file. */
static void
test_new_file (Fixture *f, gconstpointer unused)
{
  char buffer[8] = "";
  int fd;

  g_assert_true (pf_durable_write (f->path, "old", -1, NULL));
  fd = open (f->path, O_RDONLY | O_CLOEXEC);
  g_assert_true (pf_durable_write (f->path, "new", -1, NULL));
  /* Writing in place in pf_durable_write() makes this fail. */
  g_assert_cmpint (read (fd, buffer, sizeof buffer - 1), ==, 3);
  g_assert_cmpstr (buffer, ==, "old");
  close (fd);
  assert_content (f, "new");
}

static void
test_link (Fixture *f, gconstpointer unused)
{
  g_autofree char *target = g_build_filename (f->folder, "target", NULL);

  g_assert_true (pf_durable_write (target, "kept", -1, NULL));
  g_assert_cmpint (symlink (target, f->path), ==, 0);
  g_assert_true (pf_durable_write (f->path, "new", -1, NULL));
  g_assert_false (g_file_test (f->path, G_FILE_TEST_IS_SYMLINK));
  assert_content (f, "new");
  g_assert_cmpint (g_unlink (target), ==, 0);
}

static void
test_no_folder (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (f->folder, "missing", "state", NULL);

  g_assert_false (pf_durable_write (path, "x", -1, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, path));
  g_clear_error (&error);
  g_assert_false (pf_durable_sync_folder (path, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

static void
test_unlink (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (pf_durable_write (f->path, "x", -1, NULL));
  g_assert_true (pf_durable_unlink (f->path, &error));
  g_assert_cmpint (g_access (f->path, F_OK), !=, 0);
  g_assert_true (pf_durable_unlink (f->path, &error));
  g_assert_false (pf_durable_unlink (f->folder, &error));
  g_assert_cmpint (error->domain, ==, G_IO_ERROR);
}

/* A write that breaks off in the middle. */
static void
test_broken_off (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *large = g_strnfill (100 * 1000, 'x');
  struct rlimit before, small;

  g_assert_true (pf_durable_write (f->path, "old", -1, NULL));
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &before), ==, 0);
  small = before;
  small.rlim_cur = 4096;
  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &small), ==, 0);
  g_assert_false (pf_durable_write (f->path, large, -1, &error));
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &before), ==, 0);
  g_assert_cmpint (error->domain, ==, G_IO_ERROR);
  assert_content (f, "old");
  assert_alone (f);
}

/* --- A full disk ------------------------------------------------------------------------------ */

#define NO_NAMESPACE 77

/* In a child with a mount namespace of its own: 16 KiB of disk. */
static int
fill_disk (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *large = g_strnfill (64 * 1024, 'x');
  g_autofree char *text = NULL;

  if (unshare (geteuid () == 0 ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS) != 0
      || mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0
      || mount ("tmpfs", f->folder, "tmpfs", 0, "size=16k,mode=0700") != 0)
    return NO_NAMESPACE;
  if (!pf_durable_write (f->path, "old", -1, NULL))
    return 1;
  /* G_FILE_SET_CONTENTS_NONE in pf_durable_write() makes this fail. */
  if (pf_durable_write (f->path, large, -1, &error))
    return 2;
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE)
      || strstr (error->message, f->path) == NULL)
    return 3;
  if (!g_file_get_contents (f->path, &text, NULL, NULL) || strcmp (text, "old") != 0)
    return 4;
  return pf_durable_write (f->path, "new", -1, NULL) ? 0 : 5;
}

static void
test_full_disk (Fixture *f, gconstpointer unused)
{
  pid_t child = fork ();
  int status;

  if (child == 0)
    _exit (fill_disk (f));
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status));
  if (WEXITSTATUS (status) == NO_NAMESPACE)
    g_test_skip ("no mount namespace to be had here");
  else
    g_assert_cmpint (WEXITSTATUS (status), ==, 0);
}

#define ADD(name, func) g_test_add ("/durable/" name, Fixture, NULL, setup, func, teardown)

/* What a hand wrote meanwhile stays.
 * Mutant: write_beside() does not look whether the file is as expected. */
static void
test_replace (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (pf_durable_replace (f->path, "one", NULL, &error));
  g_assert_no_error (error);
  g_assert_true (pf_durable_replace (f->path, "two", "one", &error));
  g_assert_no_error (error);
  assert_content (f, "two");
  g_assert_false (pf_durable_replace (f->path, "three", "one", &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WRONG_ETAG);
  g_clear_error (&error);
  g_assert_false (pf_durable_replace (f->path, "three", NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WRONG_ETAG);
  g_clear_error (&error);
  assert_content (f, "two");
  assert_alone (f);
  g_unlink (f->path);
  g_assert_false (pf_durable_replace (f->path, "three", "two", &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WRONG_ETAG);
  g_assert_false (g_file_test (f->path, G_FILE_TEST_EXISTS));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("write", test_write);
  ADD ("new-file", test_new_file);
  ADD ("link", test_link);
  ADD ("no-folder", test_no_folder);
  ADD ("unlink", test_unlink);
  ADD ("broken-off", test_broken_off);
  ADD ("full-disk", test_full_disk);
  ADD ("replace", test_replace);
  return g_test_run ();
}
