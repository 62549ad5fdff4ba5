#include "net/tls.h"

#include "base/problem.h"
#include "net/certificate.h"
#include "net/tls-problem.h"
#include "net/trust.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

/* Room for output that a connection keeps while it idles. */
#define KEPT_OUTPUT 4096

struct _PfTls
{
  SSL *ssl;
  PfTrust trust;
  GBytes *input; /* under the reading BIO, until it was read to its end */
  GVariant *peer_certificate;
  gboolean established, cut;
};

/* --- Life ----------------------------------------------------------------------------------- */

PfTls *
pf_tls_new (const PfEndpoint *endpoint, GError **error)
{
  g_autoptr (PfTls) self = g_new0 (PfTls, 1);
  BIO *in, *out;

  ERR_clear_error ();
  self->ssl = pf_trust_open (&self->trust, endpoint, error);
  if (self->ssl == NULL)
    return NULL;
  in = BIO_new (BIO_s_mem ());
  out = BIO_new (BIO_s_mem ());
  /* Nothing to read is no end of the stream. */
  BIO_set_mem_eof_return (in, -1);
  SSL_set_bio (self->ssl, in, out);
  return g_steal_pointer (&self);
}

void
pf_tls_free (PfTls *self)
{
  if (self == NULL)
    return;
  if (self->ssl != NULL)
    {
      SSL_set_app_data (self->ssl, NULL);
      /* Else OpenSSL forbids to resume the session, as TLS 1.0 had it, of a connection that was
       * merely dropped. */
      SSL_set_shutdown (self->ssl, SSL_get_shutdown (self->ssl) | SSL_SENT_SHUTDOWN);
    }
  SSL_free (self->ssl);
  pf_trust_clear (&self->trust);
  g_clear_pointer (&self->input, g_bytes_unref);
  g_clear_pointer (&self->peer_certificate, g_variant_unref);
  g_free (self);
}

/* --- Octets of the peer --------------------------------------------------------------------- */

void
pf_tls_feed (PfTls *self, GBytes *data)
{
  gsize length;
  gconstpointer octets = g_bytes_get_data (data, &length);
  BIO *in;

  g_return_if_fail (!pf_tls_has_input (self));
  /* Reads where the octets are, without another copy. */
  in = BIO_new_mem_buf (octets, (int) length);
  BIO_set_mem_eof_return (in, -1);
  SSL_set0_rbio (self->ssl, in);
  g_clear_pointer (&self->input, g_bytes_unref);
  self->input = g_bytes_ref (data);
}

void
pf_tls_feed_eof (PfTls *self)
{
  BIO_set_mem_eof_return (SSL_get_rbio (self->ssl), 0);
}

gboolean
pf_tls_has_input (PfTls *self)
{
  return BIO_pending (SSL_get_rbio (self->ssl)) > 0 || SSL_pending (self->ssl) > 0;
}

void
pf_tls_take_output (PfTls *self, GByteArray *wire)
{
  BIO *out = SSL_get_wbio (self->ssl);
  BUF_MEM *memory = NULL;
  char *data = NULL;
  long length = BIO_get_mem_data (out, &data);

  if (length <= 0)
    return;
  g_byte_array_append (wire, (const guint8 *) data, (guint) length);
  BIO_get_mem_ptr (out, &memory);
  if (memory->max > KEPT_OUTPUT)
    BIO_set_mem_buf (out, BUF_MEM_new (), BIO_CLOSE);
  else
    (void) BIO_reset (out);
}

/* --- Work ----------------------------------------------------------------------------------- */

static PfTlsResult
fail (PfTls *self, GError **error)
{
  unsigned long code = ERR_peek_last_error ();

  self->cut = pf_tls_code_is_cut (code);
  if (self->trust.refused)
    g_propagate_error (error, pf_trust_problem (&self->trust));
  else
    g_propagate_error (error, pf_tls_problem (self->trust.name, code, !self->established));
  ERR_clear_error ();
  return PF_TLS_FAILED;
}

/* What a call of OpenSSL that did not succeed means. */
static PfTlsResult
outcome (PfTls *self, int returned, GError **error)
{
  switch (SSL_get_error (self->ssl, returned))
    {
    case SSL_ERROR_WANT_READ:
      if (!pf_tls_has_input (self))
        g_clear_pointer (&self->input, g_bytes_unref);
      return PF_TLS_MORE;
    case SSL_ERROR_ZERO_RETURN:
      return PF_TLS_END;
    default:
      return fail (self, error);
    }
}

static void
remember_certificate (PfTls *self)
{
  if (self->peer_certificate == NULL && self->trust.leaf != NULL)
    self->peer_certificate = pf_certificate_details (self->trust.leaf);
}

PfTlsResult
pf_tls_handshake (PfTls *self, GError **error)
{
  PfTlsResult result;
  int returned;

  ERR_clear_error ();
  returned = SSL_do_handshake (self->ssl);
  if (returned == 1)
    {
      result = pf_trust_accept (&self->trust, self->ssl) ? PF_TLS_DONE : fail (self, error);
      self->established = result == PF_TLS_DONE;
    }
  else
    {
      result = outcome (self, returned, error);
      /* An orderly end is none before there is a stream. */
      if (result == PF_TLS_END)
        result = fail (self, error);
    }
  remember_certificate (self);
  return result;
}

PfTlsResult
pf_tls_read (PfTls *self, guint8 *buffer, gsize size, gsize *length, GError **error)
{
  ERR_clear_error ();
  *length = 0;
  if (SSL_read_ex (self->ssl, buffer, size, length) == 1)
    return PF_TLS_DONE;
  return outcome (self, 0, error);
}

gboolean
pf_tls_write (PfTls *self, const guint8 *data, gsize length, GError **error)
{
  gsize written = 0;

  ERR_clear_error ();
  if (SSL_write_ex (self->ssl, data, length, &written) == 1 && written == length)
    return TRUE;
  /* Memory takes everything, so it cannot be that it only has to wait. */
  fail (self, error);
  return FALSE;
}

void
pf_tls_end (PfTls *self)
{
  ERR_clear_error ();
  if (self->established)
    SSL_shutdown (self->ssl);
  ERR_clear_error ();
}

GVariant *
pf_tls_get_peer_certificate (PfTls *self)
{
  return self->peer_certificate;
}

gboolean
pf_tls_was_cut (PfTls *self)
{
  return self->cut;
}
