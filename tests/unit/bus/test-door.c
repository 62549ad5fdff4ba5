/* Who sees what, and who is told: the whole door as three users. */
#include <string.h>

#include "world.h"

/* --- Seeing ----------------------------------------------------------------------------------- */

/* Nothing tells an account that one may not see from one that never was. Breaks when find_account()
 * does not ask pf_caller_sees_account(), or when GDBus answers one of these by itself. */
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
      g_autofree char *hidden =
          world_outcome (&world, &world.daemon, path, calls[i][0], calls[i][1]);
      g_autofree char *absent =
          world_outcome (&world, &world.daemon, never, calls[i][0], calls[i][1]);

      g_test_message ("%s: %s", calls[i][0], hidden);
      g_assert_cmpstr (hidden, ==, absent);
      world_assert_has (hidden, UNKNOWN_OBJECT);
    }
  /* nor from a path of another kind */
  {
    g_autofree char *hidden = world_outcome (&world, &world.daemon, path, INTROSPECT, NULL);
    g_autofree char *other = world_outcome (&world, &world.daemon, ROOT "/x/y/z", INTROSPECT, NULL);
    g_autofree char *deeper =
        world_outcome (&world, &world.daemon, ROOT "/account/x/y", INTROSPECT, NULL);

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
      g_autofree char *all =
          world_outcome (&world, client, path, GET_ALL, "('org.postferry1.Account',)");
      g_autofree char *objects = world_outcome (&world, client, ROOT, MANAGED, NULL);
      g_autofree char *xml = world_outcome (&world, client, path, INTROSPECT, NULL);
      g_autofree char *list = world_outcome (&world, client, ROOT "/account", INTROSPECT, NULL);
      g_autofree char *found = world_outcome (
          &world, client, MANAGER, "org.postferry1.Manager.GetAccount", "('A@Example.ORG',)");

      world_assert_has (all, "'LocalUser': <'nobody'>");
      world_assert_has (all, "'HasSecret': <false>");
      world_assert_has (all, "'Problem': <(");
      world_assert_has (objects, strrchr (path, '/') + 1);
      world_assert_has (xml, "org.postferry1.Account");
      world_assert_has (list, strrchr (path, '/') + 1);
      world_assert_has (found, path);
    }
  {
    g_autofree char *objects = world_outcome (&world, &world.daemon, ROOT, MANAGED, NULL);
    g_autofree char *list =
        world_outcome (&world, &world.daemon, ROOT "/account", INTROSPECT, NULL);
    g_autofree char *counts =
        world_outcome (&world, &world.daemon, MANAGER, GET_ALL, "('org.postferry1.Manager',)");

    world_assert_has_not (objects, "/account/");
    world_assert_has (objects, "/Manager");
    world_assert_has_not (list, "<node name");
    world_assert_has (counts, "'Accounts': <uint32 0>");
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
  for (guint i = 0; i < 3; i++)
    {
      const char *place = i == 0 ? path : i == 1 ? MANAGER : ROOT "/filter";
      const char *name = i == 0   ? "org.postferry1.Account"
                         : i == 1 ? "org.postferry1.Manager"
                                  : "org.postferry1.FilterPolicy";
      g_autoptr (GVariant) reply = world_call (&world, &world.root, place, INTROSPECT, NULL, NULL);
      g_autoptr (GVariant) all = NULL, values = NULL;
      g_autoptr (GDBusNodeInfo) node = NULL;
      GDBusInterfaceInfo *interface;
      const char *xml;
      guint n = 0;

      g_variant_get (reply, "(&s)", &xml);
      node = g_dbus_node_info_new_for_xml (xml, NULL);
      interface = g_dbus_node_info_lookup_interface (node, name);
      all = world_call (&world, &world.root, place, GET_ALL, "('',)", NULL);
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
  world_expect (&world, &world.root, ROOT "/nothing", INTROSPECT, NULL, UNKNOWN_OBJECT);
  world_expect (&world, &world.root, ROOT "/account", GET_ALL, "('',)", UNKNOWN_OBJECT);
  g_assert_nonnull (pf_registry_lookup (world.parts.registry, "a@example.org"));
  world_stop (&world);
}

/* --- Signals ---------------------------------------------------------------------------------- */

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
  world_listen (&world);
  world_expect (&world, &world.root, path, "org.postferry1.Account.Update",
                "({'Note': <'hello'>}, @a{sv} {})", NULL);
  root = world_heard (&world, &world.root);
  nobody = world_heard (&world, &world.nobody);
  daemon = world_heard (&world, &world.daemon);
  world_assert_has (nobody, path);
  world_assert_has (nobody, "'Note': <'hello'>");
  world_assert_has (nobody, "Logged");
  world_assert_has_not (nobody, "'Server'"); /* only what changed */
  world_assert_has (root, "'Note': <'hello'>");
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
  world_listen (&world);
  world_expect (&world, &world.root, path, "org.postferry1.Account.Update",
                "({'LocalUser': <'daemon'>}, @a{sv} {})", NULL);
  root = world_heard (&world, &world.root);
  nobody = world_heard (&world, &world.nobody);
  daemon = world_heard (&world, &world.daemon);
  gone = g_strdup_printf ("InterfacesRemoved ('%s', ['org.postferry1.Account'])", path);
  world_assert_has (nobody, gone);
  world_assert_has (nobody, pf_check_get_path (check));
  world_assert_has (nobody, "'Accounts': <uint32 0>");
  world_assert_has_not (nobody, "daemon");
  world_assert_has (daemon, "InterfacesAdded");
  world_assert_has (daemon, "'LocalUser': <'daemon'>");
  world_assert_has (daemon, "'Accounts': <uint32 1>");
  world_assert_has (daemon, pf_check_get_path (check));
  world_assert_has (root, "'LocalUser': <'daemon'>");
  world_assert_has_not (root, "Interfaces");
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
  world_listen (&world);
  account = world_add (&world, "a@example.org", NOBODY);
  nobody = world_heard (&world, &world.nobody);
  world_assert_has (nobody, "InterfacesAdded");
  world_assert_has (nobody, "'Accounts': <uint32 1>");
  world_expect (&world, &world.nobody, pf_account_get_path (account),
                "org.postferry1.Account.Remove", "(@a{sv} {},)", NULL);
  end = world_heard (&world, &world.nobody);
  world_assert_has (end, "InterfacesRemoved");
  world_assert_has (end, "'Accounts': <uint32 0>");
  world_assert_has (end, "'Event': <'deleted'>"); /* its own account, though it is gone */
  daemon = world_heard (&world, &world.daemon);
  g_assert_cmpstr (daemon, ==, "");

  /* Who never called hears nothing; who left and came back is a stranger. */
  world_stop (&world);
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
  world_listen (&world);
  for (guint i = 1; i <= 200; i++)
    {
      PfFigures figures = *pf_account_get_figures (account);

      figures.delivered = i;
      pf_account_set_figures (account, &figures);
    }
  heard = world_heard (&world, &world.nobody);
  world_assert_has (heard, "'Delivered': <uint64 200>");
  g_assert_cmpuint (world_count (heard, "PropertiesChanged"), <=, 2);
  world_stop (&world);
}

/* --session: its owner is everything, anybody else nothing, root too. Here the owner is whom the
 * tests run as. */
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
  objects = world_outcome (&world, &world.nobody, ROOT, MANAGED, NULL);
  world_assert_has_not (objects, "/account/");
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
  g_test_add_func ("/bus/door/session", test_session);
  return g_test_run ();
}
