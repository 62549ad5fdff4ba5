/* gate.h - the one door: every method call waits here until its caller is known (DESIGN 5).
 *
 * GDBus 2.74 would answer much by itself, before anybody knew who asks: Introspect, Set, unknown
 * methods, properties and interfaces, wrong signatures, paths where nothing is registered; and
 * calls to subtrees overtake those to other objects. So the gate takes each call in a message
 * filter, before GDBus looks at it, and hands them on one by one in their order.
 */
#pragma once

#include "bus/call.h"

typedef struct _PfGate PfGate;

/* Gets each call once its caller is known; takes it. */
typedef void (*PfGateFunc) (PfCall *call, gpointer user_data);

/* Calls to org.freedesktop.DBus.Peer pass: they are about the connection and tell nothing. */
PfGate    *pf_gate_new  (GDBusConnection *connection, gboolean session, PfGateFunc func,
                         gpointer user_data);
/* Waiting calls are dropped, callers are told to have left. */
void       pf_gate_free (PfGate *self);

/* (transfer container) (element-type PfCaller): everybody known who is on the bus: they are the
 * listeners. */
GPtrArray *pf_gate_list_callers (PfGate *self);
gboolean   pf_gate_has_callers  (PfGate *self);
