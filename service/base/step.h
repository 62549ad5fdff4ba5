/* step.h - the named steps of a message's way that are durable or seen from outside.
 *
 * In a normal build pf_step() is nothing. Built with -Dsteps=true each step is one line in the file
 * `counts` of the folder that PF_STEP_FOLDER names. A file `stop` there says "NAME:N" or
 * "NAME:N:hold": whoever passes that step for the n-th time, counted over all processes, renames it
 * to `stopped` and ends with _exit(99), or stops by SIGSTOP to be killed from outside. That is how
 * tests/crash/ dies at every place on purpose. The order is the order of DESIGN 4.
 */
#pragma once

#include "config.h"

typedef enum
{
  PF_STEP_LISTED,             /* a complete listing is in hand */
  PF_STEP_SPOOLED,            /* a body is in the spool, digest known */
  PF_STEP_INTENT,             /* before the intent is committed */
  PF_STEP_INTENT_DONE,        /* after it */
  PF_STEP_COMMIT,             /* in the journal: before any COMMIT */
  PF_STEP_COMMITTED,          /* in the journal: after it, not yet answered */
  PF_STEP_HELPER_SENT,        /* a batch went to the helper */
  PF_STEP_HELPER_CREATED,     /* in the helper: the file in tmp is made, and empty */
  PF_STEP_HELPER_COPIED,      /* in the helper: it is written, not yet synced */
  PF_STEP_HELPER_WRITTEN,     /* in the helper: the file in tmp is synced */
  PF_STEP_HELPER_RENAMED,     /* in the helper: renamed, folder not yet synced */
  PF_STEP_HELPER_SYNCED,      /* in the helper: folder synced, not yet answered */
  PF_STEP_LMTP_DATA,          /* DATA was answered, nothing of the message is sent */
  PF_STEP_LMTP_SENT,          /* the dot went out */
  PF_STEP_LMTP_ANSWERED,      /* its answer came */
  PF_STEP_QUARANTINE_WRITTEN, /* the message is synced under a name of its own */
  PF_STEP_QUARANTINE_NAMED,   /* it has its name, without what is known of it */
  PF_STEP_QUARANTINE_META,    /* both are there, folder not yet synced */
  PF_STEP_QUARANTINE_SYNCED,  /* folder synced */
  PF_STEP_RELEASE_INTENT,     /* it is durable that a message is to be released */
  PF_STEP_RELEASE_DELIVERED,  /* its delivery's success is known */
  PF_STEP_RELEASE_NOTED,      /* that is durable too */
  PF_STEP_RELEASE_LEARNED,    /* learning and allowing are done: before its files are removed */
  PF_STEP_RELEASE_REMOVED,    /* they are gone */
  PF_STEP_EFFECT_DONE,        /* the delivery's success is known */
  PF_STEP_DELIVERED,          /* before "delivered" is committed */
  PF_STEP_DELIVERED_DONE,     /* after it */
  PF_STEP_REMOVE_MARK,        /* IMAP: before it is committed that \Deleted will be ours */
  PF_STEP_REMOVE_SENT,        /* DELE or STORE went out */
  PF_STEP_REMOVE_COMMIT,      /* all are answered: before QUIT or UID EXPUNGE */
  PF_STEP_REMOVE_DONE,        /* after its OK */
  PF_STEP_GONE,               /* before "gone" is committed */
  PF_STEP_GONE_DONE,          /* after it */
  PF_STEP_FILE_WRITE,         /* account, state, keyring: before a file is written */
  PF_STEP_FILE_WRITTEN,       /* the new one is synced beside it */
  PF_STEP_FILE_RENAMED,       /* it has its name, folder not yet synced */
  PF_STEP_FILE_SYNCED,        /* folder synced */
  PF_STEP_FILE_UNLINKED,      /* a file is gone, folder not yet synced */
  PF_STEP_N
} PfStep;

#if PF_STEPS
void pf_step (PfStep step);
#else
#define pf_step(step) ((void) 0)
#endif
