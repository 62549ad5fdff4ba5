/* channel-io.h - the inside of a channel, shared by channel.c (calls) and channel-io.c. */
#pragma once

#include "net/channel.h"
#include "net/deflate.h"
#include "net/handshake.h"
#include "net/outgoing.h"
#include "net/tls.h"

struct _PfChannel
{
  GObject parent_instance;
  GSocketConnection *connection;
  GSocket *socket; /* of the connection */
  char *name, *peer;
  PfChannelHandlers handlers;
  gpointer user_data;
  GSource *source; /* the socket and what is to be done in the next turn */
  GIOCondition waiting; /* for what of the socket; 0: it is not in the source at all */
  gpointer watch;  /* the socket within it, NULL while nothing is waited for */
  PfTls *tls;
  PfDeflate *deflate; /* within TLS; NULL: nothing is compressed */
  PfHandshake handshake;
  PfOutgoing outgoing;
  GError *broken; /* a write failed: told when all that the peer sent is read */
  gboolean loopback, secure, reading, owes_drained, closed, cut, patient;
  gint64 resting; /* us: nothing is read before; 0: at once */
};

/* (transfer full): dispatches @self, which destroys it before itself. */
GSource *pf_channel_io_source  (PfChannel *self);
/* Waits for what is wanted now; call it after each change. */
void     pf_channel_io_update  (PfChannel *self);
/* Octets wait that were read already: they are handed out from the main loop, never from within a
 * call of ours. */
void     pf_channel_io_pending (PfChannel *self);
/* The next step of the handshake that is under way. */
void     pf_channel_io_handshake (PfChannel *self);
/* Says close_notify to the peer, when it can be said at once. */
void     pf_channel_io_goodbye (PfChannel *self);
/* Lets go of socket, TLS and all that waits; tells nobody. */
void     pf_channel_io_tear_down (PfChannel *self);
/* Tears down and tells: the handshake's caller where one is under way, else closed(). @error:
 * (transfer full) (nullable) */
void     pf_channel_io_end     (PfChannel *self, GError *error);
