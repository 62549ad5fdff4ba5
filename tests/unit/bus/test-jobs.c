/* Checks, the log, and the rest of the Manager: as three users. */
#include <string.h>

#include "world.h"

/* --- Checks ----------------------------------------------------------------------------------- */

#define TEST_SETTINGS                                                                              \
  "({'Address': <'t@example.org'>, 'Server': <'mail.example.org'>, 'LocalUser': <'nobody'>}, "     \
  "handle 0, @a{sv} {})"

/* A test of settings is its starter's. */
static void
test_checks (void)
{
  g_autofree char *nobody = NULL, *daemon = NULL, *root = NULL, *end = NULL;
  g_autoptr (GVariant) all = NULL;
  const char *last, *finished;
  World world;
  PfCheck *check;

  if (!world_start (&world, FALSE))
    return;
  world_listen (&world);
  world_expect_call (world_send_secret (&world, &world.nobody, MANAGER,
                                        "org.postferry1.Manager.TestSettings", TEST_SETTINGS,
                                        "hunter2"),
                     NULL);
  g_assert_cmpuint (pf_schedule_list (fakes.schedule)->len, ==, 1);
  check = pf_schedule_list (fakes.schedule)->pdata[0];
  for (guint i = 1; i <= 100; i++)
    fakes_progress (check, i);
  fakes_finish (check);
  nobody = world_heard (&world, &world.nobody);
  root = world_heard (&world, &world.root);
  daemon = world_heard (&world, &world.daemon);
  world_assert_has (nobody, "InterfacesAdded");
  world_assert_has (nobody, "'MessagesDone': <uint32 100>");
  world_assert_has (nobody, "Finished ('succeeded', {'Delivered': <uint32 100>})");
  g_assert_cmpuint (world_count (nobody, "PropertiesChanged"), <=, 2);
  /* Finished is the last word. */
  last = g_strrstr (nobody, "PropertiesChanged");
  finished = strstr (nobody, "Finished");
  g_assert_true (last < finished);
  world_assert_has (root, "Finished");
  g_assert_cmpstr (daemon, ==, "");
  world_assert_has_not (nobody, "hunter2");

  all = world_call (&world, &world.nobody, pf_check_get_path (check), GET_ALL, "('',)", NULL);
  world_expect (&world, &world.daemon, pf_check_get_path (check), GET_ALL, "('',)", UNKNOWN_OBJECT);
  world_expect (&world, &world.daemon, pf_check_get_path (check), "org.postferry1.Check.Cancel",
                NULL, UNKNOWN_OBJECT);
  fakes_expire (check);
  end = world_heard (&world, &world.nobody);
  world_assert_has (end, "InterfacesRemoved");
  world_stop (&world);
}

static void
test_check_methods (void)
{
  g_autofree char *first = NULL, *second = NULL, *log = NULL;
  g_autoptr (GVariant) one = NULL, two = NULL;
  World world;
  const char *path;

  if (!world_start (&world, FALSE))
    return;
  path = pf_account_get_path (world_add (&world, "a@example.org", NOBODY));
  g_free (fakes_take_log ());
  one = world_call (&world, &world.nobody, path, "org.postferry1.Account.Check", "(@a{sv} {},)",
                    NULL);
  two = world_call (&world, &world.nobody, path, "org.postferry1.Account.Check",
                    "({'limit': <uint32 5>, 'explain': <true>},)", NULL);
  first = world_text (one);
  second = world_text (two);
  g_assert_cmpstr (first, ==, second); /* the one that runs */
  world_expect (&world, &world.nobody, path, "org.postferry1.Account.Check", "({'limit': <5>},)",
                "org.freedesktop.DBus.Error.InvalidArgs");
  world_expect (&world, &world.nobody,
                pf_check_get_path (pf_schedule_list (fakes.schedule)->pdata[0]),
                "org.postferry1.Check.Cancel", NULL, NULL);
  log = fakes_take_log ();
  g_assert_cmpstr (log, ==, "check a@example.org; cancel");
  g_assert_cmpstr (fake_polkit.actions->pdata[0], ==, "org.postferry1.check");
  world_stop (&world);
}

/* What would need asking is left out, and so are disabled accounts. */
static void
test_check_all (void)
{
  g_autoptr (GVariant) paths = NULL;
  g_autofree char *log = NULL;
  World world;
  PfAccount *off;

  if (!world_start (&world, FALSE))
    return;
  world_add (&world, "a@example.org", NOBODY);
  world_add (&world, "b@example.org", NOBODY);
  world_add (&world, "c@example.org", DAEMON);
  off = world_add (&world, "d@example.org", NOBODY);
  world_expect (&world, &world.root, pf_account_get_path (off), "org.postferry1.Account.Update",
                "({'Enabled': <false>}, @a{sv} {})", NULL);
  g_free (fakes_take_log ());
  paths = world_call (&world, &world.nobody, MANAGER, "org.postferry1.Manager.CheckAll",
                      "(@a{sv} {},)", NULL);
  log = fakes_take_log ();
  g_assert_cmpstr (log, ==, "check a@example.org; check b@example.org");

  fake_polkit.say = FAKE_POLKIT_CHALLENGE;
  {
    g_autoptr (GVariant) none = world_call (
        &world, &world.daemon, MANAGER, "org.postferry1.Manager.CheckAll", "(@a{sv} {},)", NULL);
    g_autofree char *text = world_text (none);

    g_assert_cmpstr (text, ==, "([],)");
  }
  world_stop (&world);
}

/* Eight for one user; root is not bounded. */
static void
test_check_limit (void)
{
  World world;

  if (!world_start (&world, FALSE))
    return;
  for (guint i = 0; i < 9; i++)
    world_expect_call (world_send_secret (&world, &world.nobody, MANAGER,
                                          "org.postferry1.Manager.TestSettings", TEST_SETTINGS,
                                          "x"),
                       i < 8 ? NULL : "org.postferry1.Error.LimitExceeded");
  fakes_finish (pf_schedule_list (fakes.schedule)->pdata[0]);
  world_expect_call (world_send_secret (&world, &world.nobody, MANAGER,
                                        "org.postferry1.Manager.TestSettings", TEST_SETTINGS, "x"),
                     NULL);
  for (guint i = 0; i < 10; i++)
    world_expect_call (world_send_secret (&world, &world.root, MANAGER,
                                          "org.postferry1.Manager.TestSettings", TEST_SETTINGS,
                                          "x"),
                       NULL);
  world_stop (&world);
}

/* --- The log ---------------------------------------------------------------------------------- */

static char *
get_log (World *world, Client *client, const char *filter)
{
  g_autofree char *arguments = g_strdup_printf ("(%s,)", filter);
  g_autoptr (GVariant) reply =
      world_call (world, client, MANAGER, "org.postferry1.Manager.GetLog", arguments, NULL);

  return world_text (reply);
}

/* One sees one's own accounts' entries, and none from before the account was one's own. Breaks when
 * is_older() is always FALSE. */
static void
test_log (void)
{
  g_autofree char *root = NULL, *nobody = NULL, *daemon = NULL, *one = NULL;
  World world;

  if (!world_start (&world, FALSE))
    return;
  world_add (&world, "a@example.org", NOBODY);
  world_add (&world, "b@example.org", DAEMON);
  fakes_add_event (PF_EVENT_MESSAGE, "a@example.org", 1000, "of an earlier owner");
  fakes_add_event (PF_EVENT_DELETED, "a@example.org", 2000, NULL);
  fakes_add_event (PF_EVENT_ADDED, "a@example.org", 3000, NULL);
  fakes_add_event (PF_EVENT_MESSAGE, "a@example.org", 4000, "nobody's own");
  fakes_add_event (PF_EVENT_MESSAGE, "b@example.org", 5000, "daemon's own");
  fakes_add_event (PF_EVENT_STARTED, NULL, 6000, "the service's");

  root = get_log (&world, &world.root, "@a{sv} {}");
  world_assert_has (root, "of an earlier owner");
  world_assert_has (root, "the service's");
  nobody = get_log (&world, &world.nobody, "@a{sv} {}");
  world_assert_has (nobody, "nobody's own");
  world_assert_has_not (nobody, "earlier owner");
  world_assert_has_not (nobody, "daemon's");
  world_assert_has_not (nobody, "service's");
  daemon = get_log (&world, &world.daemon, "@a{sv} {}");
  world_assert_has (daemon, "daemon's own");
  world_assert_has_not (daemon, "nobody's");

  one = get_log (&world, &world.nobody, "{'Account': <'A@example.org'>}");
  world_assert_has (one, "nobody's own");
  g_free (one);
  one = g_variant_print (fakes.asked_filter, FALSE);
  world_assert_has (one, "'Account': <'a@example.org'>");
  world_assert_has (one, "'Limit': <uint32 100>");
  world_stop (&world);
}

static void
test_log_filters (void)
{
  static const char *const wrong[] = {
    "({'Limit': <uint32 0>},)",
    "({'Limit': <uint32 1001>},)",
    "({'Events': <['no-such']>},)",
    "({'Outcome': <'no-such'>},)",
    "({'Since': <'today'>},)",
    "({'limit': <uint32 1>},)",
    "({'Account': <'b@example.org'>, 'Nonsense': <1>},)",
  };
  World world;

  if (!world_start (&world, FALSE))
    return;
  world_add (&world, "a@example.org", NOBODY);
  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
    world_expect (&world, &world.nobody, MANAGER, "org.postferry1.Manager.GetLog", wrong[i],
                  "org.freedesktop.DBus.Error.InvalidArgs");
  world_expect (
      &world, &world.nobody, MANAGER, "org.postferry1.Manager.GetLog",
      "({'Limit': <uint32 1000>, 'Events': <['message', 'check']>, 'Outcome': <'junked'>, "
      "'Since': <uint64 1>, 'Before': <uint64 2>},)",
      NULL);
  world_expect (&world, &world.daemon, MANAGER, "org.postferry1.Manager.GetLog",
                "({'Account': <'a@example.org'>},)", "org.postferry1.Error.UnknownAccount");
  world_expect (&world, &world.daemon, MANAGER, "org.postferry1.Manager.GetStatistics",
                "({'Account': <'a@example.org'>},)", "org.postferry1.Error.UnknownAccount");
  world_expect (&world, &world.daemon, MANAGER, "org.postferry1.Manager.GetStatistics",
                "({'Days': <uint32 0>},)", "org.freedesktop.DBus.Error.InvalidArgs");
  world_expect (&world, &world.nobody, MANAGER, "org.postferry1.Manager.GetStatistics",
                "({'Days': <uint32 7>},)", NULL);
  g_assert_cmpstr (fakes.asked_accounts[0], ==, "a@example.org");
  g_assert_null (fakes.asked_accounts[1]);
  world_stop (&world);
}

/* --- The rest --------------------------------------------------------------------------------- */

static void
test_manager (void)
{
  g_autofree char *users = NULL, *own = NULL;
  g_autoptr (GVariant) all = NULL, oneself = NULL;
  World world;

  if (!world_start (&world, FALSE))
    return;
  all = world_call (&world, &world.root, MANAGER, "org.postferry1.Manager.Recipients",
                    "(@a{sv} {},)", NULL);
  users = world_text (all);
  g_assert_cmpstr (users, ==, "(['alice', 'bob'],)");
  fake_polkit.say = FAKE_POLKIT_CHALLENGE;
  oneself = world_call (&world, &world.nobody, MANAGER, "org.postferry1.Manager.Recipients",
                        "(@a{sv} {},)", NULL);
  own = world_text (oneself);
  g_assert_cmpstr (own, ==, "(['nobody'],)");

  world_expect (&world, &world.nobody, MANAGER, "org.postferry1.Manager.Reload", NULL,
                "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired");
  g_assert_cmpuint (fakes.reloads, ==, 0);
  world_expect (&world, &world.root, MANAGER, "org.postferry1.Manager.Reload", NULL, NULL);
  g_assert_cmpuint (fakes.reloads, ==, 1);
  world_expect (&world, &world.root, MANAGER, "org.postferry1.Manager.Discover",
                "('a@example.org', @a{sv} {})", "org.postferry1.Error.NotSupported");
  world_stop (&world);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bus/jobs/checks", test_checks);
  g_test_add_func ("/bus/jobs/check-methods", test_check_methods);
  g_test_add_func ("/bus/jobs/check-all", test_check_all);
  g_test_add_func ("/bus/jobs/check-limit", test_check_limit);
  g_test_add_func ("/bus/jobs/log", test_log);
  g_test_add_func ("/bus/jobs/log-filters", test_log_filters);
  g_test_add_func ("/bus/jobs/manager", test_manager);
  return g_test_run ();
}
