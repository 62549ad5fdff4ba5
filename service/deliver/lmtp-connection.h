/* lmtp-connection.h - one connection to an LMTP server, one job on it at a time. */
#pragma once

#include "accounts/service-settings.h"
#include "deliver/target.h"
#include "net/endpoint.h"

typedef struct _PfLmtpConnection PfLmtpConnection;

typedef struct
{
  const char *recipient;
  const PfDelivery *delivery; /* NULL: only ask whether the recipient is known */
} PfLmtpJob;

typedef struct
{
  /* The connection has nothing to do: give it a job, or leave it. After it was opened, and after
   * each done(). */
  void (*ready) (PfLmtpConnection *connection, gpointer user_data);
  /* The job's end. @text is a sentence. */
  void (*done) (PfLmtpConnection *connection, PfDeliveryResult result, const char *text,
                gpointer user_data);
  /* The connection is of no use any more: free it. @begun tells whether the server may know of the
   * job, if there is one: FALSE when the connection was used before and broke at the job's first
   * commands, as an idle one does: the job may be given to another one. */
  void (*lost) (PfLmtpConnection *connection, gboolean begun, const char *text, gpointer user_data);
} PfLmtpHandlers;

PfLmtpConnection *pf_lmtp_connection_open (const PfServiceSettings *settings, const char *host,
                                           guint16 port,
                                           const PfLmtpHandlers *handlers, gpointer user_data);
/* @job must live until done() or lost(). Only when ready. */
void pf_lmtp_connection_start (PfLmtpConnection *self, const PfLmtpJob *job);
/* Says QUIT where the connection has nothing to do; safe within handlers. */
void pf_lmtp_connection_free (PfLmtpConnection *self);
