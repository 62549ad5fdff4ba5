/* Making the registry what the folder is: which files are new, changed, gone. */
#include "accounts/registry-private.h"

#include "accounts/account-name.h"
#include "base/log.h"
#include "dbus-interfaces/text.h"

#include <string.h>

#define LOGGED_LENGTH 600

static void
log_line (PfLogLevel level, const char *sentence)
{
  g_autofree char *line = pf_text_ascii (sentence, -1, LOGGED_LENGTH);

  pf_log (level, "%s", line);
}

/* By file, line and key, as compilers do. */
static void
log_broken (PfRegistry *self, const PfRegistryFile *file, const PfAccountFile *read)
{
  g_autofree char *path = g_build_filename (self->folder, file->name, NULL);

  if (read->faults == NULL || read->faults->len == 0)
    log_line (PF_LOG_ERROR, read->sentence);
  for (guint i = 0; read->faults != NULL && i < read->faults->len; i++)
    {
      const PfSettingsFault *fault = read->faults->pdata[i];
      g_autofree char *place =
          fault->line > 0 ? g_strdup_printf ("%s:%u", path, fault->line) : g_strdup (path);
      g_autofree char *sentence = g_strdup_printf ("%s: %s", place, fault->text);

      log_line (PF_LOG_ERROR, sentence);
    }
}

static gboolean
is_told (PfAccount *account, const char *sentence)
{
  return pf_account_is_broken (account)
         && strcmp (pf_account_get_problem (account)->message, sentence) == 0;
}

static void
apply_broken (PfRegistry *self, PfRegistryFile *file, const PfAccountFile *read)
{
  if (file->account != NULL && is_told (file->account, read->sentence))
    return;
  log_broken (self, file, read);
  if (file->account != NULL)
    pf_registry_break (self, file->account, read->sentence);
  else
    {
      g_autoptr (PfAccount) account = pf_account_new_broken (file->id, read->sentence);

      pf_registry_take (self, file, account);
    }
}

static void
apply_good (PfRegistry *self, PfRegistryFile *file, const PfSettings *settings)
{
  if (file->account == NULL)
    {
      g_autoptr (PfAccount) account = pf_account_new (settings);

      pf_registry_take (self, file, account);
    }
  else if (pf_account_is_broken (file->account)
           || !pf_settings_equal (pf_account_get_settings (file->account), settings))
    pf_registry_change (self, file->account, settings);
}

/* One account, two files: the one with the right name has it. FALSE: @file has not. */
static gboolean
settle_owner (PfRegistry *self, PfRegistryFile *file)
{
  PfRegistryFile *owner = g_hash_table_lookup (self->by_id, file->id);
  g_autofree char *address = pf_account_file_address (file->name);
  g_autofree char *sentence = NULL;

  if (owner == NULL || owner == file)
    return TRUE;
  if (address != NULL)
    {
      g_hash_table_remove (self->by_id, owner->id);
      file->account = g_steal_pointer (&owner->account);
      g_hash_table_insert (self->by_id, file->id, file);
      return TRUE;
    }
  if (!file->complained)
    {
      sentence = g_strdup_printf ("%s/%s is not read: %s is the file of this account", self->folder,
                                  file->name, owner->name);
      log_line (PF_LOG_WARNING, sentence);
    }
  file->complained = TRUE;
  return FALSE;
}

static gboolean
is_unchanged (PfRegistry *self, const PfRegistryFile *file)
{
  g_autofree char *path = g_build_filename (self->folder, file->name, NULL);
  PfFileStamp now;

  return file->account != NULL && file->stamp_is_sure && pf_file_stamp_get (&now, path)
         && pf_file_stamp_equal (&now, &file->stamp);
}

static void
read_file (PfRegistry *self, PfRegistryFile *file)
{
  PfAccountFile read = { 0 };
  PfAccountFileResult result = pf_account_file_read (&read, self->folder, file->name);
  const gboolean other = !pf_file_stamp_equal (&read.stamp, &file->stamp);

  file->present = result != PF_ACCOUNT_FILE_GONE;
  file->stamp = read.stamp;
  file->stamp_is_sure = read.stamp_is_sure;
  if (read.loose != NULL && other)
    log_line (PF_LOG_WARNING, read.loose);
  if (file->present && settle_owner (self, file))
    {
      if (result == PF_ACCOUNT_FILE_GOOD)
        apply_good (self, file, read.settings);
      else
        apply_broken (self, file, &read);
    }
  pf_account_file_clear (&read);
}

/* Also of a name that stands for that account and is not in the tables yet. */
static gboolean
is_left_alone (PfRegistry *self, const PfRegistryFile *file, const char *name)
{
  g_autofree char *id = NULL;

  if (self->writing == NULL)
    return FALSE;
  if (file != NULL)
    return pf_registry_leaves_alone (self, file->id);
  id = pf_account_file_guess (name);
  return pf_registry_leaves_alone (self, id);
}

static void
look_at (PfRegistry *self, const char *name, gboolean all)
{
  PfRegistryFile *file = g_hash_table_lookup (self->files, name);

  if (is_left_alone (self, file, name))
    return;
  if (file == NULL)
    file = pf_registry_file_new (self, name);
  file->present = TRUE;
  if (all || !is_unchanged (self, file))
    read_file (self, file);
}

/* (transfer full) (nullable): names of accounts' files; NULL when the folder cannot be read: then
 * nothing changes, since an unreadable folder is not an empty one. */
static GPtrArray *
list_folder (PfRegistry *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) folder = g_dir_open (self->folder, 0, &error);
  GPtrArray *names;
  const char *name;

  if (folder == NULL)
    {
      if (!self->unreadable)
        pf_log (PF_LOG_ERROR, "%s; the accounts stay as they are", error->message);
      self->unreadable = TRUE;
      return NULL;
    }
  self->unreadable = FALSE;
  names = g_ptr_array_new_with_free_func (g_free);
  while ((name = g_dir_read_name (folder)) != NULL)
    if (pf_account_file_is_one (name))
      g_ptr_array_add (names, g_strdup (name));
  return names;
}

/* Also for files that waited for the account of one that is gone now. */
static void
drop_gone (PfRegistry *self)
{
  g_autoptr (GPtrArray) gone = g_ptr_array_new ();
  g_autoptr (GPtrArray) waiting = g_ptr_array_new_with_free_func (g_free);
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->files);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      PfRegistryFile *file = value;

      if (is_left_alone (self, file, file->name))
        continue;
      if (!file->present)
        g_ptr_array_add (gone, file);
      else if (file->account == NULL)
        g_ptr_array_add (waiting, g_strdup (file->name));
    }
  for (guint i = 0; i < gone->len; i++)
    pf_registry_drop (self, gone->pdata[i]);
  for (guint i = 0; gone->len > 0 && i < waiting->len; i++)
    look_at (self, waiting->pdata[i], FALSE);
}

void
pf_registry_scan (PfRegistry *self, gboolean all)
{
  g_autoptr (GPtrArray) names = list_folder (self);
  GHashTableIter iter;
  gpointer value;

  if (names == NULL)
    return;
  g_hash_table_iter_init (&iter, self->files);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    ((PfRegistryFile *) value)->present = FALSE;
  for (guint i = 0; i < names->len; i++)
    look_at (self, names->pdata[i], all);
  drop_gone (self);
}
