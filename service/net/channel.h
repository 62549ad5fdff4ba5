/* channel.h - one connection: octets both ways, in the clear or under TLS, never blocking. */
#pragma once

#include "net/endpoint.h"

#define PF_TYPE_CHANNEL (pf_channel_get_type ())
G_DECLARE_FINAL_TYPE (PfChannel, pf_channel, PF, CHANNEL, GObject)

typedef struct
{
  void (*received) (PfChannel *channel, const guint8 *data, gsize length, gpointer user_data);
  /* Once, and nothing after it. @error is NULL when the peer ended the stream in an orderly way
   * (under TLS: with close_notify; a bare end of the connection is PF_PROBLEM_TLS_FAILED). Not
   * called after pf_channel_close(), nor when a handshake fails (its callback tells). */
  void (*closed) (PfChannel *channel, const GError *error, gpointer user_data);
  /* All that was sent has been taken by the kernel. May be NULL. */
  void (*drained) (PfChannel *channel, gpointer user_data);
} PfChannelHandlers;

/* Handlers may close and release the channel; it keeps itself alive while it calls them. Nothing
 * is read before they are set; NULL takes them away again. */
void     pf_channel_set_handlers (PfChannel *self, const PfChannelHandlers *handlers,
                                  gpointer user_data);
/* Queues @data; whatever is left in our buffers is wiped afterwards, since it may be a password.
 * While a handshake is under way it waits for its end, and goes out under TLS. */
void     pf_channel_send         (PfChannel *self, GBytes *data);
gsize    pf_channel_get_unsent   (PfChannel *self);
/* Back-pressure: while off nothing is read from the kernel, so the peer has to wait. On at
 * first. */
void     pf_channel_set_reading  (PfChannel *self, gboolean reading);
/* Much is still to come: what trickles in is left to gather for a moment
 * (PF_LIMIT_PATIENCE_USECONDS). Off at first. */
void     pf_channel_set_patient  (PfChannel *self, gboolean patient);
/* Closes at once; what was not sent is lost. */
void     pf_channel_close        (PfChannel *self);

/**
 * pf_channel_start_tls_async:
 *
 * Puts TLS on a connection in the clear, by @endpoint's trust (fills its peer_certificate), within
 * its connect_timeout. Errors are PF_PROBLEM: TLS_FAILED, CERTIFICATE_UNTRUSTED, TLS_UNAVAILABLE
 * (no common version >= 1.2), TIMED_OUT, CONNECTION_FAILED, SETTINGS_INVALID (what Certificate
 * names cannot be read); G_IO_ERROR_CANCELLED as it is. After an error the channel is closed.
 * @endpoint must live until the callback.
 */
void     pf_channel_start_tls_async  (PfChannel *self, PfEndpoint *endpoint,
                                      GCancellable *cancellable, GAsyncReadyCallback callback,
                                      gpointer user_data);
gboolean pf_channel_start_tls_finish (PfChannel *self, GAsyncResult *result, GError **error);

/**
 * pf_channel_start_deflate:
 * @data: what was handed out already and is compressed; @length may be 0
 *
 * From now on octets go compressed, both ways (RFC 4978). Call it when the peer has said yes, with
 * nothing on its way to it. What is no compressed stream ends the channel with
 * PF_PROBLEM_PROTOCOL_ERROR.
 */
void     pf_channel_start_deflate (PfChannel *self, const guint8 *data, gsize length);
/* The round trip as the kernel measured it, in microseconds; 0 where it did not, and through a
 * proxy. */
guint    pf_channel_get_round_trip (PfChannel *self);

gboolean    pf_channel_is_secure   (PfChannel *self);
/* TRUE when the peer's address is a loopback address or a local socket and no proxy lies
 * between. */
gboolean    pf_channel_is_loopback (PfChannel *self);
/* "192.0.2.1", or NULL for local sockets and proxies. */
const char *pf_channel_get_peer    (PfChannel *self);
