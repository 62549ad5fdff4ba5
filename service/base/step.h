/* step.h - the named steps of a message's way that are durable or seen from outside.
 *
 * In a normal build pf_step() is nothing. Built with -Dsteps=true it counts each step in the file that PF_STEP_COUNTS
 * names, and ends the process with _exit() at the n-th passing of a step where PF_STEP_STOP says "NAME:N": that is how
 * tests/crash/ dies at every place on purpose. The order is the order of DESIGN 4.
 */
#pragma once

#include "config.h"

typedef enum
{
  PF_STEP_LISTED,         /* a complete listing is in hand */
  PF_STEP_SPOOLED,        /* a body is in the spool, digest known */
  PF_STEP_INTENT,         /* before the intent is committed */
  PF_STEP_INTENT_DONE,    /* after it */
  PF_STEP_HELPER_SENT,    /* a batch went to the helper */
  PF_STEP_HELPER_WRITTEN, /* in the helper: the file in tmp is synced */
  PF_STEP_HELPER_RENAMED, /* in the helper: renamed, folder not yet synced */
  PF_STEP_HELPER_SYNCED,  /* in the helper: folder synced, not yet answered */
  PF_STEP_LMTP_SENT,      /* the dot went out */
  PF_STEP_LMTP_ANSWERED,  /* its answer came */
  PF_STEP_EFFECT_DONE,    /* the delivery's success is known */
  PF_STEP_DELIVERED,      /* before "delivered" is committed */
  PF_STEP_DELIVERED_DONE, /* after it */
  PF_STEP_REMOVE_SENT,    /* DELE or STORE went out */
  PF_STEP_REMOVE_COMMIT,  /* before QUIT or UID EXPUNGE */
  PF_STEP_REMOVE_DONE,    /* after its OK */
  PF_STEP_GONE,           /* before "gone" is committed */
  PF_STEP_GONE_DONE,      /* after it */
  PF_STEP_N
} PfStep;

#if PF_STEPS
void pf_step (PfStep step);
#else
#define pf_step(step) ((void) 0)
#endif
