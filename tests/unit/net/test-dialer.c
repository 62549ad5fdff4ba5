/* Opening connections: what fails and how it is told, proxies, local sockets, time-outs. */
#include <gio/gunixsocketaddress.h>
#include <string.h>

#include "base/problem.h"
#include "net/dialer.h"
#include "peer.h"

static void
assert_problem (PfEndpoint *endpoint, int code, const char *text)
{
  g_autoptr (GError) error = dial_in_vain (endpoint);

  g_test_message ("%s", error->message);
  g_assert_error (error, PF_PROBLEM, code);
  g_assert_nonnull (strstr (error->message, text));
}

static Talk *
dial_clear (PfEndpoint *endpoint)
{
  g_autoptr (GError) error = NULL;
  PfChannel *channel = dial (endpoint, &error);
  Talk *talk;

  g_assert_no_error (error);
  g_assert_false (pf_channel_is_secure (channel));
  talk = talk_new (channel);
  talk_wait_for (talk, "+OK hello\r\n");
  return talk;
}

/* --- The system's proxies ---------------------------------------- */

/* As a desktop has them: every connection would go by a proxy where nobody listens. */
typedef GSimpleProxyResolver SystemProxies;
typedef GSimpleProxyResolverClass SystemProxiesClass;
static GType system_proxies_get_type (void);
static void system_proxies_resolver_init (GProxyResolverInterface *iface);
G_DEFINE_TYPE_WITH_CODE (SystemProxies,
                         system_proxies,
                         G_TYPE_SIMPLE_PROXY_RESOLVER,
                         G_IMPLEMENT_INTERFACE (G_TYPE_PROXY_RESOLVER,
                                                system_proxies_resolver_init))

static gboolean
is_supported (GProxyResolver *resolver)
{
  return TRUE;
}

/* The rest is inherited. */
static void
system_proxies_resolver_init (GProxyResolverInterface *iface)
{
  iface->is_supported = is_supported;
}

static void
system_proxies_init (SystemProxies *self)
{
  g_simple_proxy_resolver_set_default_proxy (self, "socks5://127.0.0.1:1");
}

static void
system_proxies_class_init (SystemProxiesClass *class)
{
}

/* Before GIO looks for its resolver, which it does once a process. */
static void
install_system_proxies (void)
{
  g_auto (GStrv) proxies = NULL;

  g_setenv ("GIO_USE_PROXY_RESOLVER", "test", TRUE);
  g_io_extension_point_register (G_PROXY_RESOLVER_EXTENSION_POINT_NAME);
  g_io_extension_point_implement (G_PROXY_RESOLVER_EXTENSION_POINT_NAME, system_proxies_get_type (),
                                  "test", 1000);
  proxies = g_proxy_resolver_lookup (g_proxy_resolver_get_default (), "none://mail.example.com",
                                     NULL, NULL);
  g_assert_cmpstr (proxies[0], ==, "socks5://127.0.0.1:1");
}

/* --- Directly --------------------------------------------------------------------------------- */

static void
test_clear (void)
{
  g_autoptr (Peer) peer = peer_new ("tls-server.py", "clear", NULL);
  g_autoptr (PfEndpoint) endpoint = endpoint_new ("localhost", peer->port, PF_SECURITY_NONE, "");
  g_autoptr (Talk) talk = NULL;

  /* Never by a proxy of the system. Fails when client_for() leaves proxies on. */
  talk = dial_clear (endpoint);
  g_assert_true (pf_channel_is_loopback (talk->channel));
  g_assert_cmpstr (pf_channel_get_peer (talk->channel), ==, "127.0.0.1");
  talk_send (talk, "one\r\n");
  talk_send (talk, "two\r\n");
  talk_wait_for (talk, "one\r\ntwo\r\n");
  g_assert_cmpuint (talk->drained, >, 0);
  talk_send (talk, "QUIT\r\n");
  talk_wait_closed (talk);
  g_assert_no_error (talk->error);
}

static void
test_local_socket (void)
{
  g_autofree char *path = scratch_path ("socket");
  g_autoptr (Peer) peer = peer_new ("tls-server.py", "clear", "--unix", path, NULL);
  g_autoptr (PfEndpoint) endpoint = endpoint_new (path, 0, PF_SECURITY_NONE, "");
  g_autoptr (Talk) talk = dial_clear (endpoint);

  g_assert_true (pf_channel_is_loopback (talk->channel));
  g_assert_null (pf_channel_get_peer (talk->channel));
}

static void
test_unreachable (void)
{
  g_autoptr (PfEndpoint) socket = endpoint_new ("/nowhere/socket", 0, PF_SECURITY_NONE, "");
  g_autoptr (PfEndpoint) port = NULL;
  g_autoptr (PfEndpoint) name = NULL;
  g_autoptr (GError) error = NULL;
  /* Bound and not listening: nobody else can have the port. */
  g_autoptr (GSocket) bound =
      g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GSocketAddress) local = NULL;
  g_autofree char *where = NULL;

  assert_problem (socket, PF_PROBLEM_CONNECTION_FAILED, "/nowhere/socket: No such file");
  g_assert_true (g_socket_bind (bound, address, FALSE, &error));
  local = g_socket_get_local_address (bound, NULL);
  port = endpoint_new ("127.0.0.1", g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (local)),
                       PF_SECURITY_NONE, "");
  where = g_strdup_printf ("Cannot connect to 127.0.0.1:%u: connection refused", port->port);
  assert_problem (port, PF_PROBLEM_CONNECTION_FAILED, where);

  name = endpoint_new ("nonexistent.invalid", 995, PF_SECURITY_TLS, "");
  name->connect_timeout = 2;
  error = dial_in_vain (name);
  g_test_message ("%s", error->message);
  g_assert_true (g_error_matches (error, PF_PROBLEM, PF_PROBLEM_CONNECTION_FAILED)
                 || g_error_matches (error, PF_PROBLEM, PF_PROBLEM_TIMED_OUT));
  g_assert_nonnull (strstr (error->message, "nonexistent.invalid:995"));
}

/* --- By a proxy ------------------------------------------------------------------------------- */

typedef struct
{
  const char *kind;
  const char *url; /* without the port */
} ProxyCase;

static const ProxyCase proxy_cases[] = {
  { "socks5", "socks5://127.0.0.1" },
  { "http", "http://127.0.0.1" },
};

static PfEndpoint *
endpoint_by (const ProxyCase *c, Peer *proxy, guint16 port, PfSecurity security)
{
  g_autofree char *ca = certificate_path ("ca");
  PfEndpoint *endpoint = endpoint_new ("mail.test", port, security, ca);

  g_free (endpoint->proxy);
  endpoint->proxy = g_strdup_printf ("%s:%u", c->url, proxy->port);
  return endpoint;
}

/* "mail.test" is no name that could be resolved here: the proxy gets it as it is. */
static void
test_proxy (gconstpointer data)
{
  const ProxyCase *c = data;
  g_autofree char *certificate = certificate_path ("good");
  g_autoptr (Peer) peer = peer_new ("tls-server.py", "tls", "--certificate", certificate, NULL);
  g_autoptr (Peer) proxy = peer_new ("proxy.py", c->kind, NULL);
  g_autoptr (PfEndpoint) endpoint = endpoint_by (c, proxy, peer->port, PF_SECURITY_TLS);
  g_autoptr (GError) error = NULL;
  PfChannel *channel = dial (endpoint, &error);
  g_autofree char *asked = NULL, *expected = g_strdup_printf ("to mail.test %u", peer->port);
  g_autoptr (Talk) talk = NULL;

  g_assert_no_error (error);
  asked = peer_read (proxy);
  g_assert_cmpstr (asked, ==, expected);
  /* Fails when pf_dial_async() does not tell the channel of the proxy: it is on loopback. */
  g_assert_false (pf_channel_is_loopback (channel));
  g_assert_null (pf_channel_get_peer (channel));
  talk = talk_new (channel);
  talk_wait_for (talk, "+OK hello\r\n");
  talk_send (talk, "through\r\n");
  talk_wait_for (talk, "through\r\n");
}

static void
test_proxy_clear (gconstpointer data)
{
  const ProxyCase *c = data;
  g_autoptr (Peer) peer = peer_new ("tls-server.py", "clear", NULL);
  g_autoptr (Peer) proxy = peer_new ("proxy.py", c->kind, NULL);
  g_autoptr (PfEndpoint) endpoint = endpoint_by (c, proxy, peer->port, PF_SECURITY_NONE);
  g_autoptr (Talk) talk = dial_clear (endpoint);

  /* What the server said at once was not lost behind the proxy's answer. */
  g_assert_cmpstr (talk->received->str, ==, "+OK hello\r\n");
}

static void
test_proxy_refuses (gconstpointer data)
{
  const ProxyCase *c = data;
  g_autoptr (Peer) proxy = peer_new ("proxy.py", c->kind, "--refuse", NULL);
  g_autoptr (PfEndpoint) endpoint = endpoint_by (c, proxy, 995, PF_SECURITY_TLS);

  assert_problem (endpoint, PF_PROBLEM_CONNECTION_FAILED,
                  "Cannot connect to mail.test:995 by the proxy: ");
}

static void
test_proxy_silent (gconstpointer data)
{
  const ProxyCase *c = data;
  g_autoptr (Peer) proxy = peer_new ("proxy.py", c->kind, "--silent", NULL);
  g_autoptr (PfEndpoint) endpoint = endpoint_by (c, proxy, 995, PF_SECURITY_TLS);

  endpoint->connect_timeout = 1;
  assert_problem (endpoint, PF_PROBLEM_TIMED_OUT, "mail.test:995 could not be reached within 1 s");
}

/* --- Handshakes that fail --------------------------------------------------------------------- */

static void
assert_handshake (Peer *peer, int code, const char *text)
{
  g_autofree char *ca = certificate_path ("ca");
  g_autoptr (PfEndpoint) endpoint = endpoint_new ("localhost", peer->port, PF_SECURITY_TLS, ca);

  endpoint->connect_timeout = 2;
  assert_problem (endpoint, code, text);
}

/* Fails when prepare_context() sets no minimal version and the system's configuration none
 * either. */
static void
test_old_tls (void)
{
  g_autofree char *certificate = certificate_path ("good");
  g_autoptr (Peer) peer =
      peer_new ("tls-server.py", "tls", "--certificate", certificate, "--tls", "1.1", NULL);

  assert_handshake (peer, PF_PROBLEM_TLS_UNAVAILABLE, "TLS 1.2 or later");
}

static void
test_no_tls (void)
{
  g_autoptr (Peer) peer = peer_new ("tls-server.py", "clear", NULL);

  assert_handshake (peer, PF_PROBLEM_TLS_FAILED, "does not speak TLS there");
}

static void
test_cut_handshake (void)
{
  g_autoptr (Peer) peer = peer_new ("tls-server.py", "half", NULL);

  assert_handshake (peer, PF_PROBLEM_TLS_FAILED, "in the middle of the TLS handshake");
}

static void
test_junk_handshake (void)
{
  g_autoptr (Peer) peer = peer_new ("tls-server.py", "junk", NULL);

  assert_handshake (peer, PF_PROBLEM_TLS_FAILED, "The TLS handshake with localhost");
}

static void
test_silent_handshake (void)
{
  g_autoptr (Peer) peer = peer_new ("tls-server.py", "silent", NULL);

  assert_handshake (peer, PF_PROBLEM_TIMED_OUT,
                    "did not complete the TLS handshake within 2 s (ConnectTimeout)");
}

/* --- Cancelling ------------------------------------------------------------------------------- */

static void
on_result (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

/* Cancels after so many turns of the main loop, each of which may be at any stage. */
static void
cancel_after (PfEndpoint *endpoint, guint turns)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  pf_dial_async (endpoint, cancellable, on_result, &result);
  for (guint i = 0; i < turns && result == NULL; i++)
    g_main_context_iteration (NULL, TRUE);
  g_assert_null (result);
  g_cancellable_cancel (cancellable);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_null (pf_dial_finish (result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_cancel (void)
{
  g_autoptr (Peer) peer = peer_new ("tls-server.py", "silent", NULL);
  g_autofree char *ca = certificate_path ("ca");
  g_autoptr (PfEndpoint) endpoint = endpoint_new ("localhost", peer->port, PF_SECURITY_TLS, ca);
  g_autofree char *connected = NULL;
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;

  for (guint turns = 0; turns < 4; turns++)
    cancel_after (endpoint, turns);
  g_cancellable_cancel (cancelled);
  pf_dial_async (endpoint, cancelled, on_result, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_null (pf_dial_finish (result, NULL));
}

/* Nobody takes the result: nothing is left open (the server sees the end), nothing leaks (ASan). */
static void
test_result_not_taken (void)
{
  g_autoptr (Peer) peer = peer_new ("tls-server.py", "clear", NULL);
  g_autoptr (PfEndpoint) endpoint = endpoint_new ("localhost", peer->port, PF_SECURITY_NONE, "");
  g_autoptr (GAsyncResult) result = NULL;
  g_autofree char *connected = NULL, *end = NULL;

  pf_dial_async (endpoint, NULL, on_result, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_clear_object (&result);
  turn_all ();
  connected = peer_read (peer);
  g_assert_cmpstr (connected, ==, "connected");
  end = peer_read (peer);
  g_assert_true (g_str_equal (end, "end") || g_str_has_prefix (end, "error"));
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  install_system_proxies ();
  g_test_add_func ("/net/dialer/clear", test_clear);
  g_test_add_func ("/net/dialer/local-socket", test_local_socket);
  g_test_add_func ("/net/dialer/unreachable", test_unreachable);
  for (gsize i = 0; i < G_N_ELEMENTS (proxy_cases); i++)
    {
      static const struct
      {
        const char *name;
        GTestDataFunc func;
      } tests[] = {
        { "tls", test_proxy },
        { "clear", test_proxy_clear },
        { "refuses", test_proxy_refuses },
        { "silent", test_proxy_silent },
      };

      for (gsize j = 0; j < G_N_ELEMENTS (tests); j++)
        {
          g_autofree char *path =
              g_strdup_printf ("/net/dialer/proxy/%s/%s", proxy_cases[i].kind, tests[j].name);

          g_test_add_data_func (path, &proxy_cases[i], tests[j].func);
        }
    }
  g_test_add_func ("/net/dialer/handshake/old", test_old_tls);
  g_test_add_func ("/net/dialer/handshake/none", test_no_tls);
  g_test_add_func ("/net/dialer/handshake/cut", test_cut_handshake);
  g_test_add_func ("/net/dialer/handshake/junk", test_junk_handshake);
  g_test_add_func ("/net/dialer/handshake/silent", test_silent_handshake);
  g_test_add_func ("/net/dialer/cancel", test_cancel);
  g_test_add_func ("/net/dialer/result-not-taken", test_result_not_taken);
  status = g_test_run ();
  clean_up ();
  return status;
}
