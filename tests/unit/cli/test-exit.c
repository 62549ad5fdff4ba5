/* Exit statuses: of problems, of D-Bus errors, of several accounts. And secrets from files. */
#include "cli-client/exit-codes.h"
#include "cli-client/failure.h"
#include "cli-client/outcome.h"
#include "cli-client/secret-input.h"
#include "dbus-interfaces/errors.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/mman.h>
#include <unistd.h>

static void
test_problems (void)
{
  static const struct
  {
    const char *code;
    int status;
  } table[] = {
    { NULL, 0 },
    { "", 0 },
    { "credentials-rejected", 7 },
    { "authorization-expired", 7 },
    { "no-secret", 7 },
    { "mechanism-unavailable", 7 },
    { "connection-failed", 8 },
    { "server-busy", 8 },
    { "protocol-error", 8 },
    { "limit-exceeded", 8 },
    { "tls-failed", 8 },
    { "tls-unavailable", 8 },
    { "certificate-untrusted", 8 },
    { "timed-out", 3 },
    { "recipient-unknown", 10 },
    { "delivery-deferred", 10 },
    { "disk-low", 10 },
    { "message-stuck", 10 },
    { "of-a-later-version", 10 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    g_assert_cmpint (pf_exit_of_problem (table[i].code), ==, table[i].status);
}

static void
test_several (void)
{
  static const int order[] = { 7, 8, 3, 10, 1, 0 };

  for (guint i = 0; i < G_N_ELEMENTS (order); i++)
    for (guint j = 0; j < G_N_ELEMENTS (order); j++)
      g_assert_cmpint (pf_exit_worse ((PfExit) order[i], (PfExit) order[j]), ==, order[MIN (i, j)]);
}

static void
test_dbus_errors (void)
{
  static const struct
  {
    const char *name, *code;
    int status;
  } table[] = {
    { "org.postferry1.Error.InvalidSetting", "InvalidSetting", 2 },
    { "org.postferry1.Error.UnknownAccount", "UnknownAccount", 4 },
    { "org.postferry1.Error.AccountExists", "AccountExists", 9 },
    { "org.postferry1.Error.AuthenticationFailed", "AuthenticationFailed", 7 },
    { "org.postferry1.Error.TlsFailed", "TlsFailed", 8 },
    { "org.freedesktop.DBus.Error.AccessDenied", "AccessDenied", 6 },
    { "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired",
      "InteractiveAuthorizationRequired", 6 },
    { "org.freedesktop.DBus.Error.UnknownObject", "UnknownAccount", 4 },
    { "org.freedesktop.DBus.Error.ServiceUnknown", "ServiceUnavailable", 5 },
    { "org.freedesktop.DBus.Error.NoReply", "ServiceUnavailable", 5 },
    { "org.freedesktop.DBus.Error.Spawn.ExecFailed", "ServiceUnavailable", 5 },
    { "org.freedesktop.DBus.Error.Timeout", "TimedOut", 3 },
    { "org.freedesktop.DBus.Error.InvalidArgs", "Usage", 2 },
    { "org.example.Whatever", "Failed", 1 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      GError *error = g_dbus_error_new_for_dbus_error (table[i].name, "the sentence");
      g_autoptr (GError) failure = pf_failure_take (error);

      g_assert_true (failure->domain == PF_FAILURE);
      g_assert_cmpstr (failure->message, ==, "the sentence");
      g_assert_cmpstr (pf_failure_code ((PfFailure) failure->code), ==, table[i].code);
      g_assert_cmpint (pf_failure_exit ((PfFailure) failure->code), ==, table[i].status);
    }
}

/* Every error of the interface has a meaning of its own. */
static void
test_all_errors_known (void)
{
  for (int code = 0; code < PF_ERROR_N_CODES; code++)
    {
      g_autoptr (GError) error = g_error_new_literal (PF_ERROR, code, "");
      g_autofree char *name = g_dbus_error_encode_gerror (error);
      const char *last = strrchr (name, '.') + 1;

      g_assert_cmpstr (pf_failure_code (pf_failure_of_name (name)), ==, last);
    }
}

static void
test_other_errors (void)
{
  GError *own = g_error_new_literal (PF_FAILURE, PF_FAILURE_ACCOUNT_EXISTS, "x");
  g_autoptr (GError) kept = pf_failure_take (own);
  g_autoptr (GError) timed_out =
      pf_failure_take (g_error_new_literal (G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "x"));
  g_autoptr (GError) closed =
      pf_failure_take (g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CLOSED, "x"));
  g_autoptr (GError) other =
      pf_failure_take (g_error_new_literal (G_FILE_ERROR, G_FILE_ERROR_IO, "x"));

  g_assert_true (kept == own);
  g_assert_cmpint (timed_out->code, ==, PF_FAILURE_TIMED_OUT);
  g_assert_cmpint (closed->code, ==, PF_FAILURE_SERVICE_UNAVAILABLE);
  g_assert_cmpint (other->code, ==, PF_FAILURE_FAILED);
}

static int
outcome (const char *state, const char *result)
{
  g_autoptr (GVariant) variant = g_variant_ref_sink (g_variant_new_parsed (result));
  PfChecked check = { .state = (char *) state, .result = variant };

  return pf_outcome_exit (&check);
}

static void
test_outcome (void)
{
  g_autoptr (GVariant) some = g_variant_ref_sink (
      g_variant_new_parsed ("@a{sv} {'Delivered': <@u 3>, 'Junked': <@u 1>, 'Known': <@u 9>}"));
  g_autoptr (GVariant) none =
      g_variant_ref_sink (g_variant_new_parsed ("@a{sv} {'Known': <@u 9>}"));
  g_autofree char *some_text = pf_outcome_text (some), *none_text = pf_outcome_text (none);

  g_assert_cmpint (outcome ("succeeded", "@a{sv} {}"), ==, 0);
  g_assert_cmpint (outcome ("succeeded", "@a{sv} {'Problem': <('', '')>}"), ==, 0);
  g_assert_cmpint (outcome ("succeeded", "@a{sv} {'Problem': <('message-stuck', 'x')>}"), ==, 10);
  g_assert_cmpint (outcome ("failed", "@a{sv} {'Problem': <('timed-out', 'x')>}"), ==, 3);
  g_assert_cmpint (outcome ("cancelled", "@a{sv} {}"), ==, 1);
  g_assert_cmpstr (some_text, ==, "3 delivered, 1 as junk");
  g_assert_cmpstr (none_text, ==, "nothing new, 9 known");
}

/* --- Secrets ---------------------------------------------------------------------------------- */

static void
expect_secret (const char *content, gssize length, const char *wanted)
{
  g_autofree char *path = g_build_filename (g_get_tmp_dir (), "pf-secret-XXXXXX", NULL);
  g_autoptr (GError) error = NULL;
  int file = g_mkstemp (path), fd;
  char got[64];
  gssize n;

  g_assert_cmpint (write (file, content, (gsize) length), ==, length);
  close (file);
  fd = pf_secret_from_file (path, &error);
  g_unlink (path);
  if (wanted == NULL)
    {
      g_assert_error (error, PF_FAILURE, PF_FAILURE_USAGE);
      /* The error names the file, never what it holds. */
      g_assert_nonnull (strstr (error->message, path));
      g_assert_cmpint (fd, ==, -1);
      return;
    }
  g_assert_no_error (error);
  n = read (fd, got, sizeof got);
  g_assert_cmpmem (got, n, wanted, strlen (wanted));
  /* Safety: without F_ADD_SEALS in secret-input.c it could change between the service's look and
   * its use. */
  g_assert_cmpint (pwrite (fd, "x", 1, 0), ==, -1);
  g_assert_cmpint (errno, ==, EPERM);
  close (fd);
}

static void
test_secrets (void)
{
  g_autofree char *large = g_strnfill (64 * 1024 + 1, 'x');

  expect_secret ("hunter2", 7, "hunter2");
  expect_secret ("hunter2\n", 8, "hunter2");
  /* One newline alone is dropped. */
  expect_secret ("hunter2\n\n", 9, "hunter2\n");
  expect_secret (" with blanks \r\n", 15, " with blanks \r");
  expect_secret ("", 0, NULL);
  expect_secret ("\n", 1, NULL);
  expect_secret ("a\0b", 3, NULL);
  expect_secret ("a\xff"
                 "b",
                 3, NULL);
  expect_secret (large, 64 * 1024 + 1, NULL);
}

static void
test_secret_of_largest_size (void)
{
  g_autofree char *path = g_build_filename (g_get_tmp_dir (), "pf-secret-XXXXXX", NULL);
  g_autofree char *large = g_strnfill (64 * 1024, 'x');
  g_autoptr (GError) error = NULL;
  int fd = g_mkstemp (path);

  g_assert_cmpint (write (fd, large, 64 * 1024), ==, 64 * 1024);
  g_assert_cmpint (write (fd, "\n", 1), ==, 1);
  close (fd);
  fd = pf_secret_from_file (path, &error);
  g_unlink (path);
  g_assert_no_error (error);
  g_assert_cmpint (lseek (fd, 0, SEEK_END), ==, 64 * 1024);
  close (fd);
}

static void
test_secret_missing (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (pf_secret_from_file ("/nonexistent/file", &error), ==, -1);
  g_assert_error (error, PF_FAILURE, PF_FAILURE_FAILED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/exit/problems", test_problems);
  g_test_add_func ("/cli/exit/several", test_several);
  g_test_add_func ("/cli/failure/dbus", test_dbus_errors);
  g_test_add_func ("/cli/failure/all-known", test_all_errors_known);
  g_test_add_func ("/cli/failure/others", test_other_errors);
  g_test_add_func ("/cli/outcome", test_outcome);
  g_test_add_func ("/cli/secret/files", test_secrets);
  g_test_add_func ("/cli/secret/largest", test_secret_of_largest_size);
  g_test_add_func ("/cli/secret/missing", test_secret_missing);
  return g_test_run ();
}
