/* helper-link.h - a connected socket to postferry-deliver, however the service was started. */
#pragma once

#include "deliver/target.h"

/* @link must live until the callback. */
void pf_helper_link_open_async  (const PfHelperLink *link, GAsyncReadyCallback callback,
                                 gpointer user_data);
/* Returns: a descriptor, non-blocking; -1 with PF_PROBLEM_DELIVERY_DEFERRED. */
int  pf_helper_link_open_finish (GAsyncResult *result, GError **error);
