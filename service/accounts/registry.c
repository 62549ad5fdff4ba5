#include "accounts/registry-private.h"

#include "accounts/account-name.h"
#include "base/durable.h"
#include "base/limits.h"
#include "dbus-interfaces/errors.h"

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

static void
scan_by_hand (PfRegistry *self, gboolean all)
{
  g_autoptr (PfRegistry) alive = g_object_ref (self);

  self->by_hand = TRUE;
  pf_registry_scan (self, all);
  self->by_hand = FALSE;
}

static void
on_folder_changed (gpointer user_data)
{
  scan_by_hand (user_data, FALSE);
}

void
pf_registry_reload (PfRegistry *self)
{
  scan_by_hand (self, TRUE);
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

/* --- Writing ---------------------------------------------------------------------------------- */

static gboolean
write_file (PfRegistry *self, const char *name, const PfSettings *settings, GError **error)
{
  g_autofree char *path = g_build_filename (self->folder, name, NULL);
  g_autofree char *previous = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GError) local = NULL;

  /* A file that is not there or cannot be read has no comments to be kept. */
  g_file_get_contents (path, &previous, NULL, NULL);
  text = pf_settings_to_file (settings, previous);
  if (pf_durable_write (path, text, -1, &local))
    return TRUE;
  if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_NO_SPACE))
    g_set_error_literal (error, PF_ERROR, PF_ERROR_DISK_LOW, local->message);
  else
    g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

/* The scan that our own write brings about finds nothing new. */
static void
note_written (PfRegistry *self, PfRegistryFile *file)
{
  g_autofree char *path = g_build_filename (self->folder, file->name, NULL);

  file->stamp_is_sure = FALSE;
  pf_file_stamp_get (&file->stamp, path);
}

PfAccount *
pf_registry_add (PfRegistry *self, const PfSettings *settings, GError **error)
{
  g_autofree char *name = pf_account_file_name (settings->address);
  g_autofree char *path = g_build_filename (self->folder, name, NULL);
  g_autoptr (PfAccount) account = NULL;
  PfRegistryFile *file;
  PfFileStamp there;

  /* A file that was dropped in a moment ago is not in the tables yet. */
  if (pf_registry_lookup (self, settings->address) != NULL || pf_file_stamp_get (&there, path))
    {
      g_set_error (error, PF_ERROR, PF_ERROR_ACCOUNT_EXISTS, "%s exists already",
                   settings->address);
      return NULL;
    }
  if (!write_file (self, name, settings, error))
    return NULL;
  account = pf_account_new (settings);
  file = pf_registry_file_new (self, name);
  note_written (self, file);
  pf_registry_take (self, file, account);
  return account;
}

/* (nullable): with an error when the account went meanwhile. */
static PfRegistryFile *
file_of (PfRegistry *self, PfAccount *account, GError **error)
{
  PfRegistryFile *file = g_hash_table_lookup (self->by_id, pf_account_get_id (account));

  if (file != NULL && file->account == account)
    return file;
  g_set_error (error, PF_ERROR, PF_ERROR_UNKNOWN_ACCOUNT, "%s does not exist any more",
               pf_account_get_id (account));
  return NULL;
}

static gboolean
unlink_file (PfRegistry *self, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (self->folder, name, NULL);

  return pf_durable_unlink (path, error);
}

/* A broken file whose name did not fit: the good one has taken its place. */
static gboolean
rename_file (PfRegistry *self, PfRegistryFile *file, const char *name, GError **error)
{
  if (strcmp (file->name, name) == 0)
    return TRUE;
  if (!unlink_file (self, file->name, error))
    return FALSE;
  g_hash_table_steal (self->files, file->name);
  g_free (file->name);
  file->name = g_strdup (name);
  g_hash_table_replace (self->files, file->name, file);
  return TRUE;
}

/* A hand that was there a moment ago and is not read yet is not written over. (nullable): with an
 * error when the account is another one now. */
static PfRegistryFile *
file_as_known (PfRegistry *self, PfAccount *account, GError **error)
{
  PfRegistryFile *file = file_of (self, account, error);
  g_autoptr (PfSettings) known = pf_settings_ref (pf_account_get_settings (account));
  g_autofree char *path = file != NULL ? g_build_filename (self->folder, file->name, NULL) : NULL;
  PfFileStamp there;

  if (file == NULL
      || (pf_file_stamp_get (&there, path) && pf_file_stamp_equal (&there, &file->stamp)))
    return file;
  scan_by_hand (self, FALSE);
  if (pf_account_get_settings (account) == known)
    return file_of (self, account, error);
  g_set_error (error, PF_ERROR, PF_ERROR_BUSY, "%s was changed by its file meanwhile: try again",
               pf_account_get_id (account));
  return NULL;
}

gboolean
pf_registry_update (PfRegistry *self,
                    PfAccount *account,
                    const PfSettings *settings,
                    GError **error)
{
  PfRegistryFile *file = file_as_known (self, account, error);
  g_autofree char *name = pf_account_file_name (settings->address);
  g_autofree char *id = pf_address_fold (settings->address);

  g_return_val_if_fail (strcmp (id, pf_account_get_id (account)) == 0, FALSE);
  if (file == NULL)
    return FALSE;
  if (!pf_account_is_broken (account)
      && pf_settings_equal (pf_account_get_settings (account), settings))
    return TRUE;
  if (!write_file (self, name, settings, error) || !rename_file (self, file, name, error))
    return FALSE;
  note_written (self, file);
  pf_registry_change (self, account, settings);
  return TRUE;
}

gboolean
pf_registry_remove (PfRegistry *self, PfAccount *account, GError **error)
{
  PfRegistryFile *file = file_of (self, account, error);

  if (file == NULL || !unlink_file (self, file->name, error))
    return FALSE;
  pf_registry_drop (self, file);
  return TRUE;
}
