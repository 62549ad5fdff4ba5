/* polkit's answers, and its silence: with a polkitd that does what each test wants. */
#include <string.h>
#include <unistd.h>

#include "bus/authority.h"
#include "bus/errors.h"
#include "dbus-interfaces/names.h"
#include "fake-polkit.h"
#include "fixture.h"

typedef struct
{
  GDBusConnection *service;
  PfAuthority *authority;
} Test;

static void
set_up (Test *test, gconstpointer session)
{
  test->service = fixture_connect ((guint) -1);
  test->authority = pf_authority_new (test->service, session != NULL);
}

static void
tear_down (Test *test, gconstpointer session)
{
  fake_polkit_stop ();
  fixture_settle (test->service);
  g_object_unref (test->authority);
  fixture_settle (test->service);
  g_object_unref (test->service);
}

/* --- Asking ----------------------------------------------------------------------------------- */

typedef struct
{
  gboolean done;
  gboolean yes;
  GError *error;
} Answer;

static void
on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Answer *answer = user_data;

  answer->yes = pf_authority_check_finish (PF_AUTHORITY (source), result, &answer->error);
  answer->done = TRUE;
}

static PfCaller *
make_caller (guint uid, gboolean is_owner)
{
  PfCaller *caller = pf_caller_new (":1.4711");

  caller->uid = uid;
  caller->is_owner = is_owner;
  return caller;
}

static void
ask (Test *test, PfCaller *caller, gboolean interactive, Answer *answer)
{
  PfQuestion question = { PF_ACTION_MANAGE, interactive, "a\nb\xe2\x80\xae@example.org", "alice" };

  *answer = (Answer){ 0 };
  pf_authority_check_async (test->authority, caller, &question, on_answer, answer);
}

static void
ask_and_wait (Test *test, guint uid, gboolean interactive, Answer *answer)
{
  g_autoptr (PfCaller) caller = make_caller (uid, FALSE);

  ask (test, caller, interactive, answer);
  fixture_wait (&answer->done);
}

static void
assert_no (Answer *answer, GQuark domain, int code)
{
  g_assert_false (answer->yes);
  g_assert_error (answer->error, domain, code);
  g_clear_error (&answer->error);
}

static void
test_answers (Test *test, gconstpointer session)
{
  Answer answer;

  fake_polkit_start ();
  fake_polkit.say = FAKE_POLKIT_YES;
  ask_and_wait (test, 1000, FALSE, &answer);
  g_assert_no_error (answer.error);
  g_assert_true (answer.yes);
  g_assert_cmpuint (fake_polkit.flags, ==, 0);

  fake_polkit.say = FAKE_POLKIT_NO;
  ask_and_wait (test, 1000, FALSE, &answer);
  assert_no (&answer, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED);

  fake_polkit.say = FAKE_POLKIT_CHALLENGE;
  ask_and_wait (test, 1000, FALSE, &answer);
  assert_no (&answer, PF_BUS_ERROR, PF_BUS_ERROR_INTERACTION);

  /* Asking was allowed, but nobody is there to be asked. */
  ask_and_wait (test, 1000, TRUE, &answer);
  g_assert_cmpuint (fake_polkit.flags, ==, 1);
  assert_no (&answer, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED);

  fake_polkit.say = FAKE_POLKIT_DISMISSED;
  ask_and_wait (test, 1000, TRUE, &answer);
  assert_no (&answer, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED);

  fake_polkit.say = FAKE_POLKIT_ERROR;
  ask_and_wait (test, 1000, FALSE, &answer);
  assert_no (&answer, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED);
}

/* Rules get the account and its user; what a dialog shows cannot deceive. */
static void
test_details (Test *test, gconstpointer session)
{
  const char *account, *user;
  Answer answer;

  fake_polkit_start ();
  fake_polkit.say = FAKE_POLKIT_YES;
  ask_and_wait (test, 1000, FALSE, &answer);
  g_assert_true (g_variant_lookup (fake_polkit.details, "account", "&s", &account));
  g_assert_true (g_variant_lookup (fake_polkit.details, "local-user", "&s", &user));
  g_assert_cmpstr (account, ==, "a\\x0ab@example.org");
  g_assert_cmpstr (user, ==, "alice");
  g_assert_cmpstr (fake_polkit.subject, ==, ":1.4711");
}

/* Root is never asked about: polkit need not be there. */
static void
test_root (Test *test, gconstpointer session)
{
  Answer answer;

  ask_and_wait (test, 0, FALSE, &answer);
  g_assert_no_error (answer.error);
  g_assert_true (answer.yes);
  fake_polkit_start ();
  fake_polkit.say = FAKE_POLKIT_NO;
  ask_and_wait (test, 0, FALSE, &answer);
  g_assert_true (answer.yes);
  g_assert_cmpuint (fake_polkit.asked, ==, 0);
}

/* Gone: a no. Back again: asked again. Breaks when on_polkit() or on_answer() takes an error for a
 * yes. */
static void
test_gone (Test *test, gconstpointer session)
{
  Answer answer;

  ask_and_wait (test, 1000, FALSE, &answer);
  assert_no (&answer, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED);
  fake_polkit_start ();
  fake_polkit.say = FAKE_POLKIT_YES;
  ask_and_wait (test, 1000, FALSE, &answer);
  g_assert_no_error (answer.error);
  g_assert_true (answer.yes);
  fake_polkit_stop ();
  ask_and_wait (test, 1000, FALSE, &answer);
  assert_no (&answer, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED);
}

static void
test_session (Test *test, gconstpointer session)
{
  g_autoptr (PfCaller) owner = make_caller (1000, TRUE), other = make_caller (0, FALSE);
  Answer answer;

  fake_polkit_start ();
  fake_polkit.say = FAKE_POLKIT_YES;
  ask (test, owner, FALSE, &answer);
  fixture_wait (&answer.done);
  g_assert_true (answer.yes);
  ask (test, other, FALSE, &answer);
  fixture_wait (&answer.done);
  assert_no (&answer, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED);
  g_assert_cmpuint (fake_polkit.asked, ==, 0);
}

/* Who leaves while polkit thinks gets nothing: breaks when on_left() is not connected. */
static void
test_caller_leaves (Test *test, gconstpointer session)
{
  g_autoptr (PfCaller) caller = make_caller (1000, FALSE);
  Answer answer;

  fake_polkit_start ();
  fake_polkit.say = FAKE_POLKIT_NOTHING;
  ask (test, caller, TRUE, &answer);
  fixture_wait_for (&fake_polkit.asked, 1);
  g_cancellable_cancel (caller->left);
  fixture_wait (&answer.done);
  assert_no (&answer, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  fixture_wait_for (&fake_polkit.cancelled, 1); /* the dialog goes away as well */

  ask (test, caller, TRUE, &answer);
  fixture_wait (&answer.done);
  assert_no (&answer, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (fake_polkit.asked, ==, 1);
}

/* polkitd that takes the question and never answers: a no after a while. Breaks (waits for ever)
 * without on_timeout(). */
static void
test_silent (Test *test, gconstpointer session)
{
  Answer answer;

  fake_polkit_start ();
  fake_polkit.say = FAKE_POLKIT_NOTHING;
  ask_and_wait (test, 1000, FALSE, &answer);
  assert_no (&answer, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED);
  fixture_wait_for (&fake_polkit.cancelled, 1);
}

/* libpolkit wants to take its question back, and there is nobody any more. */
static void
on_warning (const char *domain, GLogLevelFlags level, const char *message, gpointer user_data)
{
  g_assert_nonnull (strstr (message, "cancelling"));
  *(gboolean *) user_data = TRUE;
}

/* While somebody is asked there are five minutes, but only as long as polkitd lives: breaks (waits
 * too long) without on_ping(). */
static void
test_dies_while_asking (Test *test, gconstpointer session)
{
  g_autoptr (PfCaller) caller = make_caller (1000, FALSE);
  static gboolean warned;
  GLogLevelFlags fatal;
  guint handler;
  Answer answer;

  fake_polkit_start ();
  fake_polkit.say = FAKE_POLKIT_NOTHING;
  ask (test, caller, TRUE, &answer);
  fixture_wait_for (&fake_polkit.asked, 1);
  fake_polkit_vanish ();
  handler = g_log_set_handler (NULL, G_LOG_LEVEL_WARNING, on_warning, &warned);
  fatal = g_log_set_always_fatal (G_LOG_FATAL_MASK);
  fixture_wait (&answer.done);
  assert_no (&answer, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED);
  fixture_wait (&warned);
  g_log_set_always_fatal (fatal);
  g_log_remove_handler (NULL, handler);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  fixture_start_bus ();
#define ADD(name, session, func)                                                                   \
  g_test_add ("/bus/authority/" name, Test, session, set_up, func, tear_down)
  ADD ("gone", NULL, test_gone);
  ADD ("answers", NULL, test_answers);
  ADD ("details", NULL, test_details);
  ADD ("root", NULL, test_root);
  ADD ("session", "session", test_session);
  ADD ("caller-leaves", NULL, test_caller_leaves);
  ADD ("silent", NULL, test_silent);
  ADD ("dies-while-asking", NULL, test_dies_while_asking);
  status = g_test_run ();
  /* libpolkit's connection must not end the process with the bus. */
  {
    g_autoptr (GDBusConnection) system = g_bus_get_sync (G_BUS_TYPE_SYSTEM, NULL, NULL);

    g_dbus_connection_set_exit_on_close (system, FALSE);
  }
  fixture_stop_bus ();
  return status;
}
