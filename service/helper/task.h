/* task.h - one user's records in a child: started, watched, answered. */
#pragma once

#include "helper/maildir.h"
#include "helper/settled.h"

#include <sys/types.h>

typedef struct
{
  pid_t pid;
  int report;       /* the child writes its troubles here; -1: closed */
  gint64 deadline;  /* monotonic microseconds; moves on with each report */
  gsize n, reported, answered;
  PfMail *mails;
  PfRequestRecord *records;
  PfTrouble *troubles;
  gsize filled; /* octets of troubles */
} PfTask;

/**
 * pf_task_start:
 * @records: of one user, probes first
 * @fds: one for each record, -1 for a probe; closed by the task
 *
 * Returns: (transfer full): never NULL; where no child could be started it is done, with troubles
 * that say so.
 */
PfTask  *pf_task_start (const PfRequestRecord *records, const int *fds, gsize n,
                        const PfPolicy *policy, const PfSettled *settled);
void     pf_task_free  (PfTask *self);
/* The child has something to say, or has ended. */
void     pf_task_read  (PfTask *self);
/* It takes too long: the child is killed, what it has not reported is trouble. */
void     pf_task_abort (PfTask *self);
/* No more reports will come. */
gboolean pf_task_is_done (const PfTask *self);
