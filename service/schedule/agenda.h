/* agenda.h - what is to be done when, for any number of items with one timer: O(log n) for each
 * change. */
#pragma once

#include <glib.h>

typedef struct _PfAgenda PfAgenda;
/* A date in it. */
typedef struct _PfDate PfDate;
typedef void (*PfAgendaFunc) (gpointer item, gpointer user_data);

/* @func is called from the main loop for each item whose time has come; its date is gone then. */
PfAgenda *pf_agenda_new  (PfAgendaFunc func, gpointer user_data);
/* With all dates. */
void      pf_agenda_free (PfAgenda *self);
/* (transfer none): valid until it was called or removed. @milliseconds: from now */
PfDate   *pf_agenda_add  (PfAgenda *self, guint milliseconds, gpointer item);
void      pf_date_remove (PfDate *date);
