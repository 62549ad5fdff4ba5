/* An account as it runs: the state as a table, refusals, how long a trouble lasts, files that
 * break. */
#include "accounts/account-state.h"

#include "build.h"

#define NOW (1000 * G_TIME_SPAN_DAY)

static PfAccount *
account_new (const char *settings_text)
{
  g_autoptr (PfSettings) settings = make_good (settings_text);

  return pf_account_new (settings);
}

static GError *
problem (PfProblemCode code)
{
  return g_error_new (PF_PROBLEM, (int) code, "a sentence about %s", pf_problem_nick (code));
}

static void
count (PfAccount *account, guint *n)
{
  (*n)++;
}

/* --- State ------------------------------------------------------------------------------------ */

#define NO_PROBLEM PF_PROBLEM_N_CODES

static void
test_states (void)
{
  static const struct
  {
    gboolean enabled;
    PfActivity activity;
    PfProblemCode problem;
    guint refusals;
    const char *state;
  } cases[] = {
    { TRUE, PF_ACTIVITY_NONE, NO_PROBLEM, 0, "idle" },
    { TRUE, PF_ACTIVITY_QUEUED, NO_PROBLEM, 0, "queued" },
    { TRUE, PF_ACTIVITY_CHECKING, NO_PROBLEM, 0, "checking" },
    { TRUE, PF_ACTIVITY_LISTENING, NO_PROBLEM, 0, "listening" },
    { FALSE, PF_ACTIVITY_NONE, NO_PROBLEM, 0, "disabled" },
    { FALSE, PF_ACTIVITY_QUEUED, NO_PROBLEM, 0, "disabled" },
    { FALSE, PF_ACTIVITY_LISTENING, NO_PROBLEM, 0, "disabled" },
    /* By hand. */
    { FALSE, PF_ACTIVITY_CHECKING, NO_PROBLEM, 0, "checking" },
    { FALSE, PF_ACTIVITY_NONE, PF_PROBLEM_NO_SECRET, 0, "disabled" },
    /* What it does hides what is wrong, which Problem tells. */
    { TRUE, PF_ACTIVITY_QUEUED, PF_PROBLEM_NO_SECRET, 0, "queued" },
    { TRUE, PF_ACTIVITY_CHECKING, PF_PROBLEM_TIMED_OUT, 0, "checking" },
    { TRUE, PF_ACTIVITY_LISTENING, PF_PROBLEM_MESSAGE_STUCK, 0, "listening" },
    { TRUE, PF_ACTIVITY_NONE, PF_PROBLEM_TIMED_OUT, 0, "retrying" },
    { TRUE, PF_ACTIVITY_NONE, PF_PROBLEM_SECRETS_UNAVAILABLE, 0, "retrying" },
    { TRUE, PF_ACTIVITY_NONE, PF_PROBLEM_CERTIFICATE_UNTRUSTED, 0, "on-hold" },
    { TRUE, PF_ACTIVITY_NONE, PF_PROBLEM_SETTINGS_INVALID, 0, "on-hold" },
    { TRUE, PF_ACTIVITY_NONE, PF_PROBLEM_REMOVAL_SUSPENDED, 0, "idle" },
    { TRUE, PF_ACTIVITY_NONE, PF_PROBLEM_MESSAGE_STUCK, 0, "idle" },
    { TRUE, PF_ACTIVITY_NONE, PF_PROBLEM_CREDENTIALS_REJECTED, 1, "retrying" },
    { TRUE, PF_ACTIVITY_NONE, PF_PROBLEM_CREDENTIALS_REJECTED, 2, "retrying" },
    { TRUE, PF_ACTIVITY_NONE, PF_PROBLEM_CREDENTIALS_REJECTED, 3, "on-hold" },
    { TRUE, PF_ACTIVITY_NONE, PF_PROBLEM_AUTHORIZATION_EXPIRED, 0, "on-hold" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = cases[i].problem == NO_PROBLEM ? NULL : problem (cases[i].problem);

      g_assert_cmpstr (
          pf_account_state (cases[i].enabled, cases[i].activity, error, cases[i].refusals), ==,
          cases[i].state);
    }
}

static void
test_attention (void)
{
  static const struct
  {
    gboolean enabled;
    PfProblemCode problem;
    guint refusals;
    gint64 lasts;
    gboolean needed;
  } cases[] = {
    { TRUE, NO_PROBLEM, 0, 0, FALSE },
    { TRUE, PF_PROBLEM_TIMED_OUT, 0, 24 * G_TIME_SPAN_HOUR - 1, FALSE },
    { TRUE, PF_PROBLEM_TIMED_OUT, 0, 24 * G_TIME_SPAN_HOUR, TRUE },
    { FALSE, PF_PROBLEM_TIMED_OUT, 0, 48 * G_TIME_SPAN_HOUR, FALSE },
    { TRUE, PF_PROBLEM_NO_SECRET, 0, 0, TRUE },
    { FALSE, PF_PROBLEM_NO_SECRET, 0, 0, FALSE },
    { TRUE, PF_PROBLEM_MESSAGE_STUCK, 0, 0, TRUE },
    { TRUE, PF_PROBLEM_CREDENTIALS_REJECTED, 2, 0, FALSE },
    { TRUE, PF_PROBLEM_CREDENTIALS_REJECTED, 3, 0, TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = cases[i].problem == NO_PROBLEM ? NULL : problem (cases[i].problem);

      g_assert_cmpint (pf_account_attention (cases[i].enabled, error, cases[i].refusals,
                                             NOW - cases[i].lasts, NOW),
                       ==, cases[i].needed);
    }
}

/* --- Problems --------------------------------------------------------------------------------- */

static void
test_refusals (void)
{
  g_autoptr (PfAccount) account = account_new ("@a{sv} {}");
  g_autoptr (GError) refused = problem (PF_PROBLEM_CREDENTIALS_REJECTED);
  g_autoptr (GError) offline = problem (PF_PROBLEM_CONNECTION_FAILED);
  g_autoptr (GError) stuck = problem (PF_PROBLEM_MESSAGE_STUCK);

  g_assert_true (pf_account_set_problem (account, refused, NULL));
  g_assert_false (pf_account_set_problem (account, refused, NULL));
  g_assert_cmpstr (pf_account_get_state (account), ==, "retrying");
  /* A line that is down between says nothing about the password. */
  g_assert_true (pf_account_set_problem (account, offline, NULL));
  g_assert_cmpuint (pf_account_get_refusals (account), ==, 2);
  g_assert_true (pf_account_set_problem (account, refused, NULL));
  /* A count that begins anew with each other problem in pf_account_count_refusals() makes this
   * fail: a provider would lock the mailbox. */
  g_assert_cmpstr (pf_account_get_state (account), ==, "on-hold");
  pf_account_forget_refusals (account);
  g_assert_cmpstr (pf_account_get_state (account), ==, "retrying");
  pf_account_set_problem (account, refused, NULL);
  pf_account_set_problem (account, stuck, NULL);
  g_assert_cmpuint (pf_account_get_refusals (account), ==, 0);
  pf_account_set_problem (account, refused, NULL);
  g_assert_true (pf_account_set_problem (account, NULL, NULL));
  g_assert_cmpuint (pf_account_get_refusals (account), ==, 0);
  g_assert_cmpstr (pf_account_get_state (account), ==, "idle");
}

static void
test_since (void)
{
  g_autoptr (PfAccount) account = account_new ("@a{sv} {}");
  g_autoptr (GError) offline = problem (PF_PROBLEM_CONNECTION_FAILED);
  g_autoptr (GError) busy = problem (PF_PROBLEM_SERVER_BUSY);
  g_autoptr (GError) folder = problem (PF_PROBLEM_FOLDER_MISSING);

  g_assert_cmpint (pf_account_get_problem_since (account), ==, 0);
  pf_account_restore_problem (account, offline, 0, NOW);
  g_assert_cmpint (pf_account_get_problem_since (account), ==, NOW);
  /* One trouble with two faces: else it would never be 24 hours. */
  pf_account_set_problem (account, busy, NULL);
  g_assert_cmpint (pf_account_get_problem_since (account), ==, NOW);
  g_assert_true (pf_account_needs_attention (account, NOW + G_TIME_SPAN_DAY));
  g_assert_false (pf_account_needs_attention (account, NOW + G_TIME_SPAN_DAY - 1));
  pf_account_set_problem (account, folder, NULL);
  g_assert_cmpint (pf_account_get_problem_since (account), >, NOW);
  pf_account_set_problem (account, NULL, NULL);
  g_assert_cmpint (pf_account_get_problem_since (account), ==, 0);
}

static void
test_problem_data (void)
{
  g_autoptr (PfAccount) account = account_new ("@a{sv} {}");
  g_autoptr (GError) untrusted = problem (PF_PROBLEM_CERTIFICATE_UNTRUSTED);
  guint changes = 0;

  g_signal_connect (account, "changed", G_CALLBACK (count), &changes);
  g_assert_true (pf_account_set_problem (account, untrusted,
                                         g_variant_new_parsed ("{'Fingerprint': <'sha256:1'>}")));
  g_assert_nonnull (pf_account_get_problem_data (account));
  g_assert_cmpuint (changes, ==, 1);
  g_assert_false (pf_account_set_problem (account, untrusted,
                                          g_variant_new_parsed ("{'Fingerprint': <'sha256:1'>}")));
  g_assert_cmpuint (changes, ==, 1);
  /* The code is the same, but another certificate is something to tell. */
  g_assert_false (pf_account_set_problem (account, untrusted,
                                          g_variant_new_parsed ("{'Fingerprint': <'sha256:2'>}")));
  g_assert_cmpuint (changes, ==, 2);
  pf_account_set_problem (account, NULL, NULL);
  g_assert_null (pf_account_get_problem_data (account));
  g_assert_null (pf_account_get_problem (account));
  g_assert_cmpuint (changes, ==, 3);
}

static void
test_broken (void)
{
  g_autoptr (PfAccount) account = account_new ("{'Note': <'kept'>}");
  g_autoptr (PfAccount) never = pf_account_new_broken ("b@example.org", "line 3 is wrong");
  g_autoptr (PfSettings) mended = make_good ("{'Note': <'new'>}");
  g_autoptr (GError) offline = problem (PF_PROBLEM_CONNECTION_FAILED);

  g_assert_true (pf_account_is_broken (never));
  g_assert_cmpstr (pf_account_get_id (never), ==, "b@example.org");
  g_assert_cmpstr (pf_account_get_settings (never)->local_user, ==, "");
  g_assert_cmpstr (pf_account_get_state (never), ==, "on-hold");
  g_assert_error (pf_account_get_problem (never), PF_PROBLEM, PF_PROBLEM_SETTINGS_INVALID);

  pf_account_break (account, "line 4 is wrong");
  g_assert_cmpstr (pf_account_get_settings (account)->note, ==, "kept");
  /* Neither a check nor the journal mends a file: dropping the test of `broken` makes this fail. */
  g_assert_false (pf_account_set_problem (account, NULL, NULL));
  g_assert_false (pf_account_set_problem (account, offline, NULL));
  pf_account_restore_problem (account, offline, 2, NOW);
  g_assert_cmpstr (pf_account_get_problem (account)->message, ==, "line 4 is wrong");
  pf_account_set_settings (account, mended);
  g_assert_false (pf_account_is_broken (account));
  g_assert_null (pf_account_get_problem (account));
}

/* Nobody would ever try an account again that is on hold for settings that were mended while the
 * service was down. */
static void
test_restore (void)
{
  g_autoptr (PfAccount) account = account_new ("@a{sv} {}");
  g_autoptr (GError) invalid = problem (PF_PROBLEM_SETTINGS_INVALID);
  g_autoptr (GError) refused = problem (PF_PROBLEM_CREDENTIALS_REJECTED);

  pf_account_restore_problem (account, invalid, 0, NOW);
  g_assert_null (pf_account_get_problem (account));
  pf_account_restore_problem (account, refused, 3, NOW);
  g_assert_cmpstr (pf_account_get_state (account), ==, "on-hold");
}

/* A problem that came by other settings than the file's stays until a check says otherwise. */
static void
test_settings_keep_problem (void)
{
  g_autoptr (PfAccount) account = account_new ("@a{sv} {}");
  g_autoptr (PfSettings) other = make_good ("{'Note': <'x'>}");
  g_autoptr (GError) offline = problem (PF_PROBLEM_CONNECTION_FAILED);

  pf_account_set_problem (account, offline, NULL);
  pf_account_set_settings (account, other);
  g_assert_error (pf_account_get_problem (account), PF_PROBLEM, PF_PROBLEM_CONNECTION_FAILED);
}

/* --- Figures ---------------------------------------------------------------------------------- */

static void
test_changed_only_by_changes (void)
{
  g_autoptr (PfAccount) account = account_new ("@a{sv} {}");
  PfFigures figures = *pf_account_get_figures (account);
  guint changes = 0;

  g_assert_cmpint (figures.envelope_seen, ==, PF_ENVELOPE_UNKNOWN);
  g_signal_connect (account, "changed", G_CALLBACK (count), &changes);
  pf_account_set_figures (account, &figures);
  pf_account_set_has_secret (account, FALSE);
  pf_account_set_activity (account, PF_ACTIVITY_NONE);
  pf_account_forget_refusals (account);
  g_assert_cmpuint (changes, ==, 0);
  figures.delivered = 5;
  pf_account_set_figures (account, &figures);
  pf_account_set_has_secret (account, TRUE);
  pf_account_set_activity (account, PF_ACTIVITY_QUEUED);
  g_assert_cmpuint (changes, ==, 3);
  g_assert_cmpuint (pf_account_get_figures (account)->delivered, ==, 5);
  g_assert_true (pf_account_get_has_secret (account));
  g_assert_cmpint (pf_account_get_activity (account), ==, PF_ACTIVITY_QUEUED);
}

static void
test_identity (void)
{
  g_autoptr (PfAccount) lower = account_new ("{'Address': <'a@example.org'>}");
  g_autoptr (PfAccount) upper = account_new ("{'Address': <'A@Example.ORG'>}");

  g_assert_cmpstr (pf_account_get_id (upper), ==, "a@example.org");
  g_assert_cmpstr (pf_account_get_path (upper), ==, pf_account_get_path (lower));
  g_assert_cmpstr (pf_account_get_settings (upper)->address, ==, "A@Example.ORG");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/account/states", test_states);
  g_test_add_func ("/account/attention", test_attention);
  g_test_add_func ("/account/refusals", test_refusals);
  g_test_add_func ("/account/since", test_since);
  g_test_add_func ("/account/problem-data", test_problem_data);
  g_test_add_func ("/account/broken", test_broken);
  g_test_add_func ("/account/restore", test_restore);
  g_test_add_func ("/account/settings-keep-problem", test_settings_keep_problem);
  g_test_add_func ("/account/changed-only-by-changes", test_changed_only_by_changes);
  g_test_add_func ("/account/identity", test_identity);
  return g_test_run ();
}
