#include "secrets/keyring-item.h"

struct _PfKeyringItem
{
  GObject parent_instance;
  GHashTable *attributes;
  PfSecret *secret;
};

enum
{
  PROPERTY_ATTRIBUTES = 1,
  PROPERTY_LABEL,
  PROPERTY_CREATED,
  PROPERTY_MODIFIED
};

static void retrievable_interface (SecretRetrievableInterface *interface);

G_DEFINE_FINAL_TYPE_WITH_CODE (PfKeyringItem,
                               pf_keyring_item,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (SECRET_TYPE_RETRIEVABLE,
                                                      retrievable_interface))

SecretRetrievable *
pf_keyring_item_new (GHashTable *attributes, PfSecret *secret)
{
  PfKeyringItem *self = g_object_new (PF_TYPE_KEYRING_ITEM, NULL);

  self->attributes = attributes;
  self->secret = secret;
  return SECRET_RETRIEVABLE (self);
}

static void
retrieve_secret (SecretRetrievable *item,
                 GCancellable *cancellable,
                 GAsyncReadyCallback callback,
                 gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (item, cancellable, callback, user_data);
  gsize length;
  const char *octets = pf_secret_peek (PF_KEYRING_ITEM (item)->secret, &length);

  g_task_return_pointer (task, secret_value_new (octets, (gssize) length, "text/plain"),
                         secret_value_unref);
}

static SecretValue *
retrieve_secret_finish (SecretRetrievable *item, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
retrievable_interface (SecretRetrievableInterface *interface)
{
  interface->retrieve_secret = retrieve_secret;
  interface->retrieve_secret_finish = retrieve_secret_finish;
}

/* The keyring keeps no labels and no times. */
static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  PfKeyringItem *self = PF_KEYRING_ITEM (object);

  switch (id)
    {
    case PROPERTY_ATTRIBUTES:
      g_value_set_boxed (value, self->attributes);
      break;
    case PROPERTY_LABEL:
      g_value_set_static_string (value, "");
      break;
    default:
      g_value_set_uint64 (value, 0);
      break;
    }
}

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
finalize (GObject *object)
{
  PfKeyringItem *self = PF_KEYRING_ITEM (object);

  g_hash_table_unref (self->attributes);
  pf_secret_unref (self->secret);
  G_OBJECT_CLASS (pf_keyring_item_parent_class)->finalize (object);
}

static void
pf_keyring_item_class_init (PfKeyringItemClass *class)
{
  GObjectClass *object = G_OBJECT_CLASS (class);

  object->finalize = finalize;
  object->get_property = get_property;
  object->set_property = set_property;
  g_object_class_override_property (object, PROPERTY_ATTRIBUTES, "attributes");
  g_object_class_override_property (object, PROPERTY_LABEL, "label");
  g_object_class_override_property (object, PROPERTY_CREATED, "created");
  g_object_class_override_property (object, PROPERTY_MODIFIED, "modified");
}

static void
pf_keyring_item_init (PfKeyringItem *self)
{
}
