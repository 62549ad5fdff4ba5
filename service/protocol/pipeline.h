/* pipeline.h - the commands of a client whose server answers in order: which wait, which were sent,
 * whose answer is due. */
#pragma once

#include "protocol/output.h"

/* With pipelining: whether @next may be sent while the answer to @before is still due. */
typedef gboolean (*PfMayFollow) (guint before, guint next);

typedef struct
{
  guint command;
  guint32 number;
  char *line; /* what is to be sent; NULL once it was */
} PfQueued;

typedef struct
{
  GQueue commands; /* PfQueued; the head's answer is due first */
  guint unsent;    /* how many at the tail were not sent */
  PfMayFollow may_follow;
  gboolean pipelining;
  gboolean held; /* nothing more is sent for now */
  PfOutput output;
  guint64 answers; /* complete ones so far */
} PfPipeline;

/* @greeting: the command that stands for the server's first line. */
void pf_pipeline_init  (PfPipeline *self, PfMayFollow may_follow, guint greeting);
void pf_pipeline_clear (PfPipeline *self);

/* @line: (transfer full): with its CR LF, wiped after use. */
void pf_pipeline_queue (PfPipeline *self, guint command, guint32 number, char *line);
/* An answer of @command is due too, right behind those that are: nothing is sent for it. */
void pf_pipeline_expect (PfPipeline *self, guint command);
/* Sends what may go now: after a change of @pipelining or @held. */
void pf_pipeline_release (PfPipeline *self);

/* (nullable): the command that the server answers next; only what was sent can be answered. */
const PfQueued *pf_pipeline_due (const PfPipeline *self);
/* The answer that was due is complete. */
void pf_pipeline_answered (PfPipeline *self);

/* FALSE when @argument would end its command line. */
gboolean pf_pipeline_is_sendable (const char *argument);
