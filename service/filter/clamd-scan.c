#include "filter/clamd-scan.h"

#include "base/limits.h"
#include "base/problem.h"
#include "dbus-interfaces/text.h"
#include "filter/scanner-private.h"
#include "net/dialer.h"
#include "net/pump.h"
#include "protocol/clamd.h"

#include <errno.h>
#include <unistd.h>

/* Octets of a message that are read at once, and that may wait in our buffers for clamd. */
#define SLICE (64 * PF_KIB)
#define UNSENT_MAX (256 * PF_KIB)

struct _PfClamdScan
{
  guint references; /* the owner's, and one for a call of ours that calls foreign code */
  PfEndpoint *endpoint;
  PfScanSource source;
  gboolean streams;
  guint64 offset, end; /* of what is still to be sent */
  guint silence;
  GCancellable *dialing;
  PfClamd *machine;
  PfPump *pump;
  gboolean over;
  PfClamdScanDone done;
  gpointer user_data;
};

static void
unref (PfClamdScan *self)
{
  if (--self->references > 0)
    return;
  g_clear_pointer (&self->pump, pf_pump_free);
  g_clear_pointer (&self->machine, pf_clamd_free);
  g_object_unref (self->dialing);
  pf_endpoint_free (self->endpoint);
  g_free (self);
}

void
pf_clamd_scan_free (PfClamdScan *self)
{
  self->over = TRUE;
  g_cancellable_cancel (self->dialing);
  g_clear_pointer (&self->pump, pf_pump_free);
  unref (self);
}

/* @result: (transfer full) (nullable) */
static void
end (PfClamdScan *self, PfClamdScanEnd how, PfScanResult *result, const char *text)
{
  self->over = TRUE;
  self->done (self, how, result, text, self->user_data);
}

static void
fail (PfClamdScan *self, PfScanReason reason, const char *text)
{
  end (self, PF_CLAMD_SCAN_FAILED, pf_scan_result_new (PF_SCAN_TROUBLE, reason, NULL, text), text);
}

/* --- Answers ---------------------------------------------------------------------------------- */

static PfScanReason
reason_of_fault (PfFault fault)
{
  switch (fault)
    {
    case PF_FAULT_EOF:
      return PF_SCAN_BROKEN_OFF;
    case PF_FAULT_LIMIT:
      return PF_SCAN_TOO_LONG;
    case PF_FAULT_SYNTAX:
    case PF_FAULT_NONE:
    default:
      return PF_SCAN_BAD_ANSWER;
    }
}

/* (transfer full) */
static PfScanResult *
read_event (const PfClamdEvent *event, const char *text)
{
  g_autofree char *sentence = NULL;

  switch (event->type)
    {
    case PF_CLAMD_EVENT_PONG:
    case PF_CLAMD_EVENT_VERSION:
    case PF_CLAMD_EVENT_CLEAN:
      return pf_scan_result_new (PF_SCAN_CLEAN, PF_SCAN_NO_REASON, NULL, NULL);
    case PF_CLAMD_EVENT_FOUND:
      return pf_scan_result_new (PF_SCAN_FOUND, PF_SCAN_NO_REASON, *text != '\0' ? text : "unknown",
                                 NULL);
    case PF_CLAMD_EVENT_TOO_LARGE:
      return pf_scan_result_new (PF_SCAN_SKIPPED, PF_SCAN_TOO_LARGE, NULL,
                                 "The message is beyond clamd's StreamMaxLength");
    case PF_CLAMD_EVENT_ERROR:
      sentence = g_strdup_printf ("clamd says: %s", text);
      return pf_scan_result_new (PF_SCAN_TROUBLE, PF_SCAN_REFUSED, NULL, sentence);
    case PF_CLAMD_EVENT_FAULT:
    default:
      sentence = g_strdup_printf ("clamd gave %s", text);
      return pf_scan_result_new (PF_SCAN_TROUBLE, reason_of_fault (event->fault), NULL, sentence);
    }
}

static void
on_event (PfClamdScan *self, const PfClamdEvent *event)
{
  g_autofree char *text = pf_text_printable (event->text, -1, PF_LIMIT_SERVER_TEXT);
  PfScanResult *result = read_event (event, text);

  end (self, result->status == PF_SCAN_TROUBLE ? PF_CLAMD_SCAN_FAILED : PF_CLAMD_SCAN_ANSWERED,
       result, event->text);
}

static void
on_progress (PfPump *pump, gpointer user_data)
{
  PfClamdScan *self = user_data;
  PfClamdEvent event;

  self->references++;
  if (!self->over && pf_clamd_next_event (self->machine, &event))
    on_event (self, &event);
  unref (self);
}

static void
on_failed (PfPump *pump, const GError *error, gpointer user_data)
{
  PfClamdScan *self = user_data;
  g_autofree char *text = NULL;

  if (self->over)
    return;
  self->references++;
  if (g_error_matches (error, PF_PROBLEM, PF_PROBLEM_TIMED_OUT))
    {
      text = g_strdup_printf ("clamd at %s gave no answer in time", self->endpoint->host);
      fail (self, PF_SCAN_TIMED_OUT, text);
    }
  else
    fail (self, PF_SCAN_BROKEN_OFF, error->message);
  unref (self);
}

/* --- The stream ------------------------------------------------------------------------------- */

/* FALSE when the message is not what it was said to be: half of it must not pass for the whole. */
static gboolean
put_slice (PfClamdScan *self)
{
  guint8 slice[SLICE];
  ssize_t n;

  do
    n = pread (self->source.fd, slice, MIN (sizeof slice, self->end - self->offset),
               (off_t) self->offset);
  while (n < 0 && errno == EINTR);
  if (n <= 0)
    return FALSE;
  pf_clamd_data (self->machine, slice, (gsize) n);
  self->offset += (guint64) n;
  if (self->offset == self->end)
    pf_clamd_end (self->machine);
  return TRUE;
}

static void
fail_unreadable (PfClamdScan *self)
{
  fail (self, PF_SCAN_UNREADABLE, "The message could not be read from the spool");
}

/* As much as may wait in our buffers; the rest when they are empty. */
static void
send_more (PfClamdScan *self)
{
  while (!self->over && self->offset < self->end
         && pf_channel_get_unsent (pf_pump_get_channel (self->pump)) < UNSENT_MAX)
    {
      if (!put_slice (self))
        {
          fail_unreadable (self);
          return;
        }
      pf_pump_kick (self->pump);
    }
}

static void
on_drained (PfPump *pump, gpointer user_data)
{
  PfClamdScan *self = user_data;

  self->references++;
  send_more (self);
  unref (self);
}

/* --- Life ------------------------------------------------------------------------------------- */

static void
begin (PfClamdScan *self, PfChannel *channel)
{
  static const PfPumpHandlers handlers = { .progress = on_progress,
                                           .failed = on_failed,
                                           .drained = on_drained };

  self->machine = pf_clamd_new ();
  if (self->streams)
    pf_clamd_instream (self->machine);
  else
    pf_clamd_version (self->machine);
  /* A small message goes out with its command: clamd wakes up once. */
  if (self->streams && !put_slice (self))
    {
      fail_unreadable (self);
      return;
    }
  self->pump = pf_pump_new (channel, &pf_clamd_machine, self->machine, "clamd", self->silence,
                            PF_LIMIT_SCAN_SECONDS, &handlers, self);
  send_more (self);
}

static void
on_dialed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfClamdScan *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (PfChannel) channel = pf_dial_finish (result, &error);

  if (self->over)
    ;
  else if (channel != NULL)
    begin (self, channel);
  else
    end (self, PF_CLAMD_SCAN_REFUSED, NULL, error->message);
  unref (self);
}

PfClamdScan *
pf_clamd_scan_start (PfEndpoint *endpoint,
                     const PfScanSource *source,
                     guint silence,
                     PfClamdScanDone done,
                     gpointer user_data)
{
  PfClamdScan *self = g_new0 (PfClamdScan, 1);

  self->references = 2;
  self->endpoint = endpoint;
  self->streams = source != NULL;
  if (source != NULL)
    {
      self->source = *source;
      self->offset = source->offset;
      self->end = source->offset + source->length;
    }
  self->silence = silence;
  self->dialing = g_cancellable_new ();
  self->done = done;
  self->user_data = user_data;
  pf_dial_async (endpoint, self->dialing, on_dialed, self);
  return self;
}
