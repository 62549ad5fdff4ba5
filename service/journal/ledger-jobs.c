#include "journal/jobs.h"

/* How long a message that the provider no longer lists is remembered: listings come back short or empty when servers fail. */
#define VANISHED_USECONDS (90 * G_TIME_SPAN_DAY)

void
pf_put_job_free (gpointer data)
{
  PfPutJob *job = data;

  g_free (job->account);
  g_ptr_array_unref (job->rows);
  g_free (job);
}

void
pf_tidy_job_free (gpointer data)
{
  PfTidyJob *job = data;

  g_free (job->account);
  g_array_unref (job->ids);
  g_free (job);
}

void
pf_folder_job_free (gpointer data)
{
  PfFolderJob *job = data;

  g_free (job->account);
  g_free (job->folder);
  g_free (job);
}

gint64
pf_account_row (PfDatabase *database, const char *address, gboolean make, GError **error)
{
  g_autofree char *id = pf_address_fold (address);
  sqlite3_stmt *statement;
  gboolean row;
  gint64 found = 0;

  if (make
      && !pf_database_run (database, error,
                           "INSERT OR IGNORE INTO account (address, added) VALUES (?1, ?2)", "si",
                           id, g_get_real_time ()))
    return -1;
  statement = pf_database_prepare (database, "SELECT id FROM account WHERE address = ?1", error);
  if (statement == NULL || !pf_database_bind (statement, "s", id)
      || !pf_database_step (database, statement, &row, error))
    return -1;
  if (row)
    found = sqlite3_column_int64 (statement, 0);
  sqlite3_reset (statement);
  return found;
}

/* --- Loading -------------------------------------------------------------------------------------------------------------- */

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
  return row;
}

static gboolean
load_deliveries (PfDatabase *database, PfRow *row, GError **error)
{
  sqlite3_stmt *statement = pf_database_prepare (
      database,
      "SELECT recipient, delivery_id, done, outcome FROM delivery WHERE message = ?1 ORDER BY position",
      error);
  gboolean more = FALSE;

  if (statement == NULL || !pf_database_bind (statement, "i", row->id))
    return FALSE;
  row->deliveries = g_ptr_array_new_with_free_func ((GDestroyNotify) pf_row_delivery_free);
  while (pf_database_step (database, statement, &more, error) && more)
    {
      g_autofree char *recipient = pf_database_text (statement, 0);
      PfRowDelivery *delivery = pf_row_delivery_new (recipient, pf_database_text (statement, 1));

      delivery->done = sqlite3_column_int (statement, 2) != 0;
      delivery->outcome = (PfOutcome) sqlite3_column_int (statement, 3);
      g_ptr_array_add (row->deliveries, delivery);
    }
  return !more;
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
      "SELECT id, folder, uidvalidity, uid, occurrence, size, digest, state, outcome, time, failures, reason,"
      " keep, marked FROM message WHERE account = ?1",
      error);
  if (statement == NULL || !pf_database_bind (statement, "i", account))
    return FALSE;
  while (pf_database_step (database, statement, &more, error) && more)
    g_ptr_array_add (rows, read_row (statement));
  if (more)
    return FALSE;
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

/* --- Putting ---------------------------------------------------------------------------------------------------------------- */

static gboolean
find_id (PfDatabase *database, gint64 account, PfRow *row, GError **error)
{
  sqlite3_stmt *statement = pf_database_prepare (
      database,
      "SELECT id FROM message WHERE account = ?1 AND folder = ?2 AND uidvalidity = ?3 AND uid = ?4 AND occurrence = ?5",
      error);
  gboolean found;

  if (statement == NULL
      || !pf_database_bind (statement, "isisi", account, row->folder, (gint64) row->uidvalidity,
                            row->uid, (gint64) row->occurrence)
      || !pf_database_step (database, statement, &found, error))
    return FALSE;
  if (found)
    row->id = sqlite3_column_int64 (statement, 0);
  sqlite3_reset (statement);
  return TRUE;
}

static gboolean
put_deliveries (PfDatabase *database, const PfRow *row, GError **error)
{
  if (row->deliveries == NULL)
    return TRUE;
  if (!pf_database_run (database, error, "DELETE FROM delivery WHERE message = ?1", "i", row->id))
    return FALSE;
  for (guint i = 0; i < row->deliveries->len; i++)
    {
      const PfRowDelivery *delivery = row->deliveries->pdata[i];

      if (!pf_database_run (
              database, error,
              "INSERT INTO delivery (message, position, recipient, delivery_id, done, outcome) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
              "iissii", row->id, (gint64) i, delivery->recipient, delivery->delivery_id,
              (gint64) delivery->done, (gint64) delivery->outcome))
        return FALSE;
    }
  return TRUE;
}

static gboolean
put_row (PfDatabase *database, gint64 account, PfRow *row, GError **error)
{
  static const char insert[] =
      "INSERT INTO message (account, folder, uidvalidity, uid, occurrence, size, digest, state, outcome, time, failures, reason, keep,"
      " marked) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
  static const char update[] =
      "UPDATE message SET account = ?1, folder = ?2, uidvalidity = ?3, uid = ?4, occurrence = ?5, size = ?6, digest = ?7, state = ?8,"
      " outcome = ?9, time = ?10, failures = ?11, reason = ?12, keep = ?13, marked = ?14, vanished = 0 WHERE id = ?15";
  gboolean known;

  if (row->id == 0 && !find_id (database, account, row, error))
    return FALSE;
  known = row->id != 0;
  if (!pf_database_run (
          database, error, known ? update : insert, known ? "isisiisiiiisiii" : "isisiisiiiisii",
          account, row->folder, (gint64) row->uidvalidity, row->uid, (gint64) row->occurrence,
          (gint64) row->size, row->digest, (gint64) row->state, (gint64) row->outcome, row->time,
          (gint64) row->failures, row->reason, (gint64) row->keep, (gint64) row->marked, row->id))
    return FALSE;
  if (!known)
    row->id = pf_database_last_id (database);
  return put_deliveries (database, row, error);
}

gboolean
pf_job_put (PfDatabase *database, gpointer data, gpointer *result, GError **error)
{
  PfPutJob *job = data;
  gint64 account = pf_account_row (database, job->account, TRUE, error);
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));

  if (account < 0)
    return FALSE;
  for (guint i = 0; i < job->rows->len; i++)
    {
      PfRow *row = job->rows->pdata[i];

      if (!put_row (database, account, row, error))
        return FALSE;
      g_array_append_val (ids, row->id);
    }
  if (job->has_figures && !pf_figures_save (database, account, &job->figures, error))
    return FALSE;
  *result = g_steal_pointer (&ids);
  return TRUE;
}

/* --- Folders, forgetting ------------------------------------------------------------------------------------------------------- */

gboolean
pf_job_folder_seen (PfDatabase *database, gpointer data, gpointer *result, GError **error)
{
  PfFolderJob *job = data;
  gint64 account = pf_account_row (database, job->account, TRUE, error);

  return account >= 0
         && pf_database_run (database, error,
                             "INSERT OR IGNORE INTO folder (account, name) VALUES (?1, ?2)", "is",
                             account, job->folder);
}

gboolean
pf_job_folders (PfDatabase *database, gpointer address, gpointer *result, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  gint64 account = pf_account_row (database, address, FALSE, error);
  sqlite3_stmt *statement =
      pf_database_prepare (database, "SELECT name FROM folder WHERE account = ?1", error);
  gboolean more = FALSE;

  if (account < 0 || statement == NULL || !pf_database_bind (statement, "i", account))
    return FALSE;
  while (pf_database_step (database, statement, &more, error) && more)
    g_ptr_array_add (names, pf_database_text (statement, 0));
  if (more)
    return FALSE;
  g_ptr_array_add (names, NULL);
  *result = g_ptr_array_free (g_steal_pointer (&names), FALSE);
  return TRUE;
}

gboolean
pf_job_forget (PfDatabase *database, gpointer address, gpointer *result, GError **error)
{
  gint64 account = pf_account_row (database, address, FALSE, error);

  return account == 0
         || (account > 0
             && pf_database_run (
                 database, error,
                 "DELETE FROM delivery WHERE message IN (SELECT id FROM message WHERE account = ?1)",
                 "i", account)
             && pf_database_run (database, error, "DELETE FROM message WHERE account = ?1", "i",
                                 account)
             && pf_database_run (database, error, "DELETE FROM folder WHERE account = ?1", "i",
                                 account)
             /* Whoever adds the address next has no right to see what came before. */
             && pf_database_run (database, error,
                                 "DELETE FROM statistic WHERE account ="
                                 " (SELECT address FROM account WHERE id = ?1)",
                                 "i", account)
             && pf_database_run (database, error, "DELETE FROM account WHERE id = ?1", "i",
                                 account));
}

gboolean
pf_job_tidy (PfDatabase *database, gpointer data, gpointer *result, GError **error)
{
  PfTidyJob *job = data;
  gint64 account = pf_account_row (database, job->account, FALSE, error);
  gint64 now = g_get_real_time ();

  if (account <= 0)
    return account == 0;
  if (!pf_database_run (database, error,
                        "CREATE TEMP TABLE IF NOT EXISTS listed (id INTEGER PRIMARY KEY)", "")
      || !pf_database_run (database, error, "DELETE FROM temp.listed", ""))
    return FALSE;
  for (guint i = 0; i < job->ids->len; i++)
    if (!pf_database_run (database, error, "INSERT OR IGNORE INTO temp.listed (id) VALUES (?1)",
                          "i", g_array_index (job->ids, gint64, i)))
      return FALSE;
  return pf_database_run (
             database, error,
             "UPDATE message SET vanished = ?2 WHERE account = ?1 AND vanished = 0 AND state IN (0, 2, 3)"
             " AND id NOT IN (SELECT id FROM temp.listed)",
             "ii", account, now)
         && pf_database_run (
             database, error,
             "UPDATE message SET vanished = 0 WHERE account = ?1 AND vanished <> 0 AND id IN (SELECT id FROM temp.listed)",
             "i", account)
         && pf_database_run (
             database, error,
             "DELETE FROM delivery WHERE message IN (SELECT id FROM message WHERE account = ?1 AND vanished <> 0 AND vanished < ?2)",
             "ii", account, now - VANISHED_USECONDS)
         && pf_database_run (
             database, error,
             "DELETE FROM message WHERE account = ?1 AND vanished <> 0 AND vanished < ?2", "ii",
             account, now - VANISHED_USECONDS);
}
