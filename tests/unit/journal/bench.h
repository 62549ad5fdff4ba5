/* bench.h - a journal in a folder of its own, and requests that are waited for. */
#pragma once

#include "journal/journal.h"

typedef struct
{
  char *folder, *path;
  PfJournal *journal; /* NULL while closed */
} Bench;

void bench_set_up    (Bench *self, gconstpointer unused);
void bench_tear_down (Bench *self, gconstpointer unused);
void bench_close     (Bench *self);
void bench_reopen    (Bench *self);

/* Runs the main loop until *@done. */
void       bench_wait (gboolean *done);
/* Each waits. Errors fail the test where @error is NULL. */
GPtrArray *bench_load       (Bench *self, const char *account, GError **error);
gboolean   bench_put        (Bench *self, const char *account, GPtrArray *rows,
                             const PfFigures *figures, GError **error);
/* The same for one row. */
gboolean   bench_put_row    (Bench *self, const char *account, PfRow *row, GError **error);
void       bench_forget     (Bench *self, const char *account);
void       bench_folder_seen (Bench *self, const char *account, const char *folder);
GPtrArray *bench_folders    (Bench *self, const char *account);
/* @filter: the text of an a{sv} */
GVariant  *bench_query      (Bench *self, const char *const *accounts, const char *filter);
GVariant  *bench_statistics (Bench *self, const char *const *accounts, const char *filter);
/* Everything that was asked for before is done. */
void       bench_settle     (Bench *self);

PfRow *row_new  (const char *folder, guint32 uidvalidity, const char *uid, PfRowState state);
/* The row of @uid in @rows, or NULL. */
PfRow *row_find (GPtrArray *rows, const char *uid);
/* (element-type PfRow) that owns its rows */
GPtrArray *rows_new (void);
