#include "net/channel-io.h"
#include "net/channel-private.h"

#include "base/problem.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

G_DEFINE_FINAL_TYPE (PfChannel, pf_channel, G_TYPE_OBJECT)

/* --- Calls ---------------------------------------------------------------------------------- */

void
pf_channel_set_handlers (PfChannel *self, const PfChannelHandlers *handlers, gpointer user_data)
{
  const PfChannelHandlers none = { NULL, NULL, NULL };

  self->handlers = handlers == NULL ? none : *handlers;
  self->user_data = user_data;
  pf_channel_io_pending (self);
  pf_channel_io_update (self);
}

void
pf_channel_send (PfChannel *self, GBytes *data)
{
  if (self->closed || self->broken != NULL || g_bytes_get_size (data) == 0)
    return;
  pf_outgoing_push (&self->outgoing, data);
  self->owes_drained = TRUE;
  pf_channel_io_update (self);
}

gsize
pf_channel_get_unsent (PfChannel *self)
{
  return pf_outgoing_get_queued (&self->outgoing) + pf_outgoing_get_wire_length (&self->outgoing);
}

void
pf_channel_set_reading (PfChannel *self, gboolean reading)
{
  self->reading = reading;
  if (reading)
    pf_channel_io_pending (self);
  pf_channel_io_update (self);
}

void
pf_channel_set_patient (PfChannel *self, gboolean patient)
{
  self->patient = patient;
}

void
pf_channel_close (PfChannel *self)
{
  if (self->closed)
    return;
  pf_channel_io_goodbye (self);
  pf_channel_io_tear_down (self);
  pf_handshake_drop (&self->handshake);
}

static void
abandon_handshake (gpointer channel, GError *error)
{
  g_autoptr (PfChannel) self = g_object_ref (channel);

  pf_channel_io_end (self, error);
}

void
pf_channel_start_tls_async (PfChannel *self,
                            PfEndpoint *endpoint,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  g_return_if_fail (self->tls == NULL && !pf_handshake_is_under_way (&self->handshake));
  if (self->closed)
    g_set_error (&error, PF_PROBLEM, PF_PROBLEM_CONNECTION_FAILED, "The connection to %s is closed",
                 self->name);
  else
    self->tls = pf_tls_new (endpoint, &error);
  if (error != NULL)
    {
      if (!self->closed)
        pf_channel_io_tear_down (self);
      g_task_report_error (self, callback, user_data, pf_channel_start_tls_async,
                           g_steal_pointer (&error));
      return;
    }
  pf_handshake_begin (&self->handshake, G_OBJECT (self), endpoint, cancellable, callback, user_data,
                      abandon_handshake);
  pf_channel_io_handshake (self);
  pf_channel_io_update (self);
}

gboolean
pf_channel_start_tls_finish (PfChannel *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
pf_channel_start_deflate (PfChannel *self, const guint8 *data, gsize length)
{
  g_return_if_fail (self->deflate == NULL && pf_outgoing_get_queued (&self->outgoing) == 0);
  if (self->closed)
    return;
  self->deflate = pf_deflate_new ();
  pf_deflate_feed (self->deflate, data, length);
  pf_channel_io_pending (self);
  pf_channel_io_update (self);
}

guint
pf_channel_get_round_trip (PfChannel *self)
{
  struct tcp_info info = { 0 };
  socklen_t length = sizeof info;

  if (self->closed || self->peer == NULL
      || getsockopt (g_socket_get_fd (self->socket), IPPROTO_TCP, TCP_INFO, &info, &length) != 0)
    return 0;
  return info.tcpi_rtt;
}

gboolean
pf_channel_is_secure (PfChannel *self)
{
  return self->secure;
}

gboolean
pf_channel_is_loopback (PfChannel *self)
{
  return self->loopback;
}

const char *
pf_channel_get_peer (PfChannel *self)
{
  return self->peer;
}

gboolean
pf_channel_was_cut (PfChannel *self)
{
  return self->cut;
}

/* --- Object --------------------------------------------------------------------------------- */

static void
look_at_peer (PfChannel *self)
{
  g_autoptr (GSocketAddress) remote = g_socket_get_remote_address (self->socket, NULL);
  GInetAddress *address;

  if (!G_IS_INET_SOCKET_ADDRESS (remote))
    {
      self->loopback = g_socket_get_family (self->socket) == G_SOCKET_FAMILY_UNIX;
      return;
    }
  address = g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (remote));
  self->loopback = g_inet_address_get_is_loopback (address);
  self->peer = g_inet_address_to_string (address);
}

PfChannel *
pf_channel_new (GSocketConnection *connection, const char *name, gboolean proxied)
{
  PfChannel *self = g_object_new (PF_TYPE_CHANNEL, NULL);

  self->connection = g_object_ref (connection);
  self->socket = g_socket_connection_get_socket (connection);
  self->name = g_strdup (name);
  g_socket_set_blocking (self->socket, FALSE);
  g_socket_set_timeout (self->socket, 0);
  if (!proxied)
    look_at_peer (self);
  return self;
}

static void
pf_channel_finalize (GObject *object)
{
  PfChannel *self = PF_CHANNEL (object);

  if (!self->closed)
    pf_channel_io_tear_down (self);
  g_clear_error (&self->broken);
  g_clear_object (&self->connection);
  g_free (self->name);
  g_free (self->peer);
  G_OBJECT_CLASS (pf_channel_parent_class)->finalize (object);
}

static void
pf_channel_class_init (PfChannelClass *class)
{
  G_OBJECT_CLASS (class)->finalize = pf_channel_finalize;
}

static void
pf_channel_init (PfChannel *self)
{
  self->reading = TRUE;
  pf_outgoing_init (&self->outgoing);
  self->source = pf_channel_io_source (self);
}
