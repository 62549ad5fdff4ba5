#include "secrets/secret-service.h"

#include "base/problem.h"

#include <libsecret/secret.h>

/* How long the session bus may take to tell whether there is a Secret Service. */
#define PROBE_MILLISECONDS 2000
#define SERVICE_NAME "org.freedesktop.secrets"
#define SERVICE_PATH "/org/freedesktop/secrets"
#define SERVICE_INTERFACE "org.freedesktop.Secret.Service"

/* Its path, or "/" when the service has none. NULL with an error. */
static char *
default_collection (GDBusConnection *bus, GError **error)
{
  g_autoptr (GVariant) answer =
      g_dbus_connection_call_sync (bus, SERVICE_NAME, SERVICE_PATH, SERVICE_INTERFACE, "ReadAlias",
                                   g_variant_new ("(s)", "default"), G_VARIANT_TYPE ("(o)"),
                                   G_DBUS_CALL_FLAGS_NONE, PROBE_MILLISECONDS, NULL, error);
  char *path = NULL;

  if (answer != NULL)
    g_variant_get (answer, "(o)", &path);
  return path;
}

gboolean
pf_secret_service_is_there (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, NULL);
  g_autofree char *path = bus != NULL ? default_collection (bus, &error) : NULL;

  if (path != NULL)
    return !g_str_equal (path, "/");
  /* Not "is none": passwords that are in it must not be looked for in a file for ever after. */
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_TIMEOUT)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_TIMED_OUT);
}

const char *
pf_secret_service_locked_text (void)
{
  return "The desktop's keyring is locked: unlock it, by logging in to the desktop or in the "
         "program Passwords and Keys";
}

static void
on_collection (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (SecretCollection) collection = secret_collection_for_alias_finish (result, &error);

  if (error != NULL)
    g_task_return_error (task, error);
  else if (collection == NULL)
    g_task_return_new_error (task, PF_PROBLEM, PF_PROBLEM_SECRETS_UNAVAILABLE,
                             "The desktop's Secret Service has no default keyring: log in to the "
                             "desktop, or set [Secrets] Backend=keyring");
  else if (secret_collection_get_locked (collection))
    g_task_return_new_error (task, PF_PROBLEM, PF_PROBLEM_SECRETS_UNAVAILABLE, "%s",
                             pf_secret_service_locked_text ());
  else
    g_task_return_boolean (task, TRUE);
}

void
pf_secret_service_check_async (GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);

  secret_collection_for_alias (NULL, SECRET_COLLECTION_DEFAULT, SECRET_COLLECTION_NONE, cancellable,
                               on_collection, task);
}

gboolean
pf_secret_service_check_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
