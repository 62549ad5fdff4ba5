#include "journal/journal.h"

#include "base/log.h"
#include "journal/jobs.h"

#include <string.h>

#define PRUNE_SECONDS 3600
#define OPEN_AGAIN_SECONDS 5
/* Tidying walks all of an account's rows. */
#define TIDY_USECONDS (6 * G_TIME_SPAN_HOUR)

struct _PfJournal
{
  GObject parent_instance;

  PfDatabase *database; /* the worker's, once it runs */
  char *path;
  GError *trouble; /* why it could not be opened so far */
  guint open_again;
  PfWorker *worker;
  GHashTable *tidied; /* address -> gint64*: when */
  guint keep_days, prune_timer, prune_soon;
};

G_DEFINE_FINAL_TYPE (PfJournal, pf_journal, G_TYPE_OBJECT)

static guint recorded_signal, opened_signal;

/* The worker starts with the first request: until then the database is read where one stands.
 * @task: (nullable) (transfer full), @data: (transfer full). */
static void
push (PfJournal *self,
      GTask *task,
      PfJobFunc run,
      gpointer data,
      GDestroyNotify free_data,
      GDestroyNotify free_result)
{
  if (self->database != NULL)
    {
      if (self->worker == NULL)
        self->worker = pf_worker_new (self->database);
      pf_worker_push (self->worker, task, run, data, free_data, free_result);
      return;
    }
  if (task != NULL && self->trouble != NULL)
    g_task_return_error (task, g_error_copy (self->trouble));
  else if (task != NULL)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CLOSED,
                             "The journal is closed: the service ends");
  g_clear_object (&task);
  free_data (data);
}

static GTask *
new_task (PfJournal *self, GAsyncReadyCallback callback, gpointer user_data)
{
  return g_task_new (self, NULL, callback, user_data);
}

static gboolean
on_open_again (gpointer user_data)
{
  PfJournal *self = user_data;
  g_autoptr (GError) error = NULL;

  self->database = pf_database_open (self->path, &error);
  if (self->database == NULL)
    {
      /* Only when it is another trouble than was told. */
      if (strcmp (error->message, self->trouble->message) != 0)
        pf_log (PF_LOG_ERROR, "%s", error->message);
      g_clear_error (&self->trouble);
      self->trouble = g_steal_pointer (&error);
      return G_SOURCE_CONTINUE;
    }
  self->open_again = 0;
  g_clear_error (&self->trouble);
  pf_log (PF_LOG_NOTICE, "the journal is open");
  g_signal_emit (self, opened_signal, 0);
  return G_SOURCE_REMOVE;
}

PfJournal *
pf_journal_open (const char *path, GError **error)
{
  g_autoptr (GError) trouble = NULL;
  PfDatabase *database = pf_database_open (path, &trouble);
  PfJournal *self;

  if (database == NULL && !g_error_matches (trouble, PF_PROBLEM, PF_PROBLEM_DISK_LOW))
    {
      g_propagate_error (error, g_steal_pointer (&trouble));
      return NULL;
    }
  self = g_object_new (PF_TYPE_JOURNAL, NULL);
  self->path = g_strdup (path);
  self->database = database;
  if (database != NULL)
    return self;
  pf_log (PF_LOG_ERROR, "%s; nothing is fetched until that goes", trouble->message);
  self->trouble = g_steal_pointer (&trouble);
  self->open_again = g_timeout_add_seconds (OPEN_AGAIN_SECONDS, on_open_again, self);
  return self;
}

void
pf_journal_close (PfJournal *self)
{
  g_clear_handle_id (&self->prune_timer, g_source_remove);
  g_clear_handle_id (&self->prune_soon, g_source_remove);
  g_clear_handle_id (&self->open_again, g_source_remove);
  g_clear_error (&self->trouble);
  if (self->worker != NULL)
    pf_worker_free (g_steal_pointer (&self->worker));
  else if (self->database != NULL)
    pf_database_close (self->database);
  self->database = NULL;
}

/* --- The ledger ------------------------------------------------------------------------------- */

void
pf_journal_load_async (PfJournal *self,
                       const char *account,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  push (self, new_task (self, callback, user_data), pf_job_load, g_strdup (account), g_free,
        (GDestroyNotify) g_ptr_array_unref);
}

GPtrArray *
pf_journal_load_finish (PfJournal *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
pf_journal_put_async (PfJournal *self,
                      const char *account,
                      GPtrArray *rows,
                      const PfFigures *figures,
                      GAsyncReadyCallback callback,
                      gpointer user_data)
{
  PfPutJob *job = g_new0 (PfPutJob, 1);
  GTask *task = NULL;

  job->account = g_strdup (account);
  job->rows = g_ptr_array_new_with_free_func ((GDestroyNotify) pf_row_free);
  for (guint i = 0; i < rows->len; i++)
    g_ptr_array_add (job->rows, pf_row_copy (rows->pdata[i]));
  job->has_figures = figures != NULL;
  if (figures != NULL)
    job->figures = *figures;
  if (callback != NULL)
    {
      task = new_task (self, callback, user_data);
      g_task_set_task_data (task, g_ptr_array_ref (rows), (GDestroyNotify) g_ptr_array_unref);
    }
  push (self, task, pf_job_put, job, pf_put_job_free, (GDestroyNotify) g_array_unref);
}

gboolean
pf_journal_put_finish (PfJournal *self, GAsyncResult *result, GError **error)
{
  g_autoptr (GArray) ids = g_task_propagate_pointer (G_TASK (result), error);
  GPtrArray *rows = g_task_get_task_data (G_TASK (result));

  if (ids == NULL)
    return FALSE;
  for (guint i = 0; i < ids->len; i++)
    ((PfRow *) rows->pdata[i])->id = g_array_index (ids, gint64, i);
  return TRUE;
}

void
pf_journal_tidy (PfJournal *self, const char *account, GPtrArray *listed_ids)
{
  gint64 now = g_get_monotonic_time ();
  gint64 *last = g_hash_table_lookup (self->tidied, account);
  PfTidyJob *job;

  if (last != NULL && now - *last < TIDY_USECONDS)
    return;
  g_hash_table_replace (self->tidied, g_strdup (account), g_memdup2 (&now, sizeof now));
  job = g_new0 (PfTidyJob, 1);
  job->account = g_strdup (account);
  job->now = g_get_real_time ();
  job->ids = g_array_sized_new (FALSE, FALSE, sizeof (gint64), listed_ids->len);
  for (guint i = 0; i < listed_ids->len; i++)
    g_array_append_vals (job->ids, listed_ids->pdata[i], 1);
  push (self, NULL, pf_job_tidy, job, pf_tidy_job_free, NULL);
}

void
pf_journal_folder_seen_async (PfJournal *self,
                              const char *account,
                              const char *folder,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  PfFolderJob *job = g_new0 (PfFolderJob, 1);

  job->account = g_strdup (account);
  job->state = pf_folder_state_new (folder);
  push (self, new_task (self, callback, user_data), pf_job_folder_seen, job, pf_folder_job_free,
        NULL);
}

/* For requests whose answer is success alone. */
static gboolean
finish_plain (GAsyncResult *result, GError **error)
{
  g_autoptr (GError) local = NULL;

  g_task_propagate_pointer (G_TASK (result), &local);
  if (local == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

gboolean
pf_journal_folder_seen_finish (PfJournal *self, GAsyncResult *result, GError **error)
{
  return finish_plain (result, error);
}

void
pf_journal_folders_async (PfJournal *self,
                          const char *account,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  push (self, new_task (self, callback, user_data), pf_job_folders, g_strdup (account), g_free,
        (GDestroyNotify) g_ptr_array_unref);
}

GPtrArray *
pf_journal_folders_finish (PfJournal *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
pf_journal_put_folder (PfJournal *self, const char *account, const PfFolderState *state)
{
  PfFolderJob *job = g_new0 (PfFolderJob, 1);

  job->account = g_strdup (account);
  job->state = pf_folder_state_copy (state);
  push (self, NULL, pf_job_put_folder, job, pf_folder_job_free, NULL);
}

/* --- Accounts --------------------------------------------------------------------------------- */

gboolean
pf_journal_restore (PfJournal *self, GPtrArray *accounts, GError **error)
{
  g_return_val_if_fail (self->worker == NULL, FALSE);
  if (self->database == NULL)
    return TRUE;
  for (guint i = 0; i < accounts->len; i++)
    if (!pf_account_restore (self->database, accounts->pdata[i], error))
      return FALSE;
  return TRUE;
}

void
pf_journal_save_account (PfJournal *self, PfAccount *account)
{
  PfAccountJob *job = g_new0 (PfAccountJob, 1);
  const GError *problem = pf_account_get_problem (account);

  job->address = g_strdup (pf_account_get_id (account));
  job->figures = *pf_account_get_figures (account);
  job->refusals = pf_account_get_refusals (account);
  if (problem != NULL)
    {
      job->problem = g_strdup (pf_problem_nick ((PfProblemCode) problem->code));
      job->problem_text = g_strdup (problem->message);
      job->problem_since = pf_account_get_problem_since (account);
    }
  push (self, NULL, pf_job_save_account, job, pf_account_job_free, NULL);
}

void
pf_journal_forget_async (PfJournal *self,
                         const char *address,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_hash_table_remove (self->tidied, address);
  push (self, new_task (self, callback, user_data), pf_job_forget, g_strdup (address), g_free,
        NULL);
}

gboolean
pf_journal_forget_finish (PfJournal *self, GAsyncResult *result, GError **error)
{
  return finish_plain (result, error);
}

/* --- Events and statistics -------------------------------------------------------------------- */

void
pf_journal_record (PfJournal *self, PfEvent *event)
{
  if (event->time == 0)
    event->time = g_get_real_time ();
  pf_event_log (event);
  g_signal_emit (self, recorded_signal, 0, event);
  push (self, NULL, pf_job_record, event, (GDestroyNotify) pf_event_free, NULL);
}

static void
push_query (PfJournal *self,
            PfJobFunc run,
            const char *const *accounts,
            GVariant *filter,
            GAsyncReadyCallback callback,
            gpointer user_data)
{
  PfQueryJob *job = g_new0 (PfQueryJob, 1);

  job->accounts = g_strdupv ((char **) accounts);
  job->filter = g_variant_ref_sink (filter);
  push (self, new_task (self, callback, user_data), run, job, pf_query_job_free,
        (GDestroyNotify) g_variant_unref);
}

void
pf_journal_query_async (PfJournal *self,
                        const char *const *accounts,
                        GVariant *filter,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  push_query (self, pf_job_query, accounts, filter, callback, user_data);
}

GVariant *
pf_journal_query_finish (PfJournal *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
pf_journal_statistics_async (PfJournal *self,
                             const char *const *accounts,
                             GVariant *filter,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  push_query (self, pf_job_statistics, accounts, filter, callback, user_data);
}

GVariant *
pf_journal_statistics_finish (PfJournal *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void start_prune (PfJournal *self);

/* Slice after slice: others get their turn between. */
static void
on_pruned (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  if (g_task_propagate_pointer (G_TASK (result), &error) != NULL)
    start_prune (PF_JOURNAL (source));
  else if (error != NULL && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED))
    pf_log (PF_LOG_ERROR, "%s", error->message);
}

static void
start_prune (PfJournal *self)
{
  gint64 before = g_get_real_time () - (gint64) self->keep_days * G_TIME_SPAN_DAY;

  push (self, new_task (self, on_pruned, NULL), pf_job_prune, g_memdup2 (&before, sizeof before),
        g_free, NULL);
}

static gboolean
on_prune_timer (gpointer user_data)
{
  start_prune (user_data);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_prune_soon (gpointer user_data)
{
  PfJournal *self = user_data;

  self->prune_soon = 0;
  start_prune (self);
  return G_SOURCE_REMOVE;
}

void
pf_journal_set_keep_days (PfJournal *self, guint days)
{
  self->keep_days = days;
  if (self->prune_timer == 0)
    self->prune_timer = g_timeout_add_seconds (PRUNE_SECONDS, on_prune_timer, self);
  /* Not now: the service is being built, and the database is read where it stands. */
  if (self->prune_soon == 0)
    self->prune_soon = g_idle_add (on_prune_soon, self);
}

/* --- Object ----------------------------------------------------------------------------------- */

static void
pf_journal_finalize (GObject *object)
{
  PfJournal *self = PF_JOURNAL (object);

  pf_journal_close (self);
  g_hash_table_unref (self->tidied);
  g_free (self->path);
  G_OBJECT_CLASS (pf_journal_parent_class)->finalize (object);
}

static void
pf_journal_class_init (PfJournalClass *class)
{
  G_OBJECT_CLASS (class)->finalize = pf_journal_finalize;
  recorded_signal = g_signal_new ("recorded", PF_TYPE_JOURNAL, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                  NULL, G_TYPE_NONE, 1, G_TYPE_POINTER);
  opened_signal = g_signal_new ("opened", PF_TYPE_JOURNAL, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                G_TYPE_NONE, 0);
}

static void
pf_journal_init (PfJournal *self)
{
  self->tidied = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}
