/* The pump: octets to and from a machine, what an end means to it, letting go within handlers. */
#include <string.h>

#include "base/limits.h"
#include "base/problem.h"
#include "peer.h"
#include "pump-fixture.h"

/* --- Octets ----------------------------------------------------------------------------------- */

static void
test_talk (Fixture *f, gconstpointer secure)
{
  command (f, "one\n");
  command (f, "two\n");
  pf_pump_kick (f->pump);
  hear (f, "one\ntwo\n");
  /* What progress() adds goes out without a kick. */
  f->command_in_progress = "three\n";
  far_end_say (f->far, "1\n2\n");
  hear (f, "three\n");
  g_assert_cmpstr (f->machine.fed->str, ==, "1\n2\n");
  g_assert_cmpuint (f->progresses, ==, 1);
  g_assert_cmpuint (f->machine.answers, ==, 2);
}

/* Fails when pf_pump_kick() takes whatever the machine has. */
static void
test_output_bounded (Fixture *f, gconstpointer secure)
{
  enum
  {
    N = 64
  };
  g_autofree char *block = g_strnfill (64 * PF_KIB, 'x');
  g_autofree char *buffer = g_malloc (64 * PF_KIB);
  gsize heard = 0;

  for (guint i = 0; i < N; i++)
    g_queue_push_tail (&f->machine.output, g_bytes_new (block, 64 * PF_KIB));
  pf_pump_kick (f->pump);
  turn_all ();
  g_assert_cmpuint (pf_channel_get_unsent (pf_pump_get_channel (f->pump)), <=,
                    PF_LIMIT_UNSENT + 64 * PF_KIB);
  g_assert_cmpuint (f->machine.output.length, >, N / 2);
  while (heard < N * 64 * PF_KIB)
    {
      gssize n = far_end_read (f->far, buffer, 64 * PF_KIB);

      g_assert_cmpint (n, >=, 0);
      heard += (gsize) n;
      g_main_context_iteration (NULL, FALSE);
    }
  turn_all ();
  g_assert_cmpuint (f->machine.output.length, ==, 0);
  g_assert_cmpuint (f->drains, >, 0);
}

static void
test_reading_off (Fixture *f, gconstpointer secure)
{
  pf_pump_set_reading (f->pump, FALSE);
  far_end_say (f->far, "1\n");
  turn_all ();
  g_assert_cmpuint (f->progresses, ==, 0);
  pf_pump_set_reading (f->pump, TRUE);
  turn_all ();
  g_assert_cmpuint (f->progresses, ==, 1);
}

/* --- Ends ------------------------------------------------------------------------------------- */

static void
test_end (Fixture *f, gconstpointer secure)
{
  far_end_finish (f->far);
  wait_until (&f->machine.eof);
  turn_all ();
  g_assert_cmpuint (f->progresses, ==, 1);
  g_assert_false (f->failed);
}

static void
test_end_owed (Fixture *f, gconstpointer secure)
{
  command (f, "one\n");
  pf_pump_kick (f->pump);
  hear (f, "one\n");
  far_end_finish (f->far);
  wait_until (&f->failed);
  g_assert_true (f->machine.eof);
  g_assert_cmpuint (f->progresses, ==, 1);
  g_assert_error (f->error, PF_PROBLEM, PF_PROBLEM_CONNECTION_FAILED);
  g_assert_nonnull (strstr (f->error->message, "mail.example.com"));
}

/* Many servers end without close_notify after QUIT. */
static void
test_cut (Fixture *f, gconstpointer secure)
{
  far_end_say (f->far, "bye\n");
  far_end_cut (f->far);
  wait_until (&f->machine.eof);
  turn_all ();
  g_assert_cmpstr (f->machine.fed->str, ==, "bye\n");
  g_assert_false (f->failed);
}

/* Fails when on_closed() does not look at what is owed: a body cut by an attacker would be told as
 * an end. */
static void
test_cut_owed (Fixture *f, gconstpointer secure)
{
  command (f, "one\n");
  pf_pump_kick (f->pump);
  hear (f, "one\n");
  far_end_say (f->far, "half an ans");
  far_end_cut (f->far);
  wait_until (&f->failed);
  g_assert_false (f->machine.eof);
  g_assert_error (f->error, PF_PROBLEM, PF_PROBLEM_TLS_FAILED);
}

/* --- Letting go ------------------------------------------------------------------------------- */

/* These fail under AddressSanitizer when on_received(), on_closed(), on_drained() or on_alarm()
 * hold no reference of their own, or look at the machine after stop(). */
static void
test_free_in_progress (Fixture *f, gconstpointer secure)
{
  f->free_in_progress = TRUE;
  far_end_say (f->far, "1\n");
  while (f->pump != NULL)
    g_main_context_iteration (NULL, TRUE);
  turn_all ();
  g_assert_cmpuint (f->progresses, ==, 1);
}

static void
test_free_at_eof (Fixture *f, gconstpointer secure)
{
  command (f, "one\n");
  pf_pump_kick (f->pump);
  hear (f, "one\n");
  f->free_in_progress = TRUE;
  far_end_finish (f->far);
  while (f->pump != NULL)
    g_main_context_iteration (NULL, TRUE);
  turn_all ();
  g_assert_cmpuint (f->progresses, ==, 1);
  g_assert_false (f->failed);
}

static void
test_free_in_failed (Fixture *f, gconstpointer secure)
{
  f->free_in_failed = TRUE;
  command (f, "one\n");
  pf_pump_kick (f->pump);
  hear (f, "one\n");
  far_end_cut (f->far);
  wait_until (&f->failed);
  turn_all ();
  g_assert_null (f->pump);
}

static void
test_free_in_drained (Fixture *f, gconstpointer secure)
{
  f->free_in_drained = TRUE;
  command (f, "one\n");
  pf_pump_kick (f->pump);
  while (f->pump != NULL)
    g_main_context_iteration (NULL, TRUE);
  turn_all ();
  g_assert_cmpuint (f->drains, ==, 1);
}

int
main (int argc, char **argv)
{
  static const PumpTest tests[] = {
    { "talk", test_talk, TRUE, TRUE },
    { "output-bounded", test_output_bounded, TRUE, TRUE },
    { "reading-off", test_reading_off, TRUE, TRUE },
    { "end", test_end, TRUE, TRUE },
    { "end-owed", test_end_owed, TRUE, TRUE },
    { "cut", test_cut, FALSE, TRUE },
    { "cut-owed", test_cut_owed, FALSE, TRUE },
    { "free/in-progress", test_free_in_progress, TRUE, TRUE },
    { "free/at-eof", test_free_at_eof, TRUE, TRUE },
    { "free/in-failed", test_free_in_failed, TRUE, TRUE },
    { "free/in-drained", test_free_in_drained, TRUE, TRUE },
  };

  g_test_init (&argc, &argv, NULL);
  add_pump_tests (tests, G_N_ELEMENTS (tests));
  return g_test_run ();
}
