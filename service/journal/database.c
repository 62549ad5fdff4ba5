#include "journal/database.h"

#include "base/problem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#define SCHEMA_VERSION 1
#define BUSY_MILLISECONDS 5000

struct _PfDatabase
{
  sqlite3 *sqlite;
  char *path;
  GHashTable *statements; /* the SQL text's address -> sqlite3_stmt */
};

static const char schema[] =
    "CREATE TABLE account (id INTEGER PRIMARY KEY, address TEXT NOT NULL UNIQUE, added INTEGER NOT NULL DEFAULT 0,"
    " last_check INTEGER NOT NULL DEFAULT 0, last_success INTEGER NOT NULL DEFAULT 0, delivered INTEGER NOT NULL DEFAULT 0,"
    " junked INTEGER NOT NULL DEFAULT 0, quarantined INTEGER NOT NULL DEFAULT 0, octets INTEGER NOT NULL DEFAULT 0,"
    " on_server INTEGER NOT NULL DEFAULT 0, problem TEXT, problem_text TEXT, problem_since INTEGER NOT NULL DEFAULT 0,"
    " refusals INTEGER NOT NULL DEFAULT 0);"
    "CREATE TABLE message (id INTEGER PRIMARY KEY, account INTEGER NOT NULL, folder TEXT NOT NULL, uidvalidity INTEGER NOT NULL,"
    " uid TEXT NOT NULL, occurrence INTEGER NOT NULL, size INTEGER NOT NULL, digest TEXT NOT NULL, state INTEGER NOT NULL,"
    " outcome INTEGER NOT NULL, time INTEGER NOT NULL, failures INTEGER NOT NULL, reason TEXT NOT NULL, keep INTEGER NOT NULL,"
    " marked INTEGER NOT NULL, vanished INTEGER NOT NULL DEFAULT 0, UNIQUE (account, folder, uidvalidity, uid, occurrence));"
    "CREATE TABLE delivery (message INTEGER NOT NULL, position INTEGER NOT NULL, recipient TEXT NOT NULL, delivery_id TEXT NOT NULL,"
    " done INTEGER NOT NULL, outcome INTEGER NOT NULL, PRIMARY KEY (message, position)) WITHOUT ROWID;"
    "CREATE TABLE folder (account INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (account, name)) WITHOUT ROWID;"
    "CREATE TABLE event (id INTEGER PRIMARY KEY, time INTEGER NOT NULL, kind INTEGER NOT NULL, outcome INTEGER NOT NULL, account TEXT,"
    " caller TEXT, uid TEXT, message_id TEXT, sender TEXT, subject TEXT, verdict TEXT, reason TEXT, size INTEGER NOT NULL, score REAL NOT NULL);"
    "CREATE INDEX event_time ON event (time);"
    "CREATE INDEX event_account ON event (account, time);"
    "CREATE TABLE statistic (day TEXT NOT NULL, account TEXT NOT NULL, delivered INTEGER NOT NULL, junked INTEGER NOT NULL,"
    " quarantined INTEGER NOT NULL, octets INTEGER NOT NULL, PRIMARY KEY (day, account)) WITHOUT ROWID;"
    "PRAGMA user_version = 1;";

void
pf_database_set_error (PfDatabase *self, GError **error)
{
  int code = sqlite3_errcode (self->sqlite);

  switch (code & 0xff)
    {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      g_set_error (error, PF_PROBLEM, PF_PROBLEM_DISK_LOW,
                   "The journal %s cannot be written: %s. Mail waits at the provider until it can",
                   self->path, sqlite3_errmsg (self->sqlite));
      break;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      g_set_error (
          error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
          "The journal %s is damaged: %s. It was not touched: restore it from a backup, or move it away, after which all mail at the providers counts as new",
          self->path, sqlite3_errmsg (self->sqlite));
      break;
    default:
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "The journal %s: %s", self->path,
                   sqlite3_errmsg (self->sqlite));
      break;
    }
}

static gboolean
execute (PfDatabase *self, const char *sql, GError **error)
{
  if (sqlite3_exec (self->sqlite, sql, NULL, NULL, NULL) == SQLITE_OK)
    return TRUE;
  pf_database_set_error (self, error);
  return FALSE;
}

static gboolean
read_version (PfDatabase *self, int *version, GError **error)
{
  sqlite3_stmt *statement = NULL;
  gboolean ok =
      sqlite3_prepare_v2 (self->sqlite, "PRAGMA user_version", -1, &statement, NULL) == SQLITE_OK
      && sqlite3_step (statement) == SQLITE_ROW;

  if (ok)
    *version = sqlite3_column_int (statement, 0);
  else
    pf_database_set_error (self, error);
  sqlite3_finalize (statement);
  return ok;
}

static gboolean
set_up (PfDatabase *self, GError **error)
{
  int version = 0;

  /* EXCLUSIVE: nobody else reads it, and no shared-memory file is needed. */
  if (!read_version (self, &version, error)
      || !execute (
          self,
          "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;",
          error))
    return FALSE;
  if (version == 0)
    return execute (self, "BEGIN EXCLUSIVE;", error) && execute (self, schema, error)
           && execute (self, "COMMIT;", error);
  if (version == SCHEMA_VERSION)
    return TRUE;
  g_set_error (
      error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
      "The journal %s is of version %d, this service knows %d: it is newer. Use the newer service",
      self->path, version, SCHEMA_VERSION);
  return FALSE;
}

static void
statement_free (gpointer statement)
{
  sqlite3_finalize (statement);
}

PfDatabase *
pf_database_open (const char *path, GError **error)
{
  PfDatabase *self = g_new0 (PfDatabase, 1);
  int fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

  self->path = g_strdup (path);
  self->statements = g_hash_table_new_full (NULL, NULL, NULL, statement_free);
  if (fd < 0)
    {
      g_set_error (error, PF_PROBLEM, PF_PROBLEM_DISK_LOW, "The journal %s cannot be opened: %s",
                   path, g_strerror (errno));
      pf_database_close (self);
      return NULL;
    }
  close (fd);
  if (sqlite3_open_v2 (path, &self->sqlite, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
    pf_database_set_error (self, error);
  else
    {
      sqlite3_busy_timeout (self->sqlite, BUSY_MILLISECONDS);
      if (set_up (self, error))
        return self;
    }
  pf_database_close (self);
  return NULL;
}

void
pf_database_close (PfDatabase *self)
{
  g_hash_table_unref (self->statements);
  sqlite3_close (self->sqlite);
  g_free (self->path);
  g_free (self);
}

sqlite3_stmt *
pf_database_prepare (PfDatabase *self, const char *sql, GError **error)
{
  sqlite3_stmt *statement = g_hash_table_lookup (self->statements, sql);

  if (statement == NULL)
    {
      if (sqlite3_prepare_v3 (self->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL)
          != SQLITE_OK)
        {
          pf_database_set_error (self, error);
          return NULL;
        }
      g_hash_table_insert (self->statements, (gpointer) sql, statement);
    }
  sqlite3_reset (statement);
  sqlite3_clear_bindings (statement);
  return statement;
}

sqlite3_stmt *
pf_database_prepare_once (PfDatabase *self, const char *sql, GError **error)
{
  sqlite3_stmt *statement = NULL;

  if (sqlite3_prepare_v2 (self->sqlite, sql, -1, &statement, NULL) == SQLITE_OK)
    return statement;
  pf_database_set_error (self, error);
  return NULL;
}

static gboolean
bind_valist (sqlite3_stmt *statement, const char *format, va_list arguments)
{
  int status = SQLITE_OK;

  for (int i = 0; format[i] != '\0' && status == SQLITE_OK; i++)
    switch (format[i])
      {
      case 'i':
        status = sqlite3_bind_int64 (statement, i + 1, va_arg (arguments, gint64));
        break;
      case 'd':
        status = sqlite3_bind_double (statement, i + 1, va_arg (arguments, double));
        break;
      case 's':
      default:
        status = sqlite3_bind_text (statement, i + 1, va_arg (arguments, const char *), -1,
                                    SQLITE_TRANSIENT);
        break;
      }
  return status == SQLITE_OK;
}

gboolean
pf_database_bind (sqlite3_stmt *statement, const char *format, ...)
{
  va_list arguments;
  gboolean ok;

  va_start (arguments, format);
  ok = bind_valist (statement, format, arguments);
  va_end (arguments);
  return ok;
}

gboolean
pf_database_step (PfDatabase *self, sqlite3_stmt *statement, gboolean *row, GError **error)
{
  int status = sqlite3_step (statement);

  *row = status == SQLITE_ROW;
  if (status == SQLITE_ROW)
    return TRUE;
  if (status != SQLITE_DONE)
    pf_database_set_error (self, error);
  sqlite3_reset (statement);
  return status == SQLITE_DONE;
}

gboolean
pf_database_run (PfDatabase *self, GError **error, const char *sql, const char *format, ...)
{
  sqlite3_stmt *statement = pf_database_prepare (self, sql, error);
  gboolean row;
  va_list arguments;
  gboolean bound;

  if (statement == NULL)
    return FALSE;
  va_start (arguments, format);
  bound = bind_valist (statement, format, arguments);
  va_end (arguments);
  if (!bound)
    {
      pf_database_set_error (self, error);
      return FALSE;
    }
  return pf_database_step (self, statement, &row, error);
}

gint64
pf_database_last_id (PfDatabase *self)
{
  return sqlite3_last_insert_rowid (self->sqlite);
}

char *
pf_database_text (sqlite3_stmt *statement, int column)
{
  const char *text = (const char *) sqlite3_column_text (statement, column);

  return g_strdup (text != NULL ? text : "");
}
