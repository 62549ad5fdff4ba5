#include "net/tls-problem.h"

#include "base/problem.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

/* The peer is too old, or set so: only its administrator can mend that. */
static const int unavailable[] = {
  SSL_R_UNSUPPORTED_PROTOCOL,
  SSL_R_UNSUPPORTED_SSL_VERSION,
  SSL_R_VERSION_TOO_LOW,
  SSL_R_WRONG_SSL_VERSION,
  SSL_R_NO_PROTOCOLS_AVAILABLE,
  SSL_R_NO_CIPHERS_AVAILABLE,
  SSL_R_UNKNOWN_CIPHER_RETURNED,
  SSL_R_WRONG_CIPHER_RETURNED,
  SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED,
  SSL_R_DH_KEY_TOO_SMALL,
  SSL_R_EE_KEY_TOO_SMALL,
  SSL_R_LEGACY_SIGALG_DISALLOWED_OR_UNSUPPORTED,
  SSL_R_WRONG_SIGNATURE_TYPE,
  SSL_R_TLSV1_ALERT_PROTOCOL_VERSION,
  SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY,
  SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE,
};

static gboolean
is_unavailable (int reason)
{
  for (gsize i = 0; i < G_N_ELEMENTS (unavailable); i++)
    if (unavailable[i] == reason)
      return TRUE;
  return FALSE;
}

gboolean
pf_tls_code_is_cut (unsigned long code)
{
  return ERR_GET_LIB (code) == ERR_LIB_SSL
         && ERR_GET_REASON (code) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
}

static GError *
handshake_problem (const char *name, int reason, const char *text)
{
  if (is_unavailable (reason))
    return g_error_new (PF_PROBLEM, PF_PROBLEM_TLS_UNAVAILABLE,
                        "%s offers no TLS that is safe enough: TLS 1.2 or later and a strong "
                        "cipher and key are needed (%s)",
                        name, text);
  if (reason == SSL_R_WRONG_VERSION_NUMBER)
    return g_error_new (PF_PROBLEM, PF_PROBLEM_TLS_FAILED,
                        "%s does not speak TLS there: see whether the port is right and whether "
                        "Security should be starttls",
                        name);
  return g_error_new (PF_PROBLEM, PF_PROBLEM_TLS_FAILED, "The TLS handshake with %s failed: %s",
                      name, text);
}

GError *
pf_tls_problem (const char *name, unsigned long code, gboolean handshake)
{
  const char *text = code == 0 ? NULL : ERR_reason_error_string (code);
  int reason = ERR_GET_LIB (code) == ERR_LIB_SSL ? ERR_GET_REASON (code) : 0;

  if (text == NULL)
    text = "OpenSSL tells no reason";
  if (pf_tls_code_is_cut (code))
    return g_error_new (PF_PROBLEM, PF_PROBLEM_TLS_FAILED,
                        handshake ? "%s closed the connection in the middle of the TLS handshake"
                                  : "%s cut the connection without ending TLS",
                        name);
  if (handshake)
    return handshake_problem (name, reason, text);
  return g_error_new (PF_PROBLEM, PF_PROBLEM_TLS_FAILED, "TLS with %s broke: %s", name, text);
}
