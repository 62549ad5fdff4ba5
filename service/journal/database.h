/* database.h - the SQLite file: opening, schema, statements kept, one error for each trouble. Internal to journal/. */
#pragma once

#include <gio/gio.h>
#include <sqlite3.h>

typedef struct _PfDatabase PfDatabase;

/* A damaged file is an error that names it; it is never overwritten. */
PfDatabase   *pf_database_open  (const char *path, GError **error);
void          pf_database_close (PfDatabase *self);

/**
 * pf_database_prepare:
 *
 * The statement for @sql, kept for the next time, reset, nothing bound. @sql must be a constant.
 * Returns: (nullable): NULL with an error
 */
sqlite3_stmt *pf_database_prepare (PfDatabase *self, const char *sql, GError **error);
/* The same for a text made on the spot: (transfer full), for sqlite3_finalize(). */
sqlite3_stmt *pf_database_prepare_once (PfDatabase *self, const char *sql, GError **error);
/* Binds by a format of i (gint64), s (nullable const char *), d (double) and runs to the end. */
gboolean      pf_database_run     (PfDatabase *self, GError **error, const char *sql, const char *format, ...);
gboolean      pf_database_bind    (sqlite3_stmt *statement, const char *format, ...);
/* SQLITE_ROW and SQLITE_DONE are no errors: TRUE, and *@row tells which. */
gboolean      pf_database_step    (PfDatabase *self, sqlite3_stmt *statement, gboolean *row, GError **error);
gint64        pf_database_last_id (PfDatabase *self);
/* PF_PROBLEM_DISK_LOW where the disk is at fault, else G_IO_ERROR_FAILED. */
void          pf_database_set_error (PfDatabase *self, GError **error);
/* The column as text, "" for NULL. (transfer full) */
char         *pf_database_text    (sqlite3_stmt *statement, int column);
