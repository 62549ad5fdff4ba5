/* registry-file.h - reads one account's key file: settings, or a sentence that names file, line, key and the mend. Internal to accounts/. */
#pragma once

#include "accounts/settings.h"

/**
 * pf_registry_file_read:
 * @name: the file's name, from which the address follows
 * @address: (out) (transfer full) (nullable): NULL when the name is no account's
 * @sentence: (out) (transfer full) (nullable): what is wrong
 *
 * Returns: (transfer full) (nullable): NULL with a sentence.
 */
PfSettings *pf_registry_file_read (const char *path, const char *name, char **address, char **sentence);
