#include "base/problem.h"
#include "bench.h"
#include "journal/worker.h"

#include <string.h>

/* A worker on a database with one table, and a gate: while it is shut the thread waits in a job, so
 * that what is pushed meanwhile makes one batch. */
typedef struct
{
  Bench bench;
  PfWorker *worker;
  GMutex gate;
  GMutex lock;
  GString *ran; /* what ran, in order: a run again stands again */
  GString *answered;
  gint at_gate;
  guint open; /* answers that are still to come */
  gboolean done;
} Desk;

typedef struct
{
  Desk *desk;
  const char *name;
  gboolean fail, spoil, missing;
} Work;

static gboolean
run_work (PfDatabase *database, gpointer data, gpointer *result, GError **error)
{
  Work *work = data;

  g_mutex_lock (&work->desk->lock);
  g_string_append (work->desk->ran, work->name);
  g_mutex_unlock (&work->desk->lock);
  if (!pf_database_run (database, error, "INSERT INTO note (name) VALUES (?1)", "s", work->name))
    return FALSE;
  *result = g_strdup (work->name);
  if (work->spoil)
    pf_database_run (database, NULL, "ROLLBACK", "");
  if (work->fail)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s will not", work->name);
  return !work->fail;
}

static gboolean
run_gate (PfDatabase *database, gpointer data, gpointer *result, GError **error)
{
  Desk *desk = data;

  g_atomic_int_set (&desk->at_gate, TRUE);
  g_mutex_lock (&desk->gate);
  g_mutex_unlock (&desk->gate);
  return TRUE;
}

static void
on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Desk *desk = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *name = g_task_propagate_pointer (G_TASK (result), &error);

  g_string_append (desk->answered, error != NULL ? "!" : name);
  desk->done = --desk->open == 0;
}

static Work *
push (Desk *desk, const char *name)
{
  Work *work = g_new0 (Work, 1);

  work->desk = desk;
  work->name = name;
  desk->open++;
  desk->done = FALSE;
  pf_worker_push (desk->worker, g_task_new (NULL, NULL, on_answer, desk), run_work, work, g_free,
                  g_free);
  return work;
}

static void
shut (Desk *desk)
{
  g_mutex_lock (&desk->gate);
  pf_worker_push (desk->worker, NULL, run_gate, desk, NULL, NULL);
  /* Until it stands there it may still collect. */
  while (!g_atomic_int_get (&desk->at_gate))
    g_usleep (100);
}

static void
open_gate (Desk *desk)
{
  g_mutex_unlock (&desk->gate);
  bench_wait (&desk->done);
}

static void
set_up (Desk *desk, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  PfDatabase *database;

  g_mutex_init (&desk->gate);
  g_mutex_init (&desk->lock);
  desk->ran = g_string_new (NULL);
  desk->answered = g_string_new (NULL);
  bench_set_up (&desk->bench, NULL);
  bench_close (&desk->bench);
  database = pf_database_open (desk->bench.path, &error);
  g_assert_no_error (error);
  pf_database_run (database, &error, "CREATE TABLE note (name TEXT NOT NULL UNIQUE)", "");
  g_assert_no_error (error);
  desk->worker = pf_worker_new (database);
}

/* The names in the table, in their order. */
static char *
notes (Desk *desk)
{
  g_autoptr (PfDatabase) database = pf_database_open (desk->bench.path, NULL);
  sqlite3_stmt *statement =
      pf_database_prepare (database, "SELECT name FROM note ORDER BY rowid", NULL);
  GString *names = g_string_new (NULL);
  gboolean more = TRUE;

  while (pf_database_step (database, statement, &more, NULL) && more)
    {
      g_autofree char *name = pf_database_text (statement, 0);

      g_string_append (names, name);
    }
  return g_string_free (names, FALSE);
}

static void
tear_down (Desk *desk, gconstpointer unused)
{
  g_clear_pointer (&desk->worker, pf_worker_free);
  g_string_free (desk->ran, TRUE);
  g_string_free (desk->answered, TRUE);
  g_mutex_clear (&desk->gate);
  g_mutex_clear (&desk->lock);
  bench_tear_down (&desk->bench, NULL);
}

static void
assert_end (Desk *desk, const char *ran, const char *answered, const char *stored)
{
  g_autofree char *found = NULL;

  g_clear_pointer (&desk->worker, pf_worker_free);
  found = notes (desk);
  g_assert_cmpstr (desk->ran->str, ==, ran);
  g_assert_cmpstr (desk->answered->str, ==, answered);
  g_assert_cmpstr (found, ==, stored);
}

/* Done and answered in the order in which they were asked for. */
static void
test_order (Desk *desk, gconstpointer unused)
{
  shut (desk);
  push (desk, "a");
  push (desk, "b");
  push (desk, "c");
  open_gate (desk);
  push (desk, "d");
  bench_wait (&desk->done);
  assert_end (desk, "abcd", "abcd", "abcd");
}

/* One that fails is undone alone, the others are done again. Mutant: COMMIT in place of ROLLBACK in
 * try_batch(). */
static void
test_alone (Desk *desk, gconstpointer unused)
{
  shut (desk);
  push (desk, "a");
  push (desk, "b")->fail = TRUE;
  push (desk, "c");
  push (desk, "a"); /* not unique */
  push (desk, "b");
  open_gate (desk);
  assert_end (desk, "ababcab", "a!c!b", "acb");
}

/* The whole transaction is undone by one of them: nobody is told of a success that is none, and
 * the others are done again. Mutant: ignore what run_job() returns. */
static void
test_lost (Desk *desk, gconstpointer unused)
{
  shut (desk);
  push (desk, "a");
  push (desk, "b")->spoil = TRUE;
  push (desk, "c");
  open_gate (desk);
  assert_end (desk, "ababc", "a!c", "ac");
}

/* What waits when the end comes is done; its answers come after it. */
static void
test_end (Desk *desk, gconstpointer unused)
{
  shut (desk);
  push (desk, "a");
  push (desk, "b");
  g_mutex_unlock (&desk->gate);
  g_clear_pointer (&desk->worker, pf_worker_free);
  bench_wait (&desk->done);
  assert_end (desk, "ab", "ab", "ab");
}

static void
on_commit (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Desk *desk = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *name = g_task_propagate_pointer (G_TASK (result), &error);

  g_assert_no_error (error);
  g_assert_true (g_main_context_is_owner (g_main_context_default ()));
  desk->done = --desk->open == 0;
}

/* More than fits into one transaction, answered on the main loop. */
static void
test_many (Desk *desk, gconstpointer unused)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *found = NULL;
  g_autoptr (GString) expected = g_string_new (NULL);

  for (guint i = 0; i < 1000; i++)
    {
      Work *work = g_new0 (Work, 1);

      g_ptr_array_add (names, g_strdup_printf ("%u,", i));
      g_string_append (expected, names->pdata[i]);
      work->desk = desk;
      work->name = names->pdata[i];
      desk->open++;
      pf_worker_push (desk->worker, g_task_new (NULL, NULL, on_commit, desk), run_work, work,
                      g_free, g_free);
    }
  bench_wait (&desk->done);
  assert_end (desk, expected->str, "", expected->str);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name) g_test_add ("/journal/worker/" #name, Desk, NULL, set_up, test_##name, tear_down)
  ADD (order);
  ADD (alone);
  ADD (lost);
  ADD (end);
  ADD (many);
  return g_test_run ();
}
