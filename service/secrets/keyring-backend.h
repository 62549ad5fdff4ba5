/* keyring-backend.h - libsecret's backend for a service that has no session: the keyring file
 * behind libsecret's public extension point.
 *
 * One thread owns the keyring and does one operation after the other: an operation that was given
 * up before its turn is not done any more. */
#pragma once

#include <gio/gio.h>

/* What SECRET_BACKEND has to say so that libsecret uses it. */
#define PF_KEYRING_BACKEND_NAME "postferry"

/* Registers the backend; before the first call to libsecret. */
void     pf_keyring_backend_register  (void);
/* Where keyring and key are; before the first call to libsecret. */
void     pf_keyring_backend_set_place (const char *state_directory,
                                       const char *credentials_directory);
/* Whether the keyring can be opened now; the master key is made where there is none yet. It blocks:
 * at start only. Errors: PF_PROBLEM_SECRETS_UNAVAILABLE, which names the file. */
gboolean pf_keyring_backend_check     (GError **error);
