/* master-key.h - the key that the keyring's keys are derived from. */
#pragma once

#include <gio/gio.h>

#include "base/secret.h"

/**
 * pf_master_key_load:
 * @credentials_directory: (nullable): where systemd puts the credential `postferry.key`; it comes
 *   first
 * @state_directory: else `master.key` there (0600), made at first start, but never where a keyring
 *   exists already
 *
 * 32 octets or more (at most 4096) of good quality; all of them count.
 * Errors: PF_PROBLEM_SECRETS_UNAVAILABLE, which names the file. (transfer full) (nullable)
 */
PfSecret *pf_master_key_load (const char *credentials_directory, const char *state_directory,
                              GError **error);
