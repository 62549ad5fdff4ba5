/* What changes accounts: in which order things become durable, who is asked, and that nothing stays half. */
#include <string.h>
#include <unistd.h>

#include "world.h"

#define MANAGER "/org/postferry1/Manager"
#define ADD "org.postferry1.Manager.AddAccount"
#define UPDATE "org.postferry1.Account.Update"
#define SET_SECRET "org.postferry1.Account.SetSecret"
#define REMOVE "org.postferry1.Account.Remove"
#define BUSY "org.postferry1.Error.Busy"
#define DENIED "org.freedesktop.DBus.Error.AccessDenied"
#define UNKNOWN_OBJECT "org.freedesktop.DBus.Error.UnknownObject"

#define NEW                                                                                        \
  "{'Address': <'a@example.org'>, 'Server': <'mail.example.org'>, 'LocalUser': <'nobody'>}"
#define WITH_SECRET "{'secret': <handle 0>, 'secret-kind': <'password'>}"
#define MOVE "{'Server': <'elsewhere.example.org'>}"

static void
assert_log (const char *expected)
{
  g_autofree char *log = fakes_take_log ();

  g_assert_cmpstr (log, ==, expected);
}

static void
assert_secret (const char *key, const char *expected)
{
  g_assert_cmpstr (g_hash_table_lookup (fakes.secrets, key), ==, expected);
}

static void
assert_asked (const char *expected)
{
  g_autofree char *asked = NULL;

  g_ptr_array_add (fake_polkit.actions, NULL);
  asked = g_strjoinv (" ", (char **) fake_polkit.actions->pdata);
  g_ptr_array_set_size (fake_polkit.actions, 0);
  g_assert_cmpstr (asked, ==, expected);
}

static PfAccount *
lookup (World *world)
{
  return pf_registry_lookup (world->parts.registry, "a@example.org");
}

/* The account with a password, its making forgotten. */
static const char *
make_account (World *world)
{
  PfAccount *account = world_add (world, "a@example.org", NOBODY);

  g_hash_table_insert (fakes.secrets, g_strdup ("a@example.org password"), g_strdup ("old"));
  g_hash_table_insert (fakes.secrets, g_strdup ("a@example.org refresh-token"), g_strdup ("token"));
  g_free (fakes_take_log ());
  return pf_account_get_path (account);
}

/* --- Adding ----------------------------------------------------------------------------------------- */

/* The secret is durable before the account: breaks when on_forgotten() stores the account first. */
static void
test_add (void)
{
  World world;

  if (!world_start (&world, FALSE))
    return;
  world_expect_call (world_send_secret (&world, &world.nobody, MANAGER, ADD,
                                        "(" NEW ", " WITH_SECRET ")", "hunter2"),
                     NULL);
  assert_log ("probe nobody; forget a@example.org; clear a@example.org; "
              "store a@example.org password; added a@example.org; "
              "record added a@example.org by nobody");
  assert_secret ("a@example.org password", "hunter2");
  g_assert_true (pf_account_get_has_secret (lookup (&world)));
  assert_asked ("org.postferry1.manage-own");

  world_expect (&world, &world.nobody, MANAGER, ADD, "(" NEW ", @a{sv} {})",
                "org.postferry1.Error.AccountExists");
  assert_secret ("a@example.org password", "hunter2");
  world_stop (&world);
}

/* What an earlier account of the address left behind is nobody's to use: breaks without PF_SECRET_CLEAR in on_forgotten(). */
static void
test_add_after_another (void)
{
  World world;

  if (!world_start (&world, FALSE))
    return;
  g_hash_table_insert (fakes.secrets, g_strdup ("a@example.org password"), g_strdup ("of another"));
  world_expect (&world, &world.nobody, MANAGER, ADD, "(" NEW ", @a{sv} {})", NULL);
  assert_secret ("a@example.org password", NULL);
  g_assert_false (pf_account_get_has_secret (lookup (&world)));
  world_stop (&world);
}

static void
test_add_refused (void)
{
  World world;

  if (!world_start (&world, FALSE))
    return;
  /* polkit's no, before anything is told or done */
  fake_polkit.say = FAKE_POLKIT_NO;
  world_expect (&world, &world.nobody, MANAGER, ADD, "(" NEW ", @a{sv} {})", DENIED);
  assert_log ("");
  fake_polkit.say = FAKE_POLKIT_YES;

  /* somebody else's asks for more */
  fake_polkit.say = FAKE_POLKIT_NO;
  fake_polkit.yes_to = "org.postferry1.manage-own";
  assert_asked ("org.postferry1.manage-own");
  world_expect (&world, &world.daemon, MANAGER, ADD, "(" NEW ", @a{sv} {})", DENIED);
  assert_asked ("org.postferry1.manage");
  fake_polkit.say = FAKE_POLKIT_YES;

  fakes.known_user = "somebody";
  world_expect (&world, &world.nobody, MANAGER, ADD, "(" NEW ", @a{sv} {})",
                "org.postferry1.Error.RecipientUnknown");
  g_assert_null (lookup (&world));
  world_expect (&world, &world.nobody, MANAGER, ADD, "(" NEW ", {'untested': <true>})", NULL);
  g_assert_nonnull (lookup (&world));
  world_expect (&world, &world.nobody, MANAGER, ADD, "({'Address': <'b@example.org'>}, @a{sv} {})",
                "org.postferry1.Error.InvalidSetting");
  world_expect (&world, &world.nobody, MANAGER, ADD, "(" NEW ", {'colour': <'red'>})",
                "org.freedesktop.DBus.Error.InvalidArgs");
  world_expect (&world, &world.nobody, MANAGER, ADD, "(" NEW ", {'secret': <handle 7>})",
                "org.freedesktop.DBus.Error.InvalidArgs");
  world_expect (&world, &world.nobody, MANAGER, ADD, "(" NEW ", {'secret-kind': <'password'>})",
                "org.freedesktop.DBus.Error.InvalidArgs");
  world_expect (&world, &world.nobody, MANAGER, ADD, "(" NEW ", {'secret-kind': <'pin'>})",
                "org.postferry1.Error.InvalidSetting");
  world_stop (&world);
}

/* The existence of somebody else's account is told only to who may add it. */
static void
test_existence (void)
{
  World world;

  if (!world_start (&world, FALSE))
    return;
  make_account (&world);
  fake_polkit.say = FAKE_POLKIT_CHALLENGE;
  world_expect (&world, &world.daemon, MANAGER, ADD, "(" NEW ", @a{sv} {})",
                "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired");
  fake_polkit.say = FAKE_POLKIT_YES;
  world_expect (&world, &world.daemon, MANAGER, ADD, "(" NEW ", @a{sv} {})",
                "org.postferry1.Error.AccountExists");
  assert_secret ("a@example.org password", "old");
  world_stop (&world);
}

/* A store that fails leaves no account; one that took the secret gives it back when the account cannot be stored. */
static void
test_add_fails (void)
{
  g_autofree char *folder = NULL;
  World world;

  if (!world_start (&world, FALSE))
    return;
  fakes.fail = "store";
  world_expect_call (world_send_secret (&world, &world.nobody, MANAGER, ADD,
                                        "(" NEW ", " WITH_SECRET ")", "hunter2"),
                     "org.postferry1.Error.NoSecret");
  g_assert_null (lookup (&world));
  fakes.fail = NULL;
  folder = g_build_filename (world.folder, "accounts.d", NULL);
  g_assert_cmpint (rmdir (folder), ==, 0);
  g_assert_true (g_file_set_contents (folder, "in the way", -1, NULL));
  {
    FixtureCall *call = world_send_secret (&world, &world.nobody, MANAGER, ADD,
                                           "(" NEW ", " WITH_SECRET ")", "hunter2");

    fixture_wait (&call->done);
    g_assert_nonnull (call->error);
    fixture_call_free (call);
  }
  g_assert_null (lookup (&world));
  assert_secret ("a@example.org password", NULL);
  world_stop (&world);
}

/* Two at once for one address: one is told to wait, and the other's secret is not touched. */
static void
test_add_twice (void)
{
  FixtureCall *first, *second;
  World world;

  if (!world_start (&world, FALSE))
    return;
  fakes.hold_secrets = TRUE;
  first = world_send_secret (&world, &world.nobody, MANAGER, ADD, "(" NEW ", " WITH_SECRET ")",
                             "first");
  while (fakes.log->len < 2) /* probe; forget, which is held */
    g_main_context_iteration (NULL, TRUE);
  second =
      world_send_secret (&world, &world.root, MANAGER, ADD, "(" NEW ", " WITH_SECRET ")", "second");
  world_expect_call (second, BUSY);
  fakes_release ();
  world_expect_call (first, NULL);
  assert_secret ("a@example.org password", "first");
  world_stop (&world);
}

static void
test_add_limit (void)
{
  World world;

  if (!world_start (&world, FALSE))
    return;
  for (guint i = 0; i < 50; i++)
    {
      g_autofree char *address = g_strdup_printf ("%u@example.org", i);

      world_add (&world, address, NOBODY);
    }
  world_expect (&world, &world.nobody, MANAGER, ADD, "(" NEW ", @a{sv} {})",
                "org.postferry1.Error.LimitExceeded");
  world_expect (&world, &world.root, MANAGER, ADD, "(" NEW ", @a{sv} {})", NULL);
  world_stop (&world);
}

/* --- Updating --------------------------------------------------------------------------------------- */

static void
test_update (void)
{
  World world;
  const char *path;

  if (!world_start (&world, FALSE))
    return;
  path = make_account (&world);
  world_expect (&world, &world.nobody, path, UPDATE,
                "({'Note': <'hello'>, 'Interval': <uint32 600>}, @a{sv} {})", NULL);
  assert_asked ("org.postferry1.manage-own");
  assert_log ("changed a@example.org; record changed a@example.org by nobody: Interval, Note");
  g_assert_cmpuint (pf_account_get_settings (lookup (&world))->interval, ==, 600);
  /* all or nothing */
  world_expect (&world, &world.nobody, path, UPDATE,
                "({'Note': <'bye'>, 'Interval': <uint32 1>}, @a{sv} {})",
                "org.postferry1.Error.InvalidSetting");
  g_assert_cmpstr (pf_account_get_settings (lookup (&world))->note, ==, "hello");
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
  path = make_account (&world);
  fake_polkit.say = FAKE_POLKIT_NO;
  fake_polkit.yes_to = "org.postferry1.manage-own";
  world_expect (&world, &world.nobody, path, UPDATE, "(" MOVE ", @a{sv} {})", DENIED);
  assert_asked ("org.postferry1.manage");
  /* nor by giving the account to oneself or away */
  world_expect (&world, &world.nobody, path, UPDATE, "({'LocalUser': <'daemon'>}, @a{sv} {})",
                DENIED);
  world_expect (&world, &world.nobody, path, UPDATE,
                "({'Recipients': <['b@example.org=daemon']>, 'EnvelopeHeader': <'Delivered-To'>}, "
                "@a{sv} {})",
                DENIED);
  world_expect (&world, &world.daemon, path, UPDATE, "({'LocalUser': <'daemon'>}, @a{sv} {})",
                UNKNOWN_OBJECT);
  g_assert_cmpstr (pf_account_get_settings (lookup (&world))->server, ==, "mail.example.org");
  assert_log ("");

  /* With the secret anew it is one's own affair: stored before the new server counts, and the other kind of secret, which
   * nobody showed to know, is gone. Breaks without PF_SECRET_CLEAR in store_first(). */
  world_expect_call (
      world_send_secret (&world, &world.nobody, path, UPDATE, "(" MOVE ", " WITH_SECRET ")", "new"),
      NULL);
  assert_log ("lookup a@example.org password; lookup a@example.org refresh-token; "
              "clear a@example.org; store a@example.org password; changed a@example.org; "
              "record changed a@example.org by nobody: Server; "
              "record secret a@example.org by nobody: password; secret-changed a@example.org");
  assert_secret ("a@example.org password", "new");
  assert_secret ("a@example.org refresh-token", NULL);
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
  path = make_account (&world);
  /* The store does not answer: nothing was changed, so nothing is put back. Breaks when undo() always runs. */
  fakes.fail = "lookup a@example.org refresh-token";
  world_expect_call (
      world_send_secret (&world, &world.nobody, path, UPDATE, "(" MOVE ", " WITH_SECRET ")", "new"),
      "org.postferry1.Error.NoSecret");
  assert_secret ("a@example.org password", "old");
  assert_secret ("a@example.org refresh-token", "token");

  fakes.fail = "store a@example.org password";
  world_expect_call (
      world_send_secret (&world, &world.nobody, path, UPDATE, "(" MOVE ", " WITH_SECRET ")", "new"),
      "org.postferry1.Error.NoSecret");
  g_assert_cmpstr (pf_account_get_settings (lookup (&world))->server, ==, "mail.example.org");
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
  assert_secret ("a@example.org password", "old");
  assert_secret ("a@example.org refresh-token", "token");
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
  path = make_account (&world);

  /* The account is not one's own any more when the answer comes: breaks when update() keeps what it looked up before. */
  fake_polkit.say = FAKE_POLKIT_HOLD;
  call = world_send_secret (&world, &world.nobody, path, UPDATE, "({'Note': <'mine'>}, @a{sv} {})",
                            "unused");
  while (fake_polkit.held->len == 0)
    g_main_context_iteration (NULL, TRUE);
  world_expect (&world, &world.root, path, UPDATE, "({'LocalUser': <'daemon'>}, @a{sv} {})", NULL);
  fake_polkit_answer (FAKE_POLKIT_YES);
  world_expect_call (call, UNKNOWN_OBJECT);
  g_assert_cmpstr (pf_account_get_settings (lookup (&world))->note, ==, "");

  /* It is still one's own, but not one's alone: more is asked. */
  world_expect (&world, &world.root, path, UPDATE, "({'LocalUser': <'nobody'>}, @a{sv} {})", NULL);
  g_ptr_array_set_size (fake_polkit.actions, 0);
  call = world_send_secret (&world, &world.nobody, path, UPDATE, "({'Note': <'mine'>}, @a{sv} {})",
                            "unused");
  while (fake_polkit.held->len == 0)
    g_main_context_iteration (NULL, TRUE);
  world_expect (&world, &world.root, path, UPDATE,
                "({'Recipients': <['b@example.org=daemon']>, 'EnvelopeHeader': <'Delivered-To'>}, "
                "@a{sv} {})",
                NULL);
  fake_polkit_answer (FAKE_POLKIT_YES);
  while (fake_polkit.held->len == 0)
    g_main_context_iteration (NULL, TRUE);
  assert_asked ("org.postferry1.manage-own org.postferry1.manage");
  fake_polkit_answer (FAKE_POLKIT_NO);
  world_expect_call (call, DENIED);
  g_assert_cmpstr (pf_account_get_settings (lookup (&world))->note, ==, "");
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
  path = make_account (&world);
  fake_polkit.say = FAKE_POLKIT_HOLD;
  call = world_send_secret (&world, &world.nobody, path, UPDATE, "({'Note': <'mine'>}, @a{sv} {})",
                            "unused");
  while (fake_polkit.held->len == 0)
    g_main_context_iteration (NULL, TRUE);
  g_dbus_connection_close_sync (world.nobody.connection, NULL, NULL);
  while (fake_polkit.cancelled == 0)
    g_main_context_iteration (NULL, TRUE);
  fake_polkit_answer (FAKE_POLKIT_YES);
  fixture_wait (&call->done);
  fixture_call_free (call);
  world_pause (&world);
  g_assert_cmpstr (pf_account_get_settings (lookup (&world))->note, ==, "");
  assert_log ("");
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
  path = make_account (&world);
  fake_polkit.say = FAKE_POLKIT_YES;
  world_expect (&world, &world.nobody, path, UPDATE, "({'LocalUser': <'daemon'>}, @a{sv} {})",
                NULL);
  assert_asked ("org.postferry1.manage");
  {
    const char *user;

    g_assert_true (g_variant_lookup (fake_polkit.details, "local-user", "&s", &user));
    g_assert_cmpstr (user, ==, "daemon"); /* not one's own: that is the one that counts */
  }
  world_stop (&world);
}

/* --- Secrets ---------------------------------------------------------------------------------------- */

static void
test_set_secret (void)
{
  World world;
  const char *path;

  if (!world_start (&world, FALSE))
    return;
  path = make_account (&world);
  world_expect_call (world_send_secret (&world, &world.nobody, path, SET_SECRET,
                                        "('password', handle 0, @a{sv} {})", "new"),
                     NULL);
  assert_log ("store a@example.org password; record secret a@example.org by nobody: password; "
              "secret-changed a@example.org");
  g_assert_true (pf_account_get_has_secret (lookup (&world)));
  world_expect_call (world_send_secret (&world, &world.nobody, path, SET_SECRET,
                                        "('pin', handle 0, @a{sv} {})", "new"),
                     "org.postferry1.Error.InvalidSetting");
  world_expect_call (world_send_secret (&world, &world.nobody, path, SET_SECRET,
                                        "('password', handle 0, @a{sv} {})", ""),
                     "org.postferry1.Error.InvalidSetting");
  world_expect_call (world_send_secret (&world, &world.daemon, path, SET_SECRET,
                                        "('password', handle 0, @a{sv} {})", "stolen"),
                     UNKNOWN_OBJECT);
  assert_secret ("a@example.org password", "new");
  fakes.fail = "store";
  world_expect_call (world_send_secret (&world, &world.nobody, path, SET_SECRET,
                                        "('password', handle 0, @a{sv} {})", "newer"),
                     "org.postferry1.Error.NoSecret");
  world_stop (&world);
}

/* --- Removing --------------------------------------------------------------------------------------- */

static void
test_remove (void)
{
  g_autofree char *path = NULL;
  World world;

  if (!world_start (&world, FALSE))
    return;
  path = g_strdup (make_account (&world));
  world_expect (&world, &world.daemon, path, REMOVE, "(@a{sv} {},)", UNKNOWN_OBJECT);
  fakes.fail = "clear";
  world_expect (&world, &world.nobody, path, REMOVE, "(@a{sv} {},)",
                "org.postferry1.Error.NoSecret");
  g_assert_nonnull (lookup (&world));
  fakes.fail = NULL;
  g_free (fakes_take_log ());
  world_expect (&world, &world.nobody, path, REMOVE, "(@a{sv} {},)", NULL);
  assert_log ("clear a@example.org; removed a@example.org; "
              "record deleted a@example.org by nobody; forget a@example.org");
  g_assert_null (lookup (&world));
  assert_secret ("a@example.org password", NULL);
  assert_secret ("a@example.org refresh-token", NULL);
  world_expect (&world, &world.nobody, path, REMOVE, "(@a{sv} {},)", UNKNOWN_OBJECT);
  world_stop (&world);
}

static void
test_validate (void)
{
  g_autoptr (GVariant) reply = NULL;
  g_autofree char *text = NULL;
  World world;

  if (!world_start (&world, FALSE))
    return;
  reply = world_call (&world, &world.nobody, MANAGER, "org.postferry1.Manager.Validate",
                      "({'Address': <'no-address'>, 'Colour': <'red'>}, @a{sv} {})", NULL);
  assert_asked ("org.postferry1.manage-own");
  text = g_variant_print (reply, FALSE);
  g_assert_nonnull (strstr (text, "'Key': <'Colour'>"));
  g_assert_nonnull (strstr (text, "'Key': <'Address'>"));
  g_assert_nonnull (strstr (text, "'Code': <'unknown-key'>"));
  world_expect (&world, &world.nobody, MANAGER, "org.postferry1.Manager.Validate",
                "({'Address': <'no-address'>, 'LocalUser': <'daemon'>}, @a{sv} {})", NULL);
  assert_asked ("org.postferry1.manage");
  world_expect (&world, &world.nobody, MANAGER, "org.postferry1.Manager.Validate",
                "(" NEW ", @a{sv} {})", NULL);
  assert_asked ("org.postferry1.manage-own");
  g_assert_null (lookup (&world));
  world_stop (&world);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bus/changes/add", test_add);
  g_test_add_func ("/bus/changes/add-after-another", test_add_after_another);
  g_test_add_func ("/bus/changes/add-refused", test_add_refused);
  g_test_add_func ("/bus/changes/existence", test_existence);
  g_test_add_func ("/bus/changes/add-fails", test_add_fails);
  g_test_add_func ("/bus/changes/add-twice", test_add_twice);
  g_test_add_func ("/bus/changes/add-limit", test_add_limit);
  g_test_add_func ("/bus/changes/update", test_update);
  g_test_add_func ("/bus/changes/harvest", test_harvest);
  g_test_add_func ("/bus/changes/update-fails", test_update_fails);
  g_test_add_func ("/bus/changes/asked-meanwhile", test_asked_meanwhile);
  g_test_add_func ("/bus/changes/caller-leaves", test_caller_leaves);
  g_test_add_func ("/bus/changes/both-users", test_both_users);
  g_test_add_func ("/bus/changes/set-secret", test_set_secret);
  g_test_add_func ("/bus/changes/remove", test_remove);
  g_test_add_func ("/bus/changes/validate", test_validate);
  return g_test_run ();
}
