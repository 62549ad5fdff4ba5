/* Who sees what, and who is told: the whole door as three users. */
#include <string.h>

#include "world.h"

#define MANAGER "/org/postferry1/Manager"
#define ROOT "/org/postferry1"
#define GET "org.freedesktop.DBus.Properties.Get"
#define GET_ALL "org.freedesktop.DBus.Properties.GetAll"
#define SET "org.freedesktop.DBus.Properties.Set"
#define INTROSPECT "org.freedesktop.DBus.Introspectable.Introspect"
#define MANAGED "org.freedesktop.DBus.ObjectManager.GetManagedObjects"
#define UNKNOWN_OBJECT "org.freedesktop.DBus.Error.UnknownObject"

static void
assert_has (const char *text, const char *part)
{
  if (strstr (text, part) == NULL)
    g_error ("“%s” is not in:\n%s", part, text);
}

static void
assert_has_not (const char *text, const char *part)
{
  if (strstr (text, part) != NULL)
    g_error ("“%s” is in:\n%s", part, text);
}

/* A call's whole outcome as text, with @path as PATH. */
static char *
outcome (World *world, Client *client, const char *path, const char *method, const char *arguments)
{
  const char *dot = strrchr (method, '.');
  g_autofree char *interface = g_strndup (method, (gsize) (dot - method));
  g_autoptr (GVariant) parsed =
      arguments != NULL ? g_variant_parse (NULL, arguments, NULL, NULL, NULL) : NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) body =
      fixture_call (client->connection, world->name, path, interface, dot + 1, parsed, &error);
  g_autofree char *text = error != NULL ? g_strdup (error->message) : g_variant_print (body, TRUE);
  g_auto (GStrv) parts = g_strsplit (text, path, -1);

  return g_strjoinv ("PATH", parts);
}

static char *
as_text (GVariant *value)
{
  return value != NULL ? g_variant_print (value, FALSE) : g_strdup ("(none)");
}

/* --- Seeing ----------------------------------------------------------------------------------------- */

/* Nothing tells an account that one may not see from one that never was. Breaks when find_account() does not ask
 * pf_caller_sees_account(), or when GDBus answers one of these by itself. */
static void
test_invisible (void)
{
  static const char *const never = ROOT "/account/00000000000000000000000000000000";
  static const char *const calls[][2] = {
    { GET_ALL, "('org.postferry1.Account',)" },
    { GET_ALL, "('no.such.Interface',)" },
    { GET, "('org.postferry1.Account', 'Server')" },
    { GET, "('org.postferry1.Account', 'NoSuch')" },
    { SET, "('org.postferry1.Account', 'Note', <'x'>)" },
    { INTROSPECT, NULL },
    { INTROSPECT, "('too many',)" },
    { "org.postferry1.Account.Update", "(@a{sv} {}, @a{sv} {})" },
    { "org.postferry1.Account.Update", "('wrong', 'types')" },
    { "org.postferry1.Account.Remove", "(@a{sv} {},)" },
    { "org.postferry1.Account.Check", "(@a{sv} {},)" },
    { "org.postferry1.Account.NoSuch", NULL },
    { "no.such.Interface.Method", NULL },
  };
  World world;
  const char *path;

  if (!world_start (&world, FALSE))
    return;
  path = pf_account_get_path (world_add (&world, "a@example.org", NOBODY));
  for (gsize i = 0; i < G_N_ELEMENTS (calls); i++)
    {
      g_autofree char *hidden = outcome (&world, &world.daemon, path, calls[i][0], calls[i][1]);
      g_autofree char *absent = outcome (&world, &world.daemon, never, calls[i][0], calls[i][1]);

      g_test_message ("%s: %s", calls[i][0], hidden);
      g_assert_cmpstr (hidden, ==, absent);
      assert_has (hidden, UNKNOWN_OBJECT);
    }
  /* nor from a path of another kind */
  {
    g_autofree char *hidden = outcome (&world, &world.daemon, path, INTROSPECT, NULL);
    g_autofree char *other = outcome (&world, &world.daemon, ROOT "/x/y/z", INTROSPECT, NULL);
    g_autofree char *deeper =
        outcome (&world, &world.daemon, ROOT "/account/x/y", INTROSPECT, NULL);

    g_assert_cmpstr (hidden, ==, other);
    g_assert_cmpstr (hidden, ==, deeper);
  }
  world_stop (&world);
}

static void
test_visible (void)
{
  World world;
  const char *path;

  if (!world_start (&world, FALSE))
    return;
  path = pf_account_get_path (world_add (&world, "a@example.org", NOBODY));
  for (guint i = 0; i < 2; i++)
    {
      Client *client = i == 0 ? &world.nobody : &world.root;
      g_autofree char *all = outcome (&world, client, path, GET_ALL, "('org.postferry1.Account',)");
      g_autofree char *objects = outcome (&world, client, ROOT, MANAGED, NULL);
      g_autofree char *xml = outcome (&world, client, path, INTROSPECT, NULL);
      g_autofree char *list = outcome (&world, client, ROOT "/account", INTROSPECT, NULL);
      g_autofree char *found = outcome (&world, client, MANAGER,
                                        "org.postferry1.Manager.GetAccount", "('A@Example.ORG',)");

      assert_has (all, "'LocalUser': <'nobody'>");
      assert_has (all, "'HasSecret': <false>");
      assert_has (all, "'Problem': <(");
      assert_has (objects, strrchr (path, '/') + 1);
      assert_has (xml, "org.postferry1.Account");
      assert_has (list, strrchr (path, '/') + 1);
      assert_has (found, path);
    }
  {
    g_autofree char *objects = outcome (&world, &world.daemon, ROOT, MANAGED, NULL);
    g_autofree char *list = outcome (&world, &world.daemon, ROOT "/account", INTROSPECT, NULL);
    g_autofree char *counts =
        outcome (&world, &world.daemon, MANAGER, GET_ALL, "('org.postferry1.Manager',)");

    assert_has_not (objects, "/account/");
    assert_has (objects, "/Manager");
    assert_has_not (list, "<node name");
    assert_has (counts, "'Accounts': <uint32 0>");
  }
  world_expect (&world, &world.daemon, MANAGER, "org.postferry1.Manager.GetAccount",
                "('a@example.org',)", "org.postferry1.Error.UnknownAccount");
  world_stop (&world);
}

/* Every property of the interface is there with its type, and no other. */
static void
test_properties_complete (void)
{
  World world;
  const char *path;

  if (!world_start (&world, FALSE))
    return;
  path = pf_account_get_path (world_add (&world, "a@example.org", NOBODY));
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GVariant) reply =
          world_call (&world, &world.root, i == 0 ? path : MANAGER, INTROSPECT, NULL, NULL);
      g_autoptr (GVariant) all = NULL, values = NULL;
      g_autoptr (GDBusNodeInfo) node = NULL;
      GDBusInterfaceInfo *interface;
      const char *xml;
      guint n = 0;

      g_variant_get (reply, "(&s)", &xml);
      node = g_dbus_node_info_new_for_xml (xml, NULL);
      interface = g_dbus_node_info_lookup_interface (node, i == 0 ? "org.postferry1.Account"
                                                                  : "org.postferry1.Manager");
      all = world_call (&world, &world.root, i == 0 ? path : MANAGER, GET_ALL, "('',)", NULL);
      g_variant_get (all, "(@a{sv})", &values);
      for (GDBusPropertyInfo **p = interface->properties; *p != NULL; p++, n++)
        {
          g_autoptr (GVariant) value = g_variant_lookup_value (values, (*p)->name, NULL);

          g_test_message ("%s", (*p)->name);
          g_assert_nonnull (value);
          g_assert_cmpstr (g_variant_get_type_string (value), ==, (*p)->signature);
        }
      g_assert_cmpuint (g_variant_n_children (values), ==, n);
    }
  world_stop (&world);
}

static void
test_wrong_calls (void)
{
  World world;
  const char *path;

  if (!world_start (&world, FALSE))
    return;
  path = pf_account_get_path (world_add (&world, "a@example.org", NOBODY));
  world_expect (&world, &world.root, path, SET, "('org.postferry1.Account', 'Note', <'x'>)",
                "org.freedesktop.DBus.Error.PropertyReadOnly");
  world_expect (&world, &world.root, path, SET, "('org.postferry1.Account', 'NoSuch', <'x'>)",
                "org.freedesktop.DBus.Error.UnknownProperty");
  world_expect (&world, &world.root, path, GET, "('org.postferry1.Account', 'NoSuch')",
                "org.freedesktop.DBus.Error.UnknownProperty");
  world_expect (&world, &world.root, path, GET_ALL, "('org.postferry1.Manager',)",
                "org.freedesktop.DBus.Error.UnknownInterface");
  world_expect (&world, &world.root, path, "org.postferry1.Account.NoSuch", NULL,
                "org.freedesktop.DBus.Error.UnknownMethod");
  world_expect (&world, &world.root, path, "no.such.Interface.Method", NULL,
                "org.freedesktop.DBus.Error.UnknownInterface");
  world_expect (&world, &world.root, path, "org.postferry1.Account.Remove", "('x',)",
                "org.freedesktop.DBus.Error.InvalidArgs");
  world_expect (&world, &world.root, path, "org.postferry1.Account.Remove", "({'force': <true>},)",
                "org.freedesktop.DBus.Error.InvalidArgs");
  world_expect (&world, &world.root, ROOT "/filter", INTROSPECT, NULL, UNKNOWN_OBJECT);
  world_expect (&world, &world.root, ROOT "/account", GET_ALL, "('',)", UNKNOWN_OBJECT);
  g_assert_nonnull (pf_registry_lookup (world.parts.registry, "a@example.org"));
  world_stop (&world);
}

/* --- Signals ---------------------------------------------------------------------------------------- */

/* Each is a listener from its first call. */
static void
listen (World *world)
{
  Client *clients[] = { &world->root, &world->nobody, &world->daemon };

  for (gsize i = 0; i < G_N_ELEMENTS (clients); i++)
    {
      g_autoptr (GVariant) reply = world_call (world, clients[i], MANAGER, GET_ALL, "('',)", NULL);
      g_autofree char *drained = world_heard (world, clients[i]);
    }
}

/* Breaks when pf_listeners_emit() names no destination. */
static void
test_changes_are_told (void)
{
  g_autofree char *root = NULL, *nobody = NULL, *daemon = NULL;
  World world;
  const char *path;

  if (!world_start (&world, FALSE))
    return;
  path = pf_account_get_path (world_add (&world, "a@example.org", NOBODY));
  listen (&world);
  world_expect (&world, &world.root, path, "org.postferry1.Account.Update",
                "({'Note': <'hello'>}, @a{sv} {})", NULL);
  root = world_heard (&world, &world.root);
  nobody = world_heard (&world, &world.nobody);
  daemon = world_heard (&world, &world.daemon);
  assert_has (nobody, path);
  assert_has (nobody, "'Note': <'hello'>");
  assert_has (nobody, "Logged");
  assert_has_not (nobody, "'Server'"); /* only what changed */
  assert_has (root, "'Note': <'hello'>");
  g_assert_cmpstr (daemon, ==, "");
  world_stop (&world);
}

/* Given to another user: the one loses it, the other gets it, both by the counts too. */
static void
test_moved (void)
{
  g_autofree char *root = NULL, *nobody = NULL, *daemon = NULL, *gone = NULL;
  World world;
  const char *path;
  PfAccount *account;
  PfCheck *check;

  if (!world_start (&world, FALSE))
    return;
  account = world_add (&world, "a@example.org", NOBODY);
  path = pf_account_get_path (account);
  check = pf_schedule_check (fakes.schedule, account, NULL);
  listen (&world);
  world_expect (&world, &world.root, path, "org.postferry1.Account.Update",
                "({'LocalUser': <'daemon'>}, @a{sv} {})", NULL);
  root = world_heard (&world, &world.root);
  nobody = world_heard (&world, &world.nobody);
  daemon = world_heard (&world, &world.daemon);
  gone = g_strdup_printf ("InterfacesRemoved ('%s', ['org.postferry1.Account'])", path);
  assert_has (nobody, gone);
  assert_has (nobody, pf_check_get_path (check));
  assert_has (nobody, "'Accounts': <uint32 0>");
  assert_has_not (nobody, "daemon");
  assert_has (daemon, "InterfacesAdded");
  assert_has (daemon, "'LocalUser': <'daemon'>");
  assert_has (daemon, "'Accounts': <uint32 1>");
  assert_has (daemon, pf_check_get_path (check));
  assert_has (root, "'LocalUser': <'daemon'>");
  assert_has_not (root, "Interfaces");
  world_stop (&world);
}

static void
test_come_and_go (void)
{
  g_autofree char *nobody = NULL, *daemon = NULL, *end = NULL, *silent = NULL;
  World world;
  PfAccount *account;

  if (!world_start (&world, FALSE))
    return;
  listen (&world);
  account = world_add (&world, "a@example.org", NOBODY);
  nobody = world_heard (&world, &world.nobody);
  assert_has (nobody, "InterfacesAdded");
  assert_has (nobody, "'Accounts': <uint32 1>");
  world_expect (&world, &world.nobody, pf_account_get_path (account),
                "org.postferry1.Account.Remove", "(@a{sv} {},)", NULL);
  end = world_heard (&world, &world.nobody);
  assert_has (end, "InterfacesRemoved");
  assert_has (end, "'Accounts': <uint32 0>");
  assert_has (end, "'Event': <'deleted'>"); /* its own account, though it is gone */
  daemon = world_heard (&world, &world.daemon);
  g_assert_cmpstr (daemon, ==, "");

  /* Who never called hears nothing; who left and came back is a stranger. */
  world_stop (&world);
}

static guint
count (const char *text, const char *part)
{
  guint n = 0;

  for (const char *p = strstr (text, part); p != NULL; p = strstr (p + 1, part))
    n++;
  return n;
}

/* Many changes are few signals, and the last state is told. */
static void
test_coalesced (void)
{
  g_autofree char *heard = NULL;
  World world;
  PfAccount *account;

  if (!world_start (&world, FALSE))
    return;
  account = world_add (&world, "a@example.org", NOBODY);
  listen (&world);
  for (guint i = 1; i <= 200; i++)
    {
      PfFigures figures = *pf_account_get_figures (account);

      figures.delivered = i;
      pf_account_set_figures (account, &figures);
    }
  heard = world_heard (&world, &world.nobody);
  assert_has (heard, "'Delivered': <uint64 200>");
  g_assert_cmpuint (count (heard, "PropertiesChanged"), <=, 2);
  world_stop (&world);
}

/* --- Checks ----------------------------------------------------------------------------------------- */

#define TEST_SETTINGS                                                                              \
  "({'Address': <'t@example.org'>, 'Server': <'mail.example.org'>, 'LocalUser': <'nobody'>}, handle 0, @a{sv} {})"

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
  listen (&world);
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
  assert_has (nobody, "InterfacesAdded");
  assert_has (nobody, "'MessagesDone': <uint32 100>");
  assert_has (nobody, "Finished ('succeeded', {'Delivered': <uint32 100>})");
  g_assert_cmpuint (count (nobody, "PropertiesChanged"), <=, 2);
  /* Finished is the last word. */
  last = g_strrstr (nobody, "PropertiesChanged");
  finished = strstr (nobody, "Finished");
  g_assert_true (last < finished);
  assert_has (root, "Finished");
  g_assert_cmpstr (daemon, ==, "");
  assert_has_not (nobody, "hunter2");

  all = world_call (&world, &world.nobody, pf_check_get_path (check), GET_ALL, "('',)", NULL);
  world_expect (&world, &world.daemon, pf_check_get_path (check), GET_ALL, "('',)", UNKNOWN_OBJECT);
  world_expect (&world, &world.daemon, pf_check_get_path (check), "org.postferry1.Check.Cancel",
                NULL, UNKNOWN_OBJECT);
  fakes_expire (check);
  end = world_heard (&world, &world.nobody);
  assert_has (end, "InterfacesRemoved");
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
  first = as_text (one);
  second = as_text (two);
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
    g_autofree char *text = as_text (none);

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

/* --- The log ---------------------------------------------------------------------------------------- */

static char *
get_log (World *world, Client *client, const char *filter)
{
  g_autofree char *arguments = g_strdup_printf ("(%s,)", filter);
  g_autoptr (GVariant) reply =
      world_call (world, client, MANAGER, "org.postferry1.Manager.GetLog", arguments, NULL);

  return as_text (reply);
}

/* One sees one's own accounts' entries, and none from before the account was one's own. Breaks when is_older() is always
 * FALSE. */
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
  assert_has (root, "of an earlier owner");
  assert_has (root, "the service's");
  nobody = get_log (&world, &world.nobody, "@a{sv} {}");
  assert_has (nobody, "nobody's own");
  assert_has_not (nobody, "earlier owner");
  assert_has_not (nobody, "daemon's");
  assert_has_not (nobody, "service's");
  daemon = get_log (&world, &world.daemon, "@a{sv} {}");
  assert_has (daemon, "daemon's own");
  assert_has_not (daemon, "nobody's");

  one = get_log (&world, &world.nobody, "{'Account': <'A@example.org'>}");
  assert_has (one, "nobody's own");
  g_free (one);
  one = g_variant_print (fakes.asked_filter, FALSE);
  assert_has (one, "'Account': <'a@example.org'>");
  assert_has (one, "'Limit': <uint32 100>");
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

/* --- The rest --------------------------------------------------------------------------------------- */

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
  users = as_text (all);
  g_assert_cmpstr (users, ==, "(['alice', 'bob'],)");
  fake_polkit.say = FAKE_POLKIT_CHALLENGE;
  oneself = world_call (&world, &world.nobody, MANAGER, "org.postferry1.Manager.Recipients",
                        "(@a{sv} {},)", NULL);
  own = as_text (oneself);
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

/* --session: its owner is everything, anybody else nothing, root too. Here the owner is whom the tests run as. */
static void
test_session (void)
{
  g_autofree char *objects = NULL;
  World world;
  const char *path;

  if (!world_start (&world, TRUE))
    return;
  path = pf_account_get_path (world_add (&world, "a@example.org", NOBODY));
  world_expect (&world, &world.root, path, GET_ALL, "('',)", NULL);
  world_expect (&world, &world.nobody, path, GET_ALL, "('',)", UNKNOWN_OBJECT);
  objects = outcome (&world, &world.nobody, ROOT, MANAGED, NULL);
  assert_has_not (objects, "/account/");
  world_expect (&world, &world.nobody, MANAGER, "org.postferry1.Manager.Reload", NULL,
                "org.freedesktop.DBus.Error.AccessDenied");
  g_assert_cmpuint (fake_polkit.asked, ==, 0);
  /* LocalUser is oneself without saying so, and nobody else. */
  world_expect (&world, &world.root, MANAGER, "org.postferry1.Manager.AddAccount",
                "({'Address': <'s@example.org'>, 'Server': <'mail.example.org'>}, @a{sv} {})",
                NULL);
  g_assert_cmpstr (
      pf_account_get_settings (pf_registry_lookup (world.parts.registry, "s@example.org"))
          ->local_user,
      ==, g_get_user_name ());
  world_expect (&world, &world.root, MANAGER, "org.postferry1.Manager.AddAccount",
                "({'Address': <'n@example.org'>, 'Server': <'mail.example.org'>, 'LocalUser': "
                "<'daemon'>}, @a{sv} {})",
                "org.postferry1.Error.InvalidSetting");
  world_stop (&world);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bus/door/invisible", test_invisible);
  g_test_add_func ("/bus/door/visible", test_visible);
  g_test_add_func ("/bus/door/properties-complete", test_properties_complete);
  g_test_add_func ("/bus/door/wrong-calls", test_wrong_calls);
  g_test_add_func ("/bus/door/changes-are-told", test_changes_are_told);
  g_test_add_func ("/bus/door/moved", test_moved);
  g_test_add_func ("/bus/door/come-and-go", test_come_and_go);
  g_test_add_func ("/bus/door/coalesced", test_coalesced);
  g_test_add_func ("/bus/door/checks", test_checks);
  g_test_add_func ("/bus/door/check-methods", test_check_methods);
  g_test_add_func ("/bus/door/check-all", test_check_all);
  g_test_add_func ("/bus/door/check-limit", test_check_limit);
  g_test_add_func ("/bus/door/log", test_log);
  g_test_add_func ("/bus/door/log-filters", test_log_filters);
  g_test_add_func ("/bus/door/manager", test_manager);
  g_test_add_func ("/bus/door/session", test_session);
  return g_test_run ();
}
