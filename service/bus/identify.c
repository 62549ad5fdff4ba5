#include "bus/identify.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include "base/limits.h"

/* The group whose members see every account (DESIGN 5). */
#define ADMIN_GROUP "postferry"

typedef struct
{
  PfCaller *caller;
  gboolean session;
  GArray *groups; /* of gid_t, as the bus tells them; NULL where it does not */
  /* found by the worker */
  char *user;
  gboolean in_group;
} Identify;

static void
identify_free (Identify *self)
{
  pf_caller_unref (self->caller);
  g_clear_pointer (&self->groups, g_array_unref);
  g_free (self->user);
  g_free (self);
}

static gboolean
holds_group (const gid_t *groups, gsize n, gid_t group)
{
  for (gsize i = 0; i < n; i++)
    if (groups[i] == group)
      return TRUE;
  return FALSE;
}

/* The answer of getgrouplist(), which wants to be asked twice. */
static gboolean
user_in_group (const char *user, gid_t primary, gid_t group)
{
  int n = 64;
  g_autofree gid_t *groups = g_new (gid_t, n);

  if (getgrouplist (user, primary, groups, &n) < 0)
    {
      groups = g_renew (gid_t, groups, n);
      if (getgrouplist (user, primary, groups, &n) < 0)
        return FALSE;
    }
  return holds_group (groups, (gsize) n, group);
}

/* In a worker: the user database may be on the network. */
static void
look_up (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Identify *self = task_data;
  g_autofree char *buffer = g_malloc (64 * PF_KIB);
  struct passwd user, *found_user = NULL;
  struct group group, *found_group = NULL;
  gid_t primary = 0;

  if (getpwuid_r (self->caller->uid, &user, buffer, 64 * PF_KIB, &found_user) == 0
      && found_user != NULL)
    {
      self->user = g_strdup (user.pw_name);
      primary = user.pw_gid;
    }
  if (!self->session && getgrnam_r (ADMIN_GROUP, &group, buffer, 64 * PF_KIB, &found_group) == 0
      && found_group != NULL)
    {
      if (self->groups != NULL)
        self->in_group = holds_group ((const gid_t *) (gpointer) self->groups->data,
                                      self->groups->len, group.gr_gid);
      else if (self->user != NULL)
        self->in_group = user_in_group (self->user, primary, group.gr_gid);
    }
  g_task_return_boolean (task, TRUE);
}

/* The bus says who it is. FALSE where it does not know. */
static gboolean
read_credentials (Identify *self, GVariant *credentials)
{
  g_autoptr (GVariant) groups = NULL;
  guint32 uid;

  if (!g_variant_lookup (credentials, "UnixUserID", "u", &uid))
    return FALSE;
  self->caller->uid = uid;
  groups = g_variant_lookup_value (credentials, "UnixGroupIDs", G_VARIANT_TYPE ("au"));
  if (groups == NULL)
    return TRUE;
  self->groups = g_array_new (FALSE, FALSE, sizeof (gid_t));
  for (gsize i = 0; i < g_variant_n_children (groups); i++)
    {
      guint32 number;
      gid_t gid;

      g_variant_get_child (groups, i, "u", &number);
      gid = number;
      g_array_append_val (self->groups, gid);
    }
  return TRUE;
}

static void
on_credentials (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  g_autoptr (GVariant) credentials = NULL;

  if (reply == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  g_variant_get (reply, "(@a{sv})", &credentials);
  if (read_credentials (g_task_get_task_data (task), credentials))
    g_task_run_in_thread (task, look_up);
  else
    g_task_return_new_error (task, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED,
                             "The message bus does not tell who is calling");
}

void
pf_identify_async (GDBusConnection *connection,
                   PfCaller *caller,
                   gboolean session,
                   GAsyncReadyCallback callback,
                   gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  Identify *self = g_new0 (Identify, 1);

  self->caller = pf_caller_ref (caller);
  self->session = session;
  g_task_set_task_data (task, self, (GDestroyNotify) identify_free);
  g_task_set_source_tag (task, pf_identify_async);
  g_dbus_connection_call (
      connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
      "GetConnectionCredentials", g_variant_new ("(s)", caller->name), G_VARIANT_TYPE ("(a{sv})"),
      G_DBUS_CALL_FLAGS_NONE, PF_LIMIT_BUS_SECONDS * 1000, NULL, on_credentials, task);
}

gboolean
pf_identify_finish (GAsyncResult *result, GError **error)
{
  Identify *self = g_task_get_task_data (G_TASK (result));
  PfCaller *caller = self->caller;

  if (!g_task_propagate_boolean (G_TASK (result), error))
    return FALSE;
  caller->user = g_steal_pointer (&self->user);
  caller->is_owner = self->session && caller->uid == getuid ();
  caller->sees_none = self->session && !caller->is_owner;
  caller->sees_all = caller->is_owner || (!self->session && (caller->uid == 0 || self->in_group));
  return TRUE;
}
