/* quarantine.h - mail held back: plain files, one a message, durable before the journal says so. */
#pragma once

#include "deliver/body.h"
#include "deliver/quarantine-item.h"

/* Writes DIRECTORY/ID.eml and ID.meta (key file), both synced, folder synced; in a worker. Storing
 * the same id again is success. */
void     pf_quarantine_store_async  (const char *directory, PfBody *body,
                                     const PfQuarantineItem *item, GAsyncReadyCallback callback,
                                      gpointer user_data);
gboolean pf_quarantine_store_finish (GAsyncResult *result, GError **error);

/* Told, on the main loop, of each message that was stored; NULL for nobody. There is one. */
typedef void (*PfQuarantineFunc) (const char *directory, const PfQuarantineItem *item,
                                  gpointer user_data);
void     pf_quarantine_set_listener (PfQuarantineFunc func, gpointer user_data);
