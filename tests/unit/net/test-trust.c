/* Whom a connection under TLS believes, against real servers. */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <utime.h>

#include "base/problem.h"
#include "peer.h"

static Peer *
start (const char *certificate, const char *tls)
{
  g_autofree char *path = certificate_path (certificate);

  return peer_new ("tls-server.py", "tls", "--certificate", path, "--tls", tls, NULL);
}

/* Dials, which must do, and has a short conversation. */
static void
converse (PfEndpoint *endpoint)
{
  g_autoptr (GError) error = NULL;
  PfChannel *channel = dial (endpoint, &error);
  g_autoptr (Talk) talk = NULL;

  g_assert_no_error (error);
  g_assert_true (pf_channel_is_secure (channel));
  talk = talk_new (channel);
  talk_wait_for (talk, "+OK hello\r\n");
  talk_send (talk, "QUIT\r\n");
  talk_wait_for (talk, "+OK bye\r\n");
  talk_wait_closed (talk);
  g_assert_no_error (talk->error);
}

/* --- Names, dates, authorities ---------------------------------------------------------------- */

typedef struct
{
  const char *server; /* its certificate */
  const char *host;
  const char *trust; /* a file of the certificates, "" or a setting as it is */
  int code;          /* PF_PROBLEM, or -1 for success */
  const char *text;  /* stands in the sentence */
} Case;

/* Fails when set_host() lets a name pass: no X509_VERIFY_PARAM_set1_host() or set1_ip_asc(), or no
 * NEVER_CHECK_SUBJECT or NO_PARTIAL_WILDCARDS; when verify() always says 1; and when load_file()
 * sets no X509_V_FLAG_PARTIAL_CHAIN. */
static const Case cases[] = {
  { "good", "localhost", "ca", -1, NULL },
  { "good", "LocalHost.", "ca", -1, NULL },
  { "good", "127.0.0.1", "ca", -1, NULL },
  { "good", "localhost", "other-ca", PF_PROBLEM_CERTIFICATE_UNTRUSTED, "no trusted authority" },
  { "good", "localhost", "", PF_PROBLEM_CERTIFICATE_UNTRUSTED, "Test authority ca" },
  { "good", "mail.localhost", "ca", PF_PROBLEM_CERTIFICATE_UNTRUSTED,
    "it is not for mail.localhost but for localhost, mail.test, 127.0.0.1, ::1" },
  { "good", "localhost", "good", -1, NULL },
  { "good", "mail.localhost", "good", PF_PROBLEM_CERTIFICATE_UNTRUSTED, "not for" },
  { "names-only", "mail.localhost", "ca", -1, NULL },
  { "names-only", "127.0.0.1", "ca", PF_PROBLEM_CERTIFICATE_UNTRUSTED, "not for 127.0.0.1" },
  { "address-as-name", "127.0.0.1", "ca", PF_PROBLEM_CERTIFICATE_UNTRUSTED, "not for" },
  { "wrong", "localhost", "ca", PF_PROBLEM_CERTIFICATE_UNTRUSTED,
    "other.test, 192.0.2.1, n0.test, n1.test, n2.test and 3 more" },
  { "wildcard", "a.mail.localhost", "ca", -1, NULL },
  { "wildcard", "b.a.mail.localhost", "ca", PF_PROBLEM_CERTIFICATE_UNTRUSTED, "not for" },
  { "wildcard", "mail.localhost", "ca", PF_PROBLEM_CERTIFICATE_UNTRUSTED, "not for" },
  { "partial-wildcard", "ab.mail.localhost", "ca", PF_PROBLEM_CERTIFICATE_UNTRUSTED, "not for" },
  { "common-name-only", "localhost", "ca", PF_PROBLEM_CERTIFICATE_UNTRUSTED, "no name at all" },
  { "expired", "localhost", "ca", PF_PROBLEM_CERTIFICATE_UNTRUSTED, "it expired on 2020-02-01" },
  { "future", "localhost", "ca", PF_PROBLEM_CERTIFICATE_UNTRUSTED, "valid from 2048-01-01" },
  { "self-signed", "localhost", "", PF_PROBLEM_CERTIFICATE_UNTRUSTED, "it is self-signed" },
  { "self-signed", "localhost", "ca", PF_PROBLEM_CERTIFICATE_UNTRUSTED, "it is self-signed" },
  { "self-signed", "localhost", "self-signed", -1, NULL },
  { "self-signed", "mail.localhost", "self-signed", PF_PROBLEM_CERTIFICATE_UNTRUSTED, "not for" },
};

static void
assert_certificate (PfEndpoint *endpoint, const char *server)
{
  g_autofree char *pin = certificate_pin (server);
  g_autoptr (GString) plain = g_string_new (pin);
  g_autofree char *expected = NULL;
  const char *fingerprint = NULL;
  guint64 from = 0, to = 0;

  g_string_replace (plain, ":", "", 0);
  g_string_insert (plain, strlen ("sha256"), ":");
  expected = g_ascii_strdown (plain->str, -1);
  g_assert_nonnull (endpoint->peer_certificate);
  g_assert_true (g_variant_is_of_type (endpoint->peer_certificate, G_VARIANT_TYPE_VARDICT));
  g_assert_true (g_variant_lookup (endpoint->peer_certificate, "Fingerprint", "&s", &fingerprint));
  g_assert_cmpstr (fingerprint, ==, expected);
  g_assert_true (g_variant_lookup (endpoint->peer_certificate, "NotBefore", "t", &from));
  g_assert_true (g_variant_lookup (endpoint->peer_certificate, "NotAfter", "t", &to));
  g_assert_cmpuint (from, <, to);
  if (strcmp (server, "expired") == 0)
    g_assert_cmpuint (to, ==, G_GUINT64_CONSTANT (1580515200000000));
}

static void
test_case (gconstpointer data)
{
  const Case *c = data;
  g_autoptr (Peer) peer = start (c->server, "1.3");
  g_autofree char *trust = *c->trust == '\0' ? g_strdup ("") : certificate_path (c->trust);
  g_autoptr (PfEndpoint) endpoint = endpoint_new (c->host, peer->port, PF_SECURITY_TLS, trust);
  g_autoptr (GError) error = NULL;
  const char *fingerprint;

  if (c->code < 0)
    {
      converse (endpoint);
      assert_certificate (endpoint, c->server);
      return;
    }
  error = dial_in_vain (endpoint);
  g_test_message ("%s", error->message);
  g_assert_error (error, PF_PROBLEM, c->code);
  g_assert_nonnull (strstr (error->message, c->text));
  assert_certificate (endpoint, c->server);
  g_variant_lookup (endpoint->peer_certificate, "Fingerprint", "&s", &fingerprint);
  g_assert_nonnull (strstr (error->message, "Certificate=sha256:"));
  g_assert_nonnull (strstr (error->message, fingerprint));
}

static void
test_system_authorities (void)
{
  g_autoptr (Peer) peer = start ("good", "1.3");
  g_autoptr (PfEndpoint) endpoint = endpoint_new ("localhost", peer->port, PF_SECURITY_TLS, "");
  g_autofree char *ca = certificate_path ("ca");
  g_autoptr (GError) error = dial_in_vain (endpoint);

  g_assert_error (error, PF_PROBLEM, PF_PROBLEM_CERTIFICATE_UNTRUSTED);
  /* The system's set changed: no restart is needed. */
  g_setenv ("SSL_CERT_FILE", ca, TRUE);
  converse (endpoint);
  g_unsetenv ("SSL_CERT_FILE");
  g_clear_error (&error);
  error = dial_in_vain (endpoint);
  g_assert_error (error, PF_PROBLEM, PF_PROBLEM_CERTIFICATE_UNTRUSTED);
}

/* --- Pins ------------------------------------------------------------------------------------- */

/* Fails when verify() asks X509_verify_cert() for a pinned one too. */
static void
test_pin_believed (gconstpointer server)
{
  g_autoptr (Peer) peer = start (server, "1.3");
  g_autofree char *pin = certificate_pin (server);
  g_autoptr (PfEndpoint) endpoint = endpoint_new ("127.0.0.1", peer->port, PF_SECURITY_TLS, pin);

  converse (endpoint);
  assert_certificate (endpoint, server);
}

/* Fails when matches_pin() says TRUE. */
static void
test_pin_of_another (void)
{
  g_autoptr (Peer) peer = start ("good", "1.3");
  g_autofree char *pin = certificate_pin ("self-signed");
  g_autoptr (PfEndpoint) endpoint = endpoint_new ("localhost", peer->port, PF_SECURITY_TLS, pin);
  g_autofree char *ca = certificate_path ("ca");
  g_autoptr (GError) error = NULL;

  /* Though its authority would be believed. */
  g_setenv ("SSL_CERT_FILE", ca, TRUE);
  error = dial_in_vain (endpoint);
  g_unsetenv ("SSL_CERT_FILE");
  g_test_message ("%s", error->message);
  g_assert_error (error, PF_PROBLEM, PF_PROBLEM_CERTIFICATE_UNTRUSTED);
  g_assert_nonnull (strstr (error->message, "not the pinned one"));
  assert_certificate (endpoint, "good");
}

/* --- Settings that cannot work ---------------------------------------------------------------- */

static void
assert_setting_refused (Peer *peer, const char *certificate, const char *text)
{
  g_autoptr (PfEndpoint) endpoint =
      endpoint_new ("localhost", peer->port, PF_SECURITY_TLS, certificate);
  g_autoptr (GError) error = dial_in_vain (endpoint);

  g_test_message ("%s", error->message);
  g_assert_error (error, PF_PROBLEM, PF_PROBLEM_SETTINGS_INVALID);
  g_assert_nonnull (strstr (error->message, "Certificate: "));
  g_assert_nonnull (strstr (error->message, text));
  g_assert_null (endpoint->peer_certificate);
}

static void
test_bad_settings (void)
{
  g_autoptr (Peer) peer = start ("good", "1.3");
  g_autofree char *pipe_path = scratch_path ("pipe");
  g_autofree char *empty = scratch_path ("empty");

  g_assert_cmpint (mkfifo (pipe_path, 0600), ==, 0);
  g_assert_true (g_file_set_contents (empty, "", 0, NULL));
  assert_setting_refused (peer, "sha256:12", "64 hexadecimal digits");
  assert_setting_refused (peer, "/nowhere/ca.pem", "/nowhere/ca.pem cannot be read: No such file");
  assert_setting_refused (peer, "/tmp", "is no file of certificates");
  /* Fails by meson's time-out when the file is opened without O_NONBLOCK. */
  assert_setting_refused (peer, pipe_path, "is no file of certificates");
  assert_setting_refused (peer, empty, "holds no certificate");
}

static void
copy_file (const char *from, const char *to)
{
  g_autofree char *contents = NULL;
  gsize length;

  g_assert_true (g_file_get_contents (from, &contents, &length, NULL));
  g_assert_true (g_file_set_contents (to, contents, (gssize) length, NULL));
}

/* Fails when pf_authorities_find() does not compare the stamp. */
static void
test_file_changes (void)
{
  g_autoptr (Peer) peer = start ("good", "1.3");
  g_autofree char *file = scratch_path ("changing.pem");
  g_autofree char *ca = certificate_path ("ca"), *other = certificate_path ("other-ca");
  g_autoptr (PfEndpoint) endpoint = endpoint_new ("localhost", peer->port, PF_SECURITY_TLS, file);
  g_autoptr (GError) error = NULL;

  copy_file (ca, file);
  converse (endpoint);
  copy_file (other, file);
  error = dial_in_vain (endpoint);
  g_assert_error (error, PF_PROBLEM, PF_PROBLEM_CERTIFICATE_UNTRUSTED);
  copy_file (ca, file);
  converse (endpoint);
}

static void
test_der_file (void)
{
  g_autoptr (Peer) peer = start ("good", "1.3");
  g_autofree char *ca = certificate_path ("ca"), *der = scratch_path ("ca.der");
  const char *arguments[] = { "openssl", "x509", "-in", ca, "-outform", "DER", "-out", der, NULL };
  g_autoptr (PfEndpoint) endpoint = endpoint_new ("localhost", peer->port, PF_SECURITY_TLS, der);

  g_assert_true (g_spawn_sync (NULL, (char **) arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
                               NULL, NULL, NULL, NULL));
  converse (endpoint);
}

/* --- Resumption ------------------------------------------------------------------------------- */

/* Whether the handshake that the server just made resumed a session. */
static gboolean
was_resumed (Peer *peer)
{
  for (;;)
    {
      g_autofree char *line = peer_read (peer);

      if (g_str_has_prefix (line, "secure "))
        return g_str_has_suffix (line, " resumed");
    }
}

static void
test_resumption (gconstpointer tls)
{
  g_autoptr (Peer) peer = start ("good", tls);
  g_autofree char *ca = certificate_path ("ca"), *good = certificate_path ("good");
  g_autoptr (PfEndpoint) endpoint = endpoint_new ("localhost", peer->port, PF_SECURITY_TLS, ca);

  converse (endpoint);
  g_assert_false (was_resumed (peer));
  for (guint i = 0; i < 3; i++)
    {
      converse (endpoint);
      g_assert_true (was_resumed (peer));
      assert_certificate (endpoint, "good");
    }
  /* Never under other trust. Fails when the ticket's key lacks both what Certificate says and the
   * authorities' serial. */
  g_free (endpoint->certificate);
  endpoint->certificate = g_steal_pointer (&good);
  converse (endpoint);
  g_assert_false (was_resumed (peer));
}

/* Fails when the ticket's key lacks the pin and pf_trust_accept() does not compare it again: then
 * the second handshake would pass without a look at the certificate. */
static void
test_no_resumption_past_pin (gconstpointer tls)
{
  g_autoptr (Peer) peer = start ("good", tls);
  g_autofree char *pin = certificate_pin ("good"), *other = certificate_pin ("self-signed");
  g_autoptr (PfEndpoint) endpoint = endpoint_new ("localhost", peer->port, PF_SECURITY_TLS, pin);

  converse (endpoint);
  g_free (endpoint->certificate);
  endpoint->certificate = g_steal_pointer (&other);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GError) error = dial_in_vain (endpoint);

      g_assert_error (error, PF_PROBLEM, PF_PROBLEM_CERTIFICATE_UNTRUSTED);
    }
}

static void
test_server_name (void)
{
  g_autoptr (Peer) peer = start ("good", "1.3");
  g_autofree char *ca = certificate_path ("ca");
  g_autoptr (PfEndpoint) by_name = endpoint_new ("localhost", peer->port, PF_SECURITY_TLS, ca);
  g_autoptr (PfEndpoint) by_address = endpoint_new ("127.0.0.1", peer->port, PF_SECURITY_TLS, ca);
  g_autofree char *connected = NULL, *name = NULL, *none = NULL;

  converse (by_name);
  connected = peer_read (peer);
  name = peer_read (peer);
  g_assert_cmpstr (name, ==, "name localhost");
  g_assert_false (was_resumed (peer));
  converse (by_address);
  g_free (g_steal_pointer (&connected));
  connected = peer_read (peer);
  none = peer_read (peer);
  g_assert_cmpstr (none, ==, "name None");
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path =
          g_strdup_printf ("/net/trust/%s/%s/%s", cases[i].server, cases[i].host,
                           *cases[i].trust ? cases[i].trust : "system");

      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/net/trust/system-authorities", test_system_authorities);
  g_test_add_data_func ("/net/trust/pin/self-signed", "self-signed", test_pin_believed);
  g_test_add_data_func ("/net/trust/pin/expired", "expired", test_pin_believed);
  g_test_add_data_func ("/net/trust/pin/wrong", "wrong", test_pin_believed);
  g_test_add_func ("/net/trust/pin/of-another", test_pin_of_another);
  g_test_add_func ("/net/trust/bad-settings", test_bad_settings);
  g_test_add_func ("/net/trust/file-changes", test_file_changes);
  g_test_add_func ("/net/trust/der-file", test_der_file);
  g_test_add_data_func ("/net/trust/resumption/1.2", "1.2", test_resumption);
  g_test_add_data_func ("/net/trust/resumption/1.3", "1.3", test_resumption);
  g_test_add_data_func ("/net/trust/resumption/past-pin/1.2", "1.2", test_no_resumption_past_pin);
  g_test_add_data_func ("/net/trust/resumption/past-pin/1.3", "1.3", test_no_resumption_past_pin);
  g_test_add_func ("/net/trust/server-name", test_server_name);
  status = g_test_run ();
  clean_up ();
  return status;
}
