#include "journal/jobs.h"

/* How long a message that the provider no longer lists is remembered: listings come back short or
 * empty when servers fail. */
#define VANISHED_USECONDS (90 * G_TIME_SPAN_DAY)

void
pf_tidy_job_free (gpointer data)
{
  PfTidyJob *job = data;

  g_free (job->account);
  g_array_unref (job->ids);
  g_free (job);
}

/* --- Forgetting ------------------------------------------------------------------------------- */

static gboolean
forget_rows (PfDatabase *database, gint64 account, GError **error)
{
  return pf_database_run (database, error,
                          "DELETE FROM delivery WHERE message IN"
                          " (SELECT id FROM message WHERE account = ?1)",
                          "i", account)
         && pf_database_run (database, error, "DELETE FROM message WHERE account = ?1", "i",
                             account)
         && pf_database_run (database, error, "DELETE FROM folder WHERE account = ?1", "i", account)
         && pf_database_run (database, error, "DELETE FROM account WHERE id = ?1", "i", account);
}

gboolean
pf_job_forget (PfDatabase *database, gpointer address, gpointer *result, GError **error)
{
  g_autofree char *id = pf_address_fold (address);
  gint64 account = pf_account_row (database, address, FALSE, error);

  /* Statistics too: whoever adds the address next has no right to see what came before. */
  return account >= 0 && (account == 0 || forget_rows (database, account, error))
         && pf_database_run (database, error, "DELETE FROM statistic WHERE account = ?1", "s", id);
}

static gboolean
note_listed (PfDatabase *database, const GArray *ids, GError **error)
{
  if (!pf_database_run (database, error,
                        "CREATE TEMP TABLE IF NOT EXISTS listed (id INTEGER PRIMARY KEY)", "")
      || !pf_database_run (database, error, "DELETE FROM temp.listed", ""))
    return FALSE;
  for (guint i = 0; i < ids->len; i++)
    if (!pf_database_run (database, error, "INSERT OR IGNORE INTO temp.listed (id) VALUES (?1)",
                          "i", g_array_index (ids, gint64, i)))
      return FALSE;
  return TRUE;
}

gboolean
pf_job_tidy (PfDatabase *database, gpointer data, gpointer *result, GError **error)
{
  PfTidyJob *job = data;
  gint64 account = pf_account_row (database, job->account, FALSE, error);
  gint64 oldest = job->now - VANISHED_USECONDS;

  if (account <= 0)
    return account == 0;
  return note_listed (database, job->ids, error)
         && pf_database_run (database, error,
                             "UPDATE message SET vanished = 0 WHERE account = ?1"
                             " AND vanished <> 0 AND id IN (SELECT id FROM temp.listed)",
                             "i", account)
         && pf_database_run (database, error,
                             "UPDATE message SET vanished = ?2 WHERE account = ?1"
                             " AND vanished = 0 AND id NOT IN (SELECT id FROM temp.listed)",
                             "ii", account, job->now)
         && pf_database_run (database, error,
                             "DELETE FROM delivery WHERE message IN (SELECT id FROM message"
                             " WHERE account = ?1 AND vanished <> 0 AND vanished < ?2)",
                             "ii", account, oldest)
         && pf_database_run (database, error,
                             "DELETE FROM message WHERE account = ?1"
                             " AND vanished <> 0 AND vanished < ?2",
                             "ii", account, oldest);
}
