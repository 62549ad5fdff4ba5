/* add-settings.h - the settings of a new account: from the command line, the rest from the
 * person at the terminal. */
#pragma once

#include "cli-client/commands.h"

/**
 * pf_add_settings:
 * @arguments: [ADDRESS] [KEY=VALUE...]
 *
 * Returns: (transfer full): a{sv} with all that is required; NULL with an error that names what is
 * missing.
 */
GVariant *pf_add_settings (PfCli *cli, const char *const *arguments, GError **error);
