/* The pump: a machine of lines over a channel, its time-outs, and what an end means to it. */
#include <string.h>

#include "base/limits.h"
#include "base/problem.h"
#include "far-end.h"
#include "net/pump.h"
#include "peer.h"

/* --- A machine: each command is owed one line --------------------------------------------------- */

typedef struct
{
  GString *fed;
  GQueue output;
  guint owed;
  guint64 answers;
  gboolean eof;
} Machine;

static void
machine_feed (gpointer data, const guint8 *octets, gsize length)
{
  Machine *machine = data;

  g_assert_false (machine->eof);
  g_string_append_len (machine->fed, (const char *) octets, (gssize) length);
  for (gsize i = 0; i < length; i++)
    if (octets[i] == '\n' && machine->owed > 0)
      {
        machine->owed--;
        machine->answers++;
      }
}

static void
machine_feed_eof (gpointer data)
{
  Machine *machine = data;

  g_assert_false (machine->eof);
  machine->eof = TRUE;
}

static GBytes *
machine_take_output (gpointer data)
{
  Machine *machine = data;

  return g_queue_pop_head (&machine->output);
}

static gboolean
machine_expects_answer (gpointer data)
{
  Machine *machine = data;

  return machine->owed > 0;
}

static guint64
machine_answers (gpointer data)
{
  Machine *machine = data;

  return machine->answers;
}

static const PfMachineClass machine_class = { machine_feed, machine_feed_eof, machine_take_output,
                                              machine_expects_answer, machine_answers };

/* --- What a test has ---------------------------------------------------------------------------- */

typedef struct
{
  Machine machine;
  FarEnd *far;
  PfPump *pump;
  guint progresses, drains;
  gboolean failed;
  GError *error;
  /* In progress() or failed(): let go of the pump; give a command. */
  gboolean free_in_progress, free_in_failed, free_in_drained;
  const char *command_in_progress;
  guint ticker; /* a source that says something now and then */
} Fixture;

static void
command (Fixture *f, const char *text)
{
  g_queue_push_tail (&f->machine.output, g_bytes_new (text, strlen (text)));
  f->machine.owed++;
}

static void
on_progress (PfPump *pump, gpointer user_data)
{
  Fixture *f = user_data;

  g_assert_false (f->failed);
  f->progresses++;
  if (f->command_in_progress != NULL)
    command (f, g_steal_pointer (&f->command_in_progress));
  if (f->free_in_progress)
    g_clear_pointer (&f->pump, pf_pump_free);
}

static void
on_failed (PfPump *pump, const GError *error, gpointer user_data)
{
  Fixture *f = user_data;

  g_assert_false (f->failed);
  f->failed = TRUE;
  f->error = g_error_copy (error);
  if (f->free_in_failed)
    g_clear_pointer (&f->pump, pf_pump_free);
}

static void
on_drained (PfPump *pump, gpointer user_data)
{
  Fixture *f = user_data;

  f->drains++;
  if (f->free_in_drained)
    g_clear_pointer (&f->pump, pf_pump_free);
}

static PfChannel *
make_channel (Fixture *f, gboolean secure)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (PfEndpoint) endpoint = NULL;
  g_autofree char *pin = NULL;
  PfChannel *near;

  f->far = far_end_new (&near);
  if (!secure)
    return near;
  far_end_secure (f->far);
  pin = far_end_pin (f->far);
  endpoint = endpoint_new ("mail.example.com", 995, PF_SECURITY_STARTTLS, pin);
  pf_channel_start_tls_async (near, endpoint, NULL, far_end_on_result, &result);
  while (!far_end_shake_hands (f->far) || result == NULL)
    g_main_context_iteration (NULL, FALSE);
  g_assert_true (pf_channel_start_tls_finish (near, result, NULL));
  return near;
}

static void
set_up (Fixture *f, gconstpointer secure)
{
  static const PfPumpHandlers handlers = { on_progress, on_failed, on_drained };
  g_autoptr (PfChannel) channel = make_channel (f, secure != NULL);

  f->machine.fed = g_string_new (NULL);
  g_queue_init (&f->machine.output);
  f->pump =
      pf_pump_new (channel, &machine_class, &f->machine, "mail.example.com", 60, 900, &handlers, f);
}

static void
tear_down (Fixture *f, gconstpointer unused)
{
  g_clear_handle_id (&f->ticker, g_source_remove);
  g_clear_pointer (&f->pump, pf_pump_free);
  far_end_free (f->far);
  g_string_free (f->machine.fed, TRUE);
  g_queue_clear_full (&f->machine.output, (GDestroyNotify) g_bytes_unref);
  g_clear_error (&f->error);
}

static void
hear (Fixture *f, const char *text)
{
  char buffer[256] = "";
  gsize length = 0;

  while (strcmp (buffer, text) != 0)
    {
      gssize n = far_end_read (f->far, buffer + length, sizeof buffer - 1 - length);

      g_assert_cmpint (n, >=, 0);
      length += (gsize) n;
      buffer[length] = '\0';
      g_main_context_iteration (NULL, FALSE);
    }
}

/* --- Octets ------------------------------------------------------------------------------------- */

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

/* --- Ends --------------------------------------------------------------------------------------- */

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

/* --- Letting go --------------------------------------------------------------------------------- */

/* These fail under AddressSanitizer when on_received(), on_closed(), on_drained() or on_alarm() hold
 * no reference of their own, or look at the machine after stop(). */
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

/* --- Clocks ------------------------------------------------------------------------------------- */

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

/* --- All ---------------------------------------------------------------------------------------- */

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *name;
    void (*func) (Fixture *f, gconstpointer secure);
    gboolean clear, secure;
  } tests[] = {
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
    { "silence", test_silence, TRUE, FALSE },
    { "silence-free", test_silence_free, TRUE, FALSE },
    { "trickle", test_trickle, TRUE, FALSE },
    { "trickle-is-no-silence", test_trickle_is_no_silence, TRUE, FALSE },
    { "many-answers", test_many_answers, TRUE, FALSE },
    { "idle-silence", test_idle_silence, TRUE, FALSE },
    { "paused", test_paused, TRUE, FALSE },
  };

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *clear = g_strdup_printf ("/net/pump/%s/clear", tests[i].name);
      g_autofree char *secure = g_strdup_printf ("/net/pump/%s/tls", tests[i].name);

      if (tests[i].clear)
        g_test_add (clear, Fixture, NULL, set_up, tests[i].func, tear_down);
      if (tests[i].secure)
        g_test_add (secure, Fixture, "tls", set_up, tests[i].func, tear_down);
    }
  return g_test_run ();
}
