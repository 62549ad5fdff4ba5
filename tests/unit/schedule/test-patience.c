#include "schedule/patience.h"

#define SECOND ((gint64) G_USEC_PER_SEC)

/* What fails it: pf_patience_ended() without its MAX(): what the server ended is tried for as long
 * again. */
static void
test_learns (void)
{
  PfPatience *patience = pf_patience_new ();

  g_assert_cmpuint (pf_patience_seconds (patience, "a", 0), ==, 540);
  pf_patience_ended (patience, "A", 300, 0);
  g_assert_cmpuint (pf_patience_seconds (patience, "a", 0), ==, 225);
  g_assert_cmpuint (pf_patience_seconds (patience, "b", 0), ==, 540);
  pf_patience_ended (patience, "a", 60, 0);
  g_assert_cmpuint (pf_patience_seconds (patience, "a", 0), ==, 45);
  pf_patience_ended (patience, "a", 25, 0);
  g_assert_cmpuint (pf_patience_seconds (patience, "a", 0), ==, 30);
  for (guint i = 0; i < 200; i++)
    pf_patience_borne (patience, "a");
  g_assert_cmpuint (pf_patience_seconds (patience, "a", 0), ==, 540);
  pf_patience_free (patience);
}

static void
test_gives_up_for_a_day (void)
{
  PfPatience *patience = pf_patience_new ();

  pf_patience_ended (patience, "a", 2, 0);
  pf_patience_ended (patience, "a", 2, 0);
  g_assert_cmpuint (pf_patience_seconds (patience, "a", 0), ==, 30);
  pf_patience_ended (patience, "a", 2, SECOND);
  g_assert_cmpuint (pf_patience_seconds (patience, "a", SECOND), ==, 0);
  g_assert_cmpuint (pf_patience_seconds (patience, "a", 86400 * SECOND), ==, 0);
  g_assert_cmpuint (pf_patience_seconds (patience, "a", 86401 * SECOND), ==, 30);
  pf_patience_free (patience);
}

static void
test_one_that_lasts_forgives (void)
{
  PfPatience *patience = pf_patience_new ();

  pf_patience_ended (patience, "a", 2, 0);
  pf_patience_ended (patience, "a", 2, 0);
  pf_patience_borne (patience, "a");
  pf_patience_ended (patience, "a", 2, 0);
  g_assert_cmpuint (pf_patience_seconds (patience, "a", 0), >, 0);
  pf_patience_free (patience);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/patience/learns", test_learns);
  g_test_add_func ("/patience/gives-up", test_gives_up_for_a_day);
  g_test_add_func ("/patience/forgives", test_one_that_lasts_forgives);
  return g_test_run ();
}
