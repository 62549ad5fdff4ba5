/* secrets.h - where passwords and tokens are: libsecret's password API behind one schema.
 *
 * On the system bus libsecret runs on the service's own backend (keyring-backend.h: the file
 * STATE_DIRECTORY/keyring); with --session on the user's Secret Service, or on the keyring file
 * where none is usable. Calls go one after the other, and each is answered within
 * PF_LIMIT_SECRETS_SECONDS.
 */
#pragma once

#include <gio/gio.h>

#include "accounts/settings.h"
#include "base/secret.h"

#define PF_TYPE_SECRETS (pf_secrets_get_type ())
G_DECLARE_FINAL_TYPE (PfSecrets, pf_secrets, PF, SECRETS, GObject)

typedef enum
{
  PF_SECRET_PASSWORD,
  PF_SECRET_REFRESH_TOKEN
} PfSecretKind;

const char *pf_secret_kind_nick (PfSecretKind kind); /* "password", "refresh-token" */
gboolean    pf_secret_kind_from_nick (const char *nick, PfSecretKind *kind);
/* What an account with @settings needs to log in. */
PfSecretKind pf_secret_kind_needed  (const PfSettings *settings);

/**
 * pf_secrets_prepare:
 * @backend: "", "keyring" or "secret-service"
 * @session: whether the service runs on the session bus
 *
 * Chooses libsecret's backend; before the first thread and the first call to libsecret.
 */
void       pf_secrets_prepare (const char *backend, gboolean session, const char *state_directory);
/* @credentials_directory: (nullable): where systemd puts `postferry.key`. Never fails: a wrong key
 * or damaged file is told by name in the log and by each call. */
PfSecrets *pf_secrets_new     (const char *state_directory, const char *credentials_directory);

/* Errors: PF_PROBLEM_SECRETS_UNAVAILABLE with a sentence that names the file or the store. */

/* @secret: no NUL in it. After a time-out it may have been stored all the same. */
void      pf_secrets_store_async   (PfSecrets *self, const char *address, PfSecretKind kind,
                                    PfSecret *secret, GAsyncReadyCallback callback,
                                    gpointer user_data);
gboolean  pf_secrets_store_finish  (PfSecrets *self, GAsyncResult *result, GError **error);
/* NULL without error when there is none. */
void      pf_secrets_lookup_async  (PfSecrets *self, const char *address, PfSecretKind kind,
                                    GAsyncReadyCallback callback, gpointer user_data);
PfSecret *pf_secrets_lookup_finish (PfSecrets *self, GAsyncResult *result, GError **error);
/* Forgets every kind of @address. */
void      pf_secrets_clear_async   (PfSecrets *self, const char *address,
                                    GAsyncReadyCallback callback, gpointer user_data);
gboolean  pf_secrets_clear_finish  (PfSecrets *self, GAsyncResult *result, GError **error);
