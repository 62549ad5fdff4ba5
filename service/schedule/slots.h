/* slots.h - how many connections at once: in all, and to one server. */
#pragma once

#include <glib.h>

typedef struct _PfSlots PfSlots;

PfSlots *pf_slots_new     (guint total, guint per_server);
void     pf_slots_free    (PfSlots *self);
void     pf_slots_set     (PfSlots *self, guint total, guint per_server);
/* TRUE when there was room: give it back with pf_slots_release(). @server is compared without case. */
gboolean pf_slots_take    (PfSlots *self, const char *server);
void     pf_slots_release (PfSlots *self, const char *server);
