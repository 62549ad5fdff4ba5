#include "net/channel-io.h"

#include "base/limits.h"
#include "base/problem.h"
#include "base/secret.h"
#include "dbus-interfaces/text.h"

typedef struct
{
  GSource source;
  PfChannel *channel; /* destroyed before it */
} ChannelSource;

/* --- What to wait for ----------------------------------------------------------------------- */

static gboolean
is_shaking_hands (PfChannel *self)
{
  return pf_handshake_is_under_way (&self->handshake);
}

/* Octets were read that nobody has taken yet. */
static gboolean
has_input (PfChannel *self)
{
  return (self->tls != NULL && pf_tls_has_input (self->tls))
         || (self->deflate != NULL && pf_deflate_has_input (self->deflate));
}

/* What was read already has to be taken before more is read; a peer that makes us write and does
 * not read gets no further either. */
static gboolean
wants_input (PfChannel *self)
{
  if (has_input (self))
    return FALSE;
  if (pf_outgoing_get_wire_length (&self->outgoing) > PF_LIMIT_UNSENT || self->resting != 0)
    return FALSE;
  return is_shaking_hands (self) || (self->reading && self->handlers.received != NULL);
}

static gboolean
wants_output (PfChannel *self)
{
  if (pf_outgoing_get_wire_length (&self->outgoing) > 0)
    return TRUE;
  return pf_outgoing_get_queued (&self->outgoing) > 0 && !is_shaking_hands (self);
}

void
pf_channel_io_update (PfChannel *self)
{
  GIOCondition condition = 0;

  if (self->closed)
    return;
  condition |= wants_input (self) ? G_IO_IN : 0;
  condition |= wants_output (self) ? G_IO_OUT : 0;
  if (condition == self->waiting)
    return;
  self->waiting = condition;
  /* With no condition it is taken out: a hang-up would be reported over and over. */
  if (condition == 0)
    g_source_remove_unix_fd (self->source, g_steal_pointer (&self->watch));
  else if (self->watch == NULL)
    self->watch = g_source_add_unix_fd (self->source, g_socket_get_fd (self->socket), condition);
  else
    g_source_modify_unix_fd (self->source, self->watch, condition);
}

/* Octets wait that were read already: they are handed out from the main loop, never from within a
 * call of ours. */
void
pf_channel_io_pending (PfChannel *self)
{
  if (!self->closed && has_input (self))
    g_source_set_ready_time (self->source, 0);
}

/* --- Ends ----------------------------------------------------------------------------------- */

void
pf_channel_io_tear_down (PfChannel *self)
{
  self->closed = TRUE;
  if (self->source != NULL)
    {
      g_source_destroy (self->source);
      g_clear_pointer (&self->source, g_source_unref);
      self->watch = NULL;
    }
  pf_outgoing_clear (&self->outgoing);
  g_clear_pointer (&self->tls, pf_tls_free);
  g_clear_pointer (&self->deflate, pf_deflate_free);
  g_socket_close (self->socket, NULL);
}

/* @error: (transfer full) (nullable) */
void
pf_channel_io_end (PfChannel *self, GError *error)
{
  PfChannelHandlers handlers = self->handlers;
  gboolean shaking_hands = is_shaking_hands (self);
  g_autoptr (PfTls) tls = g_steal_pointer (&self->tls);
  g_autoptr (GError) cause = error;

  /* A write that failed came first; that the stream ended then is no news. */
  if (self->broken != NULL && (cause == NULL || !shaking_hands))
    {
      g_clear_error (&cause);
      cause = g_steal_pointer (&self->broken);
    }
  pf_channel_io_tear_down (self);
  if (shaking_hands)
    pf_handshake_end (&self->handshake, tls, g_steal_pointer (&cause));
  else if (handlers.closed != NULL)
    handlers.closed (self, cause, self->user_data);
}

static GError *
connection_problem (PfChannel *self, const GError *cause)
{
  g_autofree char *text = pf_text_printable (cause->message, -1, PF_LIMIT_SERVER_TEXT);

  return g_error_new (PF_PROBLEM, PF_PROBLEM_CONNECTION_FAILED, "The connection to %s broke: %s",
                      self->name, text);
}

/* --- Out ------------------------------------------------------------------------------------ */

/* FALSE when TLS failed. */
static gboolean
put_on_wire (PfChannel *self, const guint8 *data, gsize length, GError **error)
{
  gboolean ok;

  if (self->tls == NULL)
    {
      g_byte_array_append (pf_outgoing_wire (&self->outgoing), data, (guint) length);
      return TRUE;
    }
  ok = pf_tls_write (self->tls, data, length, error);
  pf_tls_take_output (self->tls, pf_outgoing_wire (&self->outgoing));
  return ok;
}

/* Puts the next of the queue on the wire. FALSE when TLS failed. */
static gboolean
fill_wire (PfChannel *self, GError **error)
{
  guint8 chunk[PF_TLS_RECORD];
  gsize length;
  gboolean ok = TRUE;

  if (is_shaking_hands (self))
    return TRUE;
  length = pf_outgoing_pop (&self->outgoing, chunk, sizeof chunk);
  if (length == 0)
    return TRUE;
  if (self->deflate == NULL)
    ok = put_on_wire (self, chunk, length, error);
  else
    {
      g_autoptr (GByteArray) packed = g_byte_array_new ();

      pf_deflate_write (self->deflate, chunk, length, packed);
      ok = put_on_wire (self, packed->data, packed->len, error);
    }
  pf_secret_wipe (chunk, length);
  return ok;
}

/* FALSE when the kernel takes no more for now, or the connection is broken. */
static gboolean
send_wire (PfChannel *self, gsize *budget)
{
  g_autoptr (GError) error = NULL;
  gsize length;
  const guint8 *data = pf_outgoing_peek (&self->outgoing, &length);
  gssize n = g_socket_send (self->socket, (const char *) data, length, NULL, &error);

  if (n >= 0)
    {
      *budget -= MIN (*budget, (gsize) n);
      pf_outgoing_sent (&self->outgoing, (gsize) n);
      return TRUE;
    }
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return FALSE;
  /* What the peer said before it went may be why: that is read first. */
  pf_outgoing_clear (&self->outgoing);
  if (self->broken == NULL)
    self->broken = connection_problem (self, error);
  return FALSE;
}

static void
flush (PfChannel *self)
{
  gsize budget = PF_LIMIT_WRITE_TURN;
  g_autoptr (GError) error = NULL;

  while (budget > 0)
    {
      if (pf_outgoing_get_wire_length (&self->outgoing) == 0 && !fill_wire (self, &error))
        {
          pf_channel_io_end (self, g_steal_pointer (&error));
          return;
        }
      if (pf_outgoing_get_wire_length (&self->outgoing) == 0 || !send_wire (self, &budget))
        break;
    }
  if (self->owes_drained && self->broken == NULL && pf_channel_get_unsent (self) == 0)
    {
      self->owes_drained = FALSE;
      if (self->handlers.drained != NULL)
        self->handlers.drained (self, self->user_data);
    }
}

/* TLS has something to say, by itself or as an answer. */
static void
collect_output (PfChannel *self)
{
  if (self->broken == NULL)
    pf_tls_take_output (self->tls, pf_outgoing_wire (&self->outgoing));
}

/* What is said last (close_notify, an alert): whether it arrives is neither waited for nor told. */
static void
send_at_once (PfChannel *self)
{
  gsize budget = PF_LIMIT_WRITE_TURN;

  collect_output (self);
  if (pf_outgoing_get_wire_length (&self->outgoing) > 0)
    send_wire (self, &budget);
  g_clear_error (&self->broken);
}

/* A courtesy to the peer, when it can be said at once. */
void
pf_channel_io_goodbye (PfChannel *self)
{
  if (!self->secure || self->broken != NULL || pf_channel_get_unsent (self) > 0)
    return;
  pf_tls_end (self->tls);
  send_at_once (self);
}

/* --- In ------------------------------------------------------------------------------------- */

void
pf_channel_io_handshake (PfChannel *self)
{
  g_autoptr (GError) error = NULL;
  PfTlsResult result = pf_tls_handshake (self->tls, &error);

  if (result == PF_TLS_FAILED || result == PF_TLS_END)
    {
      send_at_once (self);
      pf_channel_io_end (self, g_steal_pointer (&error));
      return;
    }
  collect_output (self);
  if (result == PF_TLS_MORE)
    return;
  self->secure = TRUE;
  pf_channel_io_pending (self);
  pf_handshake_end (&self->handshake, self->tls, NULL);
}

/* The next octets out of TLS; without TLS there are none but what was read. */
static PfTlsResult
next_decrypted (PfChannel *self, guint8 *buffer, gsize *length, GError **error)
{
  PfTlsResult result = PF_TLS_MORE;

  if (self->tls == NULL)
    return result;
  result = pf_tls_read (self->tls, buffer, PF_TLS_RECORD, length, error);
  collect_output (self);
  return result;
}

/* The next octets as they are handed out. @buffer: PF_TLS_RECORD octets */
static PfTlsResult
next_octets (PfChannel *self, guint8 *buffer, gsize *length, GError **error)
{
  PfTlsResult result;

  if (self->deflate == NULL)
    return next_decrypted (self, buffer, length, error);
  for (;;)
    {
      if (!pf_deflate_read (self->deflate, buffer, PF_TLS_RECORD, length))
        {
          g_set_error (error, PF_PROBLEM, PF_PROBLEM_PROTOCOL_ERROR,
                       "%s sends octets that are no compressed stream, after a yes to COMPRESS",
                       self->name);
          return PF_TLS_FAILED;
        }
      if (*length > 0)
        return PF_TLS_DONE;
      result = next_decrypted (self, buffer, length, error);
      if (result != PF_TLS_DONE)
        return result;
      pf_deflate_feed (self->deflate, buffer, *length);
    }
}

/* Hands out what was decrypted and inflated so far, as long as it is wanted. A few octets may stand
 * for a thousand times as many: the rest waits until the other connections had their turn. */
static void
deliver (PfChannel *self)
{
  guint8 plain[PF_TLS_RECORD];
  gsize turn = 0;

  while (!self->closed && self->reading && self->handlers.received != NULL
         && turn < PF_LIMIT_INFLATE_TURN)
    {
      g_autoptr (GError) error = NULL;
      gsize length = 0;
      PfTlsResult result = next_octets (self, plain, &length, &error);

      if (result == PF_TLS_MORE)
        return;
      if (result != PF_TLS_DONE)
        {
          self->cut = result == PF_TLS_FAILED && self->tls != NULL && pf_tls_was_cut (self->tls);
          if (result == PF_TLS_END)
            pf_channel_io_goodbye (self);
          pf_channel_io_end (self, g_steal_pointer (&error));
          return;
        }
      turn += self->deflate != NULL ? length : 0;
      self->handlers.received (self, plain, length, self->user_data);
    }
  if (turn >= PF_LIMIT_INFLATE_TURN)
    pf_channel_io_pending (self);
}

static void
advance (PfChannel *self)
{
  if (is_shaking_hands (self))
    pf_channel_io_handshake (self);
  else
    deliver (self);
}

/* @data: (transfer full) */
static void
take_slice (PfChannel *self, guint8 *data, gsize length)
{
  g_autofree guint8 *octets = data;
  g_autoptr (GBytes) bytes = NULL;

  if (self->tls == NULL && self->deflate == NULL)
    {
      self->handlers.received (self, octets, length, self->user_data);
      return;
    }
  if (self->tls == NULL)
    {
      pf_deflate_feed (self->deflate, octets, length);
      deliver (self);
      return;
    }
  if (length < PF_LIMIT_READ_SLICE / 2)
    octets = g_realloc (octets, length);
  bytes = g_bytes_new_take (g_steal_pointer (&octets), length);
  pf_tls_feed (self->tls, bytes);
  advance (self);
}

static void
take_eof (PfChannel *self)
{
  if (self->tls == NULL)
    {
      pf_channel_io_end (self, NULL);
      return;
    }
  pf_tls_feed_eof (self->tls);
  advance (self);
}

/* Lets octets gather before the next read, where many more will come and few came now. */
static void
rest (PfChannel *self, gsize length)
{
  if (self->closed || !self->patient || length >= PF_LIMIT_READ_SLICE / 2)
    return;
  self->resting = g_get_monotonic_time () + PF_LIMIT_PATIENCE_USECONDS;
}

/* Sees to it that the loop comes back when the rest is over. */
static void
end_rest_in_time (PfChannel *self)
{
  if (self->closed || self->resting == 0)
    return;
  if (self->resting <= g_get_monotonic_time ())
    self->resting = 0;
  else if (g_source_get_ready_time (self->source) < 0)
    g_source_set_ready_time (self->source, self->resting);
}

static void
read_slice (PfChannel *self)
{
  g_autoptr (GError) error = NULL;
  g_autofree guint8 *buffer = g_malloc (PF_LIMIT_READ_SLICE);
  gssize n = g_socket_receive (self->socket, (char *) buffer, PF_LIMIT_READ_SLICE, NULL, &error);

  if (n > 0)
    {
      take_slice (self, g_steal_pointer (&buffer), (gsize) n);
      rest (self, (gsize) n);
    }
  else if (n == 0)
    take_eof (self);
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    pf_channel_io_end (self, connection_problem (self, error));
}

/* --- The main loop -------------------------------------------------------------------------- */

/* Bounded work: at most one turn of writing, what is left of one slice, and one slice. */
static gboolean
dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  g_autoptr (PfChannel) self = g_object_ref (((ChannelSource *) source)->channel);
  GIOCondition condition = 0;

  g_source_set_ready_time (source, -1);
  if (self->watch != NULL)
    condition = g_source_query_unix_fd (source, self->watch);
  if ((condition & ~G_IO_IN) != 0 && wants_output (self))
    flush (self);
  if (!self->closed && has_input (self))
    advance (self);
  if (!self->closed && (condition & ~G_IO_OUT) != 0 && wants_input (self))
    read_slice (self);
  end_rest_in_time (self);
  pf_channel_io_update (self);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = { NULL, NULL, dispatch, NULL, NULL, NULL };

GSource *
pf_channel_io_source (PfChannel *self)
{
  GSource *source = g_source_new (&source_funcs, sizeof (ChannelSource));

  ((ChannelSource *) source)->channel = self;
  g_source_set_static_name (source, "[postferry] channel");
  g_source_attach (source, g_main_context_get_thread_default ());
  return source;
}
