#include "helper/trouble.h"

#include <errno.h>
#include <limits.h>

G_STATIC_ASSERT (PF_LIMIT_HELPER_BATCH * sizeof (PfTrouble) <= PIPE_BUF);

static PfHelperCode
code_of (int cause)
{
  switch (cause)
    {
    case EDQUOT:
      return PF_HELPER_OVER_QUOTA;
    case ENOSPC:
      return PF_HELPER_DISK_FULL;
    case EACCES:
    case EPERM:
    case EROFS:
    case ELOOP: /* a link where none may be */
    case EXDEV: /* a way out of the mailbox */
      return PF_HELPER_NO_PERMISSION;
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
    case EEXIST:
    case ENAMETOOLONG:
      return PF_HELPER_CANNOT_CREATE;
    default:
      return PF_HELPER_TEMPORARY;
    }
}

gboolean
pf_trouble_set (PfTrouble *trouble, PfHelperCode code, const char *what)
{
  *trouble = (PfTrouble){ .code = code };
  g_strlcpy (trouble->what, what, sizeof trouble->what);
  return FALSE;
}

gboolean
pf_trouble_from_errno (PfTrouble *trouble, int cause, const char *what)
{
  pf_trouble_set (trouble, code_of (cause), what);
  trouble->cause = cause;
  return FALSE;
}
