#include "secrets/secrets.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/problem.h"
#include "dbus-interfaces/text.h"
#include "secrets/keyring-backend.h"
#include "secrets/secret-service.h"

#include <libsecret/secret.h>
#include <string.h>

static const SecretSchema schema = {
  "org.postferry1.Account",
  SECRET_SCHEMA_NONE,
  { { "address", SECRET_SCHEMA_ATTRIBUTE_STRING },
    { "kind", SECRET_SCHEMA_ATTRIBUTE_STRING },
    { NULL, 0 } },
};

static const char *const kinds[] = { "password", "refresh-token" };

/* One call to libsecret. Held by the queue or as the running one, and by what it waits for. */
typedef struct
{
  PfSecrets *owner; /* alive: the task holds it */
  GTask *task;      /* NULL once it was answered */
  void (*start) (gpointer call);
  char *address;
  PfSecretKind kind;
  PfSecret *secret;
  GCancellable *cancellable;
  guint timer;
} Call;

struct _PfSecrets
{
  GObject parent_instance;
  GQueue waiting; /* Call: parallel stores lose data in some backends, so they go one by one */
  Call *running;
};

G_DEFINE_FINAL_TYPE (PfSecrets, pf_secrets, G_TYPE_OBJECT)

/* libsecret chooses once for the process; so do we. */
static gboolean on_secret_service;

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

PfSecretKind
pf_secret_kind_needed (const PfSettings *settings)
{
  return g_ascii_strcasecmp (settings->authentication, "oauth2") == 0 ? PF_SECRET_REFRESH_TOKEN
                                                                      : PF_SECRET_PASSWORD;
}

/* --- Which store ------------------------------------------------------------------------------ */

/* With --session the user's Secret Service; the keyring file where there is none, and ever after:
 * what is in it must be found again. */
static gboolean
use_secret_service (const char *backend, gboolean session, const char *state_directory)
{
  g_autofree char *keyring = g_build_filename (state_directory, "keyring", NULL);

  if (*backend != '\0')
    return strcmp (backend, "secret-service") == 0;
  if (!session || g_file_test (keyring, G_FILE_TEST_EXISTS))
    return FALSE;
  if (pf_secret_service_is_there ())
    return TRUE;
  pf_log (PF_LOG_NOTICE,
          "no Secret Service that can be used on the session bus: passwords are kept in %s",
          keyring);
  return FALSE;
}

void
pf_secrets_prepare (const char *backend, gboolean session, const char *state_directory)
{
  /* Whatever the environment said: it is not for it to choose. */
  g_setenv ("SECRET_BACKEND", PF_KEYRING_BACKEND_NAME, TRUE);
  pf_keyring_backend_register ();
  on_secret_service = use_secret_service (backend, session, state_directory);
  if (on_secret_service)
    g_setenv ("SECRET_BACKEND", "service", TRUE);
}

PfSecrets *
pf_secrets_new (const char *state_directory, const char *credentials_directory)
{
  g_autoptr (GError) error = NULL;

  pf_keyring_backend_set_place (state_directory, credentials_directory);
  if (!on_secret_service && !pf_keyring_backend_check (&error))
    pf_log (PF_LOG_ERROR, "%s", error->message);
  return g_object_new (PF_TYPE_SECRETS, NULL);
}

/* --- One call after the other ----------------------------------------------------------------- */

static void
call_clear (gpointer data)
{
  Call *call = data;

  g_clear_object (&call->task);
  g_clear_object (&call->cancellable);
  g_clear_pointer (&call->secret, pf_secret_unref);
  g_free (call->address);
}

static void
call_unref (Call *call)
{
  g_rc_box_release_full (call, call_clear);
}

static void
start_next (PfSecrets *self)
{
  if (self->running != NULL || g_queue_is_empty (&self->waiting))
    return;
  self->running = g_queue_pop_head (&self->waiting);
  self->running->start (self->running);
}

/* The call is over: the next one may begin, and the task is the caller's to answer. NULL when it
 * was answered before. (transfer full) */
static GTask *
call_end (Call *call)
{
  PfSecrets *self = call->owner;
  GTask *task = g_steal_pointer (&call->task);

  if (task == NULL)
    return NULL;
  g_clear_handle_id (&call->timer, g_source_remove);
  if (self->running == call)
    self->running = NULL;
  else
    g_queue_remove (&self->waiting, call);
  start_next (self);
  call_unref (call);
  return task;
}

/* Takes @error. Our own sentences say what is wrong; others' are put into one. */
static GError *
as_problem (GError *error)
{
  g_autofree char *text = NULL;
  GError *problem;

  if (error->domain == PF_PROBLEM)
    return error;
  g_dbus_error_strip_remote_error (error);
  text = pf_text_printable (error->message, -1, PF_LIMIT_SERVER_TEXT);
  if (g_error_matches (error, SECRET_ERROR, SECRET_ERROR_IS_LOCKED))
    problem = g_error_new_literal (PF_PROBLEM, PF_PROBLEM_SECRETS_UNAVAILABLE,
                                   pf_secret_service_locked_text ());
  else
    problem = g_error_new (PF_PROBLEM, PF_PROBLEM_SECRETS_UNAVAILABLE,
                           "The desktop's Secret Service: %s", text);
  g_error_free (error);
  return problem;
}

/* Takes @error (nullable) and @secret (nullable). */
static void
call_answer (Call *call, GError *error, PfSecret *secret)
{
  g_autoptr (GTask) task = call_end (call);

  if (task != NULL && error != NULL)
    g_task_return_error (task, as_problem (error));
  else if (task != NULL)
    g_task_return_pointer (task, secret, (GDestroyNotify) pf_secret_unref);
  else
    {
      g_clear_error (&error);
      g_clear_pointer (&secret, pf_secret_unref);
    }
}

/* Not even a call that cannot be cancelled keeps anybody waiting: what it brings is dropped. */
static gboolean
on_timer (gpointer user_data)
{
  Call *call = g_rc_box_acquire (user_data);

  call->timer = 0;
  g_cancellable_cancel (call->cancellable);
  call_answer (call,
               g_error_new (PF_PROBLEM, PF_PROBLEM_SECRETS_UNAVAILABLE,
                            "The secret store has not answered within %d s: it may be locked and "
                            "wait for somebody to unlock it, or its disk hangs",
                            PF_LIMIT_SECRETS_SECONDS),
               NULL);
  call_unref (call);
  return G_SOURCE_REMOVE;
}

static void
push_call (PfSecrets *self,
           void (*start) (gpointer),
           const char *address,
           PfSecretKind kind,
           PfSecret *secret,
           GAsyncReadyCallback callback,
           gpointer user_data)
{
  Call *call = g_rc_box_new0 (Call);

  call->owner = self;
  call->task = g_task_new (self, NULL, callback, user_data);
  call->start = start;
  call->address = pf_address_fold (address);
  call->kind = kind;
  call->secret = secret != NULL ? pf_secret_ref (secret) : NULL;
  call->cancellable = g_cancellable_new ();
  call->timer = g_timeout_add_seconds (PF_LIMIT_SECRETS_SECONDS, on_timer, call);
  g_queue_push_tail (&self->waiting, call);
  start_next (self);
}

/* --- Storing ---------------------------------------------------------------------------------- */

static void
on_stored (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;
  GError *error = NULL;

  secret_password_store_finish (result, &error);
  call_answer (call, error, NULL);
  call_unref (call);
}

static void
start_store (gpointer data)
{
  Call *call = data;
  g_autofree char *label =
      g_strdup_printf ("Postferry: %s of %s", kinds[call->kind], call->address);

  secret_password_store (&schema, SECRET_COLLECTION_DEFAULT, label,
                         pf_secret_peek (call->secret, NULL), call->cancellable, on_stored,
                         g_rc_box_acquire (call), "address", call->address, "kind",
                         kinds[call->kind], NULL);
}

void
pf_secrets_store_async (PfSecrets *self,
                        const char *address,
                        PfSecretKind kind,
                        PfSecret *secret,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  push_call (self, start_store, address, kind, secret, callback, user_data);
}

/* --- Looking up ------------------------------------------------------------------------------- */

static void
on_checked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;
  GError *error = NULL;

  pf_secret_service_check_finish (result, &error);
  call_answer (call, error, NULL);
  call_unref (call);
}

static void
on_found (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;
  GError *error = NULL;
  char *password = secret_password_lookup_nonpageable_finish (result, &error);
  PfSecret *secret = password != NULL ? pf_secret_new (password, strlen (password)) : NULL;

  secret_password_free (password);
  /* A locked Secret Service says "none": that would put the account on hold. */
  if (error == NULL && secret == NULL && on_secret_service && call->task != NULL)
    pf_secret_service_check_async (call->cancellable, on_checked, g_rc_box_acquire (call));
  else
    call_answer (call, error, secret);
  call_unref (call);
}

static void
start_lookup (gpointer data)
{
  Call *call = data;

  secret_password_lookup (&schema, call->cancellable, on_found, g_rc_box_acquire (call), "address",
                          call->address, "kind", kinds[call->kind], NULL);
}

void
pf_secrets_lookup_async (PfSecrets *self,
                         const char *address,
                         PfSecretKind kind,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  push_call (self, start_lookup, address, kind, NULL, callback, user_data);
}

/* --- Clearing --------------------------------------------------------------------------------- */

static void start_clear (gpointer data);

static void
on_cleared (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;
  GError *error = NULL;

  secret_password_clear_finish (result, &error);
  if (error == NULL && call->task != NULL && call->kind + 1 < G_N_ELEMENTS (kinds))
    {
      call->kind++;
      start_clear (call);
    }
  else
    call_answer (call, error, NULL);
  call_unref (call);
}

/* One kind after the other. */
static void
start_clear (gpointer data)
{
  Call *call = data;

  secret_password_clear (&schema, call->cancellable, on_cleared, g_rc_box_acquire (call), "address",
                         call->address, "kind", kinds[call->kind], NULL);
}

void
pf_secrets_clear_async (PfSecrets *self,
                        const char *address,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  push_call (self, start_clear, address, PF_SECRET_PASSWORD, NULL, callback, user_data);
}

/* --- Answers ---------------------------------------------------------------------------------- */

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

/* --- Object ----------------------------------------------------------------------------------- */

static void
pf_secrets_class_init (PfSecretsClass *class)
{
}

static void
pf_secrets_init (PfSecrets *self)
{
  g_queue_init (&self->waiting);
}
