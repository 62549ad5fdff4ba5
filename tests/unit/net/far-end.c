#include "far-end.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/certificate.h"
#include "net/channel-private.h"
#include "peer.h"

struct _FarEnd
{
  int fd;
  SSL_CTX *context;
  SSL *ssl;
  X509 *certificate;
};

FarEnd *
far_end_new (PfChannel **near)
{
  FarEnd *self = g_new0 (FarEnd, 1);
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GSocketConnection) connection = NULL;
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), ==, 0);
  self->fd = fds[0];
  socket = g_socket_new_from_fd (fds[1], NULL);
  connection = g_socket_connection_factory_create_connection (socket);
  *near = pf_channel_new (connection, "mail.example.com:995", FALSE);
  return self;
}

void
far_end_free (FarEnd *self)
{
  far_end_cut (self);
  SSL_free (self->ssl);
  SSL_CTX_free (self->context);
  X509_free (self->certificate);
  g_free (self);
}

/* --- TLS -------------------------------------------------------------------------------------- */

static X509 *
make_certificate (EVP_PKEY *key)
{
  X509 *certificate = X509_new ();
  X509_NAME *name = X509_get_subject_name (certificate);

  X509_NAME_add_entry_by_txt (name, "CN", MBSTRING_ASC, (const guint8 *) "mail.example.com", -1, -1,
                              0);
  X509_set_issuer_name (certificate, name);
  X509_set_version (certificate, X509_VERSION_3);
  X509_gmtime_adj (X509_getm_notBefore (certificate), -60);
  X509_gmtime_adj (X509_getm_notAfter (certificate), 3600);
  X509_set_pubkey (certificate, key);
  g_assert_cmpint (X509_sign (certificate, key, EVP_sha256 ()), >, 0);
  return certificate;
}

void
far_end_secure (FarEnd *self)
{
  EVP_PKEY *key = EVP_EC_gen ("P-256");

  self->certificate = make_certificate (key);
  self->context = SSL_CTX_new (TLS_server_method ());
  SSL_CTX_use_certificate (self->context, self->certificate);
  SSL_CTX_use_PrivateKey (self->context, key);
  SSL_CTX_set_mode (self->context,
                    SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  self->ssl = SSL_new (self->context);
  SSL_set_fd (self->ssl, self->fd);
  SSL_set_accept_state (self->ssl);
  EVP_PKEY_free (key);
}

char *
far_end_pin (FarEnd *self)
{
  return pf_certificate_fingerprint (self->certificate);
}

gboolean
far_end_shake_hands (FarEnd *self)
{
  ERR_clear_error ();
  return SSL_do_handshake (self->ssl) == 1;
}

void
far_end_on_result (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

PfEndpoint *
far_end_begin_tls (FarEnd *self, PfChannel *near, GAsyncResult **result)
{
  g_autofree char *pin = NULL;
  PfEndpoint *endpoint;

  far_end_secure (self);
  pin = far_end_pin (self);
  endpoint = endpoint_new ("mail.example.com", 995, PF_SECURITY_STARTTLS, pin);
  pf_channel_start_tls_async (near, endpoint, NULL, far_end_on_result, result);
  return endpoint;
}

void
far_end_finish_tls (FarEnd *self, PfChannel *near, GAsyncResult **result)
{
  g_autoptr (GError) error = NULL;

  while (!far_end_shake_hands (self) || *result == NULL)
    g_main_context_iteration (NULL, FALSE);
  g_assert_true (pf_channel_start_tls_finish (near, *result, &error));
  g_assert_no_error (error);
  g_clear_object (result);
}

/* --- Octets ----------------------------------------------------------------------------------- */

static gssize
ssl_result (FarEnd *self, int returned, gsize n)
{
  if (returned == 1)
    return (gssize) n;
  switch (SSL_get_error (self->ssl, returned))
    {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return 0;
    default:
      return -1;
    }
}

gssize
far_end_write (FarEnd *self, const void *data, gsize length)
{
  gsize n = 0;
  ssize_t sent;

  ERR_clear_error ();
  if (self->ssl != NULL)
    {
      int returned = SSL_write_ex (self->ssl, data, length, &n);

      return ssl_result (self, returned, n);
    }
  sent = send (self->fd, data, length, MSG_NOSIGNAL);
  return sent >= 0 ? sent : errno == EAGAIN ? 0 : -1;
}

gssize
far_end_read (FarEnd *self, void *data, gsize size)
{
  gsize n = 0;
  ssize_t got;

  ERR_clear_error ();
  if (self->ssl != NULL)
    {
      int returned = SSL_read_ex (self->ssl, data, size, &n);

      return ssl_result (self, returned, n);
    }
  got = recv (self->fd, data, size, 0);
  return got > 0 ? got : got < 0 && errno == EAGAIN ? 0 : -1;
}

void
far_end_say (FarEnd *self, const char *text)
{
  g_assert_cmpint (far_end_write (self, text, strlen (text)), ==, (gssize) strlen (text));
}

/* --- Ends ------------------------------------------------------------------------------------- */

void
far_end_finish (FarEnd *self)
{
  if (self->ssl != NULL)
    SSL_shutdown (self->ssl);
  far_end_cut (self);
}

void
far_end_cut (FarEnd *self)
{
  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
}

void
far_end_shut (FarEnd *self)
{
  shutdown (self->fd, SHUT_WR);
}

int
far_end_get_fd (FarEnd *self)
{
  return self->fd;
}
