/* Codes of problems, their names and what an account does with them: DESIGN 7, to the letter. */
#include "base/problem.h"

#include "dbus-interfaces/errors.h"

static const struct
{
  PfProblemCode code;
  const char *nick;
  PfProblemClass class;
} table[] = {
  { PF_PROBLEM_CONNECTION_FAILED, "connection-failed", PF_PROBLEM_CLASS_RETRYING },
  { PF_PROBLEM_TIMED_OUT, "timed-out", PF_PROBLEM_CLASS_RETRYING },
  { PF_PROBLEM_SERVER_BUSY, "server-busy", PF_PROBLEM_CLASS_RETRYING },
  { PF_PROBLEM_PROTOCOL_ERROR, "protocol-error", PF_PROBLEM_CLASS_RETRYING },
  { PF_PROBLEM_TLS_FAILED, "tls-failed", PF_PROBLEM_CLASS_RETRYING },
  { PF_PROBLEM_LIMIT_EXCEEDED, "limit-exceeded", PF_PROBLEM_CLASS_RETRYING },
  { PF_PROBLEM_DISK_LOW, "disk-low", PF_PROBLEM_CLASS_RETRYING },
  { PF_PROBLEM_DELIVERY_DEFERRED, "delivery-deferred", PF_PROBLEM_CLASS_RETRYING },
  { PF_PROBLEM_SCANNER_UNAVAILABLE, "scanner-unavailable", PF_PROBLEM_CLASS_RETRYING },
  { PF_PROBLEM_CREDENTIALS_REJECTED, "credentials-rejected", PF_PROBLEM_CLASS_ON_HOLD },
  { PF_PROBLEM_AUTHORIZATION_EXPIRED, "authorization-expired", PF_PROBLEM_CLASS_ON_HOLD },
  { PF_PROBLEM_CERTIFICATE_UNTRUSTED, "certificate-untrusted", PF_PROBLEM_CLASS_ON_HOLD },
  { PF_PROBLEM_TLS_UNAVAILABLE, "tls-unavailable", PF_PROBLEM_CLASS_ON_HOLD },
  { PF_PROBLEM_MECHANISM_UNAVAILABLE, "mechanism-unavailable", PF_PROBLEM_CLASS_ON_HOLD },
  { PF_PROBLEM_RECIPIENT_UNKNOWN, "recipient-unknown", PF_PROBLEM_CLASS_ON_HOLD },
  { PF_PROBLEM_RECIPIENT_OVER_QUOTA, "recipient-over-quota", PF_PROBLEM_CLASS_ON_HOLD },
  { PF_PROBLEM_SETTINGS_INVALID, "settings-invalid", PF_PROBLEM_CLASS_ON_HOLD },
  { PF_PROBLEM_FOLDER_MISSING, "folder-missing", PF_PROBLEM_CLASS_ON_HOLD },
  { PF_PROBLEM_NO_SECRET, "no-secret", PF_PROBLEM_CLASS_ON_HOLD },
  { PF_PROBLEM_SECRETS_UNAVAILABLE, "secrets-unavailable", PF_PROBLEM_CLASS_RETRYING },
  { PF_PROBLEM_REMOVAL_SUSPENDED, "removal-suspended", PF_PROBLEM_CLASS_IDLE },
  { PF_PROBLEM_MESSAGE_STUCK, "message-stuck", PF_PROBLEM_CLASS_IDLE },
};

static void
test_table (void)
{
  g_assert_cmpuint (G_N_ELEMENTS (table), ==, PF_PROBLEM_N_CODES);
  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      PfProblemCode code = PF_PROBLEM_N_CODES;

      g_assert_cmpstr (pf_problem_nick (table[i].code), ==, table[i].nick);
      g_assert_cmpint (pf_problem_class (table[i].code), ==, table[i].class);
      g_assert_true (pf_problem_from_nick (table[i].nick, &code));
      g_assert_cmpint (code, ==, table[i].code);
    }
}

static void
test_no_code (void)
{
  PfProblemCode code;

  g_assert_false (pf_problem_from_nick ("", &code));
  g_assert_false (pf_problem_from_nick (NULL, &code));
  g_assert_false (pf_problem_from_nick ("Timed-Out", &code));
}

/* The names on the bus are for ever. */
static void
test_error_names (void)
{
  static const char *const names[] = { "InvalidSetting",
                                       "UnknownAccount",
                                       "AccountExists",
                                       "NoSecret",
                                       "AuthenticationFailed",
                                       "ConnectionFailed",
                                       "TlsFailed",
                                       "ProtocolError",
                                       "RecipientUnknown",
                                       "DeliveryFailed",
                                       "ScannerUnavailable",
                                       "UnknownMessage",
                                       "DiskLow",
                                       "Busy",
                                       "Cancelled",
                                       "LimitExceeded",
                                       "NotSupported" };

  g_assert_cmpuint (G_N_ELEMENTS (names), ==, PF_ERROR_N_CODES);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GError) error = g_error_new_literal (PF_ERROR, (int) i, "x");
      g_autofree char *name = g_dbus_error_encode_gerror (error);
      g_autofree char *wanted = g_strconcat ("org.postferry1.Error.", names[i], NULL);

      g_assert_cmpstr (name, ==, wanted);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/problem/table", test_table);
  g_test_add_func ("/problem/no-code", test_no_code);
  g_test_add_func ("/problem/error-names", test_error_names);
  return g_test_run ();
}
