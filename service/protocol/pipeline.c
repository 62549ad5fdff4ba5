#include "protocol/pipeline.h"

#include <string.h>

static void
queued_free (gpointer data)
{
  PfQueued *queued = data;

  pf_output_wipe_string (queued->line);
  g_free (queued);
}

static PfQueued *
queued_new (guint command, guint32 number, char *line)
{
  PfQueued *queued = g_new0 (PfQueued, 1);

  queued->command = command;
  queued->number = number;
  queued->line = line;
  return queued;
}

void
pf_pipeline_init (PfPipeline *self, PfMayFollow may_follow, guint greeting)
{
  memset (self, 0, sizeof *self);
  g_queue_init (&self->commands);
  self->may_follow = may_follow;
  pf_pipeline_expect (self, greeting);
}

void
pf_pipeline_clear (PfPipeline *self)
{
  g_queue_clear_full (&self->commands, queued_free);
  pf_output_clear (&self->output);
}

static guint
count_sent (const PfPipeline *self)
{
  return self->commands.length - self->unsent;
}

void
pf_pipeline_release (PfPipeline *self)
{
  GList *next = g_queue_peek_nth_link (&self->commands, count_sent (self));

  for (; next != NULL && !self->held; next = next->next)
    {
      PfQueued *queued = next->data;
      const PfQueued *before = next->prev != NULL ? next->prev->data : NULL;

      if (before != NULL
          && !(self->pipelining && self->may_follow (before->command, queued->command)))
        return;
      pf_output_append (&self->output, queued->line, strlen (queued->line));
      g_clear_pointer (&queued->line, pf_output_wipe_string);
      self->unsent--;
    }
}

void
pf_pipeline_queue (PfPipeline *self, guint command, guint32 number, char *line)
{
  g_queue_push_tail (&self->commands, queued_new (command, number, line));
  self->unsent++;
  pf_pipeline_release (self);
}

void
pf_pipeline_expect (PfPipeline *self, guint command)
{
  g_queue_push_nth (&self->commands, queued_new (command, 0, NULL), (int) count_sent (self));
}

const PfQueued *
pf_pipeline_due (const PfPipeline *self)
{
  return count_sent (self) > 0 ? self->commands.head->data : NULL;
}

void
pf_pipeline_answered (PfPipeline *self)
{
  queued_free (g_queue_pop_head (&self->commands));
  self->answers++;
  pf_pipeline_release (self);
}

gboolean
pf_pipeline_is_sendable (const char *argument)
{
  return strpbrk (argument, "\r\n") == NULL;
}
