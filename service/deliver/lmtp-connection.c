#include "deliver/lmtp-connection.h"

#include "base/limits.h"
#include "base/step.h"
#include "dbus-interfaces/text.h"
#include "deliver/lmtp-verdict.h"
#include "net/dialer.h"
#include "net/pump.h"
#include "protocol/address.h"
#include "protocol/lmtp.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Octets of a message that are read at once, and that may wait in our buffers for the network. */
#define SLICE (64 * PF_KIB)
#define UNSENT_MAX (256 * PF_KIB)

typedef enum
{
  STATE_DIALING,
  STATE_OPENING, /* greeting, LHLO */
  STATE_READY,
  STATE_ADDRESSING, /* MAIL, RCPT */
  STATE_DATA,       /* waits for the 354 */
  STATE_SENDING,
  STATE_WAITING, /* the dot went out */
  STATE_ENDED
} State;

struct _PfLmtpConnection
{
  gatomicrefcount ref_count;
  PfServiceSettings *settings;
  PfLmtpHandlers handlers;
  gpointer user_data;
  PfEndpoint endpoint;
  GCancellable *cancellable;
  PfLmtp *machine;
  PfPump *pump;
  State state;
  const PfLmtpJob *job;
  guint jobs; /* how many were begun */
  gboolean null_sender;
  PfDeliveryResult mail_result;
  char *mail_text;
  int fd;
  guint64 offset, end; /* of what is still to be sent */
  gboolean full;       /* what was given is still with the network */
  guint timer;         /* of a server that takes nothing */
  gsize unsent;        /* when the timer was set */
};

static void
unref (PfLmtpConnection *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_clear_pointer (&self->pump, pf_pump_free);
  g_clear_pointer (&self->machine, pf_lmtp_free);
  g_clear_handle_id (&self->timer, g_source_remove);
  g_object_unref (self->cancellable);
  pf_service_settings_unref (self->settings);
  g_free (self->endpoint.host);
  g_free (self->endpoint.proxy);
  g_free (self->endpoint.certificate);
  g_free (self->mail_text);
  g_free (self);
}

/* --- Ends ------------------------------------------------------------------------------------- */

static void
lose (PfLmtpConnection *self, const char *text)
{
  gboolean begun = self->state > STATE_ADDRESSING || self->jobs <= 1;

  if (self->state == STATE_ENDED)
    return;
  self->state = STATE_ENDED;
  self->handlers.lost (self, begun, text, self->user_data);
}

static void
get_ready (PfLmtpConnection *self)
{
  self->state = STATE_READY;
  self->handlers.ready (self, self->user_data);
}

static void
finish_job (PfLmtpConnection *self, PfDeliveryResult result, const char *text)
{
  self->job = NULL;
  self->state = STATE_READY;
  self->handlers.done (self, result, text, self->user_data);
  if (self->state == STATE_READY && self->job == NULL)
    get_ready (self);
}

/* (transfer full): the server's own words. */
static char *
quote (PfLmtpConnection *self, const PfLmtpEvent *event)
{
  g_autofree char *text = pf_text_printable (event->text, -1, PF_LIMIT_SERVER_TEXT);

  return g_strdup_printf ("The LMTP server %s says: %u %s%s%s", self->endpoint.host, event->status,
                          event->enhanced, *event->enhanced != '\0' ? " " : "", text);
}

/* --- The message ------------------------------------------------------------------------------ */

static gsize
get_unsent (PfLmtpConnection *self)
{
  return pf_channel_get_unsent (pf_pump_get_channel (self->pump));
}

static gboolean
send_slice (PfLmtpConnection *self)
{
  guint8 slice[SLICE];
  ssize_t n;

  do
    n = pread (self->fd, slice, MIN (sizeof slice, self->end - self->offset), (off_t) self->offset);
  while (n < 0 && errno == EINTR);
  if (n <= 0)
    return FALSE;
  pf_lmtp_message (self->machine, slice, (gsize) n);
  self->offset += (guint64) n;
  pf_pump_kick (self->pump);
  return TRUE;
}

static void
send_dot (PfLmtpConnection *self)
{
  self->state = STATE_WAITING;
  pf_pump_set_timeouts (self->pump, self->settings->delivery_timeout,
                        self->settings->delivery_timeout);
  pf_lmtp_message_end (self->machine);
  pf_pump_kick (self->pump);
  pf_step (PF_STEP_LMTP_SENT);
}

/* A server that takes nothing for the time of a reply is given up. */
static gboolean
on_stalled (gpointer user_data)
{
  PfLmtpConnection *self = user_data;
  gsize unsent = get_unsent (self);

  if (unsent != self->unsent)
    {
      self->unsent = unsent;
      return G_SOURCE_CONTINUE;
    }
  self->timer = 0;
  lose (self, "The LMTP server takes no more of the message");
  return G_SOURCE_REMOVE;
}

static void
wait_for_room (PfLmtpConnection *self)
{
  self->full = TRUE;
  self->unsent = get_unsent (self);
  self->timer = g_timeout_add_seconds (self->settings->reply_timeout, on_stalled, self);
}

static void
send_more (PfLmtpConnection *self)
{
  while (self->state == STATE_SENDING && self->offset < self->end && get_unsent (self) < UNSENT_MAX)
    if (!send_slice (self))
      {
        /* Half a message must not become a whole one: no dot, the connection goes. */
        lose (self, "The message could not be read from the spool");
        return;
      }
  if (self->state != STATE_SENDING)
    return;
  if (self->offset == self->end)
    send_dot (self);
  else
    wait_for_room (self);
}

static void
on_drained (PfPump *pump, gpointer user_data)
{
  PfLmtpConnection *self = user_data;

  if (!self->full)
    return;
  self->full = FALSE;
  g_clear_handle_id (&self->timer, g_source_remove);
  send_more (self);
}

static void
begin_message (PfLmtpConnection *self)
{
  PfBody *body = self->job->delivery->body;

  self->fd = pf_body_get_fd (body);
  self->offset = (guint64) lseek (self->fd, 0, SEEK_CUR);
  self->end = self->offset + pf_body_get_length (body);
  self->full = FALSE;
  self->state = STATE_SENDING;
  pf_step (PF_STEP_LMTP_DATA);
  send_more (self);
}

/* --- Addresses -------------------------------------------------------------------------------- */

static gboolean
address (PfLmtpConnection *self)
{
  const PfDelivery *delivery = self->job->delivery;
  const char *sender = delivery != NULL && !self->null_sender ? delivery->sender : "";
  gboolean is_8bit = delivery != NULL && pf_body_is_8bit (delivery->body)
                     && pf_lmtp_has_extension (self->machine, "8BITMIME");

  self->state = STATE_ADDRESSING;
  /* A sender that cannot be sent is like one that is not known. */
  if (!pf_lmtp_mail (self->machine, pf_address_is_safe (sender) ? sender : "",
                     is_8bit ? "BODY=8BITMIME" : ""))
    return FALSE;
  if (!pf_lmtp_rcpt (self->machine, self->job->recipient))
    {
      pf_lmtp_rset (self->machine);
      pf_pump_kick (self->pump);
      return FALSE;
    }
  pf_pump_kick (self->pump);
  return TRUE;
}

static void
on_mail_reply (PfLmtpConnection *self, const PfLmtpEvent *event)
{
  self->mail_result = pf_lmtp_judge (PF_LMTP_MAIL, event->status, event->enhanced);
  g_free (self->mail_text);
  self->mail_text = quote (self, event);
}

static void
on_rcpt_reply (PfLmtpConnection *self, const PfLmtpEvent *event)
{
  PfDeliveryResult result = self->mail_result;
  g_autofree char *text = NULL;

  /* Some take no sender but <>: better without one than not at all. */
  if (result == PF_DELIVERY_REFUSED && !self->null_sender && self->job->delivery != NULL)
    {
      self->null_sender = TRUE;
      pf_lmtp_rset (self->machine);
      address (self);
      return;
    }
  if (result == PF_DELIVERY_DONE)
    {
      result = pf_lmtp_judge (PF_LMTP_RCPT, event->status, event->enhanced);
      text = quote (self, event);
    }
  else
    text = g_strdup (self->mail_text);
  if (result == PF_DELIVERY_DONE && self->job->delivery != NULL)
    {
      self->state = STATE_DATA;
      pf_lmtp_data (self->machine);
      pf_pump_kick (self->pump);
      return;
    }
  pf_lmtp_rset (self->machine);
  pf_pump_kick (self->pump);
  finish_job (self, result, text);
}

/* --- Answers ---------------------------------------------------------------------------------- */

static char *
host_name (void)
{
  const char *name = g_get_host_name ();

  for (const char *p = name; *p != '\0'; p++)
    if (!g_ascii_isalnum (*p) && strchr (".-", *p) == NULL)
      return g_strdup ("localhost");
  return g_strdup (*name != '\0' ? name : "localhost");
}

static void
on_opening_reply (PfLmtpConnection *self, const PfLmtpEvent *event)
{
  g_autofree char *text = quote (self, event);

  if (event->status / 100 != 2)
    lose (self, text);
  else if (event->command == PF_LMTP_GREETING)
    {
      g_autofree char *name = host_name ();

      pf_lmtp_lhlo (self->machine, name);
      pf_pump_kick (self->pump);
    }
  else
    get_ready (self);
}

static void
on_message_reply (PfLmtpConnection *self, const PfLmtpEvent *event)
{
  g_autofree char *text = quote (self, event);

  pf_step (PF_STEP_LMTP_ANSWERED);
  pf_pump_set_timeouts (self->pump, self->settings->reply_timeout, self->settings->command_timeout);
  finish_job (self, pf_lmtp_judge (PF_LMTP_MESSAGE, event->status, event->enhanced), text);
}

static void
on_data_reply (PfLmtpConnection *self, const PfLmtpEvent *event)
{
  g_autofree char *text = quote (self, event);

  if (event->status == 354)
    begin_message (self);
  else if (event->status / 100 == 2)
    lose (self, text); /* nobody knows what that server thinks */
  else
    {
      pf_lmtp_rset (self->machine);
      pf_pump_kick (self->pump);
      finish_job (self, pf_lmtp_judge (PF_LMTP_DATA, event->status, event->enhanced), text);
    }
}

static void
on_reply (PfLmtpConnection *self, const PfLmtpEvent *event)
{
  if (event->status == 421)
    {
      g_autofree char *text = quote (self, event);

      lose (self, text);
      return;
    }
  switch (event->command)
    {
    case PF_LMTP_GREETING:
    case PF_LMTP_LHLO:
      on_opening_reply (self, event);
      break;
    case PF_LMTP_MAIL:
      on_mail_reply (self, event);
      break;
    case PF_LMTP_RCPT:
      if (self->job != NULL)
        on_rcpt_reply (self, event);
      break;
    case PF_LMTP_DATA:
      on_data_reply (self, event);
      break;
    case PF_LMTP_MESSAGE:
      on_message_reply (self, event);
      break;
    default:
      break;
    }
}

static void
on_progress (PfPump *pump, gpointer user_data)
{
  PfLmtpConnection *self = user_data;
  PfLmtpEvent event;

  g_atomic_ref_count_inc (&self->ref_count);
  while (self->state != STATE_ENDED && pf_lmtp_next_event (self->machine, &event))
    if (event.type == PF_LMTP_EVENT_FAULT)
      lose (self, "The LMTP server broke off or does not keep to the protocol");
    else
      on_reply (self, &event);
  unref (self);
}

static void
on_failed (PfPump *pump, const GError *error, gpointer user_data)
{
  lose (user_data, error->message);
}

/* --- Life ------------------------------------------------------------------------------------- */

static void
on_dialed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  static const PfPumpHandlers handlers = { .progress = on_progress,
                                           .failed = on_failed,
                                           .drained = on_drained };
  PfLmtpConnection *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (PfChannel) channel = pf_dial_finish (result, &error);

  if (self->state == STATE_ENDED)
    ;
  else if (channel == NULL)
    lose (self, error->message);
  else
    {
      self->state = STATE_OPENING;
      self->machine = pf_lmtp_new ();
      self->pump = pf_pump_new (channel, &pf_lmtp_machine, self->machine, self->endpoint.host,
                                self->settings->reply_timeout, self->settings->command_timeout,
                                &handlers, self);
    }
  unref (self);
}

PfLmtpConnection *
pf_lmtp_connection_open (const PfServiceSettings *settings,
                         const char *host,
                         guint16 port,
                         const PfLmtpHandlers *handlers,
                         gpointer user_data)
{
  PfLmtpConnection *self = g_new0 (PfLmtpConnection, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->settings = pf_service_settings_ref (settings);
  self->handlers = *handlers;
  self->user_data = user_data;
  self->endpoint = (PfEndpoint){ .host = g_strdup (host),
                                 .port = port,
                                 .security = PF_SECURITY_NONE,
                                 .proxy = g_strdup (""),
                                 .certificate = g_strdup (""),
                                 .connect_timeout = settings->connect_timeout };
  self->cancellable = g_cancellable_new ();
  g_atomic_ref_count_inc (&self->ref_count);
  pf_dial_async (&self->endpoint, self->cancellable, on_dialed, self);
  return self;
}

void
pf_lmtp_connection_start (PfLmtpConnection *self, const PfLmtpJob *job)
{
  g_return_if_fail (self->state == STATE_READY && self->job == NULL);

  self->job = job;
  self->jobs++;
  self->null_sender = FALSE;
  if (!address (self))
    finish_job (self, PF_DELIVERY_UNKNOWN_USER,
                "An LMTP server cannot be told that recipient's name");
}

void
pf_lmtp_connection_free (PfLmtpConnection *self)
{
  if (self->state == STATE_READY)
    {
      pf_lmtp_quit (self->machine);
      pf_pump_kick (self->pump);
    }
  self->state = STATE_ENDED;
  g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->timer, g_source_remove);
  g_clear_pointer (&self->pump, pf_pump_free);
  unref (self);
}
