/* The gate on a real message bus: nothing is handed on before its caller is known, and nothing
 * passes beside it. */
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "bus/gate.h"
#include "fixture.h"

typedef struct
{
  GDBusConnection *service;
  const char *name;
  PfGate *gate;
  GPtrArray *log;  /* "PATH INTERFACE.MEMBER", as they were handed on */
  GPtrArray *held; /* of PfCall, when @hold */
  gboolean hold;
  guint uid;
  gboolean sees_all, sees_none, is_owner;
} Test;

static void
on_call (PfCall *call, gpointer user_data)
{
  Test *test = user_data;
  const PfCaller *caller = pf_call_caller (call);

  /* It is known who calls, before anything else: breaks when on_arrival() lets in a guest that is
   * not known. */
  g_assert_cmpuint (caller->uid, !=, (guint) -1);
  test->uid = caller->uid;
  test->sees_all = caller->sees_all;
  test->sees_none = caller->sees_none;
  test->is_owner = caller->is_owner;
  g_ptr_array_add (test->log, g_strdup_printf ("%s %s.%s", pf_call_path (call),
                                               pf_call_interface (call), pf_call_member (call)));
  if (test->hold)
    g_ptr_array_add (test->held, call);
  else
    pf_call_return (call, g_variant_new ("(s)", pf_call_member (call)));
}

static void
set_up (Test *test, gconstpointer session)
{
  fixture_start_bus ();
  test->service = fixture_connect ((guint) -1);
  test->name = g_dbus_connection_get_unique_name (test->service);
  test->log = g_ptr_array_new_with_free_func (g_free);
  test->held = g_ptr_array_new ();
  test->gate = pf_gate_new (test->service, session != NULL, on_call, test);
}

static void
tear_down (Test *test, gconstpointer session)
{
  g_ptr_array_foreach (test->held, (GFunc) (GCallback) pf_call_free, NULL);
  g_ptr_array_unref (test->held);
  if (test->gate != NULL)
    pf_gate_free (test->gate);
  g_ptr_array_unref (test->log);
  fixture_settle (test->service);
  g_object_unref (test->service);
  fixture_stop_bus ();
}

static FixtureCall *
send (Test *test,
      GDBusConnection *client,
      const char *path,
      const char *interface,
      const char *member,
      GVariant *arguments)
{
  return fixture_send (client, test->name, path, interface, member, arguments, NULL,
                       G_DBUS_MESSAGE_FLAGS_NONE);
}

/* All that GDBus would answer by itself comes through the gate, in the order it was sent: breaks
 * when on_message() lets any of these pass. */
static void
test_everything (Test *test, gconstpointer session)
{
  static const char *const calls[][3] = {
    { "/org/postferry1/account/00", "org.postferry1.Account", "Update" },
    { "/", "org.freedesktop.DBus.Introspectable", "Introspect" },
    { "/org/postferry1/account/00", "org.freedesktop.DBus.Introspectable", "Introspect" },
    { "/nowhere", "org.example.Nothing", "Nothing" },
    { "/org/postferry1", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects" },
    { "/org/postferry1/Manager", "org.freedesktop.DBus.Properties", "Set" },
    { "/org/postferry1/Manager", "org.freedesktop.DBus.Properties", "Get" },
    { "/org/postferry1/Manager", "org.freedesktop.DBus.Properties", "GetAll" },
  };
  g_autoptr (GDBusConnection) client = fixture_connect ((guint) -1);
  FixtureCall *sent[G_N_ELEMENTS (calls)];

  for (gsize i = 0; i < G_N_ELEMENTS (calls); i++)
    sent[i] = send (test, client, calls[i][0], calls[i][1], calls[i][2], NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (calls); i++)
    {
      g_autofree char *expected =
          g_strdup_printf ("%s %s.%s", calls[i][0], calls[i][1], calls[i][2]);

      fixture_wait (&sent[i]->done);
      g_assert_no_error (sent[i]->error);
      g_assert_cmpstr (test->log->pdata[i], ==, expected);
      fixture_call_free (sent[i]);
    }
  g_assert_cmpuint (test->uid, ==, getuid ());
}

/* Peer is about the connection. */
static void
test_peer (Test *test, gconstpointer session)
{
  g_autoptr (GDBusConnection) client = fixture_connect ((guint) -1);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = fixture_call (client, test->name, "/org/postferry1",
                                             "org.freedesktop.DBus.Peer", "Ping", NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (reply);
  g_assert_cmpuint (test->log->len, ==, 0);
}

static void
test_rights (Test *test, gconstpointer session)
{
  g_autoptr (GDBusConnection) client = NULL;
  g_autoptr (GVariant) reply = NULL;

  if (!fixture_needs_root ())
    return;
  client = fixture_connect (FIXTURE_NOBODY);
  reply = fixture_call (client, test->name, "/a", "a.b", "C", NULL, NULL);
  g_assert_cmpuint (test->uid, ==, FIXTURE_NOBODY);
  g_assert_false (test->sees_all);
  g_assert_false (test->is_owner);
  g_assert_cmpint (test->sees_none, ==, session != NULL);
}

/* Root on the system bus, the owner with --session. */
static void
test_own_rights (Test *test, gconstpointer session)
{
  g_autoptr (GDBusConnection) client = fixture_connect ((guint) -1);
  g_autoptr (GVariant) reply = fixture_call (client, test->name, "/a", "a.b", "C", NULL, NULL);

  g_assert_cmpint (test->is_owner, ==, session != NULL);
  g_assert_cmpint (test->sees_all, ==, session != NULL || getuid () == 0);
  g_assert_false (test->sees_none);
}

static void
on_left (GCancellable *cancellable, gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
}

/* One is a listener from one's first call until one leaves; what is under way is told. */
static void
test_leaving (Test *test, gconstpointer session)
{
  g_autoptr (GDBusConnection) client = fixture_connect ((guint) -1);
  g_autoptr (GPtrArray) before = pf_gate_list_callers (test->gate);
  g_autoptr (GPtrArray) present = NULL, after = NULL;
  g_autoptr (GVariant) reply = NULL;
  gboolean left = FALSE;
  FixtureCall *call;

  g_assert_cmpuint (before->len, ==, 0);
  reply = fixture_call (client, test->name, "/a", "a.b", "C", NULL, NULL);
  present = pf_gate_list_callers (test->gate);
  g_assert_cmpuint (present->len, ==, 1);

  test->hold = TRUE;
  call = send (test, client, "/a", "a.b", "Held", NULL);
  fixture_wait_for (&test->held->len, 1);
  g_signal_connect (pf_call_caller (test->held->pdata[0])->left, "cancelled", G_CALLBACK (on_left),
                    &left);
  g_assert_true (g_dbus_connection_close_sync (client, NULL, NULL));
  fixture_wait (&left);
  after = pf_gate_list_callers (test->gate);
  g_assert_cmpuint (after->len, ==, 0);
  fixture_wait (&call->done);
  g_assert_nonnull (call->error);
  fixture_call_free (call);
}

/* A user cannot hold more than so many answers back, and is let in again when some came: breaks
 * when let_in() does not look at the count, or on_call_done() does not lower it. */
static void
test_limit (Test *test, gconstpointer session)
{
  g_autoptr (GDBusConnection) client = NULL;
  g_autoptr (GPtrArray) calls = g_ptr_array_new ();
  FixtureCall *last;

  if (!fixture_needs_root ())
    return;
  client = fixture_connect (FIXTURE_NOBODY);
  test->hold = TRUE;
  for (guint i = 0; i < PF_LIMIT_CALLS_PER_USER; i++)
    g_ptr_array_add (calls, send (test, client, "/a", "a.b", "Held", NULL));
  last = send (test, client, "/a", "a.b", "TooMany", NULL);
  fixture_wait (&last->done);
  g_assert_nonnull (last->error);
  g_assert_nonnull (strstr (last->error->message, "org.postferry1.Error.LimitExceeded"));
  fixture_call_free (last);
  g_assert_cmpuint (test->held->len, ==, PF_LIMIT_CALLS_PER_USER);

  pf_call_return (g_ptr_array_steal_index (test->held, 0), NULL);
  test->hold = FALSE;
  last = send (test, client, "/a", "a.b", "Fits", NULL);
  fixture_wait (&last->done);
  g_assert_no_error (last->error);
  fixture_call_free (last);
  while (test->held->len > 0)
    pf_call_return (g_ptr_array_steal_index (test->held, 0), NULL);
  for (guint i = 0; i < calls->len; i++)
    {
      FixtureCall *call = calls->pdata[i];

      fixture_wait (&call->done);
      fixture_call_free (call);
    }
}

/* The gate may go while calls wait and callers are being identified. */
static void
test_going (Test *test, gconstpointer session)
{
  g_autoptr (GDBusConnection) client = fixture_connect ((guint) -1);
  FixtureCall *call = send (test, client, "/a", "a.b", "C", NULL);

  pf_gate_free (g_steal_pointer (&test->gate));
  fixture_settle (test->service);
  g_dbus_connection_close_sync (test->service, NULL, NULL);
  g_object_unref (test->service);
  fixture_wait (&call->done);
  fixture_call_free (call);
  test->service = fixture_connect ((guint) -1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, session, func)                                                                   \
  g_test_add ("/bus/gate/" name, Test, session, set_up, func, tear_down)
  ADD ("everything", NULL, test_everything);
  ADD ("peer", NULL, test_peer);
  ADD ("rights", NULL, test_rights);
  ADD ("rights-session", "session", test_rights);
  ADD ("own-rights", NULL, test_own_rights);
  ADD ("own-rights-session", "session", test_own_rights);
  ADD ("leaving", NULL, test_leaving);
  ADD ("limit", NULL, test_limit);
  ADD ("going", NULL, test_going);
  return g_test_run ();
}
