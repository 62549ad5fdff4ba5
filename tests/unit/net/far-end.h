/* far-end.h - for tests: the other end of a channel in this process, in the clear or as a server of
 * TLS, never blocking, so that a test decides turn by turn what happens. */
#pragma once

#include "net/channel.h"

typedef struct _FarEnd FarEnd;

/* @near: (out) (transfer full): this end, over a socket pair */
FarEnd *far_end_new  (PfChannel **near);
void    far_end_free (FarEnd *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FarEnd, far_end_free)

/* Serves TLS from here on, by a self-signed certificate. */
void far_end_secure (FarEnd *self);
/* (transfer full): "sha256:HEX" of it. */
char *far_end_pin   (FarEnd *self);
/* One step of the handshake; TRUE when it is complete. */
gboolean far_end_shake_hands (FarEnd *self);

/* A callback that keeps its result: @user_data is a GAsyncResult **. */
void far_end_on_result (GObject *source, GAsyncResult *result, gpointer user_data);
/* Begins TLS on both sides, @near by a pin: (transfer full): the endpoint, which must live until
 * @result is set. */
PfEndpoint *far_end_begin_tls  (FarEnd *self, PfChannel *near, GAsyncResult **result);
/* Turns both until it is done, which it must be. */
void        far_end_finish_tls (FarEnd *self, PfChannel *near, GAsyncResult **result);

/* As much as is taken or there at once: octets, 0 when none, -1 at the end of the stream. */
gssize far_end_write (FarEnd *self, const void *data, gsize length);
gssize far_end_read  (FarEnd *self, void *data, gsize size);
/* All of @text, which must fit. */
void   far_end_say   (FarEnd *self, const char *text);

/* close_notify and the end; the end alone. */
void far_end_finish (FarEnd *self);
void far_end_cut    (FarEnd *self);
/* No more octets of ours, but we still read. */
void far_end_shut   (FarEnd *self);
/* For octets beside TLS. */
int  far_end_get_fd (FarEnd *self);
