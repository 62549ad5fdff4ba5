/* stretch.h - SCRAM's key from a password: in a thread, since a server may ask for a second of
 * work, and kept, since it asks for the same at each log-in. */
#pragma once

#include "base/secret.h"
#include "protocol/sasl.h"

#include <gio/gio.h>

/**
 * pf_stretch_async:
 * @account: whose key it is; the last one of each account is kept, PF_LIMIT_SCRAM_KEYS of them
 * @stretch: (transfer full): its contents
 */
void      pf_stretch_async  (const char *account, PfSaslStretch *stretch,
                             GAsyncReadyCallback callback, gpointer user_data);
/* (transfer full): the key; PF_PROBLEM_MECHANISM_UNAVAILABLE where OpenSSL has not the hash. */
PfSecret *pf_stretch_finish (GAsyncResult *result, GError **error);
/* Forgets all. */
void      pf_stretch_clear  (void);
