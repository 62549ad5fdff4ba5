/* slots.h - whose turn it is to talk to a provider: so many at a time, so many of them to one
 * server; what a person waits for begins at once. Every call costs the same however many wait. */
#pragma once

#include <glib.h>

typedef struct _PfSlots PfSlots;
/* A place in a line, and once it was called a slot. */
typedef struct _PfTurn PfTurn;

PfSlots *pf_slots_new   (guint total, guint per_server);
/* All turns have ended. */
void     pf_slots_free  (PfSlots *self);
void     pf_slots_set   (PfSlots *self, guint total, guint per_server);

/**
 * pf_slots_wait:
 * @server: its name, compared without case
 * @most: connections to it at a time; 0: as to any server
 * @urgent: a person waits: neither limit holds it up, PF_LIMIT_CHECKS_BY_PERSON does
 *
 * Returns: (transfer full): end it with pf_turn_end(), called or not.
 */
PfTurn  *pf_slots_wait  (PfSlots *self, const char *server, guint most, gboolean urgent,
                         gpointer data);
/* (nullable): @data of the next one that has a slot from now on. Servers take turns. */
gpointer pf_slots_next  (PfSlots *self);
/* TRUE once pf_slots_next() has named it. */
gboolean pf_turn_has_slot (const PfTurn *turn);
void     pf_turn_end    (PfTurn *turn);
