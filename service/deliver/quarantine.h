/* quarantine.h - mail held back: plain files, one a message, durable before the journal says so. */
#pragma once

#include "deliver/body.h"

typedef struct
{
  char *id; /* the delivery id */
  char *account, *recipient, *sender, *subject, *verdict, *reason;
  char *uid;
  gint64 time;
  guint64 size;
  double score;
} PfQuarantineItem;

void     pf_quarantine_item_free (PfQuarantineItem *item);
/* Writes DIRECTORY/ID.eml and ID.meta (key file), both synced, folder synced; in a worker. Storing
 * the same id again is success. */
void     pf_quarantine_store_async  (const char *directory, PfBody *body,
                                     const PfQuarantineItem *item, GAsyncReadyCallback callback,
                                      gpointer user_data);
gboolean pf_quarantine_store_finish (GAsyncResult *result, GError **error);
