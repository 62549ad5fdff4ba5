#include "base/limits.h"
#include "schedule/slots.h"

static const char *
next (PfSlots *slots)
{
  const char *data = pf_slots_next (slots);

  return data != NULL ? data : "(none)";
}

static PfTurn *
wait_in (PfSlots *slots, const char *server, gboolean urgent, const char *name)
{
  return pf_slots_wait (slots, server, 0, urgent, (gpointer) name);
}

/* What fails it: pf_slots_next() without its look at the total; update_line() without its look at
 * per_server. */
static void
test_total_and_per_server (void)
{
  PfSlots *slots = pf_slots_new (3, 2);
  PfTurn *turns[] = {
    wait_in (slots, "a.example", FALSE, "a1"), wait_in (slots, "A.Example", FALSE, "a2"),
    wait_in (slots, "a.example", FALSE, "a3"), wait_in (slots, "b.example", FALSE, "b1"),
    wait_in (slots, "c.example", FALSE, "c1"),
  };

  g_assert_cmpstr (next (slots), ==, "a1");
  g_assert_cmpstr (next (slots), ==, "b1");
  g_assert_cmpstr (next (slots), ==, "c1");
  g_assert_cmpstr (next (slots), ==, "(none)");
  pf_turn_end (turns[3]);
  g_assert_cmpstr (next (slots), ==, "a2");
  g_assert_cmpstr (next (slots), ==, "(none)");
  pf_turn_end (turns[4]);
  /* There is room, but not for more of a.example. */
  g_assert_cmpstr (next (slots), ==, "(none)");
  pf_turn_end (turns[1]);
  g_assert_cmpstr (next (slots), ==, "a3");
  pf_turn_end (turns[0]);
  pf_turn_end (turns[2]);
  pf_slots_free (slots);
}

/* What fails it: update_line() without its look at the line's own number. */
static void
test_a_server_has_its_own_number (void)
{
  PfSlots *slots = pf_slots_new (9, 2);
  PfTurn *turns[] = {
    pf_slots_wait (slots, "a", 1, FALSE, (gpointer) "a1"),
    pf_slots_wait (slots, "a", 1, FALSE, (gpointer) "a2"),
    pf_slots_wait (slots, "b", 3, FALSE, (gpointer) "b1"),
    pf_slots_wait (slots, "b", 3, FALSE, (gpointer) "b2"),
    pf_slots_wait (slots, "b", 3, FALSE, (gpointer) "b3"),
  };

  g_assert_cmpstr (next (slots), ==, "a1");
  g_assert_cmpstr (next (slots), ==, "b1");
  g_assert_cmpstr (next (slots), ==, "b2");
  g_assert_cmpstr (next (slots), ==, "b3");
  g_assert_cmpstr (next (slots), ==, "(none)");
  pf_turn_end (turns[0]);
  g_assert_cmpstr (next (slots), ==, "a2");
  for (guint i = 1; i < G_N_ELEMENTS (turns); i++)
    pf_turn_end (turns[i]);
  pf_slots_free (slots);
}

static void
test_limits_can_change (void)
{
  PfSlots *slots = pf_slots_new (1, 1);
  PfTurn *one = wait_in (slots, "a", FALSE, "1"), *two = wait_in (slots, "a", FALSE, "2");

  g_assert_cmpstr (next (slots), ==, "1");
  g_assert_cmpstr (next (slots), ==, "(none)");
  pf_slots_set (slots, 2, 2);
  g_assert_cmpstr (next (slots), ==, "2");
  g_assert_true (pf_turn_has_slot (two));
  pf_turn_end (one);
  pf_turn_end (two);
  pf_slots_free (slots);
}

static void
test_a_person_does_not_wait (void)
{
  PfSlots *slots = pf_slots_new (1, 1);
  PfTurn *one = wait_in (slots, "a", FALSE, "1"), *two = wait_in (slots, "a", FALSE, "2");
  PfTurn *urgent[PF_LIMIT_CHECKS_BY_PERSON + 1];

  g_assert_cmpstr (next (slots), ==, "1");
  for (guint i = 0; i < G_N_ELEMENTS (urgent); i++)
    urgent[i] = wait_in (slots, "a", TRUE, "now");
  for (guint i = 0; i < PF_LIMIT_CHECKS_BY_PERSON; i++)
    g_assert_cmpstr (next (slots), ==, "now");
  g_assert_cmpstr (next (slots), ==, "(none)");
  pf_turn_end (urgent[0]);
  g_assert_cmpstr (next (slots), ==, "now");
  for (guint i = 1; i < G_N_ELEMENTS (urgent); i++)
    pf_turn_end (urgent[i]);
  g_assert_cmpstr (next (slots), ==, "(none)");
  pf_turn_end (one);
  g_assert_cmpstr (next (slots), ==, "2");
  pf_turn_end (two);
  pf_slots_free (slots);
}

static void
test_who_leaves_the_line (void)
{
  PfSlots *slots = pf_slots_new (4, 1);
  PfTurn *one = wait_in (slots, "a", FALSE, "1"), *two = wait_in (slots, "a", FALSE, "2");
  PfTurn *now = wait_in (slots, "a", TRUE, "now");

  pf_turn_end (one);
  pf_turn_end (now);
  g_assert_cmpstr (next (slots), ==, "2");
  g_assert_cmpstr (next (slots), ==, "(none)");
  pf_turn_end (two);
  pf_slots_free (slots);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/slots/total-and-per-server", test_total_and_per_server);
  g_test_add_func ("/slots/limits-change", test_limits_can_change);
  g_test_add_func ("/slots/own", test_a_server_has_its_own_number);
  g_test_add_func ("/slots/person", test_a_person_does_not_wait);
  g_test_add_func ("/slots/leaving", test_who_leaves_the_line);
  return g_test_run ();
}
