#include "journal/worker.h"

#include "base/log.h"

/* Jobs of one transaction: enough to share a sync, few enough that the first of them does not wait long. */
#define BATCH 256

typedef struct
{
  GTask *task;
  PfJobFunc run;
  gpointer data, result;
  GDestroyNotify free_data, free_result;
  GError *error;
  gboolean last; /* no job: the thread ends */
} Job;

struct _PfWorker
{
  PfDatabase *database;
  GAsyncQueue *jobs;
  GThread *thread;
};

/* --- In the thread ----------------------------------------------------------------------------------------------------- */

static void
run_job (PfWorker *self, Job *job)
{
  if (!pf_database_run (self->database, &job->error, "SAVEPOINT job", ""))
    return;
  if (job->run (self->database, job->data, &job->result, &job->error))
    {
      pf_database_run (self->database, &job->error, "RELEASE job", "");
      return;
    }
  /* Alone undone: what else is in the transaction stays. */
  pf_database_run (self->database, NULL, "ROLLBACK TO job", "");
  pf_database_run (self->database, NULL, "RELEASE job", "");
}

/* Nothing of the batch is there: every job has to be told. */
static void
fail_batch (PfWorker *self, GPtrArray *batch, const GError *error)
{
  pf_database_run (self->database, NULL, "ROLLBACK", "");
  for (guint i = 0; i < batch->len; i++)
    {
      Job *job = batch->pdata[i];

      if (job->error == NULL)
        job->error = g_error_copy (error);
    }
}

static void
run_batch (PfWorker *self, GPtrArray *batch)
{
  g_autoptr (GError) error = NULL;

  if (!pf_database_run (self->database, &error, "BEGIN IMMEDIATE", ""))
    {
      fail_batch (self, batch, error);
      return;
    }
  for (guint i = 0; i < batch->len; i++)
    run_job (self, batch->pdata[i]);
  if (!pf_database_run (self->database, &error, "COMMIT", ""))
    fail_batch (self, batch, error);
}

static void
finish_job (Job *job)
{
  if (job->task == NULL)
    {
      if (job->error != NULL)
        pf_log (PF_LOG_ERROR, "%s", job->error->message);
      if (job->result != NULL && job->free_result != NULL)
        job->free_result (job->result);
      g_clear_error (&job->error);
    }
  else if (job->error != NULL)
    {
      if (job->result != NULL && job->free_result != NULL)
        job->free_result (job->result);
      g_task_return_error (job->task, job->error);
    }
  else
    g_task_return_pointer (job->task, job->result, job->free_result);
  g_clear_object (&job->task);
  if (job->free_data != NULL)
    job->free_data (job->data);
  g_free (job);
}

/* Collects what waits; FALSE when the end came. */
static gboolean
collect (PfWorker *self, GPtrArray *batch)
{
  Job *job = g_async_queue_pop (self->jobs);

  while (job != NULL)
    {
      if (job->last)
        {
          g_free (job);
          return FALSE;
        }
      g_ptr_array_add (batch, job);
      job = batch->len < BATCH ? g_async_queue_try_pop (self->jobs) : NULL;
    }
  return TRUE;
}

static gpointer
work (gpointer user_data)
{
  PfWorker *self = user_data;
  g_autoptr (GPtrArray) batch = g_ptr_array_new ();
  gboolean going = TRUE;

  while (going)
    {
      going = collect (self, batch);
      if (batch->len > 0)
        run_batch (self, batch);
      for (guint i = 0; i < batch->len; i++)
        finish_job (batch->pdata[i]);
      g_ptr_array_set_size (batch, 0);
    }
  return NULL;
}

/* --- Outside -------------------------------------------------------------------------------------------------------------- */

PfWorker *
pf_worker_new (PfDatabase *database)
{
  PfWorker *self = g_new0 (PfWorker, 1);

  self->database = database;
  self->jobs = g_async_queue_new ();
  self->thread = g_thread_new ("journal", work, self);
  return self;
}

void
pf_worker_push (PfWorker *self,
                GTask *task,
                PfJobFunc run,
                gpointer data,
                GDestroyNotify free_data,
                GDestroyNotify free_result)
{
  Job *job = g_new0 (Job, 1);

  job->task = task;
  job->run = run;
  job->data = data;
  job->free_data = free_data;
  job->free_result = free_result;
  g_async_queue_push (self->jobs, job);
}

void
pf_worker_free (PfWorker *self)
{
  Job *job = g_new0 (Job, 1);

  job->last = TRUE;
  g_async_queue_push (self->jobs, job);
  g_thread_join (self->thread);
  g_async_queue_unref (self->jobs);
  pf_database_close (self->database);
  g_free (self);
}
