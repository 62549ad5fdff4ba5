/* keyring-backend.h - libsecret's backend for a service that has no session: the keyring file behind libsecret's public extension point. */
#pragma once

#include <gio/gio.h>

/* What SECRET_BACKEND has to say so that libsecret uses it. */
#define PF_KEYRING_BACKEND_NAME "postferry"

/* Registers the backend; before the first call to libsecret. */
void pf_keyring_backend_register (void);
/* Where keyring and key are; before the first call to libsecret. */
void pf_keyring_backend_set_place (const char *state_directory, const char *credentials_directory);
