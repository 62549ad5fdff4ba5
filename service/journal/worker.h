/* worker.h - the one thread that owns the database: jobs in order, those that wait together in one transaction. Internal to journal/. */
#pragma once

#include "journal/database.h"

typedef struct _PfWorker PfWorker;

/* One durable step. Runs in the thread; what it returns goes to the task (freed with @free_result when nobody takes it). FALSE: undone alone. */
typedef gboolean (*PfJobFunc) (PfDatabase *database, gpointer data, gpointer *result, GError **error);

PfWorker *pf_worker_new  (PfDatabase *database);
/* Waits for what was queued; closes the database. */
void      pf_worker_free (PfWorker *self);

/**
 * pf_worker_push:
 * @task: (nullable) (transfer full): answered after the commit that holds the job, with the job's result as pointer
 * @data: (transfer full): the job's, freed with @free_data in the thread
 */
void      pf_worker_push (PfWorker *self, GTask *task, PfJobFunc run, gpointer data, GDestroyNotify free_data, GDestroyNotify free_result);
