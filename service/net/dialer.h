/* dialer.h - opens connections: name, proxy, TCP or local socket, implicit TLS, in one bounded
 * time. */
#pragma once

#include "net/channel.h"

/**
 * pf_dial_async:
 * @endpoint: must live until the callback
 *
 * With PF_SECURITY_TLS the channel is under TLS when it is handed out. Errors are PF_PROBLEM:
 * CONNECTION_FAILED (sentence with host, port and cause), TIMED_OUT, and those of
 * pf_channel_start_tls_async(); G_IO_ERROR_CANCELLED as it is.
 *
 * An empty proxy means a direct connection, whatever proxies the system or the environment name.
 */
void       pf_dial_async  (PfEndpoint *endpoint, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data);
PfChannel *pf_dial_finish (GAsyncResult *result, GError **error);
