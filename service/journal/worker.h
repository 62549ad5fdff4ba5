/* worker.h - the one thread that owns the database: jobs in order, those that wait together in one
 * transaction. Internal to journal/. */
#pragma once

#include "journal/database.h"

typedef struct _PfWorker PfWorker;

/* One durable step. Runs in the thread; what it returns goes to the task (freed with @free_result
 * when nobody takes it). FALSE: undone alone. It may be run again after all it did was undone, so
 * it leaves @data as it is. */
typedef gboolean (*PfJobFunc) (PfDatabase *database, gpointer data, gpointer *result,
                               GError **error);

/* Takes @database. Answers go to the thread-default main context of the caller. */
PfWorker *pf_worker_new  (PfDatabase *database);
/* Waits for what was queued; closes the database. Answers may still come afterwards. */
void      pf_worker_free (PfWorker *self);

/**
 * pf_worker_push:
 * @task: (nullable) (transfer full): answered after the commit that holds the job, with the job's
 *   result as pointer
 * @data: (transfer full): the job's, freed with @free_data
 */
void      pf_worker_push (PfWorker *self, GTask *task, PfJobFunc run, gpointer data,
                          GDestroyNotify free_data, GDestroyNotify free_result);
