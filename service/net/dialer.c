#include "net/dialer.h"

#include "base/limits.h"
#include "base/problem.h"
#include "dbus-interfaces/text.h"
#include "net/channel-private.h"

#include <gio/gunixsocketaddress.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

/* A peer that is gone is noticed after 60 + 4 x 30 s, and no NAT forgets an IDLE connection. */
#define KEEPALIVE_IDLE_SECONDS 60
#define KEEPALIVE_INTERVAL_SECONDS 30
#define KEEPALIVE_PROBES 4

typedef struct
{
  PfEndpoint *endpoint;
  char *name;
  GCancellable *cancellable; /* our own: ends what is under way, for either reason below */
  GSource *timer, *cancelling;
  gboolean timed_out;
  PfChannel *channel;
} Dial;

static void
stop_source (GSource **source)
{
  if (*source == NULL)
    return;
  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
dial_free (gpointer data)
{
  Dial *dial = data;

  stop_source (&dial->timer);
  stop_source (&dial->cancelling);
  g_clear_object (&dial->cancellable);
  g_clear_object (&dial->channel);
  g_free (dial->name);
  g_free (dial);
}

static guint
seconds_of (const PfEndpoint *endpoint)
{
  return endpoint->connect_timeout > 0 ? endpoint->connect_timeout : PF_LIMIT_CONNECT_SECONDS;
}

static gboolean
has_proxy (const PfEndpoint *endpoint)
{
  return endpoint->proxy != NULL && *endpoint->proxy != '\0'
         && !pf_endpoint_is_local_socket (endpoint);
}

/* --- Ends ----------------------------------------------------------------------------------- */

/* (transfer full): GIO's own words, without "Could not connect to ...: ", which we say ourselves;
 * by a proxy with all of it, since it tells which of the two it was. */
static char *
cause_text (const Dial *dial, const GError *cause)
{
  const char *text = cause->message;
  const char *colon;

  if (has_proxy (dial->endpoint))
    return pf_text_printable (text, -1, PF_LIMIT_SERVER_TEXT);
  if (cause->domain == G_RESOLVER_ERROR)
    return g_strdup ("the name cannot be resolved");
  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED))
    return g_strdup ("connection refused");
  colon = g_str_has_prefix (text, "Could not connect") ? strstr (text, ": ") : NULL;
  return pf_text_printable (colon == NULL ? text : colon + 2, -1, PF_LIMIT_SERVER_TEXT);
}

static GError *
connection_problem (const Dial *dial, const GError *cause)
{
  g_autofree char *text = cause_text (dial, cause);

  if (!has_proxy (dial->endpoint))
    return g_error_new (PF_PROBLEM, PF_PROBLEM_CONNECTION_FAILED, "Cannot connect to %s: %s",
                        dial->name, text);
  return g_error_new (PF_PROBLEM, PF_PROBLEM_CONNECTION_FAILED,
                      "Cannot connect to %s by the proxy: %s", dial->name, text);
}

/* @error: (transfer full): of the stage that ended, perhaps only because we cancelled it. */
static void
finish_failed (GTask *task, GError *error)
{
  Dial *dial = g_task_get_task_data (task);
  gboolean cancelled = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  stop_source (&dial->timer);
  stop_source (&dial->cancelling);
  if (cancelled && dial->timed_out)
    g_task_return_new_error (task, PF_PROBLEM, PF_PROBLEM_TIMED_OUT,
                             dial->channel == NULL
                                 ? "%s could not be reached within %u s (ConnectTimeout)"
                                 : "%s did not complete the TLS handshake within %u s "
                                   "(ConnectTimeout)",
                             dial->name, seconds_of (dial->endpoint));
  else if (cancelled || error->domain == PF_PROBLEM)
    {
      g_task_return_error (task, error);
      return;
    }
  else
    g_task_return_error (task, connection_problem (dial, error));
  g_error_free (error);
}

static void
finish_connected (GTask *task)
{
  Dial *dial = g_task_get_task_data (task);

  stop_source (&dial->timer);
  stop_source (&dial->cancelling);
  g_task_return_pointer (task, g_steal_pointer (&dial->channel), g_object_unref);
}

/* --- Stages --------------------------------------------------------------------------------- */

static void
on_secured (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (pf_channel_start_tls_finish (PF_CHANNEL (source), result, &error))
    finish_connected (task);
  else
    finish_failed (task, error);
}

/* What a socket lacks is no reason to refuse it. */
static void
tune (GSocketConnection *connection)
{
  GSocket *socket = g_socket_connection_get_socket (connection);

  if (g_socket_get_family (socket) == G_SOCKET_FAMILY_UNIX)
    return;
  g_socket_set_option (socket, IPPROTO_TCP, TCP_NODELAY, 1, NULL);
  g_socket_set_option (socket, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_SECONDS, NULL);
  g_socket_set_option (socket, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_SECONDS, NULL);
  g_socket_set_option (socket, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES, NULL);
  g_socket_set_keepalive (socket, TRUE);
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Dial *dial = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (GSocketConnection) connection =
      g_socket_client_connect_finish (G_SOCKET_CLIENT (source), result, &error);

  /* The time may be over in the very turn that brought the connection. */
  if (connection != NULL && g_cancellable_set_error_if_cancelled (dial->cancellable, &error))
    g_clear_object (&connection);
  if (connection == NULL)
    {
      finish_failed (task, error);
      return;
    }
  tune (connection);
  dial->channel = pf_channel_new (connection, dial->name, has_proxy (dial->endpoint));
  if (dial->endpoint->security == PF_SECURITY_TLS)
    pf_channel_start_tls_async (dial->channel, dial->endpoint, dial->cancellable, on_secured,
                                g_steal_pointer (&task));
  else
    finish_connected (task);
}

static gboolean
on_time_over (gpointer user_data)
{
  Dial *dial = user_data;

  dial->timed_out = TRUE;
  g_cancellable_cancel (dial->cancellable);
  return G_SOURCE_REMOVE;
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  Dial *dial = user_data;

  g_cancellable_cancel (dial->cancellable);
  return G_SOURCE_REMOVE;
}

/* --- Calls ---------------------------------------------------------------------------------- */

static GSocketClient *
client_for (const PfEndpoint *endpoint)
{
  GSocketClient *client = g_socket_client_new ();
  g_autoptr (GProxyResolver) resolver = NULL;

  g_socket_client_set_enable_proxy (client, has_proxy (endpoint));
  if (!has_proxy (endpoint))
    return client;
  resolver = g_simple_proxy_resolver_new (endpoint->proxy, NULL);
  g_socket_client_set_proxy_resolver (client, resolver);
  return client;
}

static GSocketConnectable *
address_of (const PfEndpoint *endpoint)
{
  if (pf_endpoint_is_local_socket (endpoint))
    return G_SOCKET_CONNECTABLE (g_unix_socket_address_new (endpoint->host));
  return g_network_address_new (endpoint->host, endpoint->port);
}

static GSource *
attach (GSource *source, GSourceFunc func, Dial *dial)
{
  g_source_set_callback (source, func, dial, NULL);
  g_source_attach (source, g_main_context_get_thread_default ());
  return source;
}

void
pf_dial_async (PfEndpoint *endpoint,
               GCancellable *cancellable,
               GAsyncReadyCallback callback,
               gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  g_autoptr (GSocketClient) client = client_for (endpoint);
  g_autoptr (GSocketConnectable) address = address_of (endpoint);
  Dial *dial = g_new0 (Dial, 1);

  g_task_set_source_tag (task, pf_dial_async);
  g_task_set_task_data (task, dial, dial_free);
  dial->endpoint = endpoint;
  dial->name = pf_endpoint_describe (endpoint);
  dial->cancellable = g_cancellable_new ();
  dial->timer = attach (g_timeout_source_new_seconds (seconds_of (endpoint)), on_time_over, dial);
  if (cancellable != NULL)
    dial->cancelling =
        attach (g_cancellable_source_new (cancellable), G_SOURCE_FUNC (on_cancelled), dial);
  g_socket_client_connect_async (client, address, dial->cancellable, on_connected, task);
}

PfChannel *
pf_dial_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
