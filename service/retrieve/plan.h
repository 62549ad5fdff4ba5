/* plan.h - what a check does with each message of a listing: pure, a function of listing, ledger,
 * settings and time. */
#pragma once

#include "retrieve/ledger.h"
#include "retrieve/session.h"

typedef enum
{
  PF_PLAN_KNOWN,  /* delivered or known before: nothing to fetch */
  PF_PLAN_FETCH,  /* new */
  /* its name is new or doubtful: fetched, and recognised by content before it is taken for new */
  PF_PLAN_VERIFY,
  PF_PLAN_RECORD, /* there before us (Initial=new): recorded, not fetched */
  PF_PLAN_LEARN,  /* the same where the server has no UIDL: fetched for its digest, not delivered */
  PF_PLAN_LARGE,  /* larger than allowed: left there */
  PF_PLAN_STUCK,  /* set aside: left there */
  PF_PLAN_LATER   /* beyond this check's number of messages */
} PfPlanAction;

typedef struct
{
  const PfListed *listed; /* the listing's */
  PfRow *row;             /* (nullable): the ledger's */
  PfPlanAction action;
  gboolean remove;        /* to be removed in this session */
  gboolean take_back;     /* a \Deleted of ours that is no longer wanted */
  const char *why;        /* for --explain: static */
} PfPlanItem;

typedef struct
{
  const PfSettings *settings;
  guint64 max_size;
  guint limit;       /* messages to fetch at most; G_MAXUINT: no limit */
  gboolean first;    /* the folder was never planned before */
  gboolean part;     /* the listing shows a part of the mailbox only: others are hidden, not gone */
  gboolean labels;   /* what is new here may have been delivered from another folder */
  gboolean by_person; /* a person asked: what was set aside is tried again */
  gint64 now;        /* us */
} PfPlanInput;

/* (transfer full) (element-type PfPlanItem): one for each message of @listing, those that failed
 * before at the end. Rows found by name are taken. */
GPtrArray *pf_plan_make (PfLedger *ledger, const PfListing *listing, const PfPlanInput *input);

/* TRUE when a message delivered as @row tells may be removed now by the account's policy. */
gboolean   pf_plan_removal_due (const PfSettings *settings, const PfRow *row, gint64 now);
/* When it will be (us), 0 for never. */
gint64     pf_plan_removal_time (const PfSettings *settings, const PfRow *row);
