#include "accounts/settings-table.h"

#include <string.h>

/* --- Single values: NULL when right, else what is wrong ------------------------------------------------------------- */

static gboolean
is_host_name (const char *text)
{
  gsize length = strlen (text);

  if (length == 0 || length > 253 || text[0] == '.' || text[0] == '-')
    return FALSE;
  for (const char *p = text; *p != '\0'; p++)
    if (!g_ascii_isalnum (*p) && *p != '-' && *p != '.' && *p != '_' && !((guchar) *p >= 0x80))
      return FALSE;
  return strstr (text, "..") == NULL;
}

static gboolean
is_address_literal (const char *text)
{
  return g_hostname_is_ip_address (text);
}

char *
pf_check_address (const char *value)
{
  const char *at = strchr (value, '@');

  if (at == NULL || at != strrchr (value, '@') || at == value || strlen (value) > 254
      || at - value > 64 || !is_host_name (at + 1))
    return g_strdup ("is no e-mail address (NAME@DOMAIN)");
  for (const char *p = value; p < at; p++)
    if (*p == ' ' || strchr ("<>()[],;:\\\"/", *p) != NULL)
      return g_strdup ("is no e-mail address (NAME@DOMAIN)");
  return NULL;
}

char *
pf_check_server (const char *value)
{
  if (is_address_literal (value) || is_host_name (value))
    return NULL;
  return g_strdup (
      "is neither a host's name nor an IP address (the port is a setting of its own, Port)");
}

char *
pf_check_local_user (const char *value)
{
  if (*value == '-' || strlen (value) > 256 || strpbrk (value, "/:;,= <>\"\\") != NULL
      || *value == '.')
    return g_strdup ("is no user's name");
  return NULL;
}

char *
pf_check_folder (const char *value)
{
  if (strcmp (value, "!") == 0)
    return g_strdup ("excludes nothing");
  return NULL;
}

char *
pf_check_target_folder (const char *value)
{
  g_auto (GStrv) parts = g_strsplit (value, "/", -1);

  if (strlen (value) > 200)
    return g_strdup ("is too long");
  for (guint i = 0; parts[i] != NULL; i++)
    if (*parts[i] == '\0' || *parts[i] == '.' || *parts[i] == '~' || strchr (parts[i], '.') != NULL)
      return g_strdup (
          "is no folder's name: parts are separated by /, none may be empty or hold a dot");
  return NULL;
}

char *
pf_check_authentication (const char *value)
{
  static const char *const allowed[] = { "auto",  "scram-sha-256", "scram-sha-1", "cram-md5",
                                         "plain", "login",         "user",        "oauth2" };

  for (guint i = 0; i < G_N_ELEMENTS (allowed); i++)
    if (g_ascii_strcasecmp (value, allowed[i]) == 0)
      return NULL;
  return g_strdup (
      "allowed are auto, scram-sha-256, scram-sha-1, cram-md5, plain, login, user, oauth2");
}

char *
pf_check_word (const char *value)
{
  for (const char *p = value; *p != '\0'; p++)
    if (!g_ascii_isalnum (*p) && strchr ("-_.", *p) == NULL)
      return g_strdup ("allowed are letters, digits, '-', '_' and '.'");
  return NULL;
}

char *
pf_check_sender (const char *value)
{
  const char *domain = strchr (value, '@');

  if (domain != NULL
          ? (domain == value || pf_check_address (value) == NULL) && is_host_name (domain + 1)
          : is_host_name (value))
    return NULL;
  return g_strdup ("is neither an address nor a domain");
}

char *
pf_check_certificate (const char *value)
{
  guint digits = 0;

  if (*value == '/')
    return NULL;
  if (g_ascii_strncasecmp (value, "sha256:", strlen ("sha256:")) == 0)
    {
      for (const char *p = value + strlen ("sha256:"); *p != '\0'; p++)
        if (g_ascii_isxdigit (*p))
          digits++;
        else if (*p != ':')
          return g_strdup ("is no fingerprint: sha256: and 64 hexadecimal digits");
      if (digits == 64)
        return NULL;
      return g_strdup_printf ("is no fingerprint: it has %u hexadecimal digits of 64", digits);
    }
  return g_strdup (
      "is neither sha256:FINGERPRINT nor the absolute path of a file with CA certificates");
}

char *
pf_check_relay (const char *value)
{
  g_autofree char *host = g_strndup (value, strcspn (value, "/"));
  const char *bits = strchr (value, '/');
  g_autoptr (GInetAddressMask) mask = NULL;

  if (bits == NULL && (is_address_literal (host) || is_host_name (host)))
    return NULL;
  mask = bits != NULL ? g_inet_address_mask_new_from_string (value, NULL) : NULL;
  if (mask != NULL)
    return NULL;
  return g_strdup ("is neither a host, an IP address nor a network (ADDRESS/BITS)");
}

char *
pf_check_envelope_header (const char *value)
{
  static const char *const guesses[] = { "To", "Cc", "Bcc", "From" };

  for (guint i = 0; i < G_N_ELEMENTS (guesses); i++)
    if (g_ascii_strcasecmp (value, guesses[i]) == 0)
      return g_strdup (
          "is written by the sender, not by the provider: use the field in which the provider notes the envelope recipient, as Delivered-To or X-Original-To");
  for (const char *p = value; *p != '\0'; p++)
    if (*p <= ' ' || *p >= 0x7f || *p == ':')
      return g_strdup ("is no name of a header field");
  return NULL;
}

char *
pf_check_recipient (const char *value)
{
  const char *equals = strrchr (value, '=');
  g_autofree char *left = equals != NULL ? g_strndup (value, (gsize) (equals - value)) : NULL;
  g_autofree char *wrong = NULL;

  if (equals == NULL)
    return g_strdup ("is no rule: ADDRESS=USER, *@DOMAIN=USER or *@DOMAIN=*");
  if (g_str_has_prefix (left, "*@") ? !is_host_name (left + 2)
                                    : (wrong = pf_check_address (left)) != NULL)
    return g_strdup ("is no rule: left of = stands an address or *@DOMAIN");
  if (strcmp (equals + 1, "*") == 0)
    return g_str_has_prefix (left, "*@")
               ? NULL
               : g_strdup ("is no rule: * as the user is for *@DOMAIN only");
  if (equals[1] == '\0')
    return g_strdup ("is no rule: no user stands behind =");
  return pf_check_local_user (equals + 1);
}

char *
pf_check_proxy (const char *value)
{
  g_autoptr (GUri) uri = g_uri_parse (value, G_URI_FLAGS_NONE, NULL);
  const char *scheme = uri != NULL ? g_uri_get_scheme (uri) : "";

  if ((g_str_equal (scheme, "socks5") || g_str_equal (scheme, "http"))
      && g_uri_get_host (uri) != NULL && *g_uri_get_host (uri) != '\0' && g_uri_get_port (uri) > 0)
    return NULL;
  return g_strdup ("is no proxy: socks5://HOST:PORT or http://HOST:PORT");
}

/* --- Keys together --------------------------------------------------------------------------------------------------- */

static guint16
usual_port (PfProtocol protocol, PfSecurity security)
{
  if (protocol == PF_PROTOCOL_POP3)
    return security == PF_SECURITY_TLS ? 995 : 110;
  return security == PF_SECURITY_TLS ? 993 : 143;
}

void
pf_settings_complete (PfSettings *self)
{
  if (self->port == 0)
    self->port = usual_port (self->protocol, self->security);
  if (self->user_name == NULL || *self->user_name == '\0')
    {
      g_free (self->user_name);
      self->user_name = g_strdup (self->address);
    }
}

static void
check_cleartext (const PfSettings *self, GPtrArray *faults)
{
  g_autoptr (PfEndpoint) endpoint = pf_settings_endpoint (self, 0);

  if (self->security == PF_SECURITY_NONE && !self->allow_cleartext
      && !pf_endpoint_is_loopback (endpoint))
    pf_settings_add_fault (
        faults, "Security", "conflict", "none",
        "password and mail would cross the network in the clear; set tls or starttls, or, if that is what you want, AllowCleartext=true");
}

static void
check_folders (const PfSettings *self, GPtrArray *faults)
{
  gboolean any = FALSE;

  for (guint i = 0; self->folders[i] != NULL; i++)
    any = any || self->folders[i][0] != '!';
  if (!any)
    pf_settings_add_fault (faults, "Folders", "required", NULL,
                           "names no folder; INBOX is the usual one");
}

void
pf_settings_check (const PfSettings *self, GPtrArray *faults)
{
  check_cleartext (self, faults);
  check_folders (self, faults);
  if (self->recipients[0] != NULL && *self->envelope_header == '\0')
    pf_settings_add_fault (
        faults, "EnvelopeHeader", "required", NULL,
        "is required with Recipients: the field in which the provider notes the envelope recipient");
  if (*self->envelope_header != '\0' && self->recipients[0] == NULL)
    pf_settings_add_fault (
        faults, "Recipients", "required", NULL,
        "is required with EnvelopeHeader: ADDRESS=USER, *@DOMAIN=USER or *@DOMAIN=*");
}
