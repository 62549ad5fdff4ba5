#include "bus/policy.h"

#include "dbus-interfaces/names.h"

typedef enum
{
  RULE_FREE,   /* everybody; the answer holds what the caller may see */
  RULE_CHECK,  /* check for the caller's own, else manage */
  RULE_MANAGE, /* manage-own where it is the caller's before and after, else manage */
  RULE_ADMIN,  /* manage, whosever it is */
  RULE_CONFIGURE,
  RULE_QUARANTINE,  /* quarantine-own for the caller's own that is no virus, else quarantine */
  RULE_ALLOW_SENDER /* nobody is asked more where all mail of the account is the caller's */
} Rule;

static const struct
{
  const char *method;
  Rule rule;
} table[] = {
  { "Manager.AddAccount", RULE_MANAGE },
  { "Manager.GetAccount", RULE_FREE },
  { "Manager.CheckAll", RULE_CHECK },
  { "Manager.TestSettings", RULE_MANAGE },
  { "Manager.Validate", RULE_MANAGE },
  { "Manager.Recipients", RULE_ADMIN },
  { "Manager.Discover", RULE_MANAGE },
  { "Manager.Import", RULE_ADMIN },
  { "Manager.GetLog", RULE_FREE },
  { "Manager.GetStatistics", RULE_FREE },
  { "Manager.Reload", RULE_CONFIGURE },
  { "Account.Update", RULE_MANAGE },
  { "Account.Test", RULE_MANAGE },
  { "Account.SetSecret", RULE_MANAGE },
  { "Account.Check", RULE_CHECK },
  { "Account.Remove", RULE_MANAGE },
  { "Account.BeginAuthorization", RULE_MANAGE },
  { "Account.CompleteAuthorization", RULE_MANAGE },
  { "Check.Cancel", RULE_CHECK },
  { "Quarantine.List", RULE_FREE },
  { "Quarantine.Open", RULE_QUARANTINE },
  { "Quarantine.Release", RULE_QUARANTINE },
  { "Quarantine.AllowSender", RULE_ALLOW_SENDER },
  { "Quarantine.Delete", RULE_QUARANTINE },
  { "FilterPolicy.Update", RULE_CONFIGURE },
  { "FilterPolicy.Status", RULE_FREE },
};

static const char *
manage_action (const PfOwnership *o)
{
  /* A stored secret goes nowhere else unless its owner shows that it is known, or an administrator
   * agrees. */
  if (o == NULL || !o->own_before || !o->own_after || (o->moves_secret && !o->brings_secret))
    return PF_ACTION_MANAGE;
  return PF_ACTION_MANAGE_OWN;
}

/* A virus gets out by an administrator alone. */
static const char *
quarantine_action (const PfOwnership *o)
{
  return o != NULL && o->is_local_user && o->may_have ? PF_ACTION_QUARANTINE_OWN
                                                      : PF_ACTION_QUARANTINE;
}

static const char *
action_of (Rule rule, const PfOwnership *ownership)
{
  switch (rule)
    {
    case RULE_FREE:
      return NULL;
    case RULE_CHECK:
      return ownership != NULL && ownership->is_local_user ? PF_ACTION_CHECK : PF_ACTION_MANAGE;
    case RULE_MANAGE:
      return manage_action (ownership);
    case RULE_CONFIGURE:
      return PF_ACTION_CONFIGURE;
    case RULE_QUARANTINE:
      return quarantine_action (ownership);
    case RULE_ALLOW_SENDER:
      return ownership != NULL && ownership->own_before ? NULL : PF_ACTION_MANAGE;
    case RULE_ADMIN:
    default:
      return PF_ACTION_MANAGE;
    }
}

gboolean
pf_policy_action (const char *method, const PfOwnership *ownership, const char **action)
{
  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
    if (g_str_equal (table[i].method, method))
      {
        *action = action_of (table[i].rule, ownership);
        return TRUE;
      }
  *action = PF_ACTION_MANAGE;
  return FALSE;
}
