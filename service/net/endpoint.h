/* endpoint.h - where to connect, how, and what to trust there. */
#pragma once

#include <gio/gio.h>

typedef enum
{
  PF_SECURITY_TLS,
  PF_SECURITY_STARTTLS,
  PF_SECURITY_NONE
} PfSecurity;

/* Plain data of one session; the owner fills it and frees it with pf_endpoint_free(). */
typedef struct
{
  char *host; /* name or address; for a local socket its path, beginning with "/" */
  guint16 port;
  PfSecurity security;
  char *proxy;       /* "", "socks5://host:port", "http://host:port" */
  char *certificate; /* "", "sha256:HEX" of the DER certificate to pin, or a CA file's path */
  guint connect_timeout; /* seconds for name, connection and handshake together; 0: the default */
  /* Filled by the handshake, also when it fails for want of trust: a{sv} Fingerprint s
   * ("sha256:HEX"), Subject s, Issuer s, NotBefore t, NotAfter t. NULL before. */
  GVariant *peer_certificate;
} PfEndpoint;

void     pf_endpoint_free (PfEndpoint *self);
/* TRUE for 127.0.0.0/8, ::1, "localhost" and names below it, and local sockets. */
gboolean pf_endpoint_is_loopback (const PfEndpoint *self);
gboolean pf_endpoint_is_local_socket (const PfEndpoint *self);
/* (transfer full): "mail.example.com:995", "[2001:db8::1]:995" or a local socket's path, fit to be
 * read. */
char    *pf_endpoint_describe (const PfEndpoint *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfEndpoint, pf_endpoint_free)
