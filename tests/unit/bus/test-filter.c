/* The filter's policy on the bus: who sees it, who changes it, who is told of it. */
#include "world.h"

#include "dbus-interfaces/names.h"

#define UPDATE PF_INTERFACE_FILTER ".Update"
#define STATUS PF_INTERFACE_FILTER ".Status"
#define FILTER_ALL "('" PF_INTERFACE_FILTER "',)"
#define CHANGE "({'OnSpam': <'quarantine'>}, @a{sv} {})"

/* The one whose settings on_reload() exchanges. */
static World *reloading;

static gboolean
on_reload (GError **error)
{
  PfServiceSettings *old = (PfServiceSettings *) reloading->parts.settings;
  PfServiceSettings *settings = pf_service_settings_load (reloading->parts.settings_path, error);

  if (settings == NULL)
    return FALSE;
  reloading->parts.settings = settings;
  pf_bus_set_parts (reloading->bus, &reloading->parts);
  pf_service_settings_unref (old);
  return TRUE;
}

static gboolean
start (World *world, gboolean session)
{
  if (!world_start (world, session))
    return FALSE;
  reloading = world;
  fakes.on_reload = on_reload;
  return TRUE;
}

static void
write_settings (World *world, const char *text)
{
  g_assert_true (g_file_set_contents (world->parts.settings_path, text, -1, NULL));
}

static void
assert_settings (World *world, const char *expected)
{
  g_autofree char *text = NULL;

  g_assert_true (g_file_get_contents (world->parts.settings_path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, expected);
}

/* The newest event's "CALLER: REASON". */
static void
assert_event (const char *expected)
{
  const PfEvent *event = fakes.events->len > 0 ? fakes.events->pdata[0] : NULL;
  g_autofree char *text = NULL;

  g_assert_nonnull (event);
  g_assert_cmpint (event->kind, ==, PF_EVENT_FILTER);
  text = g_strdup_printf ("%s: %s", event->caller != NULL ? event->caller : "", event->reason);
  g_assert_cmpstr (text, ==, expected);
}

/* --- Who sees it ------------------------------------------------------------------------------ */

static void
assert_sees (World *world, Client *client, gboolean sees)
{
  g_autofree char *objects = world_outcome (world, client, ROOT, MANAGED, NULL);
  g_autofree char *list = world_outcome (world, client, ROOT, INTROSPECT, NULL);

  if (sees)
    world_assert_has (objects, "'org.postferry1.FilterPolicy': {'RspamdUrl': <'auto'>");
  else
    world_assert_has_not (objects, "FilterPolicy");
  g_assert_cmpint (world_count (list, "<node name=\"filter\"/>"), ==, sees);
  g_assert_cmpint (world_count (list, "<node name=\"Manager\"/>"), ==, 1);
  world_expect (world, client, PF_PATH_FILTER, GET_ALL, FILTER_ALL, sees ? NULL : UNKNOWN_OBJECT);
  world_expect (world, client, PF_PATH_FILTER, GET, "('" PF_INTERFACE_FILTER "', 'OnSpam')",
                sees ? NULL : UNKNOWN_OBJECT);
  world_expect (world, client, PF_PATH_FILTER, STATUS, NULL, sees ? NULL : UNKNOWN_OBJECT);
  world_expect (world, client, PF_PATH_FILTER, UPDATE, CHANGE, sees ? NULL : UNKNOWN_OBJECT);
  world_expect (world, client, PF_PATH_FILTER, SET,
                "('" PF_INTERFACE_FILTER "', 'OnSpam', <'junk'>)",
                sees ? "org.freedesktop.DBus.Error.PropertyReadOnly" : UNKNOWN_OBJECT);
}

/* Mutant: pf_filter_is_seen() says yes to all. */
static void
test_who_sees_it (void)
{
  World world;

  if (!start (&world, FALSE))
    return;
  world_make_account (&world);
  assert_sees (&world, &world.root, TRUE);
  assert_sees (&world, &world.nobody, TRUE);
  assert_sees (&world, &world.daemon, FALSE);
  {
    g_autofree char *hidden =
        world_outcome (&world, &world.daemon, PF_PATH_FILTER, INTROSPECT, NULL);
    g_autofree char *never =
        world_outcome (&world, &world.daemon, ROOT "/nothing", INTROSPECT, NULL);

    g_assert_cmpstr (hidden, ==, never);
  }
  world_stop (&world);
}

/* Whoever gets a first account sees it come, whoever loses the last one sees it go. */
static void
test_comes_and_goes (void)
{
  g_autofree char *added = NULL, *second = NULL, *moved = NULL, *taken = NULL, *removed = NULL;
  g_autofree char *others = NULL;
  World world;

  if (!start (&world, FALSE))
    return;
  world_listen (&world);
  world_add (&world, "a@example.org", NOBODY);
  added = world_heard (&world, &world.nobody);
  others = world_heard (&world, &world.daemon);
  world_assert_has (added,
                    "InterfacesAdded ('/org/postferry1/filter', {'org.postferry1.FilterPolicy': {");
  world_assert_has_not (others, "/filter");
  world_add (&world, "b@example.org", NOBODY);
  second = world_heard (&world, &world.nobody);
  world_assert_has_not (second, "/filter");
  world_expect (&world, &world.root, pf_account_get_path (world_lookup (&world)),
                "org.postferry1.Account.Update", "({'LocalUser': <'daemon'>}, @a{sv} {})", NULL);
  moved = world_heard (&world, &world.daemon);
  world_assert_has (moved, "InterfacesAdded ('/org/postferry1/filter'");
  g_free (g_steal_pointer (&others));
  others = world_heard (&world, &world.nobody);
  world_assert_has_not (others, "/filter");
  world_expect (&world, &world.root, pf_account_get_path (world_lookup (&world)),
                "org.postferry1.Account.Update", "({'LocalUser': <'nobody'>}, @a{sv} {})", NULL);
  taken = world_heard (&world, &world.daemon);
  world_assert_has (taken, "InterfacesRemoved ('/org/postferry1/filter', "
                           "['org.postferry1.FilterPolicy'])");
  world_expect (&world, &world.daemon, PF_PATH_FILTER, GET_ALL, FILTER_ALL, UNKNOWN_OBJECT);
  removed = world_heard (&world, &world.root);
  world_assert_has_not (removed, "InterfacesRemoved ('/org/postferry1/filter'");
  world_stop (&world);
}

/* --- Who changes it --------------------------------------------------------------------------- */

/* Mutant: the row of FilterPolicy.Update says RULE_FREE. */
static void
test_who_changes_it (void)
{
  World world;

  if (!start (&world, FALSE))
    return;
  world_make_account (&world);
  world_assert_asked ("");
  fake_polkit.say = FAKE_POLKIT_CHALLENGE;
  world_expect (&world, &world.nobody, PF_PATH_FILTER, UPDATE, CHANGE,
                "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired");
  world_assert_asked (PF_ACTION_CONFIGURE);
  fake_polkit.say = FAKE_POLKIT_NO;
  world_expect (&world, &world.nobody, PF_PATH_FILTER, UPDATE, CHANGE,
                "org.freedesktop.DBus.Error.AccessDenied");
  g_free (fakes_take_log ());
  g_assert_false (g_file_test (world.parts.settings_path, G_FILE_TEST_EXISTS));
  g_assert_cmpuint (fakes.reloads, ==, 0);
  g_assert_cmpuint (fakes.events->len, ==, 0);
  world_assert_asked (PF_ACTION_CONFIGURE);
  /* What is wrong is told before anybody is asked. */
  world_expect (&world, &world.nobody, PF_PATH_FILTER, UPDATE, "({'OnSpam': <'eat'>}, @a{sv} {})",
                "org.postferry1.Error.InvalidSetting");
  world_expect (&world, &world.nobody, PF_PATH_FILTER, UPDATE,
                "({'OnSpam': <'junk'>}, {'untested': <true>})",
                "org.freedesktop.DBus.Error.InvalidArgs");
  world_assert_asked ("");
  fake_polkit.say = FAKE_POLKIT_YES;
  world_expect (&world, &world.nobody, PF_PATH_FILTER, UPDATE, CHANGE, NULL);
  assert_settings (&world, "[Filter]\nOnSpam=quarantine\n");
  assert_event ("nobody: OnSpam=quarantine (was junk)");
  g_assert_cmpuint (fakes.reloads, ==, 1);
  world_stop (&world);
}

/* While polkit thinks, the last account goes: the object was never there. */
static void
test_loses_sight_meanwhile (void)
{
  World world;
  FixtureCall *call;

  if (!start (&world, FALSE))
    return;
  world_make_account (&world);
  fake_polkit.say = FAKE_POLKIT_HOLD;
  call = fixture_send (world.nobody.connection, world.name, PF_PATH_FILTER, PF_INTERFACE_FILTER,
                       "Update", g_variant_new_parsed (CHANGE), NULL, G_DBUS_MESSAGE_FLAGS_NONE);
  while (fake_polkit.held->len == 0)
    g_main_context_iteration (NULL, TRUE);
  world_expect (&world, &world.root, pf_account_get_path (world_lookup (&world)),
                "org.postferry1.Account.Update", "({'LocalUser': <'daemon'>}, @a{sv} {})", NULL);
  fake_polkit_answer (FAKE_POLKIT_YES);
  world_expect_call (call, UNKNOWN_OBJECT);
  g_assert_false (g_file_test (world.parts.settings_path, G_FILE_TEST_EXISTS));
  world_stop (&world);
}

/* --- What becomes of it ----------------------------------------------------------------------- */

/* Those who see it are told before the answer, strangers nothing; what is the same is not told. */
static void
test_told (void)
{
  g_autofree char *heard = NULL, *strange = NULL, *again = NULL;
  World world;

  if (!start (&world, FALSE))
    return;
  world_make_account (&world);
  world_listen (&world);
  g_free (world_heard (&world, &world.nobody));
  g_free (world_heard (&world, &world.daemon));
  world_expect (&world, &world.root, PF_PATH_FILTER, UPDATE,
                "({'OnVirus': <'discard'>, 'Timeout': <uint32 60>}, @a{sv} {})", NULL);
  heard = world_heard (&world, &world.nobody);
  strange = world_heard (&world, &world.daemon);
  world_assert_has (heard, "/org/postferry1/filter PropertiesChanged "
                           "('org.postferry1.FilterPolicy', {'OnVirus': <'discard'>}, [])");
  world_assert_has_not (strange, "filter");
  world_expect (&world, &world.root, PF_PATH_FILTER, UPDATE,
                "({'OnVirus': <'discard'>}, @a{sv} {})", NULL);
  again = world_heard (&world, &world.nobody);
  world_assert_has_not (again, "/filter");
  g_assert_cmpuint (fakes.reloads, ==, 1);
  world_stop (&world);
}

/* What a hand wrote and nobody read yet comes into force too, and is not the caller's doing. */
static void
test_by_hand (void)
{
  World world;

  if (!start (&world, FALSE))
    return;
  write_settings (&world, "[Filter]\nOnVirus=discard\nAllowSenders=a.example;b.example\n");
  world_expect (&world, &world.root, PF_PATH_FILTER, UPDATE,
                "({'OnSpam': <'quarantine'>, 'AllowSenders': <['c.example']>}, @a{sv} {})", NULL);
  assert_settings (&world,
                   "[Filter]\nOnVirus=discard\nAllowSenders=c.example\nOnSpam=quarantine\n");
  assert_event ("root: AllowSenders=c.example (was empty), OnSpam=quarantine (was junk)");
  g_ptr_array_remove_index (fakes.events, 0);
  assert_event (": in postferry.conf by hand: OnVirus=discard (was quarantine)");
  g_ptr_array_set_size (fakes.events, 0);
  write_settings (&world, "[Filter]\nOnSpam=defer\n");
  world_expect (&world, &world.root, MANAGER, "org.postferry1.Manager.Reload", NULL, NULL);
  assert_event (": in postferry.conf by hand: AllowSenders= (was c.example), OnSpam=defer (was "
                "quarantine), OnVirus=quarantine (was discard)");
  world_stop (&world);
}

/* A broken file is told by line, and what was in force stays. */
static void
test_broken (void)
{
  g_autofree char *values = NULL, *status = NULL;
  World world;

  if (!start (&world, FALSE))
    return;
  world_expect (&world, &world.root, PF_PATH_FILTER, UPDATE, CHANGE, NULL);
  write_settings (&world, "[Filter]\nOnSpam=quarantine\nOnVirus=eat\n");
  world_expect (&world, &world.root, PF_PATH_FILTER, UPDATE, "({'OnSpam': <'defer'>}, @a{sv} {})",
                "org.postferry1.Error.InvalidSetting");
  world_expect (&world, &world.root, MANAGER, "org.postferry1.Manager.Reload", NULL,
                "org.postferry1.Error.InvalidSetting");
  values = world_outcome (&world, &world.root, PF_PATH_FILTER, GET_ALL, FILTER_ALL);
  world_assert_has (values, "'OnSpam': <'quarantine'>");
  world_assert_has (values, "'OnVirus': <'quarantine'>");
  status = world_outcome (&world, &world.root, PF_PATH_FILTER, STATUS, NULL);
  world_assert_has (status, "postferry.conf:3: [Filter] OnVirus=eat: allowed is");
  world_expect (&world, &world.root, PF_PATH_FILTER, UPDATE, "({'OnVirus': <'junk'>}, @a{sv} {})",
                NULL);
  assert_settings (&world, "[Filter]\nOnSpam=quarantine\nOnVirus=junk\n");
  world_stop (&world);
}

/* Stored, but it could not be put in force: the caller hears so. */
static gboolean
refuse_reload (GError **error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "the log cannot be opened");
  return FALSE;
}

static void
test_not_in_force (void)
{
  World world;

  if (!start (&world, FALSE))
    return;
  fakes.on_reload = refuse_reload;
  world_expect (&world, &world.root, PF_PATH_FILTER, UPDATE, CHANGE,
                "org.postferry1.Error.InvalidSetting");
  assert_settings (&world, "[Filter]\nOnSpam=quarantine\n");
  g_assert_cmpuint (fakes.events->len, ==, 0);
  world_stop (&world);
}

/* Calls at the same time wait for each other: none is lost. */
static void
test_at_the_same_time (void)
{
  static const char *const changes[] = { "({'OnSpam': <'quarantine'>}, @a{sv} {})",
                                         "({'OnVirus': <'discard'>}, @a{sv} {})",
                                         "({'OnAttachment': <'junk'>}, @a{sv} {})",
                                         "({'DeferHours': <uint32 3>}, @a{sv} {})" };
  FixtureCall *calls[G_N_ELEMENTS (changes)];
  World world;

  if (!start (&world, FALSE))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (changes); i++)
    calls[i] =
        fixture_send (world.root.connection, world.name, PF_PATH_FILTER, PF_INTERFACE_FILTER,
                      "Update", g_variant_new_parsed (changes[i]), NULL, G_DBUS_MESSAGE_FLAGS_NONE);
  for (guint i = 0; i < G_N_ELEMENTS (changes); i++)
    world_expect_call (calls[i], NULL);
  assert_settings (&world, "[Filter]\nOnSpam=quarantine\nOnVirus=discard\nOnAttachment=junk\n"
                           "DeferHours=3\n");
  world_stop (&world);
}

static void
test_session (void)
{
  World world;

  if (!start (&world, TRUE))
    return;
  world_expect (&world, &world.root, PF_PATH_FILTER, UPDATE, CHANGE, NULL);
  world_expect (&world, &world.nobody, PF_PATH_FILTER, GET_ALL, FILTER_ALL, UNKNOWN_OBJECT);
  world_assert_asked ("");
  world_stop (&world);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bus/filter/who-sees-it", test_who_sees_it);
  g_test_add_func ("/bus/filter/comes-and-goes", test_comes_and_goes);
  g_test_add_func ("/bus/filter/who-changes-it", test_who_changes_it);
  g_test_add_func ("/bus/filter/loses-sight-meanwhile", test_loses_sight_meanwhile);
  g_test_add_func ("/bus/filter/told", test_told);
  g_test_add_func ("/bus/filter/by-hand", test_by_hand);
  g_test_add_func ("/bus/filter/broken", test_broken);
  g_test_add_func ("/bus/filter/not-in-force", test_not_in_force);
  g_test_add_func ("/bus/filter/at-the-same-time", test_at_the_same_time);
  g_test_add_func ("/bus/filter/session", test_session);
  return g_test_run ();
}
