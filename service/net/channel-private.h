/* channel-private.h - what only the dialer, the pump and tests need of a channel. */
#pragma once

#include "net/channel.h"

/**
 * pf_channel_new:
 * @connection: connected; a reference is taken, and it is the channel's alone from now on
 * @name: "mail.example.com:995", for sentences
 * @proxied: TRUE when the other end of the socket is a proxy
 */
PfChannel *pf_channel_new (GSocketConnection *connection, const char *name, gboolean proxied);

/* TRUE when closed() told of a TLS stream that ended without close_notify. */
gboolean pf_channel_was_cut (PfChannel *self);
