/* The log: targets, lines, rotation. */
#include "base/log.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct
{
  char *folder, *path, *target;
} Fixture;

static void
setup (Fixture *f, gconstpointer unused)
{
  f->folder = g_dir_make_tmp ("pf-log-XXXXXX", NULL);
  f->path = g_build_filename (f->folder, "log", NULL);
  f->target = g_strconcat ("file:", f->path, NULL);
}

static void
teardown (Fixture *f, gconstpointer unused)
{
  g_assert_true (pf_log_open ("stderr", "test", NULL));
  g_unlink (f->path);
  g_assert_cmpint (g_rmdir (f->folder), ==, 0);
  g_free (f->folder);
  g_free (f->path);
  g_free (f->target);
}

/* The lines of the file, without their time. */
static char **
lines_of (Fixture *f)
{
  g_autofree char *text = NULL;
  char **lines;

  g_assert_true (g_file_get_contents (f->path, &text, NULL, NULL));
  g_assert_true (g_str_has_suffix (text, "\n"));
  text[strlen (text) - 1] = '\0';
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      char *blank = strchr (lines[i], ' ');
      g_autofree char *time = g_strndup (lines[i], (gsize) (blank - lines[i]));
      g_autoptr (GDateTime) parsed = g_date_time_new_from_iso8601 (time, NULL);

      g_assert_nonnull (parsed);
      memmove (lines[i], blank + 1, strlen (blank));
    }
  return lines;
}

static void
assert_line (const char *line, const char *message)
{
  g_autofree char *wanted = g_strdup_printf ("postferryd[%d]: %s", (int) getpid (), message);

  g_assert_cmpstr (line, ==, wanted);
}

static void
test_file (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  const PfLogField fields[] = { { "POSTFERRY_ACCOUNT", "a@example.org" },
                                { "POSTFERRY_UID", NULL } };
  g_auto (GStrv) lines = NULL;
  struct stat status;

  pf_log_open (f->target, "postferryd", &error);
  g_assert_no_error (error);
  pf_log (PF_LOG_INFO, "%s %d", "one", 1);
  pf_log_fields (PF_LOG_ERROR, fields, G_N_ELEMENTS (fields), "with fields, 100%s");
  lines = lines_of (f);
  g_assert_cmpuint (g_strv_length (lines), ==, 2);
  assert_line (lines[0], "one 1");
  assert_line (lines[1], "with fields, 100%s");
  g_assert_cmpint (stat (f->path, &status), ==, 0);
  g_assert_cmpuint (status.st_mode & 0137, ==, 0);
}

/* Nobody outside makes a line of the log, nor moves the cursor of who reads it. */
static void
test_one_line (Fixture *f, gconstpointer unused)
{
  g_auto (GStrv) lines = NULL;

  g_assert_true (pf_log_open (f->target, "postferryd", NULL));
  pf_log (PF_LOG_INFO, "a\nb\r\033[2Jc\td\x7f");
  lines = lines_of (f);
  g_assert_cmpuint (g_strv_length (lines), ==, 1);
  /* Leaving the loop out of pf_log_fields() makes this fail. */
  assert_line (lines[0], "a?b??[2Jc?d?");
}

static void
test_appends (Fixture *f, gconstpointer unused)
{
  g_auto (GStrv) lines = NULL;

  g_assert_true (pf_log_open (f->target, "postferryd", NULL));
  pf_log (PF_LOG_INFO, "one");
  g_assert_true (pf_log_open (f->target, "postferryd", NULL));
  pf_log (PF_LOG_INFO, "two");
  lines = lines_of (f);
  g_assert_cmpuint (g_strv_length (lines), ==, 2);
}

static void
test_rotation (Fixture *f, gconstpointer unused)
{
  g_autofree char *old = g_strconcat (f->path, ".1", NULL);
  g_autofree char *old_text = NULL;
  g_auto (GStrv) lines = NULL;

  g_assert_true (pf_log_open (f->target, "postferryd", NULL));
  pf_log (PF_LOG_INFO, "one");
  g_assert_cmpint (g_rename (f->path, old), ==, 0);
  pf_log (PF_LOG_INFO, "two");
  pf_log_reopen ();
  pf_log (PF_LOG_INFO, "three");
  g_assert_true (g_file_get_contents (old, &old_text, NULL, NULL));
  g_assert_nonnull (strstr (old_text, "two"));
  lines = lines_of (f);
  g_assert_cmpuint (g_strv_length (lines), ==, 1);
  assert_line (lines[0], "three");
  g_unlink (old);
}

/* What was open stays in use when the new target is none. */
static void
test_refused (Fixture *f, gconstpointer unused)
{
  static const char *const targets[] = { "", "syslogd", "file:", "file:log", "File:/x", "/x" };
  g_autofree char *missing = g_strconcat ("file:", f->folder, "/no/log", NULL);
  g_autofree char *link = g_build_filename (f->folder, "link", NULL);
  g_autofree char *by_link = g_strconcat ("file:", link, NULL);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) lines = NULL;

  g_assert_true (pf_log_open (f->target, "postferryd", NULL));
  for (guint i = 0; i < G_N_ELEMENTS (targets); i++)
    {
      g_autoptr (GError) one = NULL;

      g_assert_false (pf_log_open (targets[i], "x", &one));
      g_assert_error (one, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
      g_assert_nonnull (strstr (one->message, "syslog, journal, stderr and file:/PATH"));
    }
  g_assert_false (pf_log_open (missing, "x", &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_clear_error (&error);
  /* Leaving O_NOFOLLOW out of open_file() makes this fail. */
  g_assert_cmpint (symlink (f->path, link), ==, 0);
  g_assert_false (pf_log_open (by_link, "x", &error));
  g_unlink (link);
  pf_log (PF_LOG_INFO, "still here");
  lines = lines_of (f);
  assert_line (lines[0], "still here");
}

/* --- Threads ---------------------------------------------------------------------------------- */

#define THREADS 4
#define LINES 500

static gpointer
write_lines (gpointer data)
{
  for (guint i = 0; i < LINES; i++)
    pf_log (PF_LOG_DEBUG, "thread %d says something that is long enough to be torn apart",
            GPOINTER_TO_INT (data));
  return NULL;
}

static void
test_threads (Fixture *f, gconstpointer unused)
{
  GThread *threads[THREADS];
  g_auto (GStrv) lines = NULL;

  g_assert_true (pf_log_open (f->target, "postferryd", NULL));
  for (int i = 0; i < THREADS; i++)
    threads[i] = g_thread_new ("writer", write_lines, GINT_TO_POINTER (i));
  for (int i = 0; i < THREADS; i++)
    g_thread_join (threads[i]);
  lines = lines_of (f);
  g_assert_cmpuint (g_strv_length (lines), ==, THREADS * LINES);
  for (guint i = 0; lines[i] != NULL; i++)
    g_assert_true (g_str_has_suffix (lines[i], "torn apart"));
}

#define ADD(name, func) g_test_add ("/log/" name, Fixture, NULL, setup, func, teardown)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("file", test_file);
  ADD ("one-line", test_one_line);
  ADD ("appends", test_appends);
  ADD ("rotation", test_rotation);
  ADD ("refused", test_refused);
  ADD ("threads", test_threads);
  return g_test_run ();
}
