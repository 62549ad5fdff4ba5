/* What an LMTP server's answers mean. */
#include "deliver/lmtp-verdict.h"

static void
test_judge (void)
{
  static const struct
  {
    PfLmtpCommand command;
    guint status;
    const char *enhanced;
    PfDeliveryResult result;
  } rows[] = {
    { PF_LMTP_RCPT, 250, "2.1.5", PF_DELIVERY_DONE },
    { PF_LMTP_RCPT, 251, "", PF_DELIVERY_DONE },
    { PF_LMTP_RCPT, 550, "5.1.1", PF_DELIVERY_UNKNOWN_USER },
    { PF_LMTP_RCPT, 550, "", PF_DELIVERY_UNKNOWN_USER },
    { PF_LMTP_RCPT, 550, "5.7.1", PF_DELIVERY_UNKNOWN_USER },
    { PF_LMTP_RCPT, 552, "5.2.2", PF_DELIVERY_OVER_QUOTA },
    { PF_LMTP_RCPT, 452, "4.2.2", PF_DELIVERY_OVER_QUOTA },
    { PF_LMTP_RCPT, 452, "", PF_DELIVERY_OVER_QUOTA },
    { PF_LMTP_RCPT, 452, "4.3.1", PF_DELIVERY_DISK_FULL },
    { PF_LMTP_RCPT, 452, "4.5.3", PF_DELIVERY_DEFERRED },
    { PF_LMTP_RCPT, 451, "4.3.0", PF_DELIVERY_DEFERRED },
    { PF_LMTP_RCPT, 503, "5.5.1", PF_DELIVERY_DEFERRED },
    { PF_LMTP_MAIL, 552, "5.3.4", PF_DELIVERY_REFUSED },
    { PF_LMTP_MAIL, 553, "5.1.7", PF_DELIVERY_REFUSED },
    { PF_LMTP_MAIL, 451, "", PF_DELIVERY_DEFERRED },
    { PF_LMTP_DATA, 354, "", PF_DELIVERY_DONE },
    { PF_LMTP_DATA, 554, "", PF_DELIVERY_REFUSED },
    { PF_LMTP_DATA, 503, "", PF_DELIVERY_DEFERRED },
    { PF_LMTP_MESSAGE, 250, "2.0.0", PF_DELIVERY_DONE },
    { PF_LMTP_MESSAGE, 354, "", PF_DELIVERY_DEFERRED },
    { PF_LMTP_MESSAGE, 451, "4.2.0", PF_DELIVERY_DEFERRED },
    { PF_LMTP_MESSAGE, 552, "5.2.2", PF_DELIVERY_OVER_QUOTA },
    { PF_LMTP_MESSAGE, 452, "4.2.2", PF_DELIVERY_OVER_QUOTA },
    { PF_LMTP_MESSAGE, 552, "", PF_DELIVERY_OVER_QUOTA },
    { PF_LMTP_MESSAGE, 552, "5.2.0", PF_DELIVERY_REFUSED },
    { PF_LMTP_MESSAGE, 552, "5.2.21", PF_DELIVERY_REFUSED },
    { PF_LMTP_MESSAGE, 552, "5.3.4", PF_DELIVERY_REFUSED },
    { PF_LMTP_MESSAGE, 554, "5.6.0", PF_DELIVERY_REFUSED },
    { PF_LMTP_MESSAGE, 550, "5.1.1", PF_DELIVERY_UNKNOWN_USER },
    { PF_LMTP_MESSAGE, 500, "", PF_DELIVERY_DEFERRED },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    g_assert_cmpint (pf_lmtp_judge (rows[i].command, rows[i].status, rows[i].enhanced), ==,
                     rows[i].result);
}

static void
test_recipient (void)
{
  static const char *const rows[][3] = {
    { "alice", "", "alice" },
    { "alice", "Junk", "alice+Junk" },
    { "alice@example.com", "Junk", "alice+Junk@example.com" },
    { "alice@example.com", NULL, "alice@example.com" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *recipient = pf_lmtp_recipient (rows[i][0], rows[i][1]);

      g_assert_cmpstr (recipient, ==, rows[i][2]);
    }
}

static void
test_target (void)
{
  static const struct
  {
    const char *target, *host;
    guint16 port;
  } rows[] = {
    { "lmtp:unix:/run/dovecot/lmtp", "/run/dovecot/lmtp", 0 },
    { "lmtp:mail.example:24", "mail.example", 24 },
    { "lmtp:[::1]:24", "::1", 24 },
    { "lmtp:unix:relative", NULL, 0 },
    { "lmtp:mail.example", NULL, 0 },
    { "lmtp:mail.example:0", NULL, 0 },
    { "lmtp:mail.example:65536", NULL, 0 },
    { "lmtp::24", NULL, 0 },
    { "local", NULL, 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *host = NULL;
      guint16 port = 0;

      g_assert_cmpint (pf_lmtp_parse_target (rows[i].target, &host, &port), ==,
                       rows[i].host != NULL);
      g_assert_cmpstr (host, ==, rows[i].host);
      g_assert_cmpuint (port, ==, rows[i].port);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lmtp-verdict/judge", test_judge);
  g_test_add_func ("/lmtp-verdict/recipient", test_recipient);
  g_test_add_func ("/lmtp-verdict/target", test_target);
  return g_test_run ();
}
