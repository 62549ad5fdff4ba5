/* progress.h - a bar on standard error while a check runs; nothing at all where that is no
 * terminal. */
#pragma once

#include <glib.h>

typedef struct _PfProgress PfProgress;

/* @wanted: FALSE for one that shows nothing. */
PfProgress *pf_progress_new (gboolean wanted);
void pf_progress_free (PfProgress *self);

/* Shown at the next of five moments a second. @total of 0: not yet known. @label and @detail are
 * printable. */
void pf_progress_set (PfProgress *self,
                      const char *label,
                      guint64 done,
                      guint64 total,
                      const char *detail);

/* Takes it off the terminal, until it is set again: before other lines are printed. */
void pf_progress_hide (PfProgress *self);

/* (transfer full): the line for @columns: label, bar, detail. Pure. */
char *pf_progress_line (const char *label,
                        guint64 done,
                        guint64 total,
                        const char *detail,
                        guint columns);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfProgress, pf_progress_free)
