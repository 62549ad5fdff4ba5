/* AddAccount and Validate: in which order things become durable, who is asked, and that nothing
 * stays half. */
#include <string.h>
#include <unistd.h>

#include "world.h"

#define ADD "org.postferry1.Manager.AddAccount"
#define DENIED "org.freedesktop.DBus.Error.AccessDenied"
#define WITH_SECRET "{'secret': <handle 0>, 'secret-kind': <'password'>}"
#define NEW                                                                                        \
  "{'Address': <'a@example.org'>, 'Server': <'mail.example.org'>, 'LocalUser': <'nobody'>}"

/* --- Adding ----------------------------------------------------------------------------------- */

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
  world_assert_log ("probe nobody; forget a@example.org; clear a@example.org; "
                    "store a@example.org password; added a@example.org; "
                    "record added a@example.org by nobody");
  world_assert_secret ("a@example.org password", "hunter2");
  g_assert_true (pf_account_get_has_secret (world_lookup (&world)));
  world_assert_asked ("org.postferry1.manage-own");

  world_expect (&world, &world.nobody, MANAGER, ADD, "(" NEW ", @a{sv} {})",
                "org.postferry1.Error.AccountExists");
  world_assert_secret ("a@example.org password", "hunter2");
  world_stop (&world);
}

/* What an earlier account of the address left behind is nobody's to use: breaks without
 * PF_SECRET_CLEAR in on_forgotten(). */
static void
test_add_after_another (void)
{
  World world;

  if (!world_start (&world, FALSE))
    return;
  g_hash_table_insert (fakes.secrets, g_strdup ("a@example.org password"), g_strdup ("of another"));
  world_expect (&world, &world.nobody, MANAGER, ADD, "(" NEW ", @a{sv} {})", NULL);
  world_assert_secret ("a@example.org password", NULL);
  g_assert_false (pf_account_get_has_secret (world_lookup (&world)));
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
  world_assert_log ("");
  fake_polkit.say = FAKE_POLKIT_YES;

  /* somebody else's asks for more */
  fake_polkit.say = FAKE_POLKIT_NO;
  fake_polkit.yes_to = "org.postferry1.manage-own";
  world_assert_asked ("org.postferry1.manage-own");
  world_expect (&world, &world.daemon, MANAGER, ADD, "(" NEW ", @a{sv} {})", DENIED);
  world_assert_asked ("org.postferry1.manage");
  fake_polkit.say = FAKE_POLKIT_YES;

  fakes.known_user = "somebody";
  world_expect (&world, &world.nobody, MANAGER, ADD, "(" NEW ", @a{sv} {})",
                "org.postferry1.Error.RecipientUnknown");
  g_assert_null (world_lookup (&world));
  world_expect (&world, &world.nobody, MANAGER, ADD, "(" NEW ", {'untested': <true>})", NULL);
  g_assert_nonnull (world_lookup (&world));
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
  world_make_account (&world);
  fake_polkit.say = FAKE_POLKIT_CHALLENGE;
  world_expect (&world, &world.daemon, MANAGER, ADD, "(" NEW ", @a{sv} {})",
                "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired");
  fake_polkit.say = FAKE_POLKIT_YES;
  world_expect (&world, &world.daemon, MANAGER, ADD, "(" NEW ", @a{sv} {})",
                "org.postferry1.Error.AccountExists");
  world_assert_secret ("a@example.org password", "old");
  world_stop (&world);
}

/* A store that fails leaves no account; one that took the secret gives it back when the account
 * cannot be stored. */
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
  g_assert_null (world_lookup (&world));
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
  g_assert_null (world_lookup (&world));
  world_assert_secret ("a@example.org password", NULL);
  world_stop (&world);
}

/* Two at once for one address: one waits for the other, whose secret is not touched. */
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
  fixture_wait_for (&fakes.log->len, 2); /* probe; forget, which is held */
  second =
      world_send_secret (&world, &world.root, MANAGER, ADD, "(" NEW ", " WITH_SECRET ")", "second");
  world_pause (&world);
  fakes_release ();
  world_expect_call (first, NULL);
  /* Leaving the waiting out of pf_operation_lock() makes this fail. */
  world_expect_call (second, "org.postferry1.Error.AccountExists");
  world_assert_secret ("a@example.org password", "first");
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

/* Accounts that are on their way to the disk count: breaks when within_limit() leaves them out. */
static void
test_add_limit_at_once (void)
{
  FixtureCall *calls[4];
  guint good = 0;
  World world;

  if (!world_start (&world, FALSE))
    return;
  for (guint i = 0; i < 48; i++)
    {
      g_autofree char *address = g_strdup_printf ("%u@example.org", i);

      world_add (&world, address, NOBODY);
    }
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    {
      g_autofree char *arguments = g_strdup_printf (
          "({'Address': <'new%u@example.org'>, 'Server': <'mail.example.org'>, 'LocalUser': "
          "<'nobody'>}, @a{sv} {})",
          i);

      calls[i] = world_send_secret (&world, &world.nobody, MANAGER, ADD, arguments, "unused");
    }
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    {
      fixture_wait (&calls[i]->done);
      good += calls[i]->error == NULL ? 1 : 0;
      fixture_call_free (calls[i]);
    }
  g_assert_cmpuint (good, ==, 2);
  g_assert_cmpuint (pf_registry_list (world.parts.registry)->len, ==, 50);
  world_stop (&world);
}

/* HasSecret is about the secret that the account needs, not about any. */
static void
test_add_other_kind (void)
{
  World world;

  if (!world_start (&world, FALSE))
    return;
  world_expect_call (world_send_secret (&world, &world.root, MANAGER, ADD,
                                        "({'Address': <'a@example.org'>, 'Server': "
                                        "<'mail.example.org'>, 'LocalUser': <'nobody'>, "
                                        "'Authentication': <'oauth2'>}, " WITH_SECRET ")",
                                        "password"),
                     NULL);
  g_assert_false (pf_account_get_has_secret (world_lookup (&world)));
  world_expect_call (world_send_secret (&world, &world.root,
                                        pf_account_get_path (world_lookup (&world)),
                                        "org.postferry1.Account.SetSecret",
                                        "('refresh-token', handle 0, @a{sv} {})", "token"),
                     NULL);
  g_assert_true (pf_account_get_has_secret (world_lookup (&world)));
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
  world_assert_asked ("org.postferry1.manage-own");
  text = g_variant_print (reply, FALSE);
  g_assert_nonnull (strstr (text, "'Key': <'Colour'>"));
  g_assert_nonnull (strstr (text, "'Key': <'Address'>"));
  g_assert_nonnull (strstr (text, "'Code': <'unknown-key'>"));
  world_expect (&world, &world.nobody, MANAGER, "org.postferry1.Manager.Validate",
                "({'Address': <'no-address'>, 'LocalUser': <'daemon'>}, @a{sv} {})", NULL);
  world_assert_asked ("org.postferry1.manage");
  world_expect (&world, &world.nobody, MANAGER, "org.postferry1.Manager.Validate",
                "(" NEW ", @a{sv} {})", NULL);
  world_assert_asked ("org.postferry1.manage-own");
  g_assert_null (world_lookup (&world));
  world_stop (&world);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bus/adding/add", test_add);
  g_test_add_func ("/bus/adding/add-after-another", test_add_after_another);
  g_test_add_func ("/bus/adding/add-refused", test_add_refused);
  g_test_add_func ("/bus/adding/existence", test_existence);
  g_test_add_func ("/bus/adding/add-fails", test_add_fails);
  g_test_add_func ("/bus/adding/add-twice", test_add_twice);
  g_test_add_func ("/bus/adding/add-limit", test_add_limit);
  g_test_add_func ("/bus/adding/add-other-kind", test_add_other_kind);
  g_test_add_func ("/bus/adding/add-limit-at-once", test_add_limit_at_once);
  g_test_add_func ("/bus/adding/validate", test_validate);
  return g_test_run ();
}
