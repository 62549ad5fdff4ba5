#include "base/problem.h"
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <sqlite3.h>

#define A "a@example.org"

static void
assert_refused (const char *path, GQuark domain, int code, const char *pattern)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (pf_journal_open (path, &error));
  g_assert_error (error, domain, code);
  g_assert_nonnull (strstr (error->message, path));
  if (!g_pattern_match_simple (pattern, error->message))
    g_error ("%s: not %s", error->message, pattern);
}

static void
write_file (const char *path, const char *data, gsize length)
{
  int fd = open (path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, data, length), ==, length);
  close (fd);
}

static void
put_many (Bench *bench, guint first, guint n)
{
  g_autoptr (GPtrArray) rows = rows_new ();

  for (guint i = first; i < first + n; i++)
    {
      g_autofree char *uid = g_strdup_printf ("%06u", i);

      g_ptr_array_add (rows, row_new ("INBOX", 1, uid, PF_ROW_DELIVERED));
    }
  bench_put (bench, A, rows, NULL, NULL);
}

/* --- Files that cannot be taken --------------------------------------------------------------- */

/* The file is named, and stays as it is. */
static void
test_no_database (Bench *bench, gconstpointer unused)
{
  g_autofree char *text = g_strnfill (10000, '#');
  g_autofree char *found = NULL;
  gsize length;

  bench_close (bench);
  write_file (bench->path, text, 10000);
  assert_refused (bench->path, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "*damaged*not touched*");
  g_assert_true (g_file_get_contents (bench->path, &found, &length, NULL));
  g_assert_cmpmem (found, length, text, 10000);
}

/* Cut anywhere: an error, or, cut to nothing, a new journal. */
static void
test_cut (Bench *bench, gconstpointer unused)
{
  g_autofree char *good = NULL, *found = NULL;
  gsize length, found_length;

  put_many (bench, 0, 200);
  bench_close (bench);
  g_assert_true (g_file_get_contents (bench->path, &good, &length, NULL));
  for (gsize cut = 512; cut < length; cut += 1536)
    {
      write_file (bench->path, good, cut);
      assert_refused (bench->path, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "*damaged*");
      g_assert_true (g_file_get_contents (bench->path, &found, &found_length, NULL));
      g_assert_cmpmem (found, found_length, good, cut);
      g_clear_pointer (&found, g_free);
    }
}

static void
test_places (Bench *bench, gconstpointer unused)
{
  g_autofree char *missing = g_build_filename (bench->folder, "missing", "journal.db", NULL);
  g_autofree char *link = g_build_filename (bench->folder, "link", NULL);

  assert_refused (missing, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "*No such file*");
  assert_refused (bench->folder, G_IO_ERROR, G_IO_ERROR_IS_DIRECTORY, "*Is a directory*");
  g_assert_cmpint (symlink (bench->path, link), ==, 0);
  assert_refused (link, G_IO_ERROR, G_IO_ERROR_TOO_MANY_LINKS, "*cannot be opened*");
  g_assert_cmpint (unlink (link), ==, 0);
}

static void
execute (const char *path, const char *sql)
{
  sqlite3 *sqlite;

  g_assert_cmpint (sqlite3_open (path, &sqlite), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (sqlite, sql, NULL, NULL, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_close (sqlite), ==, SQLITE_OK);
}

static void
test_newer (Bench *bench, gconstpointer unused)
{
  bench_close (bench);
  execute (bench->path, "PRAGMA user_version = 99");
  assert_refused (bench->path, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "*version 99*newer service*");
}

/* Nobody else may read it, whatever the umask, and whatever it was. */
static void
test_mode (Bench *bench, gconstpointer unused)
{
  mode_t mask = umask (0);
  g_autofree char *log = g_strconcat (bench->path, "-wal", NULL);
  struct stat status;

  bench_close (bench);
  g_assert_cmpint (unlink (bench->path), ==, 0);
  bench_reopen (bench);
  put_many (bench, 0, 1);
  g_assert_cmpint (stat (bench->path, &status), ==, 0);
  g_assert_cmpuint (status.st_mode & 0777, ==, 0600);
  g_assert_cmpint (stat (log, &status), ==, 0);
  g_assert_cmpuint (status.st_mode & 0777, ==, 0600);
  bench_close (bench);
  g_assert_cmpint (chmod (bench->path, 0644), ==, 0);
  bench_reopen (bench);
  g_assert_cmpint (stat (bench->path, &status), ==, 0);
  g_assert_cmpuint (status.st_mode & 0777, ==, 0600);
  umask (mask);
}

/* --- Damage within ---------------------------------------------------------------------------- */

/* Overwrites the pages behind the first quarter, where the rows are. */
static void
spoil (const char *path)
{
  struct stat status;
  char zeros[4096];
  int fd = open (path, O_WRONLY | O_CLOEXEC);

  memset (zeros, 0xa5, sizeof zeros);
  g_assert_cmpint (fstat (fd, &status), ==, 0);
  for (off_t at = status.st_size / 4 / 4096 * 4096; at < status.st_size; at += sizeof zeros)
    g_assert_cmpint (pwrite (fd, zeros, sizeof zeros, at), ==, sizeof zeros);
  close (fd);
}

/* Never a part of the ledger: what is missing in it would be delivered again. Mutant: end the loop
 * of pf_job_load() on an error. */
static void
test_spoiled (Bench *bench, gconstpointer unused)
{
  g_autoptr (GPtrArray) rows = NULL;
  g_autoptr (GError) error = NULL;

  put_many (bench, 0, 20000);
  bench_close (bench);
  spoil (bench->path);
  bench->journal = pf_journal_open (bench->path, &error);
  if (bench->journal != NULL)
    rows = bench_load (bench, A, &error);
  g_assert_null (rows);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
  g_assert_nonnull (strstr (error->message, bench->path));
}

/* After a crash the file is looked through, before anything builds on it. Mutant: leave
 * look_through() out. */
static void
test_looked_through (Bench *bench, gconstpointer unused)
{
  g_autofree char *log = g_strconcat (bench->path, "-wal", NULL);
  g_autofree char *wal = NULL, *found = NULL;
  gsize length, found_length;

  put_many (bench, 0, 20000);
  bench_reopen (bench);
  put_many (bench, 20000, 1);
  g_assert_true (g_file_get_contents (log, &wal, &length, NULL));
  bench_close (bench);
  write_file (log, wal, length);
  spoil (bench->path);
  assert_refused (bench->path, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "*damaged*not touched*");
  /* Its log neither. */
  g_assert_true (g_file_get_contents (log, &found, &found_length, NULL));
  g_assert_cmpmem (found, found_length, wal, length);
}

/* --- Killed ----------------------------------------------------------------------------------- */

/* In a child: puts row after row, and tells each through the pipe when it was acknowledged. */
static void
put_for_ever (const char *path, int told)
{
  Bench bench = { .path = (char *) path };

  bench_reopen (&bench);
  for (guint i = 0;; i++)
    {
      put_many (&bench, i, 1);
      if (write (told, &i, sizeof i) != sizeof i)
        _exit (1);
    }
}

static guint
kill_one (const char *path)
{
  int pipes[2], status;
  guint last = 0, next;
  pid_t child;

  g_assert_cmpint (pipe (pipes), ==, 0);
  child = fork ();
  g_assert_cmpint (child, >=, 0);
  if (child == 0)
    put_for_ever (path, pipes[1]);
  close (pipes[1]);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpint (read (pipes[0], &last, sizeof last), ==, sizeof last);
  g_usleep ((gulong) g_random_int_range (0, 5000));
  kill (child, SIGKILL);
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFSIGNALED (status));
  while (read (pipes[0], &next, sizeof next) == sizeof next)
    last = next;
  close (pipes[0]);
  return last;
}

/* What was acknowledged is there after a kill at any moment. Mutant: answer before COMMIT. */
static void
test_killed (Bench *bench, gconstpointer unused)
{
  bench_close (bench);
  for (guint round = 0; round < 20; round++)
    {
      guint last = kill_one (bench->path);
      g_autoptr (GPtrArray) rows = NULL;

      bench_reopen (bench);
      rows = bench_load (bench, A, NULL);
      for (guint i = 0; i <= last; i++)
        {
          g_autofree char *uid = g_strdup_printf ("%06u", i);

          g_assert_nonnull (row_find (rows, uid));
        }
      bench_close (bench);
    }
}

/* --- A full disk ------------------------------------------------------------------------------ */

static gboolean
mount_small (Bench *bench)
{
  if (geteuid () != 0 || unshare (CLONE_NEWNS) != 0
      || mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0
      || mount ("tmpfs", bench->folder, "tmpfs", 0, "size=1m,mode=700") != 0)
    {
      g_test_skip ("needs root: a small file system is mounted");
      return FALSE;
    }
  return TRUE;
}

static void
fill (const char *path)
{
  int fd = open (path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  char zeros[4096] = { 0 };

  while (write (fd, zeros, sizeof zeros) > 0)
    ;
  g_assert_cmpint (errno, ==, ENOSPC);
  close (fd);
}

/* The error says what is full; questions are answered all the same; nothing that was acknowledged
 * goes; and it works on once there is room. */
static void
test_full (Bench *bench, gconstpointer unused)
{
  g_autofree char *filler = g_build_filename (bench->folder, "filler", NULL);
  g_autoptr (GPtrArray) before = NULL, after = NULL;
  g_autoptr (GError) error = NULL;
  guint stored = 0;

  bench_close (bench);
  g_assert_cmpint (unlink (bench->path), ==, 0);
  if (!mount_small (bench))
    {
      bench_reopen (bench);
      return;
    }
  bench_reopen (bench);
  put_many (bench, 0, 10);
  fill (filler);
  for (; error == NULL; stored++)
    {
      g_autofree char *uid = g_strdup_printf ("late-%u", stored);
      g_autoptr (PfRow) row = row_new ("INBOX", 1, uid, PF_ROW_DELIVERED);

      bench_put_row (bench, A, row, &error);
    }
  g_test_message ("%s", error->message);
  g_assert_error (error, PF_PROBLEM, PF_PROBLEM_DISK_LOW);
  g_assert_nonnull (strstr (error->message, bench->path));
  before = bench_load (bench, A, NULL);
  g_assert_cmpuint (before->len, ==, 10 + stored - 1);
  g_assert_cmpint (unlink (filler), ==, 0);
  put_many (bench, 100, 10);
  bench_reopen (bench);
  after = bench_load (bench, A, NULL);
  g_assert_cmpuint (after->len, ==, 20 + stored - 1);
  bench_close (bench);
  g_assert_cmpint (umount2 (bench->folder, MNT_DETACH), ==, 0);
}

/* --- The end ---------------------------------------------------------------------------------- */

static void
on_closed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) rows = pf_journal_load_finish (PF_JOURNAL (source), result, &error);

  g_assert_null (rows);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
  *(gboolean *) user_data = TRUE;
}

/* A check that ends after the journal was closed gets an error, not a crash. */
static void
test_closed (Bench *bench, gconstpointer unused)
{
  gboolean done = FALSE;

  pf_journal_close (bench->journal);
  pf_journal_load_async (bench->journal, A, on_closed, &done);
  pf_journal_record (bench->journal, pf_event_new (PF_EVENT_CHECK, A));
  bench_wait (&done);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name)                                                                                  \
  g_test_add ("/journal/damage/" #name, Bench, NULL, bench_set_up, test_##name, bench_tear_down)
  /* First, while there is no thread yet: it forks. */
  ADD (killed);
  ADD (no_database);
  ADD (cut);
  ADD (places);
  ADD (newer);
  ADD (mode);
  ADD (spoiled);
  ADD (looked_through);
  ADD (full);
  ADD (closed);
  return g_test_run ();
}
