/* What is held back, as three users: who sees what, what is asked of polkit, what is told. */
#include "world.h"

#define QUARANTINE "/org/postferry1/quarantine"
#define IFACE "org.postferry1.Quarantine."
#define UNKNOWN "org.postferry1.Error.UnknownMessage"
#define DENIED "org.freedesktop.DBus.Error.AccessDenied"
#define SPAM "00000000000000000000000000000001"
#define VIRUS "00000000000000000000000000000002"
#define OTHERS "00000000000000000000000000000003"
#define ALL_OF_THEM "(@a{sv} {}, uint32 0, uint32 0)"

/* Two for nobody, one of them a virus; one for daemon. */
static gboolean
start (World *world)
{
  if (!world_start (world, FALSE))
    return FALSE;
  world_add (world, "a@example.org", NOBODY);
  fakes_hold_back (world->parts.keeper, SPAM, "a@example.org", NOBODY, "spam");
  fakes_hold_back (world->parts.keeper, VIRUS, "a@example.org", NOBODY, "virus");
  fakes_hold_back (world->parts.keeper, OTHERS, "b@example.org", DAEMON, "spam");
  g_free (fakes_take_log ());
  return TRUE;
}

static char *
list (World *world, Client *client, const char *arguments)
{
  g_autoptr (GVariant) reply =
      world_call (world, client, QUARANTINE, IFACE "List", arguments, NULL);

  return world_text (reply);
}

/* Fails when list() does not set the filter's recipient, or the count is all. */
static void
test_who_sees (void)
{
  g_autofree char *root = NULL, *nobody = NULL, *daemon = NULL, *count = NULL;
  g_autoptr (GVariant) value = NULL;
  World world;

  if (!start (&world))
    return;
  root = list (&world, &world.root, ALL_OF_THEM);
  nobody = list (&world, &world.nobody, ALL_OF_THEM);
  daemon = list (&world, &world.daemon, ALL_OF_THEM);
  world_assert_has (root, "], 3)");
  world_assert_has (nobody, SPAM);
  world_assert_has (nobody, VIRUS);
  world_assert_has_not (nobody, OTHERS);
  world_assert_has (nobody, "], 2)");
  world_assert_has (nobody, "two\\\\x0alines");
  world_assert_has (nobody, "'Sender': <'eve@example.net'>");
  world_assert_has (daemon, "], 1)");
  world_assert_has_not (daemon, SPAM);
  value = world_call (&world, &world.daemon, QUARANTINE, GET,
                      "('org.postferry1.Quarantine', 'Count')", NULL);
  count = world_text (value);
  world_assert_has (count, "uint32 1");
  /* What one does not see is not there. */
  world_expect (&world, &world.daemon, QUARANTINE, IFACE "Open", "('" SPAM "', @a{sv} {})",
                UNKNOWN);
  world_expect (&world, &world.daemon, QUARANTINE, IFACE "Release", "(['" SPAM "'], @a{sv} {})",
                UNKNOWN);
  world_expect (&world, &world.daemon, QUARANTINE, IFACE "Delete",
                "(['" OTHERS "', '" SPAM "'], @a{sv} {})", UNKNOWN);
  world_assert_log ("");
  world_stop (&world);
}

static void
test_filter (void)
{
  static const struct
  {
    const char *filter;
    const char *total;
  } rows[] = {
    { "{'Verdict': <'virus'>}", "], 1)" },
    { "{'Verdict': <'spam'>}", "], 2)" },
    { "{'Account': <'B@example.org'>}", "], 1)" },
    { "{'Sender': <'example.net'>}", "], 3)" },
    { "{'Sender': <'net'>}", "], 3)" },
    { "{'Sender': <'ample.net'>}", "], 0)" },
    { "{'Sender': <'EVE@example.net'>}", "], 3)" },
    { "{'Sender': <'eve@example.org'>}", "], 0)" },
    { "{'Since': <uint64 1000>}", "], 3)" },
    { "{'Before': <uint64 1000>}", "], 0)" },
  };
  g_autofree char *page = NULL;
  World world;

  if (!start (&world))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *arguments = g_strdup_printf ("(%s, uint32 0, uint32 9)", rows[i].filter);
      g_autofree char *text = list (&world, &world.root, arguments);

      g_test_message ("%s", rows[i].filter);
      world_assert_has (text, rows[i].total);
    }
  page = list (&world, &world.root, "(@a{sv} {}, uint32 1, uint32 1)");
  world_assert_has_not (page, SPAM);
  world_assert_has (page, VIRUS);
  world_assert_has_not (page, OTHERS);
  world_assert_has (page, "], 3)");
  world_expect (&world, &world.root, QUARANTINE, IFACE "List",
                "({'Verdict': <'ham'>}, uint32 0, uint32 0)",
                "org.freedesktop.DBus.Error.InvalidArgs");
  world_expect (&world, &world.root, QUARANTINE, IFACE "List",
                "({'Colour': <'red'>}, uint32 0, uint32 0)",
                "org.freedesktop.DBus.Error.InvalidArgs");
  world_stop (&world);
}

/* Fails when quarantine_action() does not look at may_have. */
static void
test_what_is_asked (void)
{
  World world;

  if (!start (&world))
    return;
  g_ptr_array_set_size (fake_polkit.actions, 0);
  world_expect (&world, &world.nobody, QUARANTINE, IFACE "Open", "('" SPAM "', @a{sv} {})", NULL);
  world_assert_asked ("org.postferry1.quarantine-own");
  world_expect (&world, &world.nobody, QUARANTINE, IFACE "Open", "('" VIRUS "', @a{sv} {})", NULL);
  world_assert_asked ("org.postferry1.quarantine");
  fake_polkit.say = FAKE_POLKIT_NO;
  fake_polkit.yes_to = "org.postferry1.quarantine-own";
  g_free (fakes_take_log ());
  world_expect (&world, &world.nobody, QUARANTINE, IFACE "Release",
                "(['" SPAM "', '" VIRUS "'], @a{sv} {})", DENIED);
  world_expect (&world, &world.nobody, QUARANTINE, IFACE "Delete", "(['" VIRUS "'], @a{sv} {})",
                DENIED);
  world_expect (&world, &world.nobody, QUARANTINE, IFACE "Open", "('" VIRUS "', @a{sv} {})",
                DENIED);
  world_assert_log ("");
  world_expect (&world, &world.nobody, QUARANTINE, IFACE "Release",
                "(['" SPAM "', '" SPAM "'], {'learn': <true>, 'allow-sender': <true>})", NULL);
  world_assert_log ("release " SPAM " by nobody learn allow");
  world_expect (&world, &world.root, QUARANTINE, IFACE "Delete",
                "(['" VIRUS "', '" OTHERS "'], @a{sv} {})", NULL);
  world_assert_log ("delete " VIRUS " " OTHERS " by root");
  world_stop (&world);
}

/* Somebody else's mail comes through the account too: who may write is not the caller's alone.
 * Fails when RULE_ALLOW_SENDER asks nothing. */
static void
test_allowing_is_the_accounts (void)
{
  World world;

  if (!start (&world))
    return;
  fakes_hold_back (world.parts.keeper, OTHERS, "a@example.org", DAEMON, "spam");
  fake_polkit.say = FAKE_POLKIT_NO;
  fake_polkit.yes_to = "org.postferry1.quarantine-own";
  world_expect (&world, &world.daemon, QUARANTINE, IFACE "Release",
                "(['" OTHERS "'], {'allow-sender': <true>})", DENIED);
  world_assert_log ("");
  world_expect (&world, &world.daemon, QUARANTINE, IFACE "Release", "(['" OTHERS "'], @a{sv} {})",
                NULL);
  world_assert_log ("release " OTHERS " by daemon");
  world_stop (&world);
}

static void
test_reading_of_others_is_logged (void)
{
  World world;

  if (!start (&world))
    return;
  world_expect (&world, &world.nobody, QUARANTINE, IFACE "Open", "('" SPAM "', @a{sv} {})", NULL);
  world_assert_log ("open " SPAM);
  world_expect (&world, &world.root, QUARANTINE, IFACE "Open", "('" SPAM "', @a{sv} {})", NULL);
  world_assert_log ("open " SPAM
                    "; record quarantine a@example.org by root: read, held back from nobody");
  world_stop (&world);
}

/* Fails when is_concerned() is always TRUE. */
static void
test_who_hears (void)
{
  g_autofree char *nobody = NULL, *daemon = NULL, *root = NULL;
  World world;

  if (!start (&world))
    return;
  world_listen (&world);
  fakes_hold_back (world.parts.keeper, "00000000000000000000000000000004", "a@example.org", NOBODY,
                   "spam");
  nobody = world_heard (&world, &world.nobody);
  root = world_heard (&world, &world.root);
  daemon = world_heard (&world, &world.daemon);
  world_assert_has (nobody, "/org/postferry1/quarantine Changed ()");
  world_assert_has (nobody, "{'Count': <uint32 3>}");
  world_assert_has (root, "{'Count': <uint32 4>}");
  world_assert_has_not (daemon, "quarantine");
  world_stop (&world);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bus/quarantine/who-sees", test_who_sees);
  g_test_add_func ("/bus/quarantine/filter", test_filter);
  g_test_add_func ("/bus/quarantine/what-is-asked", test_what_is_asked);
  g_test_add_func ("/bus/quarantine/allowing-is-the-accounts", test_allowing_is_the_accounts);
  g_test_add_func ("/bus/quarantine/reading-of-others-is-logged", test_reading_of_others_is_logged);
  g_test_add_func ("/bus/quarantine/who-hears", test_who_hears);
  return g_test_run ();
}
