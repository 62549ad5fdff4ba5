#include "base/problem.h"

G_DEFINE_QUARK (pf - problem - quark, pf_problem)

static const struct
{
  const char *nick;
  PfProblemClass class;
} problems[] = {
  [PF_PROBLEM_CONNECTION_FAILED] = { "connection-failed", PF_PROBLEM_CLASS_RETRYING },
  [PF_PROBLEM_TIMED_OUT] = { "timed-out", PF_PROBLEM_CLASS_RETRYING },
  [PF_PROBLEM_SERVER_BUSY] = { "server-busy", PF_PROBLEM_CLASS_RETRYING },
  [PF_PROBLEM_PROTOCOL_ERROR] = { "protocol-error", PF_PROBLEM_CLASS_RETRYING },
  [PF_PROBLEM_TLS_FAILED] = { "tls-failed", PF_PROBLEM_CLASS_RETRYING },
  [PF_PROBLEM_LIMIT_EXCEEDED] = { "limit-exceeded", PF_PROBLEM_CLASS_RETRYING },
  [PF_PROBLEM_DISK_LOW] = { "disk-low", PF_PROBLEM_CLASS_RETRYING },
  [PF_PROBLEM_DELIVERY_DEFERRED] = { "delivery-deferred", PF_PROBLEM_CLASS_RETRYING },
  [PF_PROBLEM_SCANNER_UNAVAILABLE] = { "scanner-unavailable", PF_PROBLEM_CLASS_RETRYING },
  /* retrying until it was refused three times: accounts/account.c counts */
  [PF_PROBLEM_CREDENTIALS_REJECTED] = { "credentials-rejected", PF_PROBLEM_CLASS_ON_HOLD },
  [PF_PROBLEM_AUTHORIZATION_EXPIRED] = { "authorization-expired", PF_PROBLEM_CLASS_ON_HOLD },
  [PF_PROBLEM_CERTIFICATE_UNTRUSTED] = { "certificate-untrusted", PF_PROBLEM_CLASS_ON_HOLD },
  [PF_PROBLEM_TLS_UNAVAILABLE] = { "tls-unavailable", PF_PROBLEM_CLASS_ON_HOLD },
  [PF_PROBLEM_MECHANISM_UNAVAILABLE] = { "mechanism-unavailable", PF_PROBLEM_CLASS_ON_HOLD },
  [PF_PROBLEM_RECIPIENT_UNKNOWN] = { "recipient-unknown", PF_PROBLEM_CLASS_ON_HOLD },
  [PF_PROBLEM_RECIPIENT_OVER_QUOTA] = { "recipient-over-quota", PF_PROBLEM_CLASS_ON_HOLD },
  [PF_PROBLEM_SETTINGS_INVALID] = { "settings-invalid", PF_PROBLEM_CLASS_ON_HOLD },
  [PF_PROBLEM_FOLDER_MISSING] = { "folder-missing", PF_PROBLEM_CLASS_ON_HOLD },
  [PF_PROBLEM_NO_SECRET] = { "no-secret", PF_PROBLEM_CLASS_ON_HOLD },
  [PF_PROBLEM_SECRETS_UNAVAILABLE] = { "secrets-unavailable", PF_PROBLEM_CLASS_RETRYING },
  [PF_PROBLEM_REMOVAL_SUSPENDED] = { "removal-suspended", PF_PROBLEM_CLASS_IDLE },
  [PF_PROBLEM_MESSAGE_STUCK] = { "message-stuck", PF_PROBLEM_CLASS_IDLE },
};

G_STATIC_ASSERT (G_N_ELEMENTS (problems) == PF_PROBLEM_N_CODES);

const char *
pf_problem_nick (PfProblemCode code)
{
  g_return_val_if_fail (code < PF_PROBLEM_N_CODES, NULL);
  return problems[code].nick;
}

gboolean
pf_problem_from_nick (const char *nick, PfProblemCode *code)
{
  for (guint i = 0; i < G_N_ELEMENTS (problems); i++)
    if (g_strcmp0 (nick, problems[i].nick) == 0)
      {
        *code = i;
        return TRUE;
      }
  return FALSE;
}

PfProblemClass
pf_problem_class (PfProblemCode code)
{
  g_return_val_if_fail (code < PF_PROBLEM_N_CODES, PF_PROBLEM_CLASS_RETRYING);
  return problems[code].class;
}
