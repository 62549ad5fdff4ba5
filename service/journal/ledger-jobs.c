#include "journal/jobs.h"

void
pf_put_job_free (gpointer data)
{
  PfPutJob *job = data;

  g_free (job->account);
  g_ptr_array_unref (job->rows);
  g_free (job);
}

/* --- Loading ---------------------------------------------------------------------------------- */

static PfRow *
read_row (sqlite3_stmt *statement)
{
  PfRow *row = g_new0 (PfRow, 1);

  row->id = sqlite3_column_int64 (statement, 0);
  row->folder = pf_database_text (statement, 1);
  row->uidvalidity = (guint32) sqlite3_column_int64 (statement, 2);
  row->uid = pf_database_text (statement, 3);
  row->occurrence = (guint) sqlite3_column_int64 (statement, 4);
  row->size = (guint64) sqlite3_column_int64 (statement, 5);
  row->digest = pf_database_text (statement, 6);
  row->state = (PfRowState) sqlite3_column_int (statement, 7);
  row->outcome = (PfOutcome) sqlite3_column_int (statement, 8);
  row->time = sqlite3_column_int64 (statement, 9);
  row->failures = (guint) sqlite3_column_int (statement, 10);
  row->reason = pf_database_text (statement, 11);
  row->keep = sqlite3_column_int (statement, 12) != 0;
  row->marked = sqlite3_column_int (statement, 13) != 0;
  row->waiting = sqlite3_column_int64 (statement, 14);
  return row;
}

static PfRowDelivery *
read_delivery (sqlite3_stmt *statement)
{
  g_autofree char *recipient = pf_database_text (statement, 0);
  PfRowDelivery *delivery = pf_row_delivery_new (recipient, pf_database_text (statement, 1));

  delivery->done = sqlite3_column_int (statement, 2) != 0;
  delivery->outcome = (PfOutcome) sqlite3_column_int (statement, 3);
  return delivery;
}

static gboolean
load_deliveries (PfDatabase *database, PfRow *row, GError **error)
{
  sqlite3_stmt *statement = pf_database_prepare (
      database,
      "SELECT recipient, delivery_id, done, outcome FROM delivery WHERE message = ?1"
      " ORDER BY position",
      error);
  gboolean more = FALSE;

  if (statement == NULL || !pf_database_bind (database, statement, error, "i", row->id))
    return FALSE;
  row->deliveries = g_ptr_array_new_with_free_func ((GDestroyNotify) pf_row_delivery_free);
  do
    {
      if (!pf_database_step (database, statement, &more, error))
        return FALSE;
      if (more)
        g_ptr_array_add (row->deliveries, read_delivery (statement));
    }
  while (more);
  return TRUE;
}

gboolean
pf_job_load (PfDatabase *database, gpointer address, gpointer *result, GError **error)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify) pf_row_free);
  gint64 account = pf_account_row (database, address, FALSE, error);
  sqlite3_stmt *statement;
  gboolean more = FALSE;

  if (account < 0)
    return FALSE;
  statement = pf_database_prepare (
      database,
      "SELECT id, folder, uidvalidity, uid, occurrence, size, digest, state, outcome, time,"
      " failures, reason, keep, marked, waiting FROM message WHERE account = ?1",
      error);
  if (statement == NULL || !pf_database_bind (database, statement, error, "i", account))
    return FALSE;
  do
    {
      /* Never a part of the ledger: what is missing in it would be fetched and delivered again. */
      if (!pf_database_step (database, statement, &more, error))
        return FALSE;
      if (more)
        g_ptr_array_add (rows, read_row (statement));
    }
  while (more);
  for (guint i = 0; i < rows->len; i++)
    {
      PfRow *row = rows->pdata[i];

      /* Nobody asks how a message got where it is for good. */
      if (row->state != PF_ROW_DELIVERED && row->state != PF_ROW_GONE && row->state != PF_ROW_KNOWN
          && !load_deliveries (database, row, error))
        return FALSE;
    }
  *result = g_steal_pointer (&rows);
  return TRUE;
}

/* --- Putting ---------------------------------------------------------------------------------- */

/* *@id is 0 when no row has the name. */
static gboolean
find_id (PfDatabase *database, gint64 account, const PfRow *row, gint64 *id, GError **error)
{
  sqlite3_stmt *statement = pf_database_prepare (
      database,
      "SELECT id FROM message WHERE account = ?1 AND folder = ?2 AND uidvalidity = ?3"
      " AND uid = ?4 AND occurrence = ?5",
      error);
  gboolean found;

  if (statement == NULL
      || !pf_database_bind (database, statement, error, "isisi", account, row->folder,
                            (gint64) row->uidvalidity, row->uid, (gint64) row->occurrence)
      || !pf_database_step (database, statement, &found, error))
    return FALSE;
  *id = found ? sqlite3_column_int64 (statement, 0) : 0;
  sqlite3_reset (statement);
  return TRUE;
}

/* Another row that has the name which row @id gets: its message is gone, or it gets a name of its
 * own later in the same step (messages that change places when a provider renumbers them). */
static gboolean
make_room (PfDatabase *database, gint64 account, const PfRow *row, gint64 id, GError **error)
{
  return pf_database_run (
      database, error,
      "UPDATE message SET uid = '~' || id, occurrence = 0 WHERE account = ?1 AND folder = ?2"
      " AND uidvalidity = ?3 AND uid = ?4 AND occurrence = ?5 AND id <> ?6",
      "isisii", account, row->folder, (gint64) row->uidvalidity, row->uid, (gint64) row->occurrence,
      id);
}

/* @fresh: the row was made just now, and has none yet. */
static gboolean
put_deliveries (PfDatabase *database, const PfRow *row, gint64 id, gboolean fresh, GError **error)
{
  if (row->deliveries == NULL)
    return TRUE;
  if (!fresh
      && !pf_database_run (database, error, "DELETE FROM delivery WHERE message = ?1", "i", id))
    return FALSE;
  for (guint i = 0; i < row->deliveries->len; i++)
    {
      const PfRowDelivery *delivery = row->deliveries->pdata[i];

      if (!pf_database_run (
              database, error,
              "INSERT INTO delivery (message, position, recipient, delivery_id, done, outcome)"
              " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
              "iissii", id, (gint64) i, delivery->recipient, delivery->delivery_id,
              (gint64) delivery->done, (gint64) delivery->outcome))
        return FALSE;
    }
  return TRUE;
}

/* The row as it is called already, which touches no index. TRUE with *@found FALSE: there is none
 * of this id and name. */
static gboolean
update_same (PfDatabase *database,
             gint64 account,
             const PfRow *row,
             gint64 id,
             gboolean *found,
             GError **error)
{
  static const char update[] =
      "UPDATE message SET size = ?6, digest = ?7, state = ?8, outcome = ?9, time = ?10,"
      " failures = ?11, reason = ?12, keep = ?13, marked = ?14, waiting = ?16, vanished = 0"
      " WHERE id = ?15"
      " AND account = ?1 AND folder = ?2 AND uidvalidity = ?3 AND uid = ?4 AND occurrence = ?5";

  if (!pf_database_run (database, error, update, "isisiisiiiisiiii", account, row->folder,
                        (gint64) row->uidvalidity, row->uid, (gint64) row->occurrence,
                        (gint64) row->size, row->digest, (gint64) row->state, (gint64) row->outcome,
                        row->time, (gint64) row->failures, row->reason, (gint64) row->keep,
                        (gint64) row->marked, id, row->waiting))
    return FALSE;
  *found = pf_database_changes (database) != 0;
  return TRUE;
}

/* TRUE with *@id 0: there is no such row any more. */
static gboolean
update_row (PfDatabase *database, gint64 account, const PfRow *row, gint64 *id, GError **error)
{
  static const char update[] =
      "UPDATE message SET folder = ?2, uidvalidity = ?3, uid = ?4, occurrence = ?5, size = ?6,"
      " digest = ?7, state = ?8, outcome = ?9, time = ?10, failures = ?11, reason = ?12,"
      " keep = ?13, marked = ?14, waiting = ?16, vanished = 0 WHERE id = ?15 AND account = ?1";

  gboolean found;

  if (!update_same (database, account, row, *id, &found, error))
    return FALSE;
  if (found)
    return TRUE;
  if (!make_room (database, account, row, *id, error)
      || !pf_database_run (database, error, update, "isisiisiiiisiiii", account, row->folder,
                           (gint64) row->uidvalidity, row->uid, (gint64) row->occurrence,
                           (gint64) row->size, row->digest, (gint64) row->state,
                           (gint64) row->outcome, row->time, (gint64) row->failures, row->reason,
                           (gint64) row->keep, (gint64) row->marked, *id, row->waiting))
    return FALSE;
  if (pf_database_changes (database) == 0)
    *id = 0;
  return TRUE;
}

/* TRUE with *@id 0: another row has the name. */
static gboolean
insert_row (PfDatabase *database, gint64 account, const PfRow *row, gint64 *id, GError **error)
{
  static const char insert[] =
      "INSERT INTO message (account, folder, uidvalidity, uid, occurrence, size, digest, state,"
      " outcome, time, failures, reason, keep, marked, waiting)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)"
      " ON CONFLICT (account, folder, uidvalidity, uid, occurrence) DO NOTHING";

  if (!pf_database_run (database, error, insert, "isisiisiiiisiii", account, row->folder,
                        (gint64) row->uidvalidity, row->uid, (gint64) row->occurrence,
                        (gint64) row->size, row->digest, (gint64) row->state, (gint64) row->outcome,
                        row->time, (gint64) row->failures, row->reason, (gint64) row->keep,
                        (gint64) row->marked, row->waiting))
    return FALSE;
  *id = pf_database_changes (database) != 0 ? pf_database_last_id (database) : 0;
  return TRUE;
}

/* A row that was forgotten meanwhile is made again: what a put said is stored, is. */
static gboolean
put_row (PfDatabase *database, gint64 account, const PfRow *row, gint64 *id, GError **error)
{
  gboolean fresh = FALSE;

  *id = row->id;
  if (*id != 0 && !update_row (database, account, row, id, error))
    return FALSE;
  if (*id == 0)
    {
      if (!insert_row (database, account, row, id, error))
        return FALSE;
      fresh = *id != 0;
    }
  if (*id == 0
      && (!find_id (database, account, row, id, error)
          || !update_row (database, account, row, id, error)))
    return FALSE;
  return put_deliveries (database, row, *id, fresh, error);
}

gboolean
pf_job_put (PfDatabase *database, gpointer data, gpointer *result, GError **error)
{
  PfPutJob *job = data;
  gint64 account = pf_account_row (database, job->account, TRUE, error);
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));

  if (account < 0)
    return FALSE;
  g_array_set_size (ids, job->rows->len);
  /* First those that are there: a new one may get a name that one of them gives up. */
  for (guint pass = 0; pass < 2; pass++)
    for (guint i = 0; i < job->rows->len; i++)
      {
        const PfRow *row = job->rows->pdata[i];

        if ((row->id == 0) == (pass == 1)
            && !put_row (database, account, row, &g_array_index (ids, gint64, i), error))
          return FALSE;
      }
  if (job->has_figures && !pf_figures_save (database, account, &job->figures, error))
    return FALSE;
  *result = g_steal_pointer (&ids);
  return TRUE;
}
