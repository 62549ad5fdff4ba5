#include "journal/database.h"

#include "base/durable.h"
#include "base/limits.h"
#include "base/problem.h"
#include "journal/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Somebody may look at the file by hand while the service starts. */
#define BUSY_MILLISECONDS 5000
/* A log that grew in one large transaction is cut back to this. */
#define LOG_OCTETS "4194304"
/* Larger files are not looked through after a crash: the start would take too long. */
#define LARGEST_LOOKED_THROUGH (256 * PF_MIB)

struct _PfDatabase
{
  sqlite3 *sqlite;
  char *path;
  GHashTable *statements; /* the SQL text's address -> sqlite3_stmt */
};

/* --- Errors ----------------------------------------------------------------------------------- */

static void
set_damaged (PfDatabase *self, const char *what, GError **error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
               "The journal %s is damaged: %s. It was not touched: restore it from a backup, or "
               "move it and %s-wal away, after which all mail at the providers counts as new",
               self->path, what, self->path);
}

void
pf_database_set_error (PfDatabase *self, GError **error)
{
  const char *what = sqlite3_errmsg (self->sqlite);

  switch (sqlite3_errcode (self->sqlite) & 0xff)
    {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      g_set_error (
          error, PF_PROBLEM, PF_PROBLEM_DISK_LOW,
          "The journal %s cannot be written: %s. Mail waits at the provider until there is "
          "room and the file can be written",
          self->path, what);
      break;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      set_damaged (self, what, error);
      break;
    case SQLITE_BUSY:
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_BUSY,
                   "The journal %s is in use: another program has it open. Close that program",
                   self->path);
      break;
    default:
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "The journal %s: %s", self->path, what);
      break;
    }
}

/* --- Opening ---------------------------------------------------------------------------------- */

static gboolean
execute (PfDatabase *self, const char *sql, GError **error)
{
  if (sqlite3_exec (self->sqlite, sql, NULL, NULL, NULL) == SQLITE_OK)
    return TRUE;
  pf_database_set_error (self, error);
  return FALSE;
}

/* The one value that @pragma answers. (transfer full) (nullable) */
static char *
ask (PfDatabase *self, const char *pragma, GError **error)
{
  g_autoptr (sqlite3_stmt) statement = pf_database_prepare_once (self, pragma, error);
  gboolean row;

  if (statement == NULL || !pf_database_step (self, statement, &row, error))
    return NULL;
  return row ? pf_database_text (statement, 0) : g_strdup ("");
}

/* One version after the other, each whole or not at all. */
static gboolean
upgrade (PfDatabase *self, int version, GError **error)
{
  for (; version < pf_schema_version (); version++)
    {
      g_autofree char *set = g_strdup_printf ("PRAGMA user_version = %d", version + 1);

      if (!execute (self, "BEGIN EXCLUSIVE", error)
          || !execute (self, pf_schema_upgrade (version), error) || !execute (self, set, error)
          || !execute (self, "COMMIT", error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
set_up (PfDatabase *self, GError **error)
{
  g_autofree char *text = NULL;
  int version;

  /* EXCLUSIVE, before anything is read: nobody else reads it, and no shared-memory file is made. */
  if (!execute (self, "PRAGMA locking_mode = EXCLUSIVE", error)
      || (text = ask (self, "PRAGMA user_version", error)) == NULL)
    return FALSE;
  version = (int) g_ascii_strtoll (text, NULL, 10);
  if (version < 0 || version > pf_schema_version ())
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                   "The journal %s is of version %d, this service knows %d: use a newer service",
                   self->path, version, pf_schema_version ());
      return FALSE;
    }
  return execute (self,
                  "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                  "PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = " LOG_OCTETS,
                  error)
         && upgrade (self, version, error);
}

static gint64
size_of (const char *path)
{
  struct stat status;

  return stat (path, &status) == 0 ? status.st_size : 0;
}

/* A log beside the file: who wrote it last did not come to closing it. */
static gboolean
was_left_open (const char *path)
{
  g_autofree char *log = g_strconcat (path, "-wal", NULL);

  return size_of (log) > 0;
}

static gboolean
look_through (PfDatabase *self, GError **error)
{
  g_autofree char *found = ask (self, "PRAGMA quick_check (1)", error);

  if (found == NULL)
    return FALSE;
  if (g_str_equal (found, "ok"))
    return TRUE;
  set_damaged (self, found, error);
  return FALSE;
}

/* SQLite reads what is missing of the last page as zeros. */
static gboolean
check_whole (PfDatabase *self, gint64 size, GError **error)
{
  g_autofree char *page = ask (self, "PRAGMA page_size", error);

  if (page == NULL)
    return FALSE;
  if (size % MAX (g_ascii_strtoll (page, NULL, 10), 1) == 0)
    return TRUE;
  set_damaged (self, "its end is missing", error);
  return FALSE;
}

/* After a crash all of it; else what costs nothing. */
static gboolean
check (PfDatabase *self, gint64 size, gboolean left_open, GError **error)
{
  if (!left_open)
    return check_whole (self, size, error);
  return size > LARGEST_LOOKED_THROUGH || look_through (self, error);
}

/* SQLite makes its files with the rights of the first. */
static gboolean
make_file (const char *path, GError **error)
{
  int fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  int code = fd < 0 || fchmod (fd, 0600) != 0 ? errno : 0;
  g_autofree char *folder = g_path_get_dirname (path);

  if (fd >= 0)
    close (fd);
  if (code == 0)
    return pf_durable_sync_folder (folder, error);
  /* Those that pass by themselves are a problem of the disk. */
  if (code == EROFS || code == ENOSPC || code == EDQUOT)
    g_set_error (error, PF_PROBLEM, PF_PROBLEM_DISK_LOW, "The journal %s cannot be opened: %s",
                 path, g_strerror (code));
  else
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
                 "The journal %s cannot be opened: %s", path, g_strerror (code));
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
  g_autoptr (PfDatabase) self = g_new0 (PfDatabase, 1);
  gboolean left_open = was_left_open (path);
  gint64 size = size_of (path);

  self->path = g_strdup (path);
  self->statements = g_hash_table_new_full (NULL, NULL, NULL, statement_free);
  if (!make_file (path, error))
    return NULL;
  if (sqlite3_open_v2 (path, &self->sqlite, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
    {
      pf_database_set_error (self, error);
      return NULL;
    }
  sqlite3_busy_timeout (self->sqlite, BUSY_MILLISECONDS);
  if (set_up (self, error) && check (self, size, left_open, error))
    return g_steal_pointer (&self);
  /* What is wrong stays as it is, for whoever has to mend it. */
  sqlite3_db_config (self->sqlite, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
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

/* --- Statements ------------------------------------------------------------------------------- */

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

static int
bind_text (sqlite3_stmt *statement, int position, const char *text, gboolean cut)
{
  /* One octet more than is shown, so that it shows that something was cut. */
  gsize length = text != NULL && cut ? strnlen (text, PF_LIMIT_EVENT_TEXT + 1) : 0;

  return sqlite3_bind_text (statement, position, text, cut ? (int) length : -1, SQLITE_TRANSIENT);
}

static gboolean
bind_valist (PfDatabase *self,
             sqlite3_stmt *statement,
             GError **error,
             const char *format,
             va_list arguments)
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
      default:
        status = bind_text (statement, i + 1, va_arg (arguments, const char *), format[i] == 't');
        break;
      }
  if (status != SQLITE_OK)
    pf_database_set_error (self, error);
  return status == SQLITE_OK;
}

gboolean
pf_database_bind (PfDatabase *self,
                  sqlite3_stmt *statement,
                  GError **error,
                  const char *format,
                  ...)
{
  va_list arguments;
  gboolean ok;

  va_start (arguments, format);
  ok = bind_valist (self, statement, error, format, arguments);
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
  gboolean row, bound;
  va_list arguments;

  if (statement == NULL)
    return FALSE;
  va_start (arguments, format);
  bound = bind_valist (self, statement, error, format, arguments);
  va_end (arguments);
  return bound && pf_database_step (self, statement, &row, error);
}

gint64
pf_database_last_id (PfDatabase *self)
{
  return sqlite3_last_insert_rowid (self->sqlite);
}

guint
pf_database_changes (PfDatabase *self)
{
  return (guint) sqlite3_changes (self->sqlite);
}

gboolean
pf_database_in_transaction (PfDatabase *self)
{
  return sqlite3_get_autocommit (self->sqlite) == 0;
}

char *
pf_database_text (sqlite3_stmt *statement, int column)
{
  const char *text = (const char *) sqlite3_column_text (statement, column);

  return g_strdup (text != NULL ? text : "");
}
