/* Writing the files of accounts: in a thread, since a disk takes its time, and one after the
 * other. The tables change on the main loop, when a file is durable. */
#include "accounts/registry-private.h"

#include "accounts/account-name.h"
#include "base/durable.h"
#include "dbus-interfaces/errors.h"

#include <string.h>

/* So often a file is tried that was touched, but says the same as before. */
#define TRIES 3

typedef enum
{
  WRITE_ADD,
  WRITE_UPDATE,
  WRITE_REMOVE
} Kind;

struct _PfRegistryWrite
{
  Kind kind;
  GTask *task;          /* the caller's */
  PfAccount *account;   /* NULL: to be added */
  PfSettings *base;     /* what the update was decided on */
  PfSettings *settings; /* NULL: to be removed */
  char *id;
  guint tries;

  /* The thread reads these: */
  char *path;        /* of the file that is written, or deleted */
  char *former;      /* (nullable): where it was until now, and goes from then */
  PfFileStamp known; /* of the file as it was read or written last */
  /* and leaves these: */
  PfFileStamp stamp;
  gboolean touched; /* by another hand: nothing was written */
};

static void
write_free (PfRegistryWrite *self)
{
  g_object_unref (self->task);
  g_clear_object (&self->account);
  g_clear_pointer (&self->base, pf_settings_unref);
  g_clear_pointer (&self->settings, pf_settings_unref);
  g_free (self->id);
  g_free (self->path);
  g_free (self->former);
  g_free (self);
}

gboolean
pf_registry_leaves_alone (PfRegistry *self, const char *id)
{
  if (self->writing == NULL || strcmp (self->writing->id, id) != 0)
    return FALSE;
  self->left_alone = TRUE;
  return TRUE;
}

/* --- In the thread ---------------------------------------------------------------------------- */

/* A hand that was there a moment ago and is not read yet is not written over. */
static gboolean
is_as_known (const PfRegistryWrite *self)
{
  const char *path = self->former != NULL ? self->former : self->path;
  PfFileStamp there;
  gboolean exists = pf_file_stamp_get (&there, path);

  if (self->kind == WRITE_ADD)
    return !exists;
  if (self->kind == WRITE_REMOVE)
    return TRUE;
  /* A scan found the account there all the same: the folder cannot be read, and writing tells
   * why. */
  return exists ? pf_file_stamp_equal (&there, &self->known) : self->tries > 0;
}

static gboolean
write_file (PfRegistryWrite *self, GError **error)
{
  g_autofree char *previous = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GError) local = NULL;

  /* A file that is not there or cannot be read has no comments to be kept. */
  g_file_get_contents (self->path, &previous, NULL, NULL);
  text = pf_settings_to_file (self->settings, previous);
  if (pf_durable_write (self->path, text, -1, &local))
    return self->former == NULL || pf_durable_unlink (self->former, error);
  if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_NO_SPACE))
    g_set_error_literal (error, PF_ERROR, PF_ERROR_DISK_LOW, local->message);
  else
    g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static void
work (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  PfRegistryWrite *self = task_data;
  GError *error = NULL;

  self->touched = !is_as_known (self);
  if (self->touched)
    g_set_error (&error, PF_ERROR,
                 self->kind == WRITE_ADD ? PF_ERROR_ACCOUNT_EXISTS : PF_ERROR_BUSY,
                 self->kind == WRITE_ADD ? "%s exists already"
                                         : "%s was changed by its file meanwhile: try again",
                 self->id);
  else if (self->kind == WRITE_REMOVE)
    pf_durable_unlink (self->path, &error);
  else if (write_file (self, &error))
    pf_file_stamp_get (&self->stamp, self->path);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

/* --- Before ----------------------------------------------------------------------------------- */

/* (nullable): with an error when the account went meanwhile. */
static PfRegistryFile *
file_of (PfRegistry *registry, const PfRegistryWrite *self, GError **error)
{
  PfRegistryFile *file = g_hash_table_lookup (registry->by_id, self->id);

  if (file != NULL && file->account == self->account)
    return file;
  g_set_error (error, PF_ERROR, PF_ERROR_UNKNOWN_ACCOUNT, "%s does not exist any more", self->id);
  return NULL;
}

static gboolean
prepare_add (PfRegistry *registry, PfRegistryWrite *self, GError **error)
{
  g_autofree char *name = pf_account_file_name (self->settings->address);

  if (pf_registry_lookup (registry, self->id) != NULL)
    {
      g_set_error (error, PF_ERROR, PF_ERROR_ACCOUNT_EXISTS, "%s exists already",
                   self->settings->address);
      return FALSE;
    }
  self->path = g_build_filename (registry->folder, name, NULL);
  return TRUE;
}

/* FALSE without an error: there is nothing to be done. */
static gboolean
prepare_change (PfRegistry *registry, PfRegistryWrite *self, GError **error)
{
  PfRegistryFile *file = file_of (registry, self, error);
  g_autofree char *there = NULL;
  g_autofree char *name = NULL;

  if (file == NULL)
    return FALSE;
  there = g_build_filename (registry->folder, file->name, NULL);
  if (self->kind == WRITE_REMOVE)
    {
      self->path = g_steal_pointer (&there);
      return TRUE;
    }
  if (pf_account_get_settings (self->account) != self->base)
    {
      g_set_error (error, PF_ERROR, PF_ERROR_BUSY, "%s was changed meanwhile: try again", self->id);
      return FALSE;
    }
  if (!pf_account_is_broken (self->account) && pf_settings_equal (self->base, self->settings))
    return FALSE;
  name = pf_account_file_name (self->settings->address);
  self->path = g_build_filename (registry->folder, name, NULL);
  /* A broken file whose name did not fit: the good one takes its place. */
  if (strcmp (name, file->name) != 0)
    self->former = g_steal_pointer (&there);
  self->known = file->stamp;
  return TRUE;
}

/* FALSE without an error: there is nothing to be done. */
static gboolean
prepare (PfRegistry *registry, PfRegistryWrite *self, GError **error)
{
  g_clear_pointer (&self->path, g_free);
  g_clear_pointer (&self->former, g_free);
  return self->kind == WRITE_ADD ? prepare_add (registry, self, error)
                                 : prepare_change (registry, self, error);
}

/* --- After ------------------------------------------------------------------------------------ */

/* The scan that our own write brings about finds nothing new. */
static void
note_written (PfRegistryFile *file, const PfRegistryWrite *self)
{
  file->stamp = self->stamp;
  file->stamp_is_sure = FALSE;
}

static void
rename_file (PfRegistry *registry, PfRegistryFile *file, const char *name)
{
  if (strcmp (file->name, name) == 0)
    return;
  g_hash_table_steal (registry->files, file->name);
  g_free (file->name);
  file->name = g_strdup (name);
  g_hash_table_replace (registry->files, file->name, file);
}

/* The file is durable: the tables follow. */
static void
apply (PfRegistry *registry, PfRegistryWrite *self)
{
  g_autofree char *name = g_path_get_basename (self->path);
  PfRegistryFile *file;

  if (self->kind == WRITE_ADD)
    {
      self->account = pf_account_new (self->settings);
      file = pf_registry_file_new (registry, name);
      note_written (file, self);
      pf_registry_take (registry, file, self->account);
      return;
    }
  /* Nobody else touched it while the thread was at it. */
  file = g_hash_table_lookup (registry->by_id, self->id);
  if (self->kind == WRITE_REMOVE)
    {
      pf_registry_drop (registry, file);
      return;
    }
  rename_file (registry, file, name);
  note_written (file, self);
  pf_registry_change (registry, self->account, self->settings);
}

/* Takes @self and @error (nullable). */
static void
answer (PfRegistryWrite *self, GError *error)
{
  g_autoptr (GTask) task = g_object_ref (self->task);
  g_autoptr (PfAccount) account = self->account != NULL ? g_object_ref (self->account) : NULL;

  write_free (self);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, g_steal_pointer (&account), g_object_unref);
}

static void start_next (PfRegistry *registry);

static void
on_worked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PfRegistry) registry = user_data;
  PfRegistryWrite *self = g_steal_pointer (&registry->writing);
  GError *error = NULL;

  if (g_task_propagate_boolean (G_TASK (result), &error))
    apply (registry, self);
  /* What a hand did meanwhile; where that was nothing but a touch, the write is still right. */
  if (registry->left_alone || self->touched)
    pf_registry_scan_by_hand (registry, FALSE);
  registry->left_alone = FALSE;
  if (self->touched && self->kind == WRITE_UPDATE && ++self->tries < TRIES
      && pf_account_get_settings (self->account) == self->base)
    {
      g_error_free (error);
      g_queue_push_head (&registry->writes, self);
    }
  else
    answer (self, error);
  start_next (registry);
}

static void
start_next (PfRegistry *registry)
{
  while (registry->writing == NULL && !g_queue_is_empty (&registry->writes))
    {
      PfRegistryWrite *self = g_queue_pop_head (&registry->writes);
      g_autoptr (GTask) task = NULL;
      GError *error = NULL;

      if (!prepare (registry, self, &error))
        {
          answer (self, error);
          continue;
        }
      registry->writing = self;
      /* The thread holds the task beyond its end, and must not be the one that lets go of the
       * registry last: that is the main loop's to end. */
      task = g_task_new (NULL, NULL, on_worked, g_object_ref (registry));
      g_task_set_source_tag (task, start_next);
      g_task_set_task_data (task, self, NULL);
      g_task_run_in_thread (task, work);
    }
}

/* --- Interface -------------------------------------------------------------------------------- */

static void
push (PfRegistry *registry,
      Kind kind,
      PfAccount *account,
      const PfSettings *settings,
      GAsyncReadyCallback callback,
      gpointer user_data)
{
  PfRegistryWrite *self = g_new0 (PfRegistryWrite, 1);

  self->kind = kind;
  self->task = g_task_new (registry, NULL, callback, user_data);
  g_task_set_source_tag (self->task, push);
  if (account != NULL)
    {
      self->account = g_object_ref (account);
      self->base = pf_settings_ref (pf_account_get_settings (account));
      self->id = g_strdup (pf_account_get_id (account));
    }
  else
    self->id = pf_address_fold (settings->address);
  self->settings = settings != NULL ? pf_settings_ref (settings) : NULL;
  g_queue_push_tail (&registry->writes, self);
  start_next (registry);
}

void
pf_registry_add_async (PfRegistry *self,
                       const PfSettings *settings,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  push (self, WRITE_ADD, NULL, settings, callback, user_data);
}

PfAccount *
pf_registry_add_finish (PfRegistry *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
pf_registry_update_async (PfRegistry *self,
                          PfAccount *account,
                          const PfSettings *settings,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_autofree char *id = pf_address_fold (settings->address);

  g_return_if_fail (strcmp (id, pf_account_get_id (account)) == 0);
  push (self, WRITE_UPDATE, account, settings, callback, user_data);
}

static gboolean
finish_plain (GAsyncResult *result, GError **error)
{
  g_autoptr (PfAccount) account = g_task_propagate_pointer (G_TASK (result), error);

  return account != NULL;
}

gboolean
pf_registry_update_finish (PfRegistry *self, GAsyncResult *result, GError **error)
{
  return finish_plain (result, error);
}

void
pf_registry_remove_async (PfRegistry *self,
                          PfAccount *account,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  push (self, WRITE_REMOVE, account, NULL, callback, user_data);
}

gboolean
pf_registry_remove_finish (PfRegistry *self, GAsyncResult *result, GError **error)
{
  return finish_plain (result, error);
}
