#include "fake-polkit.h"

#include "fixture.h"

struct FakePolkit fake_polkit;

static GDBusConnection *connection;
static guint object, name;

static const char polkit_xml[] =
    "<node><interface name='org.freedesktop.PolicyKit1.Authority'>"
    "<method name='CheckAuthorization'><arg type='(sa{sv})' direction='in'/>"
    "<arg type='s' direction='in'/><arg type='a{ss}' direction='in'/><arg type='u' direction='in'/>"
    "<arg type='s' direction='in'/><arg type='(bba{ss})' direction='out'/></method>"
    "<method name='CancelCheckAuthorization'><arg type='s' direction='in'/></method>"
    "</interface></node>";

static GVariant *
make_answer (FakePolkitSay say)
{
  GVariantBuilder details;

  g_variant_builder_init (&details, G_VARIANT_TYPE ("a{ss}"));
  if (say == FAKE_POLKIT_DISMISSED)
    g_variant_builder_add (&details, "{ss}", "polkit.dismissed", "true");
  return g_variant_new ("((bba{ss}))", say == FAKE_POLKIT_YES, say == FAKE_POLKIT_CHALLENGE,
                        &details);
}

static void
answer (GDBusMethodInvocation *invocation, FakePolkitSay say)
{
  if (say == FAKE_POLKIT_ERROR)
    g_dbus_method_invocation_return_dbus_error (
        invocation, "org.freedesktop.PolicyKit1.Error.Failed", "Action X is not registered");
  else if (say == FAKE_POLKIT_NOTHING)
    g_object_unref (invocation);
  else if (say == FAKE_POLKIT_HOLD)
    g_ptr_array_add (fake_polkit.held, invocation);
  else
    g_dbus_method_invocation_return_value (invocation, make_answer (say));
}

static void
note_question (GVariant *parameters)
{
  g_autoptr (GVariant) subject = NULL;
  char *action;

  fake_polkit.asked++;
  g_clear_pointer (&fake_polkit.details, g_variant_unref);
  g_clear_pointer (&fake_polkit.subject, g_free);
  g_variant_get (parameters, "((&s@a{sv})s@a{ss}u&s)", NULL, &subject, &action,
                 &fake_polkit.details, &fake_polkit.flags, NULL);
  g_ptr_array_add (fake_polkit.actions, action);
  g_variant_lookup (subject, "name", "s", &fake_polkit.subject);
}

static void
on_call (GDBusConnection *on,
         const char *sender,
         const char *path,
         const char *interface,
         const char *method,
         GVariant *parameters,
         GDBusMethodInvocation *invocation,
         gpointer user_data)
{
  if (g_str_equal (method, "CancelCheckAuthorization"))
    {
      fake_polkit.cancelled++;
      g_dbus_method_invocation_return_value (invocation, NULL);
      return;
    }
  note_question (parameters);
  if (g_strcmp0 (fake_polkit.actions->pdata[fake_polkit.actions->len - 1], fake_polkit.yes_to) == 0)
    answer (invocation, FAKE_POLKIT_YES);
  else
    answer (invocation, fake_polkit.say);
}

static const GDBusInterfaceVTable vtable = { on_call, NULL, NULL, { 0 } };

static void
on_owned (GDBusConnection *on, const char *owned_name, gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
}

void
fake_polkit_start (void)
{
  g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (polkit_xml, NULL);
  static gboolean owned;

  owned = FALSE;
  fake_polkit = (struct FakePolkit){ 0 };
  fake_polkit.actions = g_ptr_array_new_with_free_func (g_free);
  fake_polkit.held = g_ptr_array_new ();
  connection = fixture_connect ((guint) -1);
  object = g_dbus_connection_register_object (connection, "/org/freedesktop/PolicyKit1/Authority",
                                              node->interfaces[0], &vtable, NULL, NULL, NULL);
  name = g_bus_own_name_on_connection (connection, "org.freedesktop.PolicyKit1", 0, on_owned, NULL,
                                       &owned, NULL);
  fixture_wait (&owned);
}

void
fake_polkit_vanish (void)
{
  g_clear_handle_id (&name, g_bus_unown_name);
}

void
fake_polkit_stop (void)
{
  if (connection == NULL)
    return;
  fake_polkit_vanish ();
  g_dbus_connection_unregister_object (connection, object);
  fixture_settle (connection);
  g_clear_object (&connection);
  g_clear_pointer (&fake_polkit.details, g_variant_unref);
  g_clear_pointer (&fake_polkit.subject, g_free);
  g_clear_pointer (&fake_polkit.actions, g_ptr_array_unref);
  g_ptr_array_foreach (fake_polkit.held, (GFunc) (GCallback) g_object_unref, NULL);
  g_clear_pointer (&fake_polkit.held, g_ptr_array_unref);
}

void
fake_polkit_answer (FakePolkitSay say)
{
  answer (g_ptr_array_steal_index (fake_polkit.held, 0), say);
}
