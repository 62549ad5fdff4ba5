/* certificate.h - a peer's certificate made readable, and told apart by its SHA-256. */
#pragma once

#include <glib.h>
#include <openssl/x509.h>

#define PF_FINGERPRINT_LENGTH 32

/* TRUE when @text begins like a pin ("sha256:"), well formed or not. */
gboolean pf_certificate_is_pin (const char *text);
/* "sha256:HEX": 64 digits in either case, with or without a colon between two octets. */
gboolean pf_certificate_parse_pin (const char *text, guint8 digest[PF_FINGERPRINT_LENGTH]);

/* The SHA-256 of the DER form. */
gboolean pf_certificate_digest (X509 *certificate, guint8 digest[PF_FINGERPRINT_LENGTH]);
/* (transfer full): "sha256:HEX" in lower case. */
char    *pf_certificate_format_digest (const guint8 digest[PF_FINGERPRINT_LENGTH]);
char    *pf_certificate_fingerprint (X509 *certificate);

/* (transfer full), not floating: a{sv} Fingerprint s, Subject s, Issuer s, NotBefore t, NotAfter t
 * (microseconds since the epoch). */
GVariant *pf_certificate_details (X509 *certificate);
/* (transfer full): "CN=...,O=..." fit to be read. */
char     *pf_certificate_issuer  (X509 *certificate);
/* (transfer full): the host names and addresses it is for: "a.example, b.example and 3 more". */
char     *pf_certificate_names   (X509 *certificate);
/* (transfer full): "2026-03-01"; "an unreadable date" where it is none. */
char     *pf_certificate_date    (const ASN1_TIME *time);
