#include "accounts/setting-texts.h"

#include "accounts/account-name.h"
#include "accounts/settings.h"
#include "net/certificate.h"

#include <string.h>

/* RFC 5321 4.5.3.1, RFC 1035 2.3.4. */
#define LOCAL_PART_LENGTH 64
#define DOMAIN_LENGTH 253
#define LABEL_LENGTH 63
/* Characters beside letters and digits in a local part that needs no quotes (RFC 5322 3.2.3). The
 * star is left out: who writes one means any address. */
#define ATOM_MARKS "!#$%&'+-/=?^_`{|}~."

static char *
refuse (PfRefusal *refusal, const char *code, const char *reason)
{
  refusal->code = code;
  refusal->reason = reason;
  return NULL;
}

/* --- Addresses and hosts ---------------------------------------------------------------------- */

static gboolean
is_label (const char *label)
{
  gsize length = strlen (label);

  if (length == 0 || length > LABEL_LENGTH || label[0] == '-' || label[length - 1] == '-')
    return FALSE;
  for (const char *p = label; *p != '\0'; p++)
    if (!g_ascii_isalnum (*p) && *p != '-' && *p != '_')
      return FALSE;
  return TRUE;
}

static gboolean
is_host_name (const char *name)
{
  g_auto (GStrv) labels = g_strsplit (name, ".", -1);

  if (labels[0] == NULL || strlen (name) > DOMAIN_LENGTH)
    return FALSE;
  for (guint i = 0; labels[i] != NULL; i++)
    if (!is_label (labels[i]))
      return FALSE;
  return TRUE;
}

static gboolean
is_local_part (const char *text, gsize length)
{
  if (length == 0 || length > LOCAL_PART_LENGTH)
    return FALSE;
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isalnum (text[i]) && strchr (ATOM_MARKS, text[i]) == NULL)
      return FALSE;
  return TRUE;
}

static gboolean
is_address (const char *text)
{
  const char *at = strchr (text, '@');

  return at != NULL && is_local_part (text, (gsize) (at - text)) && is_host_name (at + 1);
}

/* (transfer full): the domain in its ASCII form, when it has one. */
static char *
with_ascii_domain (const char *text)
{
  const char *at = strrchr (text, '@');
  g_autofree char *domain =
      at != NULL && !g_str_is_ascii (at) ? g_hostname_to_ascii (at + 1) : NULL;

  return domain != NULL ? g_strdup_printf ("%.*s@%s", (int) (at - text), text, domain)
                        : g_strdup (text);
}

char *
pf_read_account_address (const char *text, PfRefusal *refusal)
{
  g_autofree char *address = with_ascii_domain (text);
  g_autofree char *file_name = pf_account_file_name (address);

  if (!is_address (address))
    return refuse (refusal, "syntax", NULL);
  if (strlen (file_name) > PF_ACCOUNT_FILE_NAME_LENGTH)
    return refuse (refusal, "out-of-range", "is too long for the name of a file");
  return g_steal_pointer (&address);
}

/* (transfer full) (nullable): @text without the brackets or final dot that some write. */
static char *
plain_host (const char *text)
{
  gsize length = strlen (text);

  if (text[0] == '[' && text[length - 1] == ']')
    return g_strndup (text + 1, length - 2);
  if (length > 1 && text[length - 1] == '.')
    return g_strndup (text, length - 1);
  return g_strdup (text);
}

char *
pf_read_host (const char *text, PfRefusal *refusal)
{
  g_autofree char *host = plain_host (text);
  g_autofree char *ascii = NULL;
  const char *colon = strchr (host, ':');

  if (strchr (host, '%') == NULL && g_hostname_is_ip_address (host))
    return g_steal_pointer (&host);
  if (strstr (host, "://") != NULL)
    return refuse (refusal, "syntax", "a host name or address is needed here, no URL");
  if (colon != NULL && strchr (colon + 1, ':') == NULL)
    return refuse (refusal, "syntax", "a port is set with Port, not behind the name");
  if (g_str_is_ascii (host))
    return is_host_name (host) ? g_steal_pointer (&host) : refuse (refusal, "syntax", NULL);
  ascii = g_hostname_to_ascii (host);
  if (ascii == NULL || !is_host_name (ascii))
    return refuse (refusal, "syntax", NULL);
  return g_steal_pointer (&ascii);
}

char *
pf_read_sender (const char *text, PfRefusal *refusal)
{
  if (strchr (text, '@') != NULL ? is_address (text) : is_host_name (text))
    return g_strdup (text);
  return refuse (refusal, "syntax", NULL);
}

char *
pf_read_relay (const char *text, PfRefusal *refusal)
{
  g_autoptr (GInetAddressMask) mask = NULL;

  if (strchr (text, '/') == NULL)
    return pf_read_host (text, refusal);
  mask = g_inet_address_mask_new_from_string (text, NULL);
  if (mask == NULL)
    return refuse (refusal, "syntax",
                   "a network is written ADDRESS/BITS, and no bit beyond them may be set");
  return g_strdup (text);
}

/* --- Logging in ------------------------------------------------------------------------------- */

char *
pf_read_authentication (const char *text, PfRefusal *refusal)
{
  static const char *const known[] = { "auto",        "oauth2",   "user",  "SCRAM-SHA-256",
                                       "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN" };

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_ascii_strcasecmp (text, known[i]) == 0)
      return g_strdup (known[i]);
  return refuse (refusal, "not-allowed", NULL);
}

char *
pf_read_provider (const char *text, PfRefusal *refusal)
{
  if (*text == '.')
    return refuse (refusal, "syntax", NULL);
  for (const char *p = text; *p != '\0'; p++)
    if (!g_ascii_isalnum (*p) && strchr ("._-", *p) == NULL)
      return refuse (refusal, "syntax", NULL);
  return g_strdup (text);
}

char *
pf_read_certificate (const char *text, PfRefusal *refusal)
{
  guint8 digest[PF_FINGERPRINT_LENGTH];

  if (pf_certificate_is_pin (text))
    return pf_certificate_parse_pin (text, digest)
               ? pf_certificate_format_digest (digest)
               : refuse (refusal, "syntax", "64 hex digits must follow sha256:");
  if (!g_path_is_absolute (text))
    return refuse (refusal, "not-allowed", NULL);
  return g_strdup (text);
}

char *
pf_read_proxy (const char *text, PfRefusal *refusal)
{
  g_autoptr (GUri) uri = g_uri_parse (text, G_URI_FLAGS_NONE, NULL);
  g_autofree char *host = NULL;
  const char *scheme;

  if (uri == NULL)
    return refuse (refusal, "syntax", NULL);
  scheme = g_uri_get_scheme (uri);
  if (!g_str_equal (scheme, "socks5") && !g_str_equal (scheme, "http"))
    return refuse (refusal, "not-allowed", NULL);
  if (g_uri_get_userinfo (uri) != NULL)
    return refuse (refusal, "not-allowed",
                   "names and passwords do not belong into settings, which are no secret");
  if (g_uri_get_port (uri) <= 0 || g_uri_get_query (uri) != NULL || g_uri_get_fragment (uri) != NULL
      || strlen (g_uri_get_path (uri)) > 1)
    return refuse (refusal, "syntax", NULL);
  host = pf_read_host (g_uri_get_host (uri), refusal);
  if (host == NULL)
    return refuse (refusal, "syntax", NULL);
  return g_strdup_printf (strchr (host, ':') != NULL ? "%s://[%s]:%d" : "%s://%s:%d", scheme, host,
                          g_uri_get_port (uri));
}

/* --- Where mail goes -------------------------------------------------------------------------- */

/* What the helper refuses is refused here (helper/request.c), and what would need quotes in LMTP
 * or separates fields. */
char *
pf_read_local_user (const char *text, PfRefusal *refusal)
{
  const char *at = strchr (text, '@');

  if (*text == '-' || *text == '.' || strpbrk (text, "/:;,<>\"* \t") != NULL)
    return refuse (refusal, "syntax", NULL);
  if (at != NULL && (at == text || at[1] == '\0' || strchr (at + 1, '@') != NULL))
    return refuse (refusal, "syntax", NULL);
  return g_strdup (text);
}

char *
pf_read_folder_pattern (const char *text, PfRefusal *refusal)
{
  const char *name = *text == '!' ? text + 1 : text;

  if (*name == '\0')
    return refuse (refusal, "syntax", "a folder's name must follow the exclamation mark");
  if (*name == '\\' && g_ascii_strcasecmp (name, "\\Junk") != 0)
    return refuse (refusal, "not-allowed", "the one special use known here is \\Junk");
  return g_strdup (text);
}

/* '.' is what Maildir++ separates parts with: within one it would name another folder. */
char *
pf_read_target_folder (const char *text, PfRefusal *refusal)
{
  if (*text == '~' || *text == '/' || g_str_has_suffix (text, "/") || strstr (text, "//") != NULL)
    return refuse (refusal, "syntax", NULL);
  if (strchr (text, '.') != NULL)
    return refuse (refusal, "syntax",
                   "dots are not allowed; the parts of a folder's name are separated by /");
  return g_strdup (text);
}

char *
pf_read_envelope_header (const char *text, PfRefusal *refusal)
{
  static const char *const of_the_writer[] = { "To",        "Cc",        "Bcc",
                                               "Resent-To", "Resent-Cc", "Resent-Bcc" };

  for (const char *p = text; *p != '\0'; p++)
    if (!g_ascii_isgraph (*p) || *p == ':')
      return refuse (refusal, "syntax", NULL);
  for (guint i = 0; i < G_N_ELEMENTS (of_the_writer); i++)
    if (g_ascii_strcasecmp (text, of_the_writer[i]) == 0)
      return refuse (refusal, "not-allowed",
                     "this field is the writer's: it tells nothing about the envelope");
  return g_strdup (text);
}

char *
pf_read_recipient (const char *text, PfRefusal *refusal)
{
  const char *equals = strrchr (text, '=');
  g_autofree char *left = equals != NULL ? g_strndup (text, (gsize) (equals - text)) : NULL;
  g_autofree char *user = NULL;
  gboolean any;

  if (left == NULL)
    return refuse (refusal, "syntax", NULL);
  any = g_str_has_prefix (left, "*@");
  if (any ? !is_host_name (left + 2) : !is_address (left))
    return refuse (refusal, "syntax", NULL);
  if (strcmp (equals + 1, "*") == 0)
    return any ? g_strdup (text)
               : refuse (refusal, "not-allowed", "USER may be * only for *@DOMAIN");
  user = equals[1] != '\0' ? pf_read_local_user (equals + 1, refusal) : NULL;
  return user != NULL ? g_strdup (text) : refuse (refusal, "syntax", NULL);
}

gboolean
pf_is_host_and_port (const char *text, PfRefusal *refusal)
{
  const char *colon = strrchr (text, ':');
  g_autofree char *host =
      colon != NULL && colon != text ? g_strndup (text, (gsize) (colon - text)) : NULL;
  g_autofree char *kept = host != NULL ? pf_read_host (host, refusal) : NULL;

  refusal->reason = NULL;
  /* An address with colons needs its brackets, or nobody knows where it ends. */
  return kept != NULL && (strchr (host, ':') == NULL || *host == '[')
         && g_ascii_string_to_unsigned (colon + 1, 10, 1, G_MAXUINT16, NULL, NULL);
}
