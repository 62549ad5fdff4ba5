#include "accounts/registry-private.h"

#include "accounts/account-name.h"
#include "base/limits.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

G_DEFINE_FINAL_TYPE (PfRegistry, pf_registry, G_TYPE_OBJECT)

enum
{
  ADDED,
  CHANGED,
  REMOVED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
file_free (gpointer data)
{
  PfRegistryFile *file = data;

  g_clear_object (&file->account);
  g_free (file->name);
  g_free (file->id);
  g_free (file);
}

static void
pf_registry_finalize (GObject *object)
{
  PfRegistry *self = PF_REGISTRY (object);

  g_clear_pointer (&self->watch, pf_folder_watch_free);
  g_hash_table_unref (self->by_id);
  g_hash_table_unref (self->by_path);
  g_hash_table_unref (self->files);
  g_ptr_array_unref (self->list);
  g_free (self->folder);
  G_OBJECT_CLASS (pf_registry_parent_class)->finalize (object);
}

static void
pf_registry_class_init (PfRegistryClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = pf_registry_finalize;
  signals[ADDED] = g_signal_new ("added", PF_TYPE_REGISTRY, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                 G_TYPE_NONE, 1, PF_TYPE_ACCOUNT);
  signals[CHANGED] = g_signal_new ("changed", PF_TYPE_REGISTRY, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                   NULL, G_TYPE_NONE, 2, PF_TYPE_ACCOUNT, G_TYPE_POINTER);
  signals[REMOVED] = g_signal_new ("removed", PF_TYPE_REGISTRY, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                   NULL, G_TYPE_NONE, 1, PF_TYPE_ACCOUNT);
}

static void
pf_registry_init (PfRegistry *self)
{
  self->files = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, file_free);
  self->by_id = g_hash_table_new (g_str_hash, g_str_equal);
  self->by_path = g_hash_table_new (g_str_hash, g_str_equal);
  self->list = g_ptr_array_new ();
  g_queue_init (&self->writes);
}

PfRegistry *
pf_registry_new (const char *directory)
{
  PfRegistry *self = g_object_new (PF_TYPE_REGISTRY, NULL);

  self->folder = g_strdup (directory);
  return self;
}

/* --- The tables ------------------------------------------------------------------------------- */

/* Where @id stands in the list, or would. */
static guint
position (PfRegistry *self, const char *id)
{
  guint low = 0, high = self->list->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (strcmp (pf_account_get_id (self->list->pdata[middle]), id) < 0)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

PfRegistryFile *
pf_registry_file_new (PfRegistry *self, const char *name)
{
  PfRegistryFile *file = g_new0 (PfRegistryFile, 1);

  file->name = g_strdup (name);
  file->id = pf_account_file_guess (name);
  g_hash_table_insert (self->files, file->name, file);
  return file;
}

void
pf_registry_take (PfRegistry *self, PfRegistryFile *file, PfAccount *account)
{
  g_autoptr (PfAccount) alive = g_object_ref (account);

  file->account = g_object_ref (account);
  g_hash_table_insert (self->by_id, file->id, file);
  g_hash_table_insert (self->by_path, (gpointer) pf_account_get_path (account), account);
  g_ptr_array_insert (self->list, (int) position (self, file->id), account);
  g_signal_emit (self, signals[ADDED], 0, alive);
}

void
pf_registry_change (PfRegistry *self, PfAccount *account, const PfSettings *settings)
{
  g_autoptr (PfAccount) alive = g_object_ref (account);
  g_autoptr (PfSettings) before = pf_settings_ref (pf_account_get_settings (account));

  pf_account_set_settings (account, settings);
  g_signal_emit (self, signals[CHANGED], 0, alive, before);
}

void
pf_registry_break (PfRegistry *self, PfAccount *account, const char *sentence)
{
  g_autoptr (PfAccount) alive = g_object_ref (account);
  g_autoptr (PfSettings) before = pf_settings_ref (pf_account_get_settings (account));

  pf_account_break (account, sentence);
  g_signal_emit (self, signals[CHANGED], 0, alive, before);
}

void
pf_registry_drop (PfRegistry *self, PfRegistryFile *file)
{
  g_autoptr (PfAccount) account = g_steal_pointer (&file->account);

  if (account != NULL)
    {
      g_hash_table_remove (self->by_id, file->id);
      g_hash_table_remove (self->by_path, pf_account_get_path (account));
      g_ptr_array_remove_index (self->list, position (self, file->id));
    }
  g_hash_table_remove (self->files, file->name);
  if (account != NULL)
    g_signal_emit (self, signals[REMOVED], 0, account);
}

PfAccount *
pf_registry_lookup (PfRegistry *self, const char *address)
{
  g_autofree char *id = pf_address_fold (address);
  PfRegistryFile *file = g_hash_table_lookup (self->by_id, id);

  return file != NULL ? file->account : NULL;
}

PfAccount *
pf_registry_lookup_path (PfRegistry *self, const char *object_path)
{
  return g_hash_table_lookup (self->by_path, object_path);
}

GPtrArray *
pf_registry_list (PfRegistry *self)
{
  return self->list;
}

/* --- Reading ---------------------------------------------------------------------------------- */

gboolean
pf_registry_is_by_hand (PfRegistry *self)
{
  return self->by_hand;
}

void
pf_registry_scan_by_hand (PfRegistry *self, gboolean all)
{
  g_autoptr (PfRegistry) alive = g_object_ref (self);

  self->by_hand = TRUE;
  pf_registry_scan (self, all);
  self->by_hand = FALSE;
}

static void
on_folder_changed (gpointer user_data)
{
  pf_registry_scan_by_hand (user_data, FALSE);
}

void
pf_registry_reload (PfRegistry *self)
{
  pf_registry_scan_by_hand (self, TRUE);
}

gboolean
pf_registry_load (PfRegistry *self, GError **error)
{
  if (g_mkdir_with_parents (self->folder, 0700) != 0 || g_access (self->folder, R_OK | X_OK) != 0)
    {
      int code = errno;

      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
                   "%s, the folder of the accounts, cannot be read: %s", self->folder,
                   g_strerror (code));
      return FALSE;
    }
  /* Watched first, so that nothing happens between. */
  if (self->watch == NULL)
    self->watch =
        pf_folder_watch_new (self->folder, PF_LIMIT_FOLDER_POLL_SECONDS, on_folder_changed, self);
  pf_registry_scan (self, TRUE);
  return TRUE;
}
