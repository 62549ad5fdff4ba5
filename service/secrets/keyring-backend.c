#include "secrets/keyring-backend.h"

#include "secrets/keyring-file.h"
#include "secrets/master-key.h"

#include <libsecret/secret.h>
#include <string.h>
/* Installed and exported, but not included by secret.h. */
#define __SECRET_INSIDE_HEADER__
#include <libsecret/secret-backend.h>
#undef __SECRET_INSIDE_HEADER__

#define PF_TYPE_KEYRING_BACKEND (pf_keyring_backend_get_type ())
G_DECLARE_FINAL_TYPE (PfKeyringBackend, pf_keyring_backend, PF, KEYRING_BACKEND, GObject)

struct _PfKeyringBackend
{
  GObject parent_instance;
  SecretServiceFlags flags;
  PfKeyring *keyring; /* NULL until it could be opened: tried again with each call */
};

static struct
{
  char *state_directory;
  char *credentials_directory;
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

static PfKeyring *
open_keyring (PfKeyringBackend *self, GError **error)
{
  g_autofree char *path = g_build_filename (place.state_directory, "keyring", NULL);
  g_autoptr (PfSecret) key = NULL;

  if (self->keyring != NULL)
    return self->keyring;
  key = pf_master_key_load (place.credentials_directory, place.state_directory, error);
  if (key != NULL)
    self->keyring = pf_keyring_open (path, key, error);
  return self->keyring;
}

/* "NAME|key=value|..." in the order of the keys: the item's name, and its authenticated data. */
static char *
attributes_text (const SecretSchema *schema, GHashTable *attributes)
{
  g_autoptr (GList) keys = g_list_sort (g_hash_table_get_keys (attributes), (GCompareFunc) strcmp);
  GString *text = g_string_new (schema != NULL ? schema->name : "");

  for (GList *l = keys; l != NULL; l = l->next)
    if (!g_str_has_prefix (l->data, "xdg:"))
      g_string_append_printf (text, "|%s=%s", (const char *) l->data,
                              (const char *) g_hash_table_lookup (attributes, l->data));
  return g_string_free (text, FALSE);
}

/* --- libsecret's operations: short, so done at once -------------------------------------------------------------------------- */

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
  g_autoptr (GTask) task = g_task_new (backend, cancellable, callback, user_data);
  g_autofree char *name = attributes_text (schema, attributes);
  gsize length;
  const char *data = secret_value_get (value, &length);
  g_autoptr (PfSecret) secret = pf_secret_new (data, length);
  GError *error = NULL;
  PfKeyring *keyring = open_keyring (PF_KEYRING_BACKEND (backend), &error);

  if (keyring != NULL && pf_keyring_store (keyring, name, secret, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static gboolean
boolean_finish (SecretBackend *backend, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
lookup (SecretBackend *backend,
        const SecretSchema *schema,
        GHashTable *attributes,
        GCancellable *cancellable,
        GAsyncReadyCallback callback,
        gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (backend, cancellable, callback, user_data);
  g_autofree char *name = attributes_text (schema, attributes);
  GError *error = NULL;
  PfKeyring *keyring = open_keyring (PF_KEYRING_BACKEND (backend), &error);
  g_autoptr (PfSecret) secret = keyring != NULL ? pf_keyring_lookup (keyring, name, &error) : NULL;

  if (error != NULL)
    g_task_return_error (task, error);
  else if (secret == NULL)
    g_task_return_pointer (task, NULL, NULL);
  else
    {
      gsize length;
      const char *data = pf_secret_peek (secret, &length);

      g_task_return_pointer (task, secret_value_new (data, (gssize) length, "text/plain"),
                             secret_value_unref);
    }
}

static SecretValue *
lookup_finish (SecretBackend *backend, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
clear (SecretBackend *backend,
       const SecretSchema *schema,
       GHashTable *attributes,
       GCancellable *cancellable,
       GAsyncReadyCallback callback,
       gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (backend, cancellable, callback, user_data);
  g_autofree char *name = attributes_text (schema, attributes);
  gboolean removed = FALSE;
  GError *error = NULL;
  PfKeyring *keyring = open_keyring (PF_KEYRING_BACKEND (backend), &error);

  if (keyring != NULL && pf_keyring_remove (keyring, name, &removed, &error))
    g_task_return_boolean (task, removed);
  else
    g_task_return_error (task, error);
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
}

/* --- Object --------------------------------------------------------------------------------------------------------------------- */

static void
init_async (GAsyncInitable *object,
            int priority,
            GCancellable *cancellable,
            GAsyncReadyCallback callback,
            gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (object, cancellable, callback, user_data);

  /* A keyring that cannot be opened is each call's error, so that it can be mended without a restart. */
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
pf_keyring_backend_finalize (GObject *object)
{
  g_clear_pointer (&PF_KEYRING_BACKEND (object)->keyring, pf_keyring_free);
  G_OBJECT_CLASS (pf_keyring_backend_parent_class)->finalize (object);
}

static void
pf_keyring_backend_class_init (PfKeyringBackendClass *class)
{
  GObjectClass *object = G_OBJECT_CLASS (class);

  object->finalize = pf_keyring_backend_finalize;
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
}
