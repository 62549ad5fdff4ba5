/* policy.h - who may change what: from a method and whose account it is to the polkit action that
 * is asked (pure, DESIGN 5). */
#pragma once

#include <glib.h>

/* Whose account, before and after the call; for new ones @own_before is TRUE, for unchanged ones
 * both are the same. */
typedef struct
{
  gboolean own_before;    /* LocalUser and every user in Recipients is the caller */
  gboolean own_after;
  gboolean is_local_user; /* LocalUser is the caller, whoever stands in Recipients */
  gboolean moves_secret;  /* pf_settings_moves_secret() */
  gboolean brings_secret; /* the secret comes anew in the same call */
  gboolean may_have;      /* mail held back that its recipient may have: no virus */
} PfOwnership;

/**
 * pf_policy_action:
 * @method: "INTERFACE.METHOD" without the common prefix: "Account.Update"
 * @ownership: (nullable): for methods that are not about an account
 * @action: (out): the polkit action to ask; NULL where nobody is asked
 *
 * Returns: FALSE for a method that the table does not have: it is refused.
 */
gboolean pf_policy_action (const char *method, const PfOwnership *ownership, const char **action);
