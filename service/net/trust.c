#include "net/trust.h"

#include "base/limits.h"
#include "base/problem.h"
#include "dbus-interfaces/text.h"
#include "net/authorities.h"
#include "net/tickets.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

/* --- What OpenSSL asks us ------------------------------------------------------------------- */

static gboolean
matches_pin (const PfTrust *self, X509 *certificate)
{
  guint8 digest[PF_FINGERPRINT_LENGTH];

  return pf_certificate_digest (certificate, digest)
         && memcmp (digest, self->pin, sizeof digest) == 0;
}

/* In place of OpenSSL's own verification, which it calls unless the certificate is pinned: then
 * neither chain nor name nor dates matter, and nothing else helps either. */
static int
verify (X509_STORE_CTX *store, void *unused)
{
  SSL *ssl = X509_STORE_CTX_get_ex_data (store, SSL_get_ex_data_X509_STORE_CTX_idx ());
  PfTrust *self = SSL_get_app_data (ssl);
  X509 *leaf = X509_STORE_CTX_get0_cert (store);
  gboolean trusted;

  g_clear_pointer (&self->leaf, X509_free);
  if (leaf != NULL && X509_up_ref (leaf) == 1)
    self->leaf = leaf;
  if (self->pinned)
    {
      trusted = leaf != NULL && matches_pin (self, leaf);
      X509_STORE_CTX_set_error (store, trusted ? X509_V_OK : X509_V_ERR_CERT_UNTRUSTED);
    }
  else
    trusted = X509_verify_cert (store) == 1;
  self->refused = !trusted;
  self->error = X509_STORE_CTX_get_error (store);
  self->error_depth = X509_STORE_CTX_get_error_depth (store);
  return trusted ? 1 : 0;
}

/* A session that may be resumed: with TLS 1.3 it comes at any time after the handshake. */
static int
on_session (SSL *ssl, SSL_SESSION *session)
{
  PfTrust *self = SSL_get_app_data (ssl);

  if (self == NULL || self->refused || !SSL_SESSION_is_resumable (session))
    return 0;
  pf_tickets_put (self->ticket_key, session);
  return 1; /* the reference is ours now */
}

static SSL_CTX *
prepare_context (SSL_CTX *context)
{
  /* The system's configuration may ask for more than we do. */
  if (SSL_CTX_get_min_proto_version (context) < TLS1_2_VERSION)
    SSL_CTX_set_min_proto_version (context, TLS1_2_VERSION);
  SSL_CTX_set_options (context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  /* A connection that idles keeps no buffers. */
  SSL_CTX_set_mode (context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_verify (context, SSL_VERIFY_PEER, NULL);
  SSL_CTX_set_cert_verify_callback (context, verify, NULL);
  SSL_CTX_set_session_cache_mode (context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb (context, on_session);
  return context;
}

/* --- One connection ------------------------------------------------------------------------- */

/* A local socket has no name of its own; what serves it is this machine. */
static char *
host_to_verify (const PfEndpoint *endpoint, GError **error)
{
  g_autofree char *host = NULL;
  gsize length;

  if (pf_endpoint_is_local_socket (endpoint))
    return g_strdup ("localhost");
  if (g_hostname_is_ip_address (endpoint->host))
    return g_strdup (endpoint->host);
  host = g_hostname_to_ascii (endpoint->host);
  length = host == NULL ? 0 : strlen (host);
  if (length > 0 && host[length - 1] == '.')
    host[--length] = '\0';
  if (length > 0)
    return g_steal_pointer (&host);
  /* Without a name OpenSSL would take a certificate for any. */
  g_set_error (error, PF_PROBLEM, PF_PROBLEM_SETTINGS_INVALID,
               "Server: a certificate cannot be verified for what is no host name");
  return NULL;
}

/* Whole labels only, and never the subject's common name (RFC 9525 sections 6.3 and 6.4). */
static gboolean
set_host (PfTrust *self, SSL *ssl)
{
  X509_VERIFY_PARAM *parameters = SSL_get0_param (ssl);

  X509_VERIFY_PARAM_set_hostflags (parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS
                                                   | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  if (g_hostname_is_ip_address (self->host))
    return X509_VERIFY_PARAM_set1_ip_asc (parameters, self->host) == 1;
  return X509_VERIFY_PARAM_set1_host (parameters, self->host, 0) == 1
         && SSL_set_tlsext_host_name (ssl, self->host) == 1;
}

static void
offer_session (PfTrust *self, SSL *ssl)
{
  SSL_SESSION *session = pf_tickets_take (self->ticket_key);

  if (session == NULL)
    return;
  SSL_set_session (ssl, session);
  SSL_SESSION_free (session);
}

SSL *
pf_trust_open (PfTrust *self, const PfEndpoint *endpoint, GError **error)
{
  const char *certificate = endpoint->certificate == NULL ? "" : endpoint->certificate;
  PfAuthorities authorities;
  SSL *ssl;

  self->name = pf_endpoint_describe (endpoint);
  self->host = host_to_verify (endpoint, error);
  if (self->host == NULL)
    return NULL;
  self->pinned = pf_certificate_is_pin (certificate);
  if (self->pinned && !pf_certificate_parse_pin (certificate, self->pin))
    {
      g_set_error (error, PF_PROBLEM, PF_PROBLEM_SETTINGS_INVALID,
                   "Certificate: sha256: must be followed by the 64 hexadecimal digits of a "
                   "certificate's SHA-256");
      return NULL;
    }
  if (!pf_authorities_find (self->pinned ? NULL : certificate, prepare_context, &authorities,
                            error))
    return NULL;
  self->ticket_key = g_strdup_printf ("%" G_GUINT64_FORMAT " %s %u %s", authorities.serial,
                                      self->host, endpoint->port, certificate);
  ssl = SSL_new (authorities.context);
  if (ssl == NULL || !set_host (self, ssl))
    {
      SSL_free (ssl);
      g_set_error (error, PF_PROBLEM, PF_PROBLEM_TLS_FAILED,
                   "TLS with %s cannot be prepared: OpenSSL refuses the name or is out of memory",
                   self->name);
      return NULL;
    }
  SSL_set_app_data (ssl, self);
  SSL_set_connect_state (ssl);
  offer_session (self, ssl);
  return ssl;
}

void
pf_trust_clear (PfTrust *self)
{
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->host, g_free);
  g_clear_pointer (&self->ticket_key, g_free);
  g_clear_pointer (&self->leaf, X509_free);
}

gboolean
pf_trust_accept (PfTrust *self, SSL *ssl)
{
  /* Where a session was resumed, verify() was never called: its certificate was verified when the
   * session began, under the same trust, since the ticket's key holds it. */
  if (self->leaf == NULL)
    self->leaf = SSL_get1_peer_certificate (ssl);
  self->error = (int) SSL_get_verify_result (ssl);
  self->refused = self->leaf == NULL || self->error != X509_V_OK
                  || (self->pinned && !matches_pin (self, self->leaf));
  if (self->refused)
    return FALSE;
  /* Before TLS 1.3 a resumed session brings no new one, and may be used again. */
  if (SSL_session_reused (ssl) && SSL_version (ssl) < TLS1_3_VERSION)
    pf_tickets_put (self->ticket_key, SSL_get1_session (ssl));
  return TRUE;
}

/* --- Why not -------------------------------------------------------------------------------- */

/* (transfer full): what stands behind "is not trusted: ". */
static char *
reason (const PfTrust *self)
{
  g_autofree char *text = NULL;

  switch (self->error)
    {
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return g_strdup ("it is self-signed");
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_UNTRUSTED:
      text = pf_certificate_issuer (self->leaf);
      return g_strdup_printf ("it comes from \"%s\", which leads to no trusted authority", text);
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      text = pf_certificate_names (self->leaf);
      return g_strdup_printf ("it is not for %s but for %s", self->host, text);
    case X509_V_ERR_CERT_HAS_EXPIRED:
      if (self->error_depth > 0)
        return g_strdup ("the certificate of its issuer has expired");
      text = pf_certificate_date (X509_get0_notAfter (self->leaf));
      return g_strdup_printf ("it expired on %s", text);
    case X509_V_ERR_CERT_NOT_YET_VALID:
      if (self->error_depth > 0)
        return g_strdup ("the certificate of its issuer is not yet valid");
      text = pf_certificate_date (X509_get0_notBefore (self->leaf));
      return g_strdup_printf ("it is valid from %s on only (is the clock right?)", text);
    default:
      return g_strdup (X509_verify_cert_error_string (self->error));
    }
}

GError *
pf_trust_problem (const PfTrust *self)
{
  g_autofree char *fingerprint = NULL, *why = NULL;

  if (self->leaf == NULL)
    return g_error_new (PF_PROBLEM, PF_PROBLEM_CERTIFICATE_UNTRUSTED, "%s showed no certificate",
                        self->name);
  fingerprint = pf_certificate_fingerprint (self->leaf);
  if (self->pinned)
    {
      g_autofree char *pinned = pf_certificate_format_digest (self->pin);

      return g_error_new (PF_PROBLEM, PF_PROBLEM_CERTIFICATE_UNTRUSTED,
                          "The certificate of %s is not the pinned one (%s). If you know that it "
                          "was renewed, pin the new one: Certificate=%s",
                          self->name, pinned, fingerprint);
    }
  why = reason (self);
  return g_error_new (PF_PROBLEM, PF_PROBLEM_CERTIFICATE_UNTRUSTED,
                      "The certificate of %s is not trusted: %s. If you know it to be the right "
                      "one, pin it: Certificate=%s",
                      self->name, why, fingerprint);
}
