/* The pump's time-outs: silence, trickles, pauses. */
#include <string.h>

#include "base/problem.h"
#include "peer.h"
#include "pump-fixture.h"

static void
test_silence (Fixture *f, gconstpointer secure)
{
  pf_pump_set_timeouts (f->pump, 1, 900);
  command (f, "one\n");
  pf_pump_kick (f->pump);
  wait_until (&f->failed);
  g_assert_error (f->error, PF_PROBLEM, PF_PROBLEM_TIMED_OUT);
  g_assert_cmpstr (f->error->message, ==,
                   "mail.example.com has sent nothing for 1 s (ReplyTimeout)");
  /* The connection is closed. */
  hear (f, "one\n");
  g_assert_cmpint (far_end_read (f->far, (char[1]){ 0 }, 1), ==, -1);
}

static void
test_silence_free (Fixture *f, gconstpointer secure)
{
  f->free_in_failed = TRUE;
  test_silence (f, secure);
  g_assert_null (f->pump);
}

static gboolean
say_dot (gpointer user_data)
{
  Fixture *f = user_data;

  if (!f->failed)
    far_end_say (f->far, ".");
  return G_SOURCE_CONTINUE;
}

static gboolean
raise_flag (gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
  return G_SOURCE_REMOVE;
}

static void
wait_for_milliseconds (guint milliseconds)
{
  gboolean over = FALSE;

  g_timeout_add (milliseconds, raise_flag, &over);
  wait_until (&over);
}

/* An octet now and then is a sign of life, and no answer. */
static void
test_trickle (Fixture *f, gconstpointer secure)
{
  pf_pump_set_timeouts (f->pump, 60, 1);
  command (f, "one\n");
  pf_pump_kick (f->pump);
  f->ticker = g_timeout_add (100, say_dot, f);
  wait_until (&f->failed);
  g_assert_error (f->error, PF_PROBLEM, PF_PROBLEM_TIMED_OUT);
  g_assert_nonnull (strstr (f->error->message, "within 1 s (CommandTimeout)"));
  g_assert_cmpuint (f->machine.fed->len, >, 0);
}

/* Fails when on_received() does not note when it heard something. */
static void
test_trickle_is_no_silence (Fixture *f, gconstpointer secure)
{
  pf_pump_set_timeouts (f->pump, 2, 900);
  command (f, "one\n");
  pf_pump_kick (f->pump);
  f->ticker = g_timeout_add (100, say_dot, f);
  wait_for_milliseconds (3000);
  g_assert_false (f->failed);
}

static gboolean
answer_and_ask (gpointer user_data)
{
  Fixture *f = user_data;

  f->command_in_progress = "more\n";
  far_end_say (f->far, "1\n");
  return G_SOURCE_CONTINUE;
}

/* Always busy, always something owed, and each answer comes in time. Fails when watch_clocks() does
 * not begin anew with each answer. */
static void
test_many_answers (Fixture *f, gconstpointer secure)
{
  pf_pump_set_timeouts (f->pump, 60, 2);
  command (f, "one\n");
  command (f, "two\n");
  pf_pump_kick (f->pump);
  f->ticker = g_timeout_add (200, answer_and_ask, f);
  wait_for_milliseconds (3000);
  g_assert_false (f->failed);
  g_assert_cmpuint (f->machine.answers, >, 3);
}

/* Nothing is owed: an IDLE connection may be silent. */
static void
test_idle_silence (Fixture *f, gconstpointer secure)
{
  pf_pump_set_timeouts (f->pump, 1, 1);
  wait_for_milliseconds (1500);
  g_assert_false (f->failed);
  /* The clocks begin when something is. */
  command (f, "one\n");
  pf_pump_kick (f->pump);
  turn_all ();
  g_assert_false (f->failed);
  far_end_say (f->far, "1\n");
  turn_all ();
  wait_for_milliseconds (1500);
  g_assert_false (f->failed);
}

/* Back-pressure is our doing. Fails when are_clocks_running() does not look at `paused`, or
 * pf_pump_set_reading() does not move the clocks on. */
static void
test_paused (Fixture *f, gconstpointer secure)
{
  pf_pump_set_timeouts (f->pump, 1, 1);
  command (f, "one\n");
  pf_pump_kick (f->pump);
  turn_all ();
  pf_pump_set_reading (f->pump, FALSE);
  wait_for_milliseconds (1500);
  g_assert_false (f->failed);
  pf_pump_set_reading (f->pump, TRUE);
  turn_all ();
  g_assert_false (f->failed);
  wait_until (&f->failed);
  g_assert_error (f->error, PF_PROBLEM, PF_PROBLEM_TIMED_OUT);
}

int
main (int argc, char **argv)
{
  static const PumpTest tests[] = {
    { "silence", test_silence, TRUE, FALSE },
    { "silence-free", test_silence_free, TRUE, FALSE },
    { "trickle", test_trickle, TRUE, FALSE },
    { "trickle-is-no-silence", test_trickle_is_no_silence, TRUE, FALSE },
    { "many-answers", test_many_answers, TRUE, FALSE },
    { "idle-silence", test_idle_silence, TRUE, FALSE },
    { "paused", test_paused, TRUE, FALSE },
  };

  g_test_init (&argc, &argv, NULL);
  add_pump_tests (tests, G_N_ELEMENTS (tests));
  return g_test_run ();
}
