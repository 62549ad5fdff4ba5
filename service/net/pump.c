#include "net/pump.h"

#include "base/limits.h"
#include "base/problem.h"
#include "net/channel-private.h"

struct _PfPump
{
  guint references; /* the owner's, and one for each of our functions that calls foreign code */
  gboolean freed, over;
  PfChannel *channel;
  const PfMachineClass *machine_class;
  gpointer machine;
  char *name;
  PfPumpHandlers handlers;
  gpointer user_data;
  gboolean reading;

  /* The clocks: microseconds of the monotonic time. */
  guint reply_timeout, command_timeout; /* seconds */
  gboolean expecting;
  gint64 heard, began; /* the last sign of life; when the answer that is due became so */
  gint64 paused;       /* since when; 0 while reading */
  guint64 answers;
  gsize unsent;
  GSource *timer;
  gint64 alarm; /* when the timer goes off; 0: not at all */
};

static void watch_clocks (PfPump *self);

/* --- Life ----------------------------------------------------------------------------------- */

static PfPump *
pump_ref (PfPump *self)
{
  self->references++;
  return self;
}

static void
pump_unref (PfPump *self)
{
  if (--self->references > 0)
    return;
  g_object_unref (self->channel);
  g_free (self->name);
  g_free (self);
}

/* Nothing is told or done any more. */
static void
stop (PfPump *self)
{
  if (self->over)
    return;
  self->over = TRUE;
  g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
  pf_channel_set_handlers (self->channel, NULL, NULL);
  pf_channel_close (self->channel);
}

void
pf_pump_free (PfPump *self)
{
  if (self == NULL || self->freed)
    return;
  self->freed = TRUE;
  stop (self);
  pump_unref (self);
}

/* @error: (transfer full) */
static void
fail (PfPump *self, GError *error)
{
  g_autoptr (GError) cause = error;

  stop (self);
  self->handlers.failed (self, cause, self->user_data);
}

/* --- Clocks --------------------------------------------------------------------------------- */

static gint64
now (void)
{
  return g_get_monotonic_time ();
}

static gint64
reply_deadline (const PfPump *self)
{
  return self->heard + (gint64) self->reply_timeout * G_USEC_PER_SEC;
}

static gint64
command_deadline (const PfPump *self)
{
  return self->began + (gint64) self->command_timeout * G_USEC_PER_SEC;
}

static gboolean
are_clocks_running (const PfPump *self)
{
  return self->expecting && self->paused == 0 && !self->over;
}

/* The peer takes what we send: a sign of life too, else a long text would look like a silence. */
static void
notice_sent (PfPump *self)
{
  gsize unsent = pf_channel_get_unsent (self->channel);

  if (unsent < self->unsent)
    self->heard = now ();
  self->unsent = unsent;
}

static gboolean
on_alarm (gpointer user_data)
{
  PfPump *self = user_data;
  gint64 time = now ();

  g_source_set_ready_time (self->timer, -1);
  self->alarm = 0;
  notice_sent (self);
  if (!are_clocks_running (self))
    return G_SOURCE_CONTINUE;
  pump_ref (self);
  if (time >= reply_deadline (self))
    fail (self, g_error_new (PF_PROBLEM, PF_PROBLEM_TIMED_OUT,
                             "%s has sent nothing for %u s (ReplyTimeout)", self->name,
                             self->reply_timeout));
  else if (time >= command_deadline (self))
    fail (self, g_error_new (PF_PROBLEM, PF_PROBLEM_TIMED_OUT,
                             "%s has not completed one answer within %u s (CommandTimeout)",
                             self->name, self->command_timeout));
  else
    watch_clocks (self);
  pump_unref (self);
  return G_SOURCE_CONTINUE;
}

/* Looks at what is owed, and sees to it that the timer goes off in time. A later deadline does not
 * move it: it looks again when it goes off. */
static void
watch_clocks (PfPump *self)
{
  gboolean expected = self->expecting;
  guint64 answers;
  gint64 deadline;

  if (self->over)
    return;
  answers = self->machine_class->answers (self->machine);
  self->expecting = self->machine_class->expects_answer (self->machine);
  if (self->expecting && !expected)
    self->heard = self->began = now ();
  else if (answers != self->answers)
    self->began = now ();
  self->answers = answers;
  if (!are_clocks_running (self))
    return;
  deadline = MIN (reply_deadline (self), command_deadline (self));
  if (self->alarm != 0 && self->alarm <= deadline)
    return;
  self->alarm = deadline;
  g_source_set_ready_time (self->timer, deadline);
}

static gboolean
dispatch_timer (GSource *source, GSourceFunc callback, gpointer user_data)
{
  return callback (user_data);
}

static GSourceFuncs timer_funcs = { NULL, NULL, dispatch_timer, NULL, NULL, NULL };

static GSource *
timer_new (PfPump *self)
{
  GSource *timer = g_source_new (&timer_funcs, sizeof (GSource));

  g_source_set_callback (timer, on_alarm, self, NULL);
  g_source_set_static_name (timer, "[postferry] pump");
  g_source_attach (timer, g_main_context_get_thread_default ());
  return timer;
}

/* --- The channel ---------------------------------------------------------------------------- */

void
pf_pump_kick (PfPump *self)
{
  if (self->over)
    return;
  while (pf_channel_get_unsent (self->channel) < PF_LIMIT_UNSENT)
    {
      g_autoptr (GBytes) output = self->machine_class->take_output (self->machine);

      if (output == NULL)
        break;
      pf_channel_send (self->channel, output);
    }
  self->unsent = pf_channel_get_unsent (self->channel);
  watch_clocks (self);
}

static void
on_received (PfChannel *channel, const guint8 *data, gsize length, gpointer user_data)
{
  PfPump *self = pump_ref (user_data);

  self->heard = now ();
  self->machine_class->feed (self->machine, data, length);
  self->handlers.progress (self, self->user_data);
  pf_pump_kick (self);
  pump_unref (self);
}

static void
on_drained (PfChannel *channel, gpointer user_data)
{
  PfPump *self = pump_ref (user_data);

  notice_sent (self);
  if (self->handlers.drained != NULL)
    self->handlers.drained (self, self->user_data);
  pf_pump_kick (self);
  pump_unref (self);
}

static void
on_closed (PfChannel *channel, const GError *error, gpointer user_data)
{
  PfPump *self = pump_ref (user_data);
  gboolean owed = self->machine_class->expects_answer (self->machine);
  gboolean ended = error == NULL || (pf_channel_was_cut (channel) && !owed);

  if (ended)
    {
      self->machine_class->feed_eof (self->machine);
      self->handlers.progress (self, self->user_data);
    }
  if (!self->over && !ended)
    fail (self, g_error_copy (error));
  else if (!self->over && owed)
    fail (self, g_error_new (PF_PROBLEM, PF_PROBLEM_CONNECTION_FAILED,
                             "%s closed the connection before it had answered", self->name));
  stop (self);
  pump_unref (self);
}

static const PfChannelHandlers channel_handlers = { on_received, on_closed, on_drained };

/* --- Calls ---------------------------------------------------------------------------------- */

PfPump *
pf_pump_new (PfChannel *channel,
             const PfMachineClass *machine_class,
             gpointer machine,
             const char *name,
             guint reply_timeout,
             guint command_timeout,
             const PfPumpHandlers *handlers,
             gpointer user_data)
{
  PfPump *self = g_new0 (PfPump, 1);

  self->references = 1;
  self->channel = g_object_ref (channel);
  self->machine_class = machine_class;
  self->machine = machine;
  self->name = g_strdup (name);
  self->reply_timeout = reply_timeout;
  self->command_timeout = command_timeout;
  self->handlers = *handlers;
  self->user_data = user_data;
  self->reading = TRUE;
  self->answers = machine_class->answers (machine);
  self->timer = timer_new (self);
  pf_channel_set_handlers (channel, &channel_handlers, self);
  pf_pump_kick (self);
  return self;
}

void
pf_pump_set_reading (PfPump *self, gboolean reading)
{
  gint64 pause;

  if (self->over || self->reading == reading)
    return;
  self->reading = reading;
  if (!reading)
    self->paused = now ();
  else
    {
      pause = now () - self->paused;
      self->heard += pause;
      self->began += pause;
      self->paused = 0;
    }
  pf_channel_set_reading (self->channel, reading);
  watch_clocks (self);
}

void
pf_pump_set_patient (PfPump *self, gboolean patient)
{
  pf_channel_set_patient (self->channel, patient);
}

void
pf_pump_set_timeouts (PfPump *self, guint reply_timeout, guint command_timeout)
{
  self->reply_timeout = reply_timeout;
  self->command_timeout = command_timeout;
  self->heard = self->began = now ();
  if (self->paused != 0)
    self->paused = self->heard;
  watch_clocks (self);
}

PfChannel *
pf_pump_get_channel (PfPump *self)
{
  return self->channel;
}
