#include "bench.h"

#include <glib/gstdio.h>

/* --- A journal -------------------------------------------------------------------------------- */

void
bench_reopen (Bench *self)
{
  g_autoptr (GError) error = NULL;

  bench_close (self);
  self->journal = pf_journal_open (self->path, &error);
  g_assert_no_error (error);
}

void
bench_close (Bench *self)
{
  if (self->journal != NULL)
    pf_journal_close (self->journal);
  g_clear_object (&self->journal);
}

void
bench_set_up (Bench *self, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  self->folder = g_dir_make_tmp ("pf-journal-XXXXXX", &error);
  g_assert_no_error (error);
  self->path = g_build_filename (self->folder, "journal.db", NULL);
  bench_reopen (self);
}

void
bench_tear_down (Bench *self, gconstpointer unused)
{
  g_autofree char *log = g_strconcat (self->path, "-wal", NULL);

  bench_close (self);
  g_unlink (self->path);
  g_unlink (log);
  g_assert_cmpint (g_rmdir (self->folder), ==, 0);
  g_free (self->path);
  g_free (self->folder);
}

/* --- Waiting ---------------------------------------------------------------------------------- */

typedef struct
{
  GMainLoop *loop;
  gboolean *done;
} Wait;

static gboolean
look (gpointer user_data)
{
  Wait *wait = user_data;

  if (*wait->done)
    g_main_loop_quit (wait->loop);
  return G_SOURCE_CONTINUE;
}

void
bench_wait (gboolean *done)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Wait wait = { loop, done };
  guint timer = g_timeout_add (1, look, &wait);

  g_main_loop_run (loop);
  g_source_remove (timer);
}

typedef struct
{
  GMainLoop *loop;
  GAsyncResult *result;
} Answer;

static void
on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Answer *answer = user_data;

  answer->result = g_object_ref (result);
  g_main_loop_quit (answer->loop);
}

static Answer
answer_new (void)
{
  return (Answer){ g_main_loop_new (NULL, FALSE), NULL };
}

/* (transfer full) */
static GAsyncResult *
wait_for (Answer *answer)
{
  g_main_loop_run (answer->loop);
  g_main_loop_unref (answer->loop);
  return answer->result;
}

/* --- Requests --------------------------------------------------------------------------------- */

GPtrArray *
bench_load (Bench *self, const char *account, GError **error)
{
  Answer answer = answer_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) local = NULL;
  GPtrArray *rows;

  pf_journal_load_async (self->journal, account, on_answer, &answer);
  result = wait_for (&answer);
  rows = pf_journal_load_finish (self->journal, result, &local);
  if (error == NULL)
    g_assert_no_error (local);
  else
    g_propagate_error (error, g_steal_pointer (&local));
  return rows;
}

gboolean
bench_put (Bench *self,
           const char *account,
           GPtrArray *rows,
           const PfFigures *figures,
           GError **error)
{
  Answer answer = answer_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) local = NULL;
  gboolean done;

  pf_journal_put_async (self->journal, account, rows, figures, on_answer, &answer);
  result = wait_for (&answer);
  done = pf_journal_put_finish (self->journal, result, &local);
  g_assert_true (done == (local == NULL));
  if (error == NULL)
    g_assert_no_error (local);
  else
    g_propagate_error (error, g_steal_pointer (&local));
  return done;
}

gboolean
bench_put_row (Bench *self, const char *account, PfRow *row, GError **error)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new ();

  g_ptr_array_add (rows, row);
  return bench_put (self, account, rows, NULL, error);
}

void
bench_forget (Bench *self, const char *account)
{
  Answer answer = answer_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  pf_journal_forget_async (self->journal, account, on_answer, &answer);
  result = wait_for (&answer);
  g_assert_true (pf_journal_forget_finish (self->journal, result, &error));
  g_assert_no_error (error);
}

void
bench_folder_seen (Bench *self, const char *account, const char *folder)
{
  Answer answer = answer_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  pf_journal_folder_seen_async (self->journal, account, folder, on_answer, &answer);
  result = wait_for (&answer);
  g_assert_true (pf_journal_folder_seen_finish (self->journal, result, &error));
  g_assert_no_error (error);
}

GPtrArray *
bench_folders (Bench *self, const char *account)
{
  Answer answer = answer_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GPtrArray *states;

  pf_journal_folders_async (self->journal, account, on_answer, &answer);
  result = wait_for (&answer);
  states = pf_journal_folders_finish (self->journal, result, &error);
  g_assert_no_error (error);
  return states;
}

static GVariant *
parse (const char *filter)
{
  g_autoptr (GError) error = NULL;
  GVariant *parsed = g_variant_parse (G_VARIANT_TYPE_VARDICT, filter, NULL, NULL, &error);

  g_assert_no_error (error);
  return parsed;
}

GVariant *
bench_query (Bench *self, const char *const *accounts, const char *filter)
{
  Answer answer = answer_new ();
  g_autoptr (GVariant) parsed = parse (filter);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GVariant *entries;

  pf_journal_query_async (self->journal, accounts, parsed, on_answer, &answer);
  result = wait_for (&answer);
  entries = pf_journal_query_finish (self->journal, result, &error);
  g_assert_no_error (error);
  return entries;
}

GVariant *
bench_statistics (Bench *self, const char *const *accounts, const char *filter)
{
  Answer answer = answer_new ();
  g_autoptr (GVariant) parsed = parse (filter);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GVariant *rows;

  pf_journal_statistics_async (self->journal, accounts, parsed, on_answer, &answer);
  result = wait_for (&answer);
  rows = pf_journal_statistics_finish (self->journal, result, &error);
  g_assert_no_error (error);
  return rows;
}

void
bench_settle (Bench *self)
{
  g_autoptr (GPtrArray) rows = bench_load (self, "nobody@example.org", NULL);

  g_assert_nonnull (rows);
}

/* --- Rows ------------------------------------------------------------------------------------- */

PfRow *
row_new (const char *folder, guint32 uidvalidity, const char *uid, PfRowState state)
{
  PfRow *row = g_new0 (PfRow, 1);

  row->folder = g_strdup (folder);
  row->uidvalidity = uidvalidity;
  row->uid = g_strdup (uid);
  row->digest = g_strdup ("");
  row->reason = g_strdup ("");
  row->state = state;
  return row;
}

PfRow *
row_find (GPtrArray *rows, const char *uid)
{
  for (guint i = 0; i < rows->len; i++)
    if (g_str_equal (((PfRow *) rows->pdata[i])->uid, uid))
      return rows->pdata[i];
  return NULL;
}

GPtrArray *
rows_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) pf_row_free);
}
