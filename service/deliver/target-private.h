/* target-private.h - the two makers behind pf_target_new(). */
#pragma once

#include "deliver/target.h"

/* (transfer full) */
PfTarget *pf_helper_target_new (const PfHelperLink *link, gboolean session);
/* (transfer full): @settings with a target "lmtp:..." */
PfTarget *pf_lmtp_target_new   (const PfServiceSettings *settings);

/* Ends a deliver task with @result and the sentence @text (transfer full). */
void pf_target_return_delivery (GTask *task, PfDeliveryResult result, char *text);
/* For deliver_finish of the interface: what pf_target_return_delivery() was given. */
PfDeliveryResult pf_target_propagate_delivery (GAsyncResult *result, char **text);
/* What a probe that comes to @result says of the account. */
PfProblemCode pf_target_problem_of_result (PfDeliveryResult result);
