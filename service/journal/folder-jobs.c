#include "journal/jobs.h"

/* --- The value -------------------------------------------------------------------------------- */

PfFolderState *
pf_folder_state_new (const char *name)
{
  PfFolderState *state = g_new0 (PfFolderState, 1);

  state->name = g_strdup (name);
  state->wanted = g_strdup ("");
  return state;
}

void
pf_folder_state_free (PfFolderState *state)
{
  g_free (state->name);
  g_free (state->wanted);
  g_free (state);
}

PfFolderState *
pf_folder_state_copy (const PfFolderState *state)
{
  PfFolderState *copy = g_memdup2 (state, sizeof *state);

  copy->name = g_strdup (state->name);
  copy->wanted = g_strdup (state->wanted);
  return copy;
}

/* --- Jobs ------------------------------------------------------------------------------------- */

void
pf_folder_job_free (gpointer data)
{
  PfFolderJob *job = data;

  g_free (job->account);
  pf_folder_state_free (job->state);
  g_free (job);
}

gboolean
pf_job_folder_seen (PfDatabase *database, gpointer data, gpointer *result, GError **error)
{
  PfFolderJob *job = data;
  gint64 account = pf_account_row (database, job->account, TRUE, error);

  return account >= 0
         && pf_database_run (database, error,
                             "INSERT OR IGNORE INTO folder (account, name) VALUES (?1, ?2)", "is",
                             account, job->state->name);
}

gboolean
pf_job_put_folder (PfDatabase *database, gpointer data, gpointer *result, GError **error)
{
  PfFolderJob *job = data;
  const PfFolderState *state = job->state;
  gint64 account = pf_account_row (database, job->account, FALSE, error);

  /* A folder that was forgotten meanwhile is not made again: whoever adds the address anew sees all
   * of it anew. */
  return account >= 0
         && pf_database_run (
             database, error,
             "UPDATE folder SET next_uid = ?3, uidvalidity = ?4, uidnext = ?5, messages = ?6,"
             " highestmodseq = ?7, listed = ?8, due = ?9, wanted = ?10"
             " WHERE account = ?1 AND name = ?2",
             "isiiiiiiis", account, state->name, (gint64) state->next_uid,
             (gint64) state->uidvalidity, (gint64) state->uidnext, (gint64) state->messages,
             (gint64) state->highestmodseq, state->listed, state->due, state->wanted);
}

static PfFolderState *
read_state (sqlite3_stmt *statement)
{
  PfFolderState *state = g_new0 (PfFolderState, 1);

  state->name = pf_database_text (statement, 0);
  state->next_uid = (guint32) sqlite3_column_int64 (statement, 1);
  state->uidvalidity = (guint32) sqlite3_column_int64 (statement, 2);
  state->uidnext = (guint32) sqlite3_column_int64 (statement, 3);
  state->messages = (guint32) sqlite3_column_int64 (statement, 4);
  state->highestmodseq = (guint64) sqlite3_column_int64 (statement, 5);
  state->listed = sqlite3_column_int64 (statement, 6);
  state->due = sqlite3_column_int64 (statement, 7);
  state->wanted = pf_database_text (statement, 8);
  return state;
}

gboolean
pf_job_folders (PfDatabase *database, gpointer address, gpointer *result, GError **error)
{
  g_autoptr (GPtrArray) states =
      g_ptr_array_new_with_free_func ((GDestroyNotify) pf_folder_state_free);
  gint64 account = pf_account_row (database, address, FALSE, error);
  sqlite3_stmt *statement =
      pf_database_prepare (database,
                           "SELECT name, next_uid, uidvalidity, uidnext, messages, highestmodseq,"
                           " listed, due, wanted FROM folder WHERE account = ?1",
                           error);
  gboolean more = FALSE;

  if (account < 0 || statement == NULL
      || !pf_database_bind (database, statement, error, "i", account))
    return FALSE;
  do
    {
      if (!pf_database_step (database, statement, &more, error))
        return FALSE;
      if (more)
        g_ptr_array_add (states, read_state (statement));
    }
  while (more);
  *result = g_steal_pointer (&states);
  return TRUE;
}
