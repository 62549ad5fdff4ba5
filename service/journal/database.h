/* database.h - the SQLite file: opening, statements kept, one error for each trouble.
 *
 * Used by one thread at a time. Internal to journal/. */
#pragma once

#include <gio/gio.h>
#include <sqlite3.h>

typedef struct _PfDatabase PfDatabase;

/* Made when it does not exist. A damaged file is an error that names it; it is never overwritten.
 * After a crash the whole file is looked through first. */
PfDatabase   *pf_database_open  (const char *path, GError **error);
void          pf_database_close (PfDatabase *self);

/**
 * pf_database_prepare:
 *
 * The statement for @sql, kept for the next time, reset, nothing bound. @sql must be a constant.
 * Returns: (nullable): NULL with an error
 */
sqlite3_stmt *pf_database_prepare (PfDatabase *self, const char *sql, GError **error);
/* The same for a text made on the spot: (transfer full). */
sqlite3_stmt *pf_database_prepare_once (PfDatabase *self, const char *sql, GError **error);
/* Binds by a format of i (gint64), s (nullable const char *), t (the same, from outside: cut to
 * what is ever shown of it), d (double). */
gboolean      pf_database_bind    (PfDatabase *self, sqlite3_stmt *statement, GError **error,
                                   const char *format, ...);
/* Binds, and runs to the end. */
gboolean      pf_database_run     (PfDatabase *self, GError **error, const char *sql,
                                   const char *format, ...);
/* One row further: *@row tells whether there is one. At the end the statement is reset. */
gboolean      pf_database_step    (PfDatabase *self, sqlite3_stmt *statement, gboolean *row,
                                   GError **error);
gint64        pf_database_last_id (PfDatabase *self);
/* Rows that the last statement changed. */
guint         pf_database_changes (PfDatabase *self);
/* SQLite ends a transaction by itself on some errors: all of it is undone then. */
gboolean      pf_database_in_transaction (PfDatabase *self);
/* What went wrong last: PF_PROBLEM_DISK_LOW where the disk is at fault, else G_IO_ERROR. */
void          pf_database_set_error (PfDatabase *self, GError **error);
/* The column as text, "" for NULL. (transfer full) */
char         *pf_database_text    (sqlite3_stmt *statement, int column);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfDatabase, pf_database_close)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (sqlite3_stmt, sqlite3_finalize)
