#include "secrets/keyring-backend.h"

#include "secrets/item-name.h"
#include "secrets/keyring-file.h"
#include "secrets/keyring-item.h"
#include "secrets/master-key.h"

/* Installed and exported, but not included by secret.h. */
#define __SECRET_INSIDE_HEADER__
#include <libsecret/secret-backend.h>
#undef __SECRET_INSIDE_HEADER__

#define PF_TYPE_KEYRING_BACKEND (pf_keyring_backend_get_type ())
G_DECLARE_FINAL_TYPE (PfKeyringBackend, pf_keyring_backend, PF, KEYRING_BACKEND, GObject)

/* What libsecret makes. All of them share the one keyring. */
struct _PfKeyringBackend
{
  GObject parent_instance;
  SecretServiceFlags flags;
};

static struct
{
  char *state_directory;
  char *credentials_directory;
  GThreadPool *thread; /* of one thread */
  PfKeyring *keyring;  /* the thread's; NULL until it could be opened: tried with each operation */
} place;

static void init_interface (GAsyncInitableIface *interface);
static void backend_interface (SecretBackendInterface *interface);

G_DEFINE_FINAL_TYPE_WITH_CODE (PfKeyringBackend,
                               pf_keyring_backend,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_ASYNC_INITABLE, init_interface)
                                   G_IMPLEMENT_INTERFACE (SECRET_TYPE_BACKEND, backend_interface)
                                       _secret_backend_ensure_extension_point ();
                               g_io_extension_point_implement (SECRET_BACKEND_EXTENSION_POINT_NAME,
                                                               g_define_type_id,
                                                               PF_KEYRING_BACKEND_NAME,
                                                               0))

/* --- In the thread ---------------------------------------------------------------------------- */

typedef struct _Operation Operation;

/* Answers the task; @error is where an error goes that is to be its answer. */
typedef void (*Work) (GTask *task, const Operation *operation, PfKeyring *keyring, GError **error);

struct _Operation
{
  Work work;
  char *name;
  PfSecret *secret;       /* to be stored */
  char *schema;           /* of a search */
  GHashTable *attributes; /* of a search */
};

static void
operation_free (gpointer data)
{
  Operation *operation = data;

  g_free (operation->name);
  g_clear_pointer (&operation->secret, pf_secret_unref);
  g_free (operation->schema);
  g_clear_pointer (&operation->attributes, g_hash_table_unref);
  g_free (operation);
}

static PfKeyring *
open_keyring (GError **error)
{
  g_autofree char *path = g_build_filename (place.state_directory, "keyring", NULL);
  g_autoptr (PfSecret) key =
      pf_master_key_load (place.credentials_directory, place.state_directory, error);

  return key != NULL ? pf_keyring_open (path, key, error) : NULL;
}

static void
run (gpointer data, gpointer unused)
{
  g_autoptr (GTask) task = data;
  const Operation *operation = g_task_get_task_data (task);
  GError *error = NULL;

  /* Nobody waits any more, and somebody was told that it failed. */
  if (g_task_return_error_if_cancelled (task))
    return;
  if (place.keyring == NULL)
    place.keyring = open_keyring (&error);
  if (place.keyring != NULL)
    operation->work (task, operation, place.keyring, &error);
  if (error != NULL)
    g_task_return_error (task, error);
}

static void
do_store (GTask *task, const Operation *operation, PfKeyring *keyring, GError **error)
{
  if (pf_keyring_store (keyring, operation->name, operation->secret, error))
    g_task_return_boolean (task, TRUE);
}

static void
do_lookup (GTask *task, const Operation *operation, PfKeyring *keyring, GError **error)
{
  g_autoptr (PfSecret) secret = pf_keyring_lookup (keyring, operation->name, error);
  gsize length;

  if (*error != NULL)
    return;
  if (secret == NULL)
    g_task_return_pointer (task, NULL, NULL);
  else
    {
      const char *octets = pf_secret_peek (secret, &length);

      g_task_return_pointer (task, secret_value_new (octets, (gssize) length, "text/plain"),
                             secret_value_unref);
    }
}

static void
do_clear (GTask *task, const Operation *operation, PfKeyring *keyring, GError **error)
{
  gboolean removed;

  if (pf_keyring_remove (keyring, operation->name, &removed, error))
    g_task_return_boolean (task, removed);
}

static void
free_items (gpointer items)
{
  g_list_free_full (items, g_object_unref);
}

static void
do_search (GTask *task, const Operation *operation, PfKeyring *keyring, GError **error)
{
  g_auto (GStrv) names = pf_keyring_names (keyring);
  GList *items = NULL;

  for (guint i = 0; names[i] != NULL && *error == NULL; i++)
    {
      g_autoptr (GHashTable) attributes =
          pf_item_name_match (names[i], operation->schema, operation->attributes);
      PfSecret *secret = attributes != NULL ? pf_keyring_lookup (keyring, names[i], error) : NULL;

      if (secret != NULL)
        items = g_list_prepend (items, pf_keyring_item_new (g_steal_pointer (&attributes), secret));
    }
  if (*error == NULL)
    g_task_return_pointer (task, g_list_reverse (items), free_items);
  else
    free_items (items);
}

/* --- libsecret's operations ------------------------------------------------------------------- */

/* (transfer none): the operation is its task's. */
static Operation *
begin (SecretBackend *backend,
       Work work,
       const SecretSchema *schema,
       GHashTable *attributes,
       GCancellable *cancellable,
       GAsyncReadyCallback callback,
       gpointer user_data,
       GTask **task)
{
  Operation *operation = g_new0 (Operation, 1);

  operation->work = work;
  operation->schema = g_strdup (schema != NULL ? schema->name : "");
  operation->name = pf_item_name_make (operation->schema, attributes);
  *task = g_task_new (backend, cancellable, callback, user_data);
  g_task_set_task_data (*task, operation, operation_free);
  return operation;
}

/* @task: (transfer full) */
static void
go (GTask *task)
{
  g_thread_pool_push (place.thread, task, NULL);
}

static void
store (SecretBackend *backend,
       const SecretSchema *schema,
       GHashTable *attributes,
       const char *collection,
       const char *label,
       SecretValue *value,
       GCancellable *cancellable,
       GAsyncReadyCallback callback,
       gpointer user_data)
{
  GTask *task;
  Operation *operation =
      begin (backend, do_store, schema, attributes, cancellable, callback, user_data, &task);
  gsize length;
  const char *octets = secret_value_get (value, &length);

  operation->secret = pf_secret_new (octets, length);
  go (task);
}

static void
lookup (SecretBackend *backend,
        const SecretSchema *schema,
        GHashTable *attributes,
        GCancellable *cancellable,
        GAsyncReadyCallback callback,
        gpointer user_data)
{
  GTask *task;

  begin (backend, do_lookup, schema, attributes, cancellable, callback, user_data, &task);
  go (task);
}

static void
clear (SecretBackend *backend,
       const SecretSchema *schema,
       GHashTable *attributes,
       GCancellable *cancellable,
       GAsyncReadyCallback callback,
       gpointer user_data)
{
  GTask *task;

  begin (backend, do_clear, schema, attributes, cancellable, callback, user_data, &task);
  go (task);
}

static void
search (SecretBackend *backend,
        const SecretSchema *schema,
        GHashTable *attributes,
        SecretSearchFlags flags,
        GCancellable *cancellable,
        GAsyncReadyCallback callback,
        gpointer user_data)
{
  GTask *task;
  Operation *operation =
      begin (backend, do_search, schema, attributes, cancellable, callback, user_data, &task);
  GHashTableIter iter;
  gpointer key, value;

  operation->attributes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_hash_table_iter_init (&iter, attributes);
  while (g_hash_table_iter_next (&iter, &key, &value))
    g_hash_table_insert (operation->attributes, g_strdup (key), g_strdup (value));
  go (task);
}

static gboolean
boolean_finish (SecretBackend *backend, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static SecretValue *
lookup_finish (SecretBackend *backend, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static GList *
search_finish (SecretBackend *backend, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
backend_interface (SecretBackendInterface *interface)
{
  interface->store = store;
  interface->store_finish = boolean_finish;
  interface->lookup = lookup;
  interface->lookup_finish = lookup_finish;
  interface->clear = clear;
  interface->clear_finish = boolean_finish;
  interface->search = search;
  interface->search_finish = search_finish;
}

/* --- Object ----------------------------------------------------------------------------------- */

static void
init_async (GAsyncInitable *object,
            int priority,
            GCancellable *cancellable,
            GAsyncReadyCallback callback,
            gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (object, cancellable, callback, user_data);

  /* A keyring that cannot be opened is each operation's error, so that it can be mended without a
   * restart. */
  g_task_return_boolean (task, TRUE);
}

static gboolean
init_finish (GAsyncInitable *object, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
init_interface (GAsyncInitableIface *interface)
{
  interface->init_async = init_async;
  interface->init_finish = init_finish;
}

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  PF_KEYRING_BACKEND (object)->flags = g_value_get_flags (value);
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  g_value_set_flags (value, PF_KEYRING_BACKEND (object)->flags);
}

static void
pf_keyring_backend_class_init (PfKeyringBackendClass *class)
{
  GObjectClass *object = G_OBJECT_CLASS (class);

  object->set_property = set_property;
  object->get_property = get_property;
  g_object_class_override_property (object, 1, "flags");
}

static void
pf_keyring_backend_init (PfKeyringBackend *self)
{
}

void
pf_keyring_backend_register (void)
{
  g_type_ensure (PF_TYPE_KEYRING_BACKEND);
}

void
pf_keyring_backend_set_place (const char *state_directory, const char *credentials_directory)
{
  g_free (place.state_directory);
  g_free (place.credentials_directory);
  place.state_directory = g_strdup (state_directory);
  place.credentials_directory = g_strdup (credentials_directory);
  /* What waits is done first; the next operation opens the keyring of the new place. */
  if (place.thread != NULL)
    g_thread_pool_free (place.thread, FALSE, TRUE);
  g_clear_pointer (&place.keyring, pf_keyring_free);
  place.thread = g_thread_pool_new (run, NULL, 1, FALSE, NULL);
}

gboolean
pf_keyring_backend_check (GError **error)
{
  g_autoptr (PfKeyring) keyring = open_keyring (error);

  return keyring != NULL;
}
