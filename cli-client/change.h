/* change.h - what changes an account: calls that several commands make. */
#pragma once

#include "cli-client/client.h"

/**
 * pf_change_update:
 * @changes: a{sv}
 * @secret: the account's secret, anew; -1 without
 * @asks: polkit may have to ask
 */
gboolean pf_change_update (PfClient *client,
                           const char *account,
                           GVariant *changes,
                           int secret,
                           gboolean asks,
                           GError **error);

/* (transfer full): options a{sv} that hand over @secret as handle 0, with what @dict holds;
 * floating. Takes @dict. */
GVariant *pf_change_options (GVariantDict *dict, int secret);
