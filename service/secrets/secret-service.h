/* secret-service.h - is there a Secret Service on the session bus, and is it open? libsecret does
 * not tell: a locked one finds nothing, without an error. Internal to secrets/. */
#pragma once

#include <gio/gio.h>

/* It has a default collection, locked or not, or it did not answer in time: then it is there, and
 * its calls will fail until it does. Blocks, at most a few seconds: at start only. */
gboolean pf_secret_service_is_there     (void);
/* Fails with PF_PROBLEM_SECRETS_UNAVAILABLE while the default collection is locked or there is
 * none. */
void     pf_secret_service_check_async  (GCancellable *cancellable, GAsyncReadyCallback callback,
                                         gpointer user_data);
gboolean pf_secret_service_check_finish (GAsyncResult *result, GError **error);
/* The sentence for a locked one. */
const char *pf_secret_service_locked_text (void);
