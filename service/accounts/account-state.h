/* account-state.h - what an account's state is called, from what is known of it. Pure. */
#pragma once

#include "accounts/account.h"

/* Refusals of credentials after which an account is on hold, so that no provider locks the
 * mailbox. */
#define PF_ACCOUNT_REFUSALS 3

/* @problem: (nullable) */
const char *pf_account_state (gboolean enabled, PfActivity activity, const GError *problem,
                              guint refusals);
/* Of a problem that is there. */
PfProblemClass pf_account_problem_class (const GError *problem, guint refusals);
/* How many refusals there were, when @problem (nullable) comes on top of @refusals. */
guint pf_account_count_refusals (guint refusals, const GError *problem);
/* DESIGN 7. @since: when it began, @now: us. */
gboolean pf_account_attention (gboolean enabled, const GError *problem, guint refusals,
                               gint64 since, gint64 now);
