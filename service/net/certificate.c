#include "net/certificate.h"

#include "base/limits.h"
#include "dbus-interfaces/text.h"

#include <gio/gio.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#define PIN_PREFIX "sha256:"
/* One name within a sentence; more of it helps nobody. */
#define NAME_LENGTH 100

/* --- Fingerprints --------------------------------------------------------------------------- */

gboolean
pf_certificate_is_pin (const char *text)
{
  return g_ascii_strncasecmp (text, PIN_PREFIX, strlen (PIN_PREFIX)) == 0;
}

gboolean
pf_certificate_parse_pin (const char *text, guint8 digest[PF_FINGERPRINT_LENGTH])
{
  const char *p = text + strlen (PIN_PREFIX);

  if (!pf_certificate_is_pin (text))
    return FALSE;
  for (gsize i = 0; i < PF_FINGERPRINT_LENGTH; i++)
    {
      if (i > 0 && *p == ':')
        p++;
      if (!g_ascii_isxdigit (p[0]) || !g_ascii_isxdigit (p[1]))
        return FALSE;
      digest[i] = (guint8) (g_ascii_xdigit_value (p[0]) << 4 | g_ascii_xdigit_value (p[1]));
      p += 2;
    }
  return *p == '\0';
}

gboolean
pf_certificate_digest (X509 *certificate, guint8 digest[PF_FINGERPRINT_LENGTH])
{
  unsigned int length = 0;

  return X509_digest (certificate, EVP_sha256 (), digest, &length) == 1
         && length == PF_FINGERPRINT_LENGTH;
}

char *
pf_certificate_format_digest (const guint8 digest[PF_FINGERPRINT_LENGTH])
{
  GString *text = g_string_new (PIN_PREFIX);

  for (gsize i = 0; i < PF_FINGERPRINT_LENGTH; i++)
    g_string_append_printf (text, "%02x", digest[i]);
  return g_string_free (text, FALSE);
}

char *
pf_certificate_fingerprint (X509 *certificate)
{
  guint8 digest[PF_FINGERPRINT_LENGTH] = { 0 };

  pf_certificate_digest (certificate, digest);
  return pf_certificate_format_digest (digest);
}

/* --- What it says --------------------------------------------------------------------------- */

static char *
name_text (X509_NAME *name)
{
  BIO *bio = BIO_new (BIO_s_mem ());
  char *data = NULL, *text;
  long length;

  X509_NAME_print_ex (bio, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  length = BIO_get_mem_data (bio, &data);
  text = pf_text_printable (data, MAX (length, 0), PF_LIMIT_SERVER_TEXT);
  BIO_free (bio);
  return text;
}

char *
pf_certificate_issuer (X509 *certificate)
{
  return name_text (X509_get_issuer_name (certificate));
}

/* Seconds since the epoch; -1 when it is no time. */
static gint64
epoch (const ASN1_TIME *time)
{
  struct tm parts = { 0 };

  if (time == NULL || ASN1_TIME_to_tm (time, &parts) != 1)
    return -1;
  return timegm (&parts);
}

static guint64
microseconds (const ASN1_TIME *time)
{
  return (guint64) MAX (epoch (time), 0) * G_USEC_PER_SEC;
}

char *
pf_certificate_date (const ASN1_TIME *time)
{
  gint64 seconds = epoch (time);
  g_autoptr (GDateTime) date = seconds < 0 ? NULL : g_date_time_new_from_unix_utc (seconds);

  return date == NULL ? g_strdup ("an unreadable date") : g_date_time_format (date, "%Y-%m-%d");
}

GVariant *
pf_certificate_details (X509 *certificate)
{
  GVariantDict details;
  g_autofree char *fingerprint = pf_certificate_fingerprint (certificate);
  g_autofree char *subject = name_text (X509_get_subject_name (certificate));
  g_autofree char *issuer = pf_certificate_issuer (certificate);

  g_variant_dict_init (&details, NULL);
  g_variant_dict_insert (&details, "Fingerprint", "s", fingerprint);
  g_variant_dict_insert (&details, "Subject", "s", subject);
  g_variant_dict_insert (&details, "Issuer", "s", issuer);
  g_variant_dict_insert (&details, "NotBefore", "t",
                         microseconds (X509_get0_notBefore (certificate)));
  g_variant_dict_insert (&details, "NotAfter", "t",
                         microseconds (X509_get0_notAfter (certificate)));
  return g_variant_ref_sink (g_variant_dict_end (&details));
}

/* (transfer full) (nullable): NULL for kinds of names that name no host. */
static char *
general_name_text (const GENERAL_NAME *name)
{
  const ASN1_STRING *string = name->type == GEN_DNS     ? (const ASN1_STRING *) name->d.dNSName
                              : name->type == GEN_IPADD ? name->d.iPAddress
                                                        : NULL;
  const guint8 *data;
  g_autoptr (GInetAddress) address = NULL;
  int length;

  if (string == NULL)
    return NULL;
  data = ASN1_STRING_get0_data (string);
  length = ASN1_STRING_length (string);
  if (name->type == GEN_DNS)
    return pf_text_printable ((const char *) data, length, NAME_LENGTH);
  if (length != 4 && length != 16)
    return NULL;
  address = g_inet_address_new_from_bytes (data, length == 4 ? G_SOCKET_FAMILY_IPV4
                                                             : G_SOCKET_FAMILY_IPV6);
  return g_inet_address_to_string (address);
}

char *
pf_certificate_names (X509 *certificate)
{
  GENERAL_NAMES *names = X509_get_ext_d2i (certificate, NID_subject_alt_name, NULL, NULL);
  GString *text = g_string_new (NULL);
  guint told = 0, left = 0;

  for (int i = 0; names != NULL && i < sk_GENERAL_NAME_num (names); i++)
    {
      g_autofree char *name = general_name_text (sk_GENERAL_NAME_value (names, i));

      if (name == NULL)
        continue;
      if (told == PF_LIMIT_CERTIFICATE_NAMES)
        left++;
      else
        g_string_append_printf (text, "%s%s", told++ > 0 ? ", " : "", name);
    }
  if (told == 0)
    g_string_append (text, "no name at all");
  if (left > 0)
    g_string_append_printf (text, " and %u more", left);
  GENERAL_NAMES_free (names);
  return g_string_free (text, FALSE);
}
