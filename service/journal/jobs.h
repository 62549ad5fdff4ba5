/* jobs.h - what the worker does for each request, as SQL. Every function runs in the worker's
 * thread (PfJobFunc). Internal to journal/. */
#pragma once

#include "journal/journal.h"
#include "journal/worker.h"

/* --- account-jobs.c --------------------------------------------------------------------------- */

typedef struct
{
  char *address;
  PfFigures figures;
  char *problem, *problem_text;
  gint64 problem_since;
  guint refusals;
} PfAccountJob;

/* The row of table account; made where @make says so, else 0 when there is none. -1 with an
 * error. */
gint64   pf_account_row      (PfDatabase *database, const char *address, gboolean make,
                              GError **error);
gboolean pf_figures_save     (PfDatabase *database, gint64 account, const PfFigures *figures,
                              GError **error);
void     pf_account_job_free (gpointer data);
gboolean pf_job_save_account (PfDatabase *database, gpointer account_job, gpointer *result,
                              GError **error);
/* Synchronous, at start. */
gboolean pf_account_restore  (PfDatabase *database, PfAccount *account, GError **error);

/* --- ledger-jobs.c ---------------------------------------------------------------------------- */

typedef struct
{
  char *account;
  GPtrArray *rows; /* copies */
  gboolean has_figures;
  PfFigures figures;
} PfPutJob;

/* Result: a GPtrArray of PfRow */
gboolean pf_job_load     (PfDatabase *database, gpointer address, gpointer *rows, GError **error);
void     pf_put_job_free (gpointer data);
/* Result: a GArray of gint64 with the rows' ids. */
gboolean pf_job_put      (PfDatabase *database, gpointer put_job, gpointer *ids, GError **error);

/* --- folder-jobs.c ---------------------------------------------------------------------------- */

typedef struct
{
  char *account;
  PfFolderState *state;
} PfFolderJob;

void     pf_folder_job_free (gpointer data);
gboolean pf_job_folder_seen (PfDatabase *database, gpointer folder_job, gpointer *result,
                             GError **error);
/* Result: a GPtrArray of PfFolderState */
gboolean pf_job_folders     (PfDatabase *database, gpointer address, gpointer *states,
                             GError **error);
gboolean pf_job_put_folder  (PfDatabase *database, gpointer folder_job, gpointer *result,
                             GError **error);

/* --- upkeep-jobs.c ---------------------------------------------------------------------------- */

typedef struct
{
  char *account;
  GArray *ids; /* gint64 */
  gint64 now;  /* us */
} PfTidyJob;

void     pf_tidy_job_free   (gpointer data);
gboolean pf_job_tidy        (PfDatabase *database, gpointer tidy_job, gpointer *result,
                             GError **error);
gboolean pf_job_forget      (PfDatabase *database, gpointer address, gpointer *result,
                             GError **error);

/* --- event-jobs.c ----------------------------------------------------------------------------- */

gboolean pf_job_record (PfDatabase *database, gpointer event, gpointer *result, GError **error);
/* @before: gint64, us: deletes a slice of older events. Result: not NULL when there are more. */
gboolean pf_job_prune  (PfDatabase *database, gpointer before, gpointer *more, GError **error);

/* --- query-jobs.c ----------------------------------------------------------------------------- */

typedef struct
{
  char **accounts; /* NULL for all */
  GVariant *filter;
} PfQueryJob;

void     pf_query_job_free (gpointer data);
/* Result: aa{sv} */
gboolean pf_job_query      (PfDatabase *database, gpointer query_job, gpointer *entries,
                            GError **error);
gboolean pf_job_statistics (PfDatabase *database, gpointer query_job, gpointer *rows,
                            GError **error);
