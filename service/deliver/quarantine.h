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
