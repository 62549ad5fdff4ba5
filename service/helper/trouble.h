/* trouble.h - what became of one record, and what was in the way: from the child that acts to the
 * process that answers and logs. */
#pragma once

#include "helper/request.h"

/* Written to a pipe as it is: 64 of them fit into one write that is not split (PIPE_BUF). */
typedef struct
{
  guint32 code;  /* PfHelperCode */
  gint32 cause;  /* errno, or 0 */
  char what[48]; /* what was tried; ours, never from outside */
} PfTrouble;

#define PF_TROUBLE_NONE ((PfTrouble){ .code = PF_HELPER_DONE })

/* By errno: full disk, quota, permission, or for now. Returns: FALSE, for the caller to return. */
gboolean pf_trouble_from_errno (PfTrouble *trouble, int cause, const char *what);
gboolean pf_trouble_set        (PfTrouble *trouble, PfHelperCode code, const char *what);
