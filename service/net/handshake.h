/* handshake.h - one TLS handshake under way on a channel: its task, its bound, its cancelling. */
#pragma once

#include "net/tls.h"

typedef struct
{
  GTask *task;           /* NULL when none is under way */
  PfEndpoint *endpoint;  /* the caller's; lives until the task is answered */
  GSource *timer, *cancelling;
} PfHandshake;

/* @abandon: called with @channel when the time is over (PF_PROBLEM_TIMED_OUT) or somebody
 * cancels. */
void     pf_handshake_begin (PfHandshake *self, GObject *channel, PfEndpoint *endpoint,
                             GCancellable *cancellable, GAsyncReadyCallback callback,
                             gpointer user_data,
                             void (*abandon) (gpointer channel, GError *error));
gboolean pf_handshake_is_under_way (const PfHandshake *self);
/* Answers the task: @tls may be NULL; @error (transfer full) is NULL for success. Calls foreign
 * code. */
void     pf_handshake_end   (PfHandshake *self, PfTls *tls, GError *error);
/* Answers it as cancelled, in a later turn of the main loop. */
void     pf_handshake_drop  (PfHandshake *self);
