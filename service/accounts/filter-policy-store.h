/* filter-policy-store.h - changing [Filter] in postferry.conf: durably, and nothing else in it. */
#pragma once

#include "accounts/service-settings.h"

/**
 * pf_filter_policy_store:
 * @path: postferry.conf, which may be missing
 * @changes: a{sv} that pf_filter_policy_edit() finds nothing wrong with
 *
 * The file is read, changed and replaced; remarks, other groups and what was written there by hand
 * meanwhile stay. It has mode 0600 and belongs to the service afterwards, unless nothing had to be
 * written. It blocks until the disk has it.
 *
 * Returns: (transfer full) (nullable): all that stands in the file now. NULL, and the file is as it
 *   was: PF_ERROR InvalidSetting (a fault in @changes; or a file that was broken by hand, told by
 *   line, unless the changes mend it), Busy (others write it all the time), DiskLow, NotSupported
 *   (see below); G_IO_ERROR; G_FILE_ERROR.
 *
 * NotSupported is a file of root's whose [Local] the delivery helper would believe no longer, were
 * it the service's (helper/policy.h).
 */
PfServiceSettings *pf_filter_policy_store (const char *path, GVariant *changes, GError **error);

/* The same in a thread; the callback runs on the main loop. */
void               pf_filter_policy_store_async  (const char *path, GVariant *changes,
                                                  GAsyncReadyCallback callback,
                                                  gpointer user_data);
PfServiceSettings *pf_filter_policy_store_finish (GAsyncResult *result, GError **error);
