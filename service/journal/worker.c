#include "journal/worker.h"

#include "base/log.h"
#include "base/step.h"

/* Jobs of one transaction: enough to share a sync, few enough that the first does not wait long. */
#define BATCH 256
/* Where the last transaction had as many jobs, mail is streaming in: the next one waits a moment
 * for more, since each costs a sync that the deliveries feel too. */
#define BUSY_BATCH 4
#define GATHER_USECONDS 4000

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
  GMainContext *context;
  gboolean complained; /* in the thread: that something nobody waits for failed */
};

static void
job_forget_result (Job *job)
{
  if (job->result != NULL && job->free_result != NULL)
    job->free_result (job->result);
  job->result = NULL;
}

static void
job_free (gpointer data)
{
  Job *job = data;

  job_forget_result (job);
  g_clear_error (&job->error);
  g_clear_object (&job->task);
  if (job->free_data != NULL)
    job->free_data (job->data);
  g_free (job);
}

/* --- In the thread ---------------------------------------------------------------------------- */

/* FALSE also where the transaction is no more, and with it all that was done in it. */
static gboolean
run_job (PfWorker *self, Job *job, GError **error)
{
  if (!job->run (self->database, job->data, &job->result, error))
    return FALSE;
  if (pf_database_in_transaction (self->database))
    return TRUE;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "The journal undid a transaction");
  return FALSE;
}

static gboolean
try_batch (PfWorker *self, Job **jobs, guint n, GError **error)
{
  gboolean ok = pf_database_run (self->database, error, "BEGIN IMMEDIATE", "");

  for (guint i = 0; i < n && ok; i++)
    ok = run_job (self, jobs[i], error);
  if (ok)
    pf_step (PF_STEP_COMMIT);
  if (ok && pf_database_run (self->database, error, "COMMIT", ""))
    {
      pf_step (PF_STEP_COMMITTED);
      return TRUE;
    }
  if (pf_database_in_transaction (self->database))
    pf_database_run (self->database, NULL, "ROLLBACK", "");
  return FALSE;
}

/* Where one job fails the transaction is undone, and each job is tried in one of its own: what
 * failed takes nothing with it, and on a full disk questions are still answered. */
static void
run_jobs (PfWorker *self, Job **jobs, guint n)
{
  g_autoptr (GError) error = NULL;

  if (try_batch (self, jobs, n, &error))
    return;
  for (guint i = 0; i < n; i++)
    {
      job_forget_result (jobs[i]);
      g_clear_error (&jobs[i]->error);
    }
  if (n == 1)
    jobs[0]->error = g_steal_pointer (&error);
  else
    for (guint i = 0; i < n; i++)
      run_jobs (self, jobs + i, 1);
}

/* Nobody waits for it. Told once: on a full disk there would be no end of it. */
static void
finish_silently (PfWorker *self, Job *job)
{
  if (job->error == NULL)
    self->complained = FALSE;
  else if (!self->complained)
    {
      self->complained = TRUE;
      pf_log (PF_LOG_ERROR, "%s", job->error->message);
    }
  job_free (job);
}

/* In the main context, in the order of the jobs. */
static gboolean
answer (gpointer user_data)
{
  GPtrArray *jobs = user_data;

  for (guint i = 0; i < jobs->len; i++)
    {
      Job *job = jobs->pdata[i];

      if (job->error != NULL)
        g_task_return_error (job->task, g_steal_pointer (&job->error));
      else
        g_task_return_pointer (job->task, g_steal_pointer (&job->result), job->free_result);
    }
  return G_SOURCE_REMOVE;
}

static void
finish_batch (PfWorker *self, GPtrArray *batch)
{
  GPtrArray *answers = g_ptr_array_new_with_free_func (job_free);
  GSource *source;

  for (guint i = 0; i < batch->len; i++)
    if (((Job *) batch->pdata[i])->task != NULL)
      g_ptr_array_add (answers, batch->pdata[i]);
    else
      finish_silently (self, batch->pdata[i]);
  if (answers->len == 0)
    {
      g_ptr_array_unref (answers);
      return;
    }
  /* Not g_main_context_invoke(): that may run it here, in the thread. */
  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, answer, answers, (GDestroyNotify) g_ptr_array_unref);
  g_source_attach (source, self->context);
  g_source_unref (source);
}

/* Collects what waits; FALSE when the end came. @last: jobs of the batch before. */
static gboolean
collect (PfWorker *self, GPtrArray *batch, guint last)
{
  Job *job = g_async_queue_pop (self->jobs);

  /* Not in the queue: who pushes would wake us each time. */
  if (last >= BUSY_BATCH && !job->last)
    g_usleep (GATHER_USECONDS);
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
  guint last = 0;

  while (going)
    {
      going = collect (self, batch, last);
      last = batch->len;
      if (batch->len > 0)
        run_jobs (self, (Job **) batch->pdata, batch->len);
      finish_batch (self, batch);
      g_ptr_array_set_size (batch, 0);
    }
  return NULL;
}

/* --- Outside ---------------------------------------------------------------------------------- */

PfWorker *
pf_worker_new (PfDatabase *database)
{
  PfWorker *self = g_new0 (PfWorker, 1);

  self->database = database;
  self->jobs = g_async_queue_new ();
  self->context = g_main_context_ref_thread_default ();
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
  g_main_context_unref (self->context);
  pf_database_close (self->database);
  g_free (self);
}
