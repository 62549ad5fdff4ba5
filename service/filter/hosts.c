#include "filter/hosts.h"

#include <gio/gio.h>
#include <libpsl.h>
#include <string.h>

char *
pf_host_registrable (const char *name)
{
  g_autofree char *lower = g_ascii_strdown (name, -1);
  const psl_ctx_t *list = psl_builtin ();
  const char *top = strrchr (lower, '.'), *found;

  if (list == NULL || top == NULL || g_hostname_is_ip_address (name) || strchr (name, ':') != NULL)
    return NULL;
  /* Without this rule each unknown top level would be public: .local, .lan, .internal. */
  if (!psl_is_public_suffix2 (list, top + 1, PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE))
    return NULL;
  found = psl_registrable_domain (list, lower);
  return g_strdup (found);
}

gboolean
pf_host_is_below (const char *name, const char *domain)
{
  gsize name_length = strlen (name), length = strlen (domain);

  if (length == 0 || name_length < length
      || g_ascii_strcasecmp (name + name_length - length, domain) != 0)
    return FALSE;
  return name_length == length || name[name_length - length - 1] == '.';
}

char *
pf_host_canonical (const char *text)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (text);

  return address != NULL ? g_inet_address_to_string (address) : NULL;
}

gboolean
pf_host_is_in_network (const char *address, const char *network)
{
  g_autoptr (GInetAddress) host = g_inet_address_new_from_string (address);
  g_autoptr (GInetAddressMask) mask = g_inet_address_mask_new_from_string (network, NULL);

  return host != NULL && mask != NULL && g_inet_address_mask_matches (mask, host);
}

gboolean
pf_host_is_public (const char *address)
{
  static const char *const special[] = {
    "0.0.0.0/8",     "10.0.0.0/8",   "100.64.0.0/10",  "127.0.0.0/8",   "169.254.0.0/16",
    "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/3",
    "::/8",          "64:ff9b::/32", "100::/64",       "2002::/16",     "fc00::/7",
    "fe80::/10",     "fec0::/10",    "ff00::/8",
  };
  g_autoptr (GInetAddress) host = g_inet_address_new_from_string (address);

  if (host == NULL)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (special); i++)
    if (pf_host_is_in_network (address, special[i]))
      return FALSE;
  return TRUE;
}
