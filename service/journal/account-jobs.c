#include "journal/jobs.h"

void
pf_account_job_free (gpointer data)
{
  PfAccountJob *job = data;

  g_free (job->address);
  g_free (job->problem);
  g_free (job->problem_text);
  g_free (job);
}

/* 0: none. -1: @error. */
static gint64
find_account (PfDatabase *database, const char *id, GError **error)
{
  sqlite3_stmt *statement =
      pf_database_prepare (database, "SELECT id FROM account WHERE address = ?1", error);
  gint64 found;
  gboolean row;

  if (statement == NULL || !pf_database_bind (database, statement, error, "s", id)
      || !pf_database_step (database, statement, &row, error))
    return -1;
  found = row ? sqlite3_column_int64 (statement, 0) : 0;
  sqlite3_reset (statement);
  return found;
}

gint64
pf_account_row (PfDatabase *database, const char *address, gboolean make, GError **error)
{
  g_autofree char *id = pf_address_fold (address);
  gint64 found = find_account (database, id, error);

  if (found != 0 || !make)
    return found;
  if (!pf_database_run (database, error, "INSERT INTO account (address, added) VALUES (?1, ?2)",
                        "si", id, g_get_real_time ()))
    return -1;
  return pf_database_last_id (database);
}

gboolean
pf_figures_save (PfDatabase *database, gint64 account, const PfFigures *figures, GError **error)
{
  /* Counters only grow: a save that was overtaken must not set them back. */
  return pf_database_run (
      database, error,
      "UPDATE account SET last_check = ?2, last_success = ?3, delivered = max (delivered, ?4),"
      " junked = max (junked, ?5), quarantined = max (quarantined, ?6), octets = max (octets, ?7),"
      " on_server = ?8, envelope_seen = ?9 WHERE id = ?1",
      "iiiiiiiii", account, figures->last_check, figures->last_success, (gint64) figures->delivered,
      (gint64) figures->junked, (gint64) figures->quarantined, (gint64) figures->octets_fetched,
      (gint64) figures->on_server, (gint64) figures->envelope_seen);
}

gboolean
pf_job_save_account (PfDatabase *database, gpointer data, gpointer *result, GError **error)
{
  PfAccountJob *job = data;
  gint64 account = pf_account_row (database, job->address, TRUE, error);

  return account >= 0 && pf_figures_save (database, account, &job->figures, error)
         && pf_database_run (
             database, error,
             "UPDATE account SET problem = ?2, problem_text = ?3, problem_since = ?4,"
             " refusals = ?5 WHERE id = ?1",
             "issii", account, job->problem, job->problem_text, job->problem_since,
             (gint64) job->refusals);
}

static void
restore_problem (PfAccount *account,
                 const char *nick,
                 const char *text,
                 gint64 since,
                 guint refusals)
{
  g_autoptr (GError) problem = NULL;
  PfProblemCode code;

  if (pf_problem_from_nick (nick, &code))
    problem = g_error_new_literal (PF_PROBLEM, (int) code, text);
  pf_account_restore_problem (account, problem, refusals, since);
}

gboolean
pf_account_restore (PfDatabase *database, PfAccount *account, GError **error)
{
  sqlite3_stmt *statement = pf_database_prepare (
      database,
      "SELECT last_check, last_success, delivered, junked, quarantined, octets, on_server,"
      " problem, problem_text, problem_since, refusals, envelope_seen FROM account WHERE address = ?1",
      error);
  gboolean found;
  PfFigures figures = *pf_account_get_figures (account);
  g_autofree char *nick = NULL, *text = NULL;

  if (statement == NULL
      || !pf_database_bind (database, statement, error, "s", pf_account_get_id (account))
      || !pf_database_step (database, statement, &found, error))
    return FALSE;
  if (!found)
    return TRUE;
  figures.last_check = sqlite3_column_int64 (statement, 0);
  figures.last_success = sqlite3_column_int64 (statement, 1);
  figures.delivered = (guint64) sqlite3_column_int64 (statement, 2);
  figures.junked = (guint64) sqlite3_column_int64 (statement, 3);
  figures.quarantined = (guint64) sqlite3_column_int64 (statement, 4);
  figures.octets_fetched = (guint64) sqlite3_column_int64 (statement, 5);
  figures.on_server = (guint) sqlite3_column_int64 (statement, 6);
  nick = pf_database_text (statement, 7);
  text = pf_database_text (statement, 8);
  restore_problem (account, nick, text, sqlite3_column_int64 (statement, 9),
                   (guint) sqlite3_column_int (statement, 10));
  figures.envelope_seen = (PfEnvelopeSeen) sqlite3_column_int (statement, 11);
  sqlite3_reset (statement);
  pf_account_set_figures (account, &figures);
  return TRUE;
}
