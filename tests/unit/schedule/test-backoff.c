#include "schedule/backoff.h"

static void
test_backoff_doubles_to_an_hour (void)
{
  static const guint wanted[] = { 60, 120, 240, 480, 960, 1920, 3600, 3600 };

  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
    g_assert_cmpuint (pf_backoff_seconds (i + 1, 0.5), ==, wanted[i]);
  g_assert_cmpuint (pf_backoff_seconds (1000000, 0.5), ==, 3600);
}

static void
test_jitter_is_a_tenth (void)
{
  g_assert_cmpuint (pf_backoff_seconds (1, 0.0), ==, 54);
  g_assert_cmpuint (pf_backoff_seconds (1, 1.0), ==, 66);
  g_assert_cmpuint (pf_interval_seconds (900, 0.0), ==, 810);
  g_assert_cmpuint (pf_interval_seconds (900, 1.0), ==, 990);
}

static void
test_start_spreads_with_the_number_of_accounts (void)
{
  g_assert_cmpuint (pf_start_milliseconds (1, 1.0), <=, 5);
  g_assert_cmpuint (pf_start_milliseconds (1000, 1.0), ==, 5000);
  g_assert_cmpuint (pf_start_milliseconds (1000000, 1.0), ==, 60000);
}

static void
test_log_ins_keep_their_distance (void)
{
  g_assert_cmpuint (pf_soon_milliseconds (100, 0, 900), ==, 100);
  g_assert_cmpuint (pf_soon_milliseconds (100, 60, 900), ==, 60000);
  g_assert_cmpuint (pf_soon_milliseconds (90000, 60, 900), ==, 90000);
  /* The account's own interval is shorter: somebody set it. */
  g_assert_cmpuint (pf_soon_milliseconds (100, 900, 120), ==, 120000);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/backoff/doubles", test_backoff_doubles_to_an_hour);
  g_test_add_func ("/backoff/jitter", test_jitter_is_a_tenth);
  g_test_add_func ("/backoff/start", test_start_spreads_with_the_number_of_accounts);
  g_test_add_func ("/backoff/gap", test_log_ins_keep_their_distance);
  return g_test_run ();
}
