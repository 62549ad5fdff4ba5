#include "filter/rspamd-request.h"

#include "base/limits.h"
#include "protocol/address.h"

#include <gio/gio.h>
#include <string.h>

#define NO_GREYLISTING                                                                             \
  "\"symbols_disabled\":[\"GREYLIST_CHECK\",\"GREYLIST_SAVE\"],\"actions\":{\"greylist\":null}"
#define NO_CLIENT "\"groups_disabled\":[\"rbl\",\"spf\",\"dmarc\",\"hfilter\"],"

/* Nothing that could end the line, or make another one. */
static gboolean
is_safe (const char *value)
{
  gsize length = strlen (value);

  for (gsize i = 0; i < length; i++)
    if (value[i] < ' ' || value[i] > '~')
      return FALSE;
  return length > 0 && length <= PF_LIMIT_SCAN_VALUE;
}

static void
put (SoupMessageHeaders *headers, const char *name, const char *value)
{
  if (value != NULL && is_safe (value))
    soup_message_headers_append (headers, name, value);
}

/* (transfer full) (nullable): in its plain form; NULL where it is none that can hand over mail from
 * outside. */
static char *
plain_address (const char *text)
{
  g_autofree char *bare = g_strdup (text != NULL ? text : "");
  g_autoptr (GInetAddress) address = NULL;
  char *start = bare;

  if (*start == '[' && g_str_has_suffix (start, "]"))
    {
      start[strlen (start) - 1] = '\0';
      start++;
    }
  if (g_ascii_strncasecmp (start, "IPv6:", 5) == 0)
    start += 5;
  address = g_inet_address_new_from_string (start);
  if (address == NULL || g_inet_address_get_is_loopback (address)
      || g_inet_address_get_is_any (address) || g_inet_address_get_is_multicast (address))
    return NULL;
  return g_inet_address_to_string (address);
}

/* Rspamd takes a comma for the end of a recipient. */
static gboolean
is_recipient (const char *address)
{
  return *address != '\0' && pf_address_is_safe (address) && strchr (address, ',') == NULL;
}

void
pf_rspamd_put_user (SoupMessageHeaders *headers, const char *deliver_to)
{
  put (headers, "Deliver-To", deliver_to);
}

void
pf_rspamd_put_request (SoupMessageHeaders *headers, const PfScanEnvelope *envelope)
{
  g_autofree char *ip = plain_address (envelope->ip);
  const char *const *recipients = envelope->recipients;

  put (headers, "IP", ip);
  put (headers, "Helo", ip != NULL ? envelope->helo : NULL);
  put (headers, "Hostname", ip != NULL ? envelope->hostname : NULL);
  if (envelope->from != NULL && pf_address_is_safe (envelope->from))
    put (headers, "From", *envelope->from != '\0' ? envelope->from : "<>");
  for (guint i = 0; recipients != NULL && recipients[i] != NULL; i++)
    if (is_recipient (recipients[i]))
      put (headers, "Rcpt", recipients[i]);
  pf_rspamd_put_user (headers, envelope->deliver_to);
  put (headers, "Queue-Id", envelope->queue_id);
  put (headers, "Settings", ip != NULL ? "{" NO_GREYLISTING "}" : "{" NO_CLIENT NO_GREYLISTING "}");
}
