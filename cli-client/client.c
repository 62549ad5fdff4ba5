#include "cli-client/client.h"

#include "cli-client/agent.h"
#include "cli-client/failure.h"
#include "cli-client/i18n.h"
#include "cli-client/terminal.h"
#include "dbus-interfaces/names.h"

#include <gio/gunixfdlist.h>
#include <unistd.h>

/* The service answers at once, but for its own waits: polkit without a question (10 s), the
 * secret store (10 s), a delivery target that is probed. */
#define PATIENCE_MS (90 * 1000)
/* A person is asked for a password: the service waits 5 minutes for that. */
#define PATIENCE_WITH_PERSON_MS (360 * 1000)

#define BUS_NAME "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"
#define PROPERTIES "org.freedesktop.DBus.Properties"
#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"

struct _PfClient
{
  GDBusConnection *connection;
  gboolean session;
  char *owner;    /* unique name of the service: unicast signals come from it */
  PfAgent *agent; /* (nullable): registered when the first call may ask */
  gboolean agent_tried;
  guint hurry;           /* ms; 0: not in a hurry */
  GArray *subscriptions; /* of guint */
};

/* --- Connection ------------------------------------------------------------------------------- */

static GVariant *
call_bus (PfClient *self,
          const char *method,
          GVariant *arguments,
          const char *reply,
          GError **error)
{
  return g_dbus_connection_call_sync (
      self->connection, BUS_NAME, BUS_PATH, BUS_NAME, method, arguments, G_VARIANT_TYPE (reply),
      G_DBUS_CALL_FLAGS_NONE, self->hurry > 0 ? (int) self->hurry : PATIENCE_MS, NULL, error);
}

static char *
ask_owner (PfClient *self)
{
  g_autoptr (GVariant) reply =
      call_bus (self, "GetNameOwner", g_variant_new ("(s)", PF_BUS_NAME), "(s)", NULL);
  char *owner = NULL;

  if (reply != NULL)
    g_variant_get (reply, "(s)", &owner);
  return owner;
}

static gboolean
find_service (PfClient *self, GError **error)
{
  g_autoptr (GVariant) started = NULL;
  g_autoptr (GError) wrong = NULL;

  g_free (self->owner);
  self->owner = ask_owner (self);
  if (self->owner != NULL)
    return TRUE;
  if (self->hurry == 0)
    started = call_bus (self, "StartServiceByName", g_variant_new ("(su)", PF_BUS_NAME, 0), "(u)",
                        &wrong);
  self->owner = ask_owner (self);
  if (self->owner != NULL)
    return TRUE;
  if (self->session)
    g_set_error_literal (error, PF_FAILURE, PF_FAILURE_SERVICE_UNAVAILABLE,
                         _ ("The service is not running on the session bus. Start it with: "
                            "postferryd --session"));
  else
    g_set_error_literal (
        error, PF_FAILURE, PF_FAILURE_SERVICE_UNAVAILABLE,
        _ ("The service is not running. Start it with: systemctl start postferryd"));
  return FALSE;
}

PfClient *
pf_client_new (gboolean session, guint hurry, GError **error)
{
  g_autoptr (PfClient) self = g_new0 (PfClient, 1);
  g_autoptr (GError) wrong = NULL;

  self->session = session;
  self->hurry = hurry;
  self->subscriptions = g_array_new (FALSE, FALSE, sizeof (guint));
  self->connection =
      g_bus_get_sync (session ? G_BUS_TYPE_SESSION : G_BUS_TYPE_SYSTEM, NULL, &wrong);
  if (self->connection == NULL)
    {
      g_dbus_error_strip_remote_error (wrong);
      g_set_error (
          error, PF_FAILURE, PF_FAILURE_SERVICE_UNAVAILABLE,
          session ? _ ("The session bus cannot be reached (is DBUS_SESSION_BUS_ADDRESS set?): %s")
                  : _ ("The system bus cannot be reached: %s"),
          wrong->message);
      return NULL;
    }
  g_dbus_connection_set_exit_on_close (self->connection, FALSE);
  if (!find_service (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
pf_client_free (PfClient *self)
{
  pf_client_deafen (self);
  g_array_unref (self->subscriptions);
  g_clear_pointer (&self->agent, pf_agent_free);
  g_clear_object (&self->connection);
  g_free (self->owner);
  g_free (self);
}

void
pf_client_hurry (PfClient *self, guint milliseconds)
{
  self->hurry = milliseconds;
}

gboolean
pf_client_reconnect (PfClient *self, GError **error)
{
  return find_service (self, error);
}

/* --- Calls ------------------------------------------------------------------------------------ */

/* TRUE when somebody can be asked. root is never asked; on the session bus nobody is. */
static gboolean
may_ask (PfClient *self)
{
  if (self->session || geteuid () == 0 || !pf_terminal_can_ask ())
    return FALSE;
  if (!self->agent_tried)
    self->agent = pf_agent_new ();
  self->agent_tried = TRUE;
  return self->agent != NULL;
}

static int
patience (PfClient *self, gboolean with_person)
{
  if (self->hurry > 0)
    return (int) self->hurry;
  return with_person ? PATIENCE_WITH_PERSON_MS : PATIENCE_MS;
}

/* What GDBus says of a wait that ended ("Timeout was reached") tells nothing about what was
 * waited for. */
static GError *
explain (GError *error, const char *member)
{
  GError *failure = pf_failure_take (error);

  if (g_error_matches (failure, PF_FAILURE, PF_FAILURE_TIMED_OUT))
    g_prefix_error (&failure, _ ("The service did not answer %s in time: "), member);
  else if (g_error_matches (failure, PF_FAILURE, PF_FAILURE_SERVICE_UNAVAILABLE))
    g_prefix_error (&failure, _ ("The service ended: "));
  return failure;
}

/* What handle 0 of an answer stands for. FALSE: it has none. */
static gboolean
take_descriptor (const PfClientCall *call, GUnixFDList *answered, GError **error)
{
  if (call->descriptor == NULL)
    return TRUE;
  *call->descriptor = answered != NULL && g_unix_fd_list_get_length (answered) > 0
                          ? g_unix_fd_list_get (answered, 0, error)
                          : -1;
  if (*call->descriptor >= 0)
    return TRUE;
  if (error != NULL && *error == NULL)
    g_set_error (error, PF_FAILURE, PF_FAILURE_FAILED, _ ("The answer of %s holds no file"),
                 call->member);
  return FALSE;
}

GVariant *
pf_client_call (PfClient *self, const PfClientCall *call, GError **error)
{
  gboolean interactive = call->asks && may_ask (self);
  /* find_service() has started it: one that ended since is told, not replaced in silence. */
  GDBusCallFlags flags = G_DBUS_CALL_FLAGS_NO_AUTO_START;
  g_autoptr (GUnixFDList) descriptors = NULL, answered = NULL;
  GError *wrong = NULL;
  GVariant *reply;

  if (call->secret != NULL)
    {
      descriptors = g_unix_fd_list_new ();
      if (g_unix_fd_list_append (descriptors, *call->secret, error) < 0)
        {
          if (call->arguments != NULL)
            g_variant_unref (g_variant_ref_sink (call->arguments));
          return NULL;
        }
    }
  if (interactive)
    flags |= G_DBUS_CALL_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION;
  reply = g_dbus_connection_call_with_unix_fd_list_sync (
      self->connection, PF_BUS_NAME, call->path, call->interface, call->member, call->arguments,
      G_VARIANT_TYPE (call->reply), flags, patience (self, interactive), descriptors, &answered,
      NULL, &wrong);
  if (reply == NULL)
    g_propagate_error (error, explain (wrong, call->member));
  else if (!take_descriptor (call, answered, error))
    g_clear_pointer (&reply, g_variant_unref);
  return reply;
}

GVariant *
pf_client_get_all (PfClient *self, const char *path, const char *interface, GError **error)
{
  PfClientCall call = { .path = path,
                        .interface = PROPERTIES,
                        .member = "GetAll",
                        .arguments = g_variant_new ("(s)", interface),
                        .reply = "(a{sv})" };
  g_autoptr (GVariant) reply = pf_client_call (self, &call, error);

  return reply != NULL ? g_variant_get_child_value (reply, 0) : NULL;
}

char *
pf_client_find_account (PfClient *self, const char *address, GError **error)
{
  PfClientCall call = { .path = PF_PATH_MANAGER,
                        .interface = PF_INTERFACE_MANAGER,
                        .member = "GetAccount",
                        .arguments = g_variant_new ("(s)", address),
                        .reply = "(o)" };
  g_autoptr (GVariant) reply = pf_client_call (self, &call, error);
  char *path = NULL;

  if (reply != NULL)
    g_variant_get (reply, "(o)", &path);
  return path;
}

char *
pf_client_read_address (PfClient *self, const char *path, GError **error)
{
  PfClientCall call = { .path = path,
                        .interface = PROPERTIES,
                        .member = "Get",
                        .arguments = g_variant_new ("(ss)", PF_INTERFACE_ACCOUNT, "Address"),
                        .reply = "(v)" };
  g_autoptr (GVariant) reply = pf_client_call (self, &call, error);
  g_autoptr (GVariant) value = NULL;

  if (reply == NULL)
    return NULL;
  g_variant_get (reply, "(v)", &value);
  return g_variant_is_of_type (value, G_VARIANT_TYPE_STRING) ? g_variant_dup_string (value, NULL)
                                                             : g_strdup ("");
}

/* --- Objects ---------------------------------------------------------------------------------- */

static void
object_free (gpointer data)
{
  PfObject *object = data;

  g_free (object->path);
  g_free (object->address);
  g_variant_unref (object->properties);
  g_free (object);
}

static gint
compare_objects (gconstpointer a, gconstpointer b)
{
  const PfObject *one = *(PfObject *const *) a, *other = *(PfObject *const *) b;

  return g_ascii_strcasecmp (one->address, other->address);
}

static void
take_object (PfOverview *self, const char *path, GVariant *interfaces)
{
  g_autoptr (GVariant) account =
      g_variant_lookup_value (interfaces, PF_INTERFACE_ACCOUNT, G_VARIANT_TYPE_VARDICT);
  g_autoptr (GVariant) manager =
      g_variant_lookup_value (interfaces, PF_INTERFACE_MANAGER, G_VARIANT_TYPE_VARDICT);
  GVariant *check = g_variant_lookup_value (interfaces, PF_INTERFACE_CHECK, G_VARIANT_TYPE_VARDICT);
  PfObject *object;

  if (manager != NULL && self->manager == NULL)
    self->manager = g_steal_pointer (&manager);
  if (check != NULL)
    g_hash_table_replace (self->checks, g_strdup (path), check);
  if (account == NULL)
    return;
  object = g_new0 (PfObject, 1);
  object->path = g_strdup (path);
  object->properties = g_steal_pointer (&account);
  object->address = g_strdup (pf_property_string (object->properties, "Address"));
  g_ptr_array_add (self->accounts, object);
}

/* Piece by piece: formats that point into a value make GVariant write all of it into one piece of
 * memory first, and ten thousand accounts are some megabytes. */
static void
take_objects (PfOverview *self, GVariant *objects)
{
  gsize n = g_variant_n_children (objects);

  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) entry = g_variant_get_child_value (objects, i);
      g_autoptr (GVariant) path = g_variant_get_child_value (entry, 0);
      g_autoptr (GVariant) interfaces = g_variant_get_child_value (entry, 1);

      take_object (self, g_variant_get_string (path, NULL), interfaces);
    }
}

PfOverview *
pf_client_overview (PfClient *self, GError **error)
{
  PfClientCall call = { .path = PF_PATH_ROOT,
                        .interface = OBJECT_MANAGER,
                        .member = "GetManagedObjects",
                        .reply = "(a{oa{sa{sv}}})" };
  /* Kept until the next one: taking two million values apart in the end would be a fifth of the
   * time that listing ten thousand accounts takes, and the process ends. */
  static GVariant *reply;
  g_autoptr (GVariant) objects = NULL;
  PfOverview *overview;

  g_clear_pointer (&reply, g_variant_unref);
  reply = pf_client_call (self, &call, error);
  if (reply == NULL)
    return NULL;
  overview = g_new0 (PfOverview, 1);
  overview->accounts = g_ptr_array_new_with_free_func (object_free);
  overview->checks =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_variant_unref);
  objects = g_variant_get_child_value (reply, 0);
  take_objects (overview, objects);
  if (overview->manager == NULL)
    overview->manager = g_variant_ref_sink (g_variant_new ("a{sv}", NULL));
  g_ptr_array_sort (overview->accounts, compare_objects);
  return overview;
}

void
pf_overview_free (PfOverview *self)
{
  g_clear_pointer (&self->manager, g_variant_unref);
  g_ptr_array_unref (self->accounts);
  g_hash_table_unref (self->checks);
  g_free (self);
}

/* (transfer full) (nullable): a{sv}'s value of @name. Ten thousand accounts tell their properties
 * in the same order: where one was found is looked at first in the next. */
static GVariant *
find_property (GVariant *properties, const char *name)
{
  static GHashTable *places; /* name -> index */
  gsize n = g_variant_n_children (properties);
  gsize place;

  if (places == NULL)
    places = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  place = GPOINTER_TO_SIZE (g_hash_table_lookup (places, name));
  for (gsize i = 0; i < n; i++)
    {
      gsize index = (place + i) % n;
      g_autoptr (GVariant) entry = g_variant_get_child_value (properties, index);
      g_autoptr (GVariant) key = g_variant_get_child_value (entry, 0);
      g_autoptr (GVariant) value = NULL;

      if (!g_str_equal (g_variant_get_string (key, NULL), name))
        continue;
      if (i > 0)
        g_hash_table_replace (places, g_strdup (name), GSIZE_TO_POINTER (index));
      value = g_variant_get_child_value (entry, 1);
      return g_variant_get_variant (value);
    }
  return NULL;
}

const char *
pf_property_string (GVariant *properties, const char *name)
{
  g_autoptr (GVariant) value = find_property (properties, name);

  /* What it points to is part of @properties. */
  if (value != NULL
      && (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING)
          || g_variant_is_of_type (value, G_VARIANT_TYPE_OBJECT_PATH)))
    return g_variant_get_string (value, NULL);
  return "";
}

guint64
pf_property_number (GVariant *properties, const char *name)
{
  g_autoptr (GVariant) value = find_property (properties, name);

  if (value != NULL && g_variant_is_of_type (value, G_VARIANT_TYPE_UINT32))
    return g_variant_get_uint32 (value);
  return value != NULL && g_variant_is_of_type (value, G_VARIANT_TYPE_UINT64)
             ? g_variant_get_uint64 (value)
             : 0;
}

gboolean
pf_property_boolean (GVariant *properties, const char *name)
{
  g_autoptr (GVariant) value = find_property (properties, name);

  return value != NULL && g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN)
         && g_variant_get_boolean (value);
}

void
pf_property_problem (GVariant *properties, const char *name, const char **code, const char **text)
{
  g_autoptr (GVariant) value = find_property (properties, name);

  *code = *text = "";
  if (value != NULL && g_variant_is_of_type (value, G_VARIANT_TYPE ("(ss)")))
    g_variant_get (value, "(&s&s)", code, text);
}

/* --- Signals ---------------------------------------------------------------------------------- */

void
pf_client_listen (PfClient *self,
                  const char *interface,
                  const char *member,
                  GDBusSignalCallback callback,
                  gpointer user_data)
{
  guint id = g_dbus_connection_signal_subscribe (self->connection, self->owner, interface, member,
                                                 NULL, NULL, G_DBUS_SIGNAL_FLAGS_NONE, callback,
                                                 user_data, NULL);

  g_array_append_val (self->subscriptions, id);
}

void
pf_client_listen_owner (PfClient *self, GDBusSignalCallback callback, gpointer user_data)
{
  guint id = g_dbus_connection_signal_subscribe (
      self->connection, BUS_NAME, BUS_NAME, "NameOwnerChanged", BUS_PATH, PF_BUS_NAME,
      G_DBUS_SIGNAL_FLAGS_NONE, callback, user_data, NULL);

  g_array_append_val (self->subscriptions, id);
}

void
pf_client_deafen (PfClient *self)
{
  for (guint i = 0; i < self->subscriptions->len; i++)
    g_dbus_connection_signal_unsubscribe (self->connection,
                                          g_array_index (self->subscriptions, guint, i));
  g_array_set_size (self->subscriptions, 0);
}
