/* identify.h - from a unique name to the person behind it: the bus's credentials, the user
 * database. */
#pragma once

#include "bus/caller.h"

/**
 * pf_identify_async:
 * @caller: gets uid, user and rights
 * @session: the service's own uid is the owner, others see nothing; no group is asked for
 *
 * Fails when the name has left the bus or the bus does not tell its user.
 */
void     pf_identify_async  (GDBusConnection *connection, PfCaller *caller, gboolean session,
                             GAsyncReadyCallback callback, gpointer user_data);
gboolean pf_identify_finish (GAsyncResult *result, GError **error);
