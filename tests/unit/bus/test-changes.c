/* What changes accounts: in which order things become durable, and that nothing stays half. */
#include <string.h>
#include <unistd.h>

#include "world.h"

#define UPDATE "org.postferry1.Account.Update"
#define SET_SECRET "org.postferry1.Account.SetSecret"
#define REMOVE "org.postferry1.Account.Remove"
#define DENIED "org.freedesktop.DBus.Error.AccessDenied"
#define WITH_SECRET "{'secret': <handle 0>, 'secret-kind': <'password'>}"
#define MOVE "{'Server': <'elsewhere.example.org'>}"

/* --- Updating --------------------------------------------------------------------------------- */

static void
test_update (void)
{
  World world;
  const char *path;

  if (!world_start (&world, FALSE))
    return;
  path = world_make_account (&world);
  world_expect (&world, &world.nobody, path, UPDATE,
                "({'Note': <'hello'>, 'Interval': <uint32 600>}, @a{sv} {})", NULL);
  world_assert_asked ("org.postferry1.manage-own");
  world_assert_log ("changed a@example.org; "
                    "record changed a@example.org by nobody: Interval, Note");
  g_assert_cmpuint (pf_account_get_settings (world_lookup (&world))->interval, ==, 600);
  /* all or nothing */
  world_expect (&world, &world.nobody, path, UPDATE,
                "({'Note': <'bye'>, 'Interval': <uint32 1>}, @a{sv} {})",
                "org.postferry1.Error.InvalidSetting");
  g_assert_cmpstr (pf_account_get_settings (world_lookup (&world))->note, ==, "hello");
  world_expect (&world, &world.nobody, path, UPDATE, "({'Address': <'b@example.org'>}, @a{sv} {})",
                "org.postferry1.Error.InvalidSetting");
  world_expect (&world, &world.nobody, path, UPDATE, "({'Colour': <'red'>}, @a{sv} {})",
                "org.postferry1.Error.InvalidSetting");
  world_stop (&world);
}

/* Nobody harvests a stored password by pointing it elsewhere. */
static void
test_harvest (void)
{
  World world;
  const char *path;

  if (!world_start (&world, FALSE))
    return;
  path = world_make_account (&world);
  fake_polkit.say = FAKE_POLKIT_NO;
  fake_polkit.yes_to = "org.postferry1.manage-own";
  world_expect (&world, &world.nobody, path, UPDATE, "(" MOVE ", @a{sv} {})", DENIED);
  world_assert_asked ("org.postferry1.manage");
  /* nor by giving the account to oneself or away */
  world_expect (&world, &world.nobody, path, UPDATE, "({'LocalUser': <'daemon'>}, @a{sv} {})",
                DENIED);
  world_expect (&world, &world.nobody, path, UPDATE,
                "({'Recipients': <['b@example.org=daemon']>, 'EnvelopeHeader': <'Delivered-To'>}, "
                "@a{sv} {})",
                DENIED);
  world_expect (&world, &world.daemon, path, UPDATE, "({'LocalUser': <'daemon'>}, @a{sv} {})",
                UNKNOWN_OBJECT);
  g_assert_cmpstr (pf_account_get_settings (world_lookup (&world))->server, ==, "mail.example.org");
  world_assert_log ("");

  /* With the secret anew it is one's own affair: stored before the new server counts, and the other
   * kind of secret, which nobody showed to know, is gone. Breaks without PF_SECRET_CLEAR in
   * store_first(). */
  world_expect_call (
      world_send_secret (&world, &world.nobody, path, UPDATE, "(" MOVE ", " WITH_SECRET ")", "new"),
      NULL);
  world_assert_log (
      "lookup a@example.org password; lookup a@example.org refresh-token; "
      "clear a@example.org; store a@example.org password; changed a@example.org; "
      "record changed a@example.org by nobody: Server; "
      "record secret a@example.org by nobody: password; secret-changed a@example.org");
  world_assert_secret ("a@example.org password", "new");
  world_assert_secret ("a@example.org refresh-token", NULL);
  world_stop (&world);
}

/* What one does not own alone one does not make one's own: breaks when may_change() takes
 * own_before for granted. */
static void
test_taken_over (void)
{
  World world;
  const char *path;

  if (!world_start (&world, FALSE))
    return;
  path = world_make_account (&world);
  world_expect (&world, &world.root, path, UPDATE,
                "({'Recipients': <['b@example.org=daemon']>, 'EnvelopeHeader': <'Delivered-To'>}, "
                "@a{sv} {})",
                NULL);
  fake_polkit.say = FAKE_POLKIT_NO;
  fake_polkit.yes_to = "org.postferry1.manage-own";
  world_expect (&world, &world.nobody, path, UPDATE,
                "({'Recipients': <['b@example.org=nobody']>}, @a{sv} {})", DENIED);
  world_assert_asked ("org.postferry1.manage");
  world_expect (&world, &world.nobody, path, REMOVE, "(@a{sv} {},)", DENIED);
  world_stop (&world);
}

/* What cannot be finished is taken back. */
static void
test_update_fails (void)
{
  g_autofree char *file = NULL, *folder = NULL;
  World world;
  const char *path;

  if (!world_start (&world, FALSE))
    return;
  path = world_make_account (&world);
  /* The store does not answer: nothing was changed, so nothing is put back. Breaks when undo()
   * always runs. */
  fakes.fail = "lookup a@example.org refresh-token";
  world_expect_call (
      world_send_secret (&world, &world.nobody, path, UPDATE, "(" MOVE ", " WITH_SECRET ")", "new"),
      "org.postferry1.Error.NoSecret");
  world_assert_secret ("a@example.org password", "old");
  world_assert_secret ("a@example.org refresh-token", "token");

  fakes.fail = "store a@example.org password";
  world_expect_call (
      world_send_secret (&world, &world.nobody, path, UPDATE, "(" MOVE ", " WITH_SECRET ")", "new"),
      "org.postferry1.Error.NoSecret");
  g_assert_cmpstr (pf_account_get_settings (world_lookup (&world))->server, ==, "mail.example.org");
  fakes.fail = NULL;

  g_hash_table_insert (fakes.secrets, g_strdup ("a@example.org password"), g_strdup ("old"));
  g_hash_table_insert (fakes.secrets, g_strdup ("a@example.org refresh-token"), g_strdup ("token"));
  folder = g_build_filename (world.folder, "accounts.d", NULL);
  file = g_build_filename (folder, "a@example.org.account", NULL);
  g_assert_cmpint (unlink (file), ==, 0);
  g_assert_cmpint (rmdir (folder), ==, 0);
  g_assert_true (g_file_set_contents (folder, "in the way", -1, NULL));
  {
    FixtureCall *call = world_send_secret (&world, &world.nobody, path, UPDATE,
                                           "(" MOVE ", " WITH_SECRET ")", "new");

    fixture_wait (&call->done);
    g_assert_nonnull (call->error);
    fixture_call_free (call);
  }
  world_assert_secret ("a@example.org password", "old");
  world_assert_secret ("a@example.org refresh-token", "token");
  world_stop (&world);
}

/* Many at once are done one after the other, each on what the last one left: breaks without the
 * waiting in pf_operation_lock(). */
static void
test_updates_at_once (void)
{
  static const char *const changes[] = { "'Note': <'n'>",        "'Interval': <uint32 300>",
                                         "'Push': <false>",      "'KeepSeen': <false>",
                                         "'Enabled': <false>",   "'TargetFolder': <'t'>",
                                         "'CheckSpam': <false>", "'CheckVirus': <false>" };
  FixtureCall *calls[G_N_ELEMENTS (changes)];
  const PfSettings *settings;
  World world;
  const char *path;

  if (!world_start (&world, FALSE))
    return;
  path = world_make_account (&world);
  for (guint i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      g_autofree char *arguments = g_strdup_printf ("({%s}, @a{sv} {})", changes[i]);

      calls[i] = world_send_secret (&world, i % 2 == 0 ? &world.nobody : &world.root, path, UPDATE,
                                    arguments, "unused");
    }
  for (guint i = 0; i < G_N_ELEMENTS (changes); i++)
    world_expect_call (calls[i], NULL);
  settings = pf_account_get_settings (world_lookup (&world));
  g_assert_cmpstr (settings->note, ==, "n");
  g_assert_cmpstr (settings->target_folder, ==, "t");
  g_assert_cmpuint (settings->interval, ==, 300);
  g_assert_false (settings->push || settings->keep_seen || settings->enabled);
  g_assert_false (settings->check_spam || settings->check_virus);
  world_stop (&world);
}

/* While a person is asked the world goes on: what was decided before counts for nothing. */
static void
test_asked_meanwhile (void)
{
  FixtureCall *call;
  World world;
  const char *path;

  if (!world_start (&world, FALSE))
    return;
  path = world_make_account (&world);

  /* The account is not one's own any more when the answer comes: breaks when update() keeps what it
   * looked up before. */
  fake_polkit.say = FAKE_POLKIT_HOLD;
  call = world_send_secret (&world, &world.nobody, path, UPDATE, "({'Note': <'mine'>}, @a{sv} {})",
                            "unused");
  fixture_wait_for (&fake_polkit.held->len, 1);
  world_expect (&world, &world.root, path, UPDATE, "({'LocalUser': <'daemon'>}, @a{sv} {})", NULL);
  fake_polkit_answer (FAKE_POLKIT_YES);
  world_expect_call (call, UNKNOWN_OBJECT);
  g_assert_cmpstr (pf_account_get_settings (world_lookup (&world))->note, ==, "");

  /* It is still one's own, but not one's alone: more is asked. */
  world_expect (&world, &world.root, path, UPDATE, "({'LocalUser': <'nobody'>}, @a{sv} {})", NULL);
  g_ptr_array_set_size (fake_polkit.actions, 0);
  call = world_send_secret (&world, &world.nobody, path, UPDATE, "({'Note': <'mine'>}, @a{sv} {})",
                            "unused");
  fixture_wait_for (&fake_polkit.held->len, 1);
  world_expect (&world, &world.root, path, UPDATE,
                "({'Recipients': <['b@example.org=daemon']>, 'EnvelopeHeader': <'Delivered-To'>}, "
                "@a{sv} {})",
                NULL);
  fake_polkit_answer (FAKE_POLKIT_YES);
  fixture_wait_for (&fake_polkit.held->len, 1);
  world_assert_asked ("org.postferry1.manage-own org.postferry1.manage");
  fake_polkit_answer (FAKE_POLKIT_NO);
  world_expect_call (call, DENIED);
  g_assert_cmpstr (pf_account_get_settings (world_lookup (&world))->note, ==, "");
  world_stop (&world);
}

/* Who leaves while polkit thinks gets nothing done, even when it says yes. */
static void
test_caller_leaves (void)
{
  FixtureCall *call;
  World world;
  const char *path;

  if (!world_start (&world, FALSE))
    return;
  path = world_make_account (&world);
  fake_polkit.say = FAKE_POLKIT_HOLD;
  call = world_send_secret (&world, &world.nobody, path, UPDATE, "({'Note': <'mine'>}, @a{sv} {})",
                            "unused");
  fixture_wait_for (&fake_polkit.held->len, 1);
  g_dbus_connection_close_sync (world.nobody.connection, NULL, NULL);
  fixture_wait_for (&fake_polkit.cancelled, 1);
  fake_polkit_answer (FAKE_POLKIT_YES);
  fixture_wait (&call->done);
  fixture_call_free (call);
  world_pause (&world);
  g_assert_cmpstr (pf_account_get_settings (world_lookup (&world))->note, ==, "");
  world_assert_log ("");
  g_clear_object (&world.nobody.connection);
  g_clear_pointer (&world.nobody.heard, g_ptr_array_unref);
  world_stop (&world);
}

/* A manager who may manage the one user's accounts and the other's is asked about each. */
static void
test_both_users (void)
{
  World world;
  const char *path;

  if (!world_start (&world, FALSE))
    return;
  path = world_make_account (&world);
  fake_polkit.say = FAKE_POLKIT_YES;
  world_expect (&world, &world.nobody, path, UPDATE, "({'LocalUser': <'daemon'>}, @a{sv} {})",
                NULL);
  world_assert_asked ("org.postferry1.manage");
  {
    const char *user;

    g_assert_true (g_variant_lookup (fake_polkit.details, "local-user", "&s", &user));
    g_assert_cmpstr (user, ==, "daemon"); /* not one's own: that is the one that counts */
  }
  world_stop (&world);
}

/* --- Secrets ---------------------------------------------------------------------------------- */

static void
test_set_secret (void)
{
  World world;
  const char *path;

  if (!world_start (&world, FALSE))
    return;
  path = world_make_account (&world);
  world_expect_call (world_send_secret (&world, &world.nobody, path, SET_SECRET,
                                        "('password', handle 0, @a{sv} {})", "new"),
                     NULL);
  world_assert_log (
      "store a@example.org password; record secret a@example.org by nobody: password; "
      "secret-changed a@example.org");
  g_assert_true (pf_account_get_has_secret (world_lookup (&world)));
  world_expect_call (world_send_secret (&world, &world.nobody, path, SET_SECRET,
                                        "('pin', handle 0, @a{sv} {})", "new"),
                     "org.postferry1.Error.InvalidSetting");
  world_expect_call (world_send_secret (&world, &world.nobody, path, SET_SECRET,
                                        "('password', handle 0, @a{sv} {})", ""),
                     "org.postferry1.Error.InvalidSetting");
  world_expect_call (world_send_secret (&world, &world.daemon, path, SET_SECRET,
                                        "('password', handle 0, @a{sv} {})", "stolen"),
                     UNKNOWN_OBJECT);
  world_assert_secret ("a@example.org password", "new");
  fakes.fail = "store";
  world_expect_call (world_send_secret (&world, &world.nobody, path, SET_SECRET,
                                        "('password', handle 0, @a{sv} {})", "newer"),
                     "org.postferry1.Error.NoSecret");
  world_stop (&world);
}

/* --- Removing --------------------------------------------------------------------------------- */

static void
test_remove (void)
{
  g_autofree char *path = NULL;
  World world;

  if (!world_start (&world, FALSE))
    return;
  path = g_strdup (world_make_account (&world));
  world_expect (&world, &world.daemon, path, REMOVE, "(@a{sv} {},)", UNKNOWN_OBJECT);
  fakes.fail = "clear";
  world_expect (&world, &world.nobody, path, REMOVE, "(@a{sv} {},)",
                "org.postferry1.Error.NoSecret");
  g_assert_nonnull (world_lookup (&world));
  fakes.fail = NULL;
  g_free (fakes_take_log ());
  world_expect (&world, &world.nobody, path, REMOVE, "(@a{sv} {},)", NULL);
  world_assert_log ("clear a@example.org; removed a@example.org; "
                    "record deleted a@example.org by nobody; forget a@example.org");
  g_assert_null (world_lookup (&world));
  world_assert_secret ("a@example.org password", NULL);
  world_assert_secret ("a@example.org refresh-token", NULL);
  world_expect (&world, &world.nobody, path, REMOVE, "(@a{sv} {},)", UNKNOWN_OBJECT);
  world_stop (&world);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bus/changes/update", test_update);
  g_test_add_func ("/bus/changes/harvest", test_harvest);
  g_test_add_func ("/bus/changes/taken-over", test_taken_over);
  g_test_add_func ("/bus/changes/update-fails", test_update_fails);
  g_test_add_func ("/bus/changes/updates-at-once", test_updates_at_once);
  g_test_add_func ("/bus/changes/asked-meanwhile", test_asked_meanwhile);
  g_test_add_func ("/bus/changes/caller-leaves", test_caller_leaves);
  g_test_add_func ("/bus/changes/both-users", test_both_users);
  g_test_add_func ("/bus/changes/set-secret", test_set_secret);
  g_test_add_func ("/bus/changes/remove", test_remove);
  return g_test_run ();
}
