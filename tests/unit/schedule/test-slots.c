#include "schedule/slots.h"

static void
test_total_and_per_server (void)
{
  PfSlots *slots = pf_slots_new (3, 2);

  g_assert_true (pf_slots_take (slots, "a.example"));
  g_assert_true (pf_slots_take (slots, "A.Example"));
  g_assert_false (pf_slots_take (slots, "a.example"));
  g_assert_true (pf_slots_take (slots, "b.example"));
  g_assert_false (pf_slots_take (slots, "c.example"));
  pf_slots_release (slots, "a.EXAMPLE");
  g_assert_true (pf_slots_take (slots, "c.example"));
  g_assert_false (pf_slots_take (slots, "a.example"));
  pf_slots_free (slots);
}

static void
test_limits_can_change (void)
{
  PfSlots *slots = pf_slots_new (1, 1);

  g_assert_true (pf_slots_take (slots, "a"));
  g_assert_false (pf_slots_take (slots, "b"));
  pf_slots_set (slots, 2, 1);
  g_assert_true (pf_slots_take (slots, "b"));
  pf_slots_free (slots);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/slots/total-and-per-server", test_total_and_per_server);
  g_test_add_func ("/slots/limits-change", test_limits_can_change);
  return g_test_run ();
}
