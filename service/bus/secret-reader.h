/* secret-reader.h - a secret out of a descriptor that a caller passed: memfd or pipe, bounded in
 * size and time. */
#pragma once

#include "base/secret.h"
#include <gio/gio.h>

/**
 * pf_secret_read_async:
 * @fd: taken and closed, whatever happens
 * @cancellable: (nullable)
 *
 * A memfd is read from its beginning, wherever its offset stands; a pipe until its writer closes
 * it, within PF_LIMIT_SECRET_SECONDS. Nothing the caller does with its own copy of the descriptor
 * can make this wait. Errors: PF_ERROR_INVALID_SETTING, PF_ERROR_LIMIT_EXCEEDED,
 * G_IO_ERROR_CANCELLED.
 */
void      pf_secret_read_async  (int fd, GCancellable *cancellable, GAsyncReadyCallback callback,
                                 gpointer user_data);
PfSecret *pf_secret_read_finish (GAsyncResult *result, GError **error);
