#include "helper/identity.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* What the database may answer for one user. */
#define ENTRY_SIZE (64 * PF_KIB)
#define CPU_SECONDS 60
#define OPEN_FILES 256
/* Of 16-bit systems, and of this one. */
#define NOBODY 65534

gboolean
pf_identity_is_allowed (const PfPolicy *policy, const char *name, uid_t uid, uid_t own_uid)
{
  if (policy->session)
    return uid == own_uid;
  return uid != 0 && uid >= policy->minimum_uid && uid != NOBODY && uid != (uid_t) -1
         && strcmp (name, "nobody") != 0;
}

gboolean
pf_identity_find (PfIdentity *identity,
                  const PfPolicy *policy,
                  const char *name,
                  PfTrouble *trouble)
{
  g_autofree char *buffer = g_malloc (ENTRY_SIZE);
  struct passwd entry, *found = NULL;
  int cause = getpwnam_r (name, &entry, buffer, ENTRY_SIZE, &found);
  /* Of oneself one may say where home is; of another only the database does. */
  const char *home;

  /* A directory service that is down must not look like a user who is gone. */
  if (found == NULL && cause != 0 && cause != ENOENT && cause != ESRCH)
    {
      pf_trouble_set (trouble, PF_HELPER_TEMPORARY, "looking the user up");
      trouble->cause = cause;
      return FALSE;
    }
  if (found == NULL)
    return pf_trouble_set (trouble, PF_HELPER_NO_USER, "no such user");
  if (!pf_identity_is_allowed (policy, entry.pw_name, entry.pw_uid, getuid ()))
    return pf_trouble_set (trouble, PF_HELPER_NO_USER, "not a user that gets mail here");
  home = policy->session ? getenv ("HOME") : NULL;
  *identity = (PfIdentity){ .name = g_strdup (entry.pw_name),
                            .home = g_strdup (home != NULL && *home == '/' ? home : entry.pw_dir),
                            .uid = entry.pw_uid,
                            .gid = entry.pw_gid };
  return TRUE;
}

static gboolean
change_user (const PfIdentity *identity)
{
  uid_t real, effective, saved;
  gid_t real_group, effective_group, saved_group;

  if (initgroups (identity->name, identity->gid) != 0
      || setresgid (identity->gid, identity->gid, identity->gid) != 0
      || setresuid (identity->uid, identity->uid, identity->uid) != 0)
    return FALSE;
  if (getresuid (&real, &effective, &saved) != 0 || real != identity->uid
      || effective != identity->uid || saved != identity->uid)
    return FALSE;
  if (getresgid (&real_group, &effective_group, &saved_group) != 0 || real_group != identity->gid
      || effective_group != identity->gid || saved_group != identity->gid)
    return FALSE;
  return setuid (0) != 0 && seteuid (0) != 0;
}

static gboolean
limit (int resource, rlim_t value)
{
  struct rlimit now;

  if (getrlimit (resource, &now) != 0)
    return FALSE;
  now.rlim_cur = now.rlim_max = MIN (value, now.rlim_max);
  return setrlimit (resource, &now) == 0;
}

gboolean
pf_identity_become (const PfIdentity *identity, const PfPolicy *policy)
{
  if (policy->session ? getuid () != identity->uid || geteuid () != identity->uid
                      : identity->uid == 0 || !change_user (identity))
    return FALSE;
  umask (077);
  return prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl (PR_SET_DUMPABLE, 0, 0, 0, 0) == 0
         && limit (RLIMIT_FSIZE, policy->largest) && limit (RLIMIT_CPU, CPU_SECONDS)
         && limit (RLIMIT_NOFILE, OPEN_FILES) && limit (RLIMIT_CORE, 0);
}
