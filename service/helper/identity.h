/* identity.h - finding a local user and becoming that user for good. In a child only. */
#pragma once

#include "helper/policy.h"
#include "helper/trouble.h"

#include <sys/types.h>

typedef struct
{
  char *name; /* as the user database spells it */
  char *home;
  uid_t uid;
  gid_t gid;
} PfIdentity;

/* May mail be delivered to this user? Pure. */
gboolean pf_identity_is_allowed (const PfPolicy *policy, const char *name, uid_t uid,
                                 uid_t own_uid);
/* Looks @name up; what the policy does not allow is as unknown as what does not exist. */
gboolean pf_identity_find       (PfIdentity *identity, const PfPolicy *policy, const char *name,
                                 PfTrouble *trouble);

/**
 * pf_identity_become:
 *
 * Takes on uid, gid and groups, checks that there is no way back, and puts limits on what the
 * process may use. With a session nothing is changed but the limits. Returns: FALSE when anything
 * did not hold: the process must end then.
 */
gboolean pf_identity_become (const PfIdentity *identity, const PfPolicy *policy);
