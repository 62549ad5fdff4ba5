#include "net/endpoint.h"

#include "dbus-interfaces/text.h"

#include <string.h>

/* A host name is at most 253 octets, a local socket's path 107. */
#define DESCRIPTION_LENGTH 300

void
pf_endpoint_free (PfEndpoint *self)
{
  if (self == NULL)
    return;
  g_free (self->host);
  g_free (self->proxy);
  g_free (self->certificate);
  g_clear_pointer (&self->peer_certificate, g_variant_unref);
  g_free (self);
}

gboolean
pf_endpoint_is_local_socket (const PfEndpoint *self)
{
  return self->host != NULL && self->host[0] == '/';
}

gboolean
pf_endpoint_is_loopback (const PfEndpoint *self)
{
  g_autoptr (GInetAddress) address = NULL;
  g_autofree char *name = NULL;
  gsize length;

  if (self->host == NULL)
    return FALSE;
  if (pf_endpoint_is_local_socket (self))
    return TRUE;
  if ((address = g_inet_address_new_from_string (self->host)) != NULL)
    return g_inet_address_get_is_loopback (address);
  name = g_ascii_strdown (self->host, -1);
  length = strlen (name);
  if (length > 0 && name[length - 1] == '.')
    name[length - 1] = '\0';
  return strcmp (name, "localhost") == 0 || g_str_has_suffix (name, ".localhost");
}

char *
pf_endpoint_describe (const PfEndpoint *self)
{
  g_autofree char *host = pf_text_printable (self->host, -1, DESCRIPTION_LENGTH);

  if (pf_endpoint_is_local_socket (self))
    return g_steal_pointer (&host);
  if (strchr (host, ':') != NULL)
    return g_strdup_printf ("[%s]:%u", host, self->port);
  return g_strdup_printf ("%s:%u", host, self->port);
}
