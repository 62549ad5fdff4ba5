/* account.h - an account as the service shows it: what several commands tell of it. */
#pragma once

#include "cli-client/client.h"
#include "cli-client/table.h"

#include <json-glib/json-glib.h>

/* (transfer full): all properties, in the order of the interface: settings, state, counters. */
JsonNode *pf_account_json (GVariant *properties);

/* (transfer full): the same, read anew. */
JsonNode *pf_account_json_read (PfClient *client, const char *path, GError **error);

/* (array zero-terminated=1): names of the properties that are no settings, in the order of the
 * interface. */
const char *const *pf_account_state_names (void);

/* How a state looks. */
PfStyle pf_account_style (GVariant *properties);

/**
 * pf_accounts_in_need:
 * @accounts: (element-type PfObject)
 * @attention: how many the service says need somebody
 *
 * Returns: (transfer container) (element-type PfObject): those, the ones on hold first. Which of
 * the others have been retrying for a day only the service knows; they are those that went longest
 * without success.
 */
GPtrArray *pf_accounts_in_need (GPtrArray *accounts, guint attention);
