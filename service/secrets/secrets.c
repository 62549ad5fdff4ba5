#include "secrets/secrets.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/problem.h"
#include "secrets/keyring-backend.h"

#include <libsecret/secret.h>
#include <string.h>

/* How long the session bus may take to tell whether there is a Secret Service. */
#define PROBE_MILLISECONDS 1000
#define SERVICE_NAME "org.freedesktop.secrets"

static const SecretSchema schema = {
  "org.postferry1.Account",
  SECRET_SCHEMA_NONE,
  { { "address", SECRET_SCHEMA_ATTRIBUTE_STRING },
    { "kind", SECRET_SCHEMA_ATTRIBUTE_STRING },
    { NULL, 0 } },
};

static const char *const kinds[] = { "password", "refresh-token" };

/* One call to libsecret. */
typedef struct
{
  GTask *task;
  enum
  {
    CALL_STORE,
    CALL_LOOKUP,
    CALL_CLEAR
  } type;
  char *address;
  PfSecretKind kind;
  PfSecret *secret;
} Call;

struct _PfSecrets
{
  GObject parent_instance;
  GQueue calls; /* Call: parallel stores lose data in some backends, so they go one by one */
  Call *running;
  GCancellable *cancellable;
  guint timer;
};

G_DEFINE_FINAL_TYPE (PfSecrets, pf_secrets, G_TYPE_OBJECT)

static void start_next (PfSecrets *self);

const char *
pf_secret_kind_nick (PfSecretKind kind)
{
  return kinds[kind];
}

gboolean
pf_secret_kind_from_nick (const char *nick, PfSecretKind *kind)
{
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (strcmp (kinds[i], nick) == 0)
      {
        *kind = i;
        return TRUE;
      }
  return FALSE;
}

/* --- Which store ------------------------------------------------------------------------------------------------------- */

/* (transfer full) (nullable): NULL when the call fails or takes too long. */
static GVariant *
ask (GDBusConnection *bus,
     const char *path,
     const char *interface,
     const char *method,
     GVariant *parameters,
     const char *type)
{
  return g_dbus_connection_call_sync (bus, SERVICE_NAME, path, interface, method, parameters,
                                      G_VARIANT_TYPE (type), G_DBUS_CALL_FLAGS_NONE,
                                      PROBE_MILLISECONDS, NULL, NULL);
}

/* A Secret Service on the session bus that has a default collection, locked or not: one without (a keyring daemon that
 * nobody logged in to) takes no secret. */
static gboolean
has_secret_service (void)
{
  g_autoptr (GDBusConnection) bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, NULL);
  g_autoptr (GVariant) alias = NULL, locked = NULL;
  const char *path = "/";

  if (bus != NULL)
    alias = ask (bus, "/org/freedesktop/secrets", "org.freedesktop.Secret.Service", "ReadAlias",
                 g_variant_new ("(s)", "default"), "(o)");
  if (alias != NULL)
    g_variant_get (alias, "(&o)", &path);
  if (strcmp (path, "/") == 0)
    return FALSE;
  locked = ask (bus, path, "org.freedesktop.DBus.Properties", "Get",
                g_variant_new ("(ss)", "org.freedesktop.Secret.Collection", "Locked"), "(v)");
  return locked != NULL;
}

/* With --session the user's Secret Service; the keyring file where there is none, and ever after: what is in it must be found again. */
static gboolean
use_secret_service (const char *backend, gboolean session, const char *state_directory)
{
  g_autofree char *keyring = g_build_filename (state_directory, "keyring", NULL);

  if (*backend != '\0')
    return strcmp (backend, "secret-service") == 0;
  if (!session || g_file_test (keyring, G_FILE_TEST_EXISTS))
    return FALSE;
  if (has_secret_service ())
    return TRUE;
  pf_log (PF_LOG_NOTICE,
          "no Secret Service that can be used on the session bus: passwords are kept in %s",
          keyring);
  return FALSE;
}

void
pf_secrets_prepare (const char *backend, gboolean session, const char *state_directory)
{
  pf_keyring_backend_register ();
  /* Whatever the environment said: it is not for it to choose. */
  g_setenv ("SECRET_BACKEND",
            use_secret_service (backend, session, state_directory) ? "service"
                                                                   : PF_KEYRING_BACKEND_NAME,
            TRUE);
}

PfSecrets *
pf_secrets_new (const char *state_directory, const char *credentials_directory)
{
  pf_keyring_backend_set_place (state_directory, credentials_directory);
  return g_object_new (PF_TYPE_SECRETS, NULL);
}

/* --- One call after the other -------------------------------------------------------------------------------------------- */

static void
call_free (Call *call)
{
  g_object_unref (call->task);
  g_free (call->address);
  g_clear_pointer (&call->secret, pf_secret_unref);
  g_free (call);
}

/* Takes @error. Our own backend's errors say what is wrong; others' are put into a sentence. */
static GError *
as_problem (GError *error, gboolean timed_out)
{
  GError *problem;

  if (error->domain == PF_PROBLEM)
    return error;
  problem =
      timed_out ? g_error_new (
          PF_PROBLEM, PF_PROBLEM_SECRETS_UNAVAILABLE,
          "The secret store has not answered within %d s: it may be locked and wait for somebody to unlock it",
          PF_LIMIT_SECRETS_SECONDS)
                : g_error_new (PF_PROBLEM, PF_PROBLEM_SECRETS_UNAVAILABLE, "The secret store: %s",
                               error->message);
  g_error_free (error);
  return problem;
}

static void
call_done (PfSecrets *self, GError *error, gpointer secret)
{
  Call *call = g_steal_pointer (&self->running);
  gboolean timed_out = self->timer == 0;

  g_clear_handle_id (&self->timer, g_source_remove);
  g_clear_object (&self->cancellable);
  if (error != NULL)
    g_task_return_error (call->task, as_problem (error, timed_out));
  else
    g_task_return_pointer (call->task, secret, (GDestroyNotify) pf_secret_unref);
  call_free (call);
  start_next (self);
}

static void
on_stored (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PfSecrets) self = user_data;
  GError *error = NULL;

  secret_password_store_finish (result, &error);
  call_done (self, error, NULL);
}

static void
on_found (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PfSecrets) self = user_data;
  GError *error = NULL;
  char *password = secret_password_lookup_nonpageable_finish (result, &error);
  PfSecret *secret = password != NULL ? pf_secret_new (password, strlen (password)) : NULL;

  secret_password_free (password);
  call_done (self, error, secret);
}

static void
on_cleared (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PfSecrets) self = user_data;
  Call *call = self->running;
  GError *error = NULL;

  secret_password_clear_finish (result, &error);
  if (error == NULL && call->kind + 1 < G_N_ELEMENTS (kinds))
    {
      call->kind++;
      secret_password_clear (&schema, self->cancellable, on_cleared, g_object_ref (self), "address",
                             call->address, "kind", kinds[call->kind], NULL);
      return;
    }
  call_done (self, error, NULL);
}

static gboolean
on_timer (gpointer user_data)
{
  PfSecrets *self = user_data;

  self->timer = 0;
  g_cancellable_cancel (self->cancellable);
  return G_SOURCE_REMOVE;
}

static void
start_next (PfSecrets *self)
{
  Call *call = self->running == NULL ? g_queue_pop_head (&self->calls) : NULL;
  g_autofree char *label = NULL;

  if (call == NULL)
    return;
  self->running = call;
  self->cancellable = g_cancellable_new ();
  self->timer = g_timeout_add_seconds (PF_LIMIT_SECRETS_SECONDS, on_timer, self);
  switch (call->type)
    {
    case CALL_STORE:
      label = g_strdup_printf ("Postferry: %s of %s", kinds[call->kind], call->address);
      secret_password_store (&schema, SECRET_COLLECTION_DEFAULT, label,
                             pf_secret_peek (call->secret, NULL), self->cancellable, on_stored,
                             g_object_ref (self), "address", call->address, "kind",
                             kinds[call->kind], NULL);
      break;
    case CALL_LOOKUP:
      secret_password_lookup (&schema, self->cancellable, on_found, g_object_ref (self), "address",
                              call->address, "kind", kinds[call->kind], NULL);
      break;
    case CALL_CLEAR:
    default:
      secret_password_clear (&schema, self->cancellable, on_cleared, g_object_ref (self), "address",
                             call->address, "kind", kinds[call->kind], NULL);
      break;
    }
}

static Call *
push_call (PfSecrets *self,
           int type,
           const char *address,
           PfSecretKind kind,
           GAsyncReadyCallback callback,
           gpointer user_data)
{
  Call *call = g_new0 (Call, 1);

  call->task = g_task_new (self, NULL, callback, user_data);
  call->type = type;
  call->address = g_ascii_strdown (address, -1);
  call->kind = kind;
  g_queue_push_tail (&self->calls, call);
  return call;
}

void
pf_secrets_store_async (PfSecrets *self,
                        const char *address,
                        PfSecretKind kind,
                        PfSecret *secret,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  push_call (self, CALL_STORE, address, kind, callback, user_data)->secret = pf_secret_ref (secret);
  start_next (self);
}

void
pf_secrets_lookup_async (PfSecrets *self,
                         const char *address,
                         PfSecretKind kind,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  push_call (self, CALL_LOOKUP, address, kind, callback, user_data);
  start_next (self);
}

void
pf_secrets_clear_async (PfSecrets *self,
                        const char *address,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  push_call (self, CALL_CLEAR, address, 0, callback, user_data);
  start_next (self);
}

static gboolean
finish_plain (GAsyncResult *result, GError **error)
{
  g_autoptr (GError) local = NULL;

  g_task_propagate_pointer (G_TASK (result), &local);
  if (local == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

gboolean
pf_secrets_store_finish (PfSecrets *self, GAsyncResult *result, GError **error)
{
  return finish_plain (result, error);
}

PfSecret *
pf_secrets_lookup_finish (PfSecrets *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

gboolean
pf_secrets_clear_finish (PfSecrets *self, GAsyncResult *result, GError **error)
{
  return finish_plain (result, error);
}

/* --- Object ------------------------------------------------------------------------------------------------------------------ */

static void
pf_secrets_finalize (GObject *object)
{
  PfSecrets *self = PF_SECRETS (object);

  g_clear_handle_id (&self->timer, g_source_remove);
  g_clear_object (&self->cancellable);
  G_OBJECT_CLASS (pf_secrets_parent_class)->finalize (object);
}

static void
pf_secrets_class_init (PfSecretsClass *class)
{
  G_OBJECT_CLASS (class)->finalize = pf_secrets_finalize;
}

static void
pf_secrets_init (PfSecrets *self)
{
  g_queue_init (&self->calls);
}
