/* lmtp-server.h - an LMTP server that a test plays. */
#pragma once

#include <gio/gio.h>

typedef struct _LmtpPeer LmtpPeer;

typedef struct
{
  GSocketService *service;
  char *path;
  /* What the server says; NULL: the usual. A reply that begins with '!' closes the connection
   * instead, '+' after it is sent, "?" says nothing. */
  const char *greeting, *lhlo, *mail, *rcpt, *data, *message;
  const char *once;     /* "MESSAGE" or so: the reply holds for one time only */
  gboolean ignore_data; /* reads nothing of a message */
  guint n_connections;
  guint now, most; /* transactions at the same time */
  LmtpPeer *hung;  /* reads nothing any more */
  GString *commands;
  GPtrArray *messages;
} LmtpServer;

void lmtp_server_start (LmtpServer *self, const char *path);
/* Takes no more connections. */
void lmtp_server_stop  (LmtpServer *self);
void lmtp_server_clear (LmtpServer *self);
