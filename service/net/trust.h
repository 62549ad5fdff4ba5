/* trust.h - whom to believe: the system's authorities, those of a file, or one pinned certificate.
 *
 * One SSL_CTX is kept for each of them: authorities are read once, and again when their file
 * changed. Main loop only.
 */
#pragma once

#include "net/certificate.h"
#include "net/endpoint.h"

#include <openssl/ssl.h>

/* The trust of one connection, and what became of it. It must stay where it is while its SSL
 * lives. */
typedef struct
{
  char *name; /* "mail.example.com:995", for sentences */
  char *host; /* what the certificate must be for */
  gboolean pinned;
  guint8 pin[PF_FINGERPRINT_LENGTH];
  char *ticket_key;
  X509 *leaf; /* the peer's certificate, once seen */
  gboolean refused;
  int error, error_depth; /* X509_V_ERR_..., why it was refused */
} PfTrust;

/**
 * pf_trust_open:
 * @self: zeroed; clear it with pf_trust_clear() after the SSL is freed
 *
 * Returns: (transfer full): the client side of a connection that verifies by @endpoint's
 * settings (TLS >= 1.2, the host's name or address, no renegotiation), offers its name (SNI) and
 * a session to resume; NULL with PF_PROBLEM_SETTINGS_INVALID when what Certificate names cannot be
 * read.
 */
SSL     *pf_trust_open  (PfTrust *self, const PfEndpoint *endpoint, GError **error);
void     pf_trust_clear (PfTrust *self);
/* After the handshake, resumed or not: FALSE when the peer must not be believed after all. */
gboolean pf_trust_accept (PfTrust *self, SSL *ssl);
/* (transfer full): PF_PROBLEM_CERTIFICATE_UNTRUSTED: why, and the fingerprint to pin. */
GError  *pf_trust_problem (const PfTrust *self);
