/* patience.h - how long each server bears an IDLE connection: what it ended too early is ended by
 * us before, next time (pure but for the table). */
#pragma once

#include <glib.h>

typedef struct _PfPatience PfPatience;

PfPatience *pf_patience_new  (void);
void        pf_patience_free (PfPatience *self);

/* How long one IDLE may take at @server; 0: it does not bear any, poll for a day. @now: us */
guint       pf_patience_seconds (PfPatience *self, const char *server, gint64 now);
/* @server ended a session that had been in IDLE for @seconds. */
void        pf_patience_ended   (PfPatience *self, const char *server, guint seconds, gint64 now);
/* One IDLE of pf_patience_seconds() came to its end. */
void        pf_patience_borne   (PfPatience *self, const char *server);
