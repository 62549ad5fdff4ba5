#include "deliver/quarantine-folder.h"

#include "base/durable.h"
#include "base/limits.h"
#include "base/step.h"
#include "helper/request.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MESSAGE ".eml"
#define META ".meta"

void
pf_quarantine_scan_free (PfQuarantineScan *self)
{
  g_ptr_array_unref (self->items);
  g_hash_table_unref (self->present);
  g_hash_table_unref (self->damaged);
  g_free (self);
}

static gboolean
fail (GError **error, const char *path, const char *what, int cause)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (cause), "%s %s: %s", path, what,
               g_strerror (cause));
  return FALSE;
}

static char *
path_of (const char *directory, const char *id, const char *suffix)
{
  return g_strdup_printf ("%s/%s%s", directory, id, suffix);
}

/* A link, a folder or a pipe under the name is none of our files. */
static int
open_regular (const char *path, GError **error)
{
  int fd = open (path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  struct stat status;

  if (fd < 0)
    {
      fail (error, path, "cannot be opened", errno);
      return -1;
    }
  if (fstat (fd, &status) == 0 && S_ISREG (status.st_mode))
    return fd;
  close (fd);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE, "%s is no regular file", path);
  return -1;
}

int
pf_quarantine_folder_open (const char *directory, const char *id, GError **error)
{
  g_autofree char *path = path_of (directory, id, MESSAGE);

  return open_regular (path, error);
}

/* --- Reading ---------------------------------------------------------------------------------- */

/* The id that @name is called after, where @name is one of our files with @suffix. */
static char *
id_of (const char *name, const char *suffix)
{
  if (strlen (name) != PF_REQUEST_ID_LENGTH + strlen (suffix) || !g_str_has_suffix (name, suffix)
      || !pf_request_id_is_valid (name))
    return NULL;
  return g_strndup (name, PF_REQUEST_ID_LENGTH);
}

/* (transfer full): set of the ids that have a file with @suffix. */
static GHashTable *
list_ids (const char *directory, const char *suffix, GError **error)
{
  g_autoptr (GDir) dir = g_dir_open (directory, 0, error);
  GHashTable *ids;
  const char *name;

  if (dir == NULL)
    return NULL;
  ids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      char *id = id_of (name, suffix);

      if (id != NULL)
        g_hash_table_add (ids, id);
    }
  return ids;
}

static PfQuarantineItem *
read_meta (const char *directory, const char *id, GError **error)
{
  g_autofree char *path = path_of (directory, id, META), *text = NULL;
  int fd = open_regular (path, error);
  gsize length = 0;
  ssize_t n = 0;

  if (fd < 0)
    return NULL;
  text = g_malloc (PF_LIMIT_QUARANTINE_META);
  while (length < PF_LIMIT_QUARANTINE_META
         && (n = read (fd, text + length, PF_LIMIT_QUARANTINE_META - length)) > 0)
    length += (gsize) n;
  if (n < 0)
    fail (error, path, "cannot be read", errno);
  else if (n > 0)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s is too large", path);
  close (fd);
  return n == 0 ? pf_quarantine_item_from_text (id, text, length, error) : NULL;
}

static void
scan_one (PfQuarantineScan *self, const char *directory, const char *id)
{
  g_autoptr (GError) error = NULL;
  PfQuarantineItem *item = read_meta (directory, id, &error);

  if (item != NULL)
    g_ptr_array_add (self->items, item);
  /* It may have been removed since the folder was listed. */
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    g_hash_table_insert (self->damaged, g_strdup (id), g_strdup (error->message));
}

PfQuarantineScan *
pf_quarantine_folder_scan (const char *directory, GHashTable *known, GError **error)
{
  g_autoptr (GHashTable) metas = list_ids (directory, META, error);
  g_autoptr (GHashTable) messages = metas != NULL ? list_ids (directory, MESSAGE, error) : NULL;
  PfQuarantineScan *self;
  GHashTableIter iter;
  gpointer id;

  if (messages == NULL)
    return NULL;
  self = g_new0 (PfQuarantineScan, 1);
  self->items = g_ptr_array_new_with_free_func ((GDestroyNotify) pf_quarantine_item_free);
  self->present = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->damaged = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_hash_table_iter_init (&iter, metas);
  while (g_hash_table_iter_next (&iter, &id, NULL))
    if (g_hash_table_contains (messages, id))
      {
        g_hash_table_add (self->present, g_strdup (id));
        if (known == NULL || !g_hash_table_contains (known, id))
          scan_one (self, directory, id);
      }
  return self;
}

/* --- Writing ---------------------------------------------------------------------------------- */

gboolean
pf_quarantine_folder_note (const char *directory, const PfQuarantineItem *item, GError **error)
{
  g_autofree char *path = path_of (directory, item->id, META);
  g_autofree char *text = pf_quarantine_item_to_text (item);

  return pf_durable_write (path, text, -1, error);
}

static gboolean
unlink_all (const char *directory, const char *const *ids, const char *suffix, GError **error)
{
  for (; *ids != NULL; ids++)
    {
      g_autofree char *path = path_of (directory, *ids, suffix);

      if (unlink (path) != 0 && errno != ENOENT)
        return fail (error, path, "cannot be deleted", errno);
      pf_step (PF_STEP_FILE_UNLINKED);
    }
  return pf_durable_sync_folder (directory, error);
}

gboolean
pf_quarantine_folder_remove (const char *directory, const char *const *ids, GError **error)
{
  return unlink_all (directory, ids, MESSAGE, error) && unlink_all (directory, ids, META, error);
}

/* --- What crashes leave ----------------------------------------------------------------------- */

static void
unlink_if_older (const char *directory, const char *name, gint64 before)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);
  struct stat status;

  if (lstat (path, &status) == 0 && S_ISREG (status.st_mode) && status.st_mtime < before)
    unlink (path);
}

/* ID.eml without a meta, and ID.eml.new or ID.meta.new. */
static gboolean
is_left_over (const char *name, GHashTable *metas)
{
  g_autofree char *id = id_of (name, MESSAGE), *new_message = id_of (name, MESSAGE ".new"),
                  *new_meta = id_of (name, META ".new");

  return new_message != NULL || new_meta != NULL
         || (id != NULL && !g_hash_table_contains (metas, id));
}

void
pf_quarantine_folder_tidy (const char *directory, gint64 before)
{
  /* In this order: a message is stored before its meta, and so none of these is one of a message
   * that came meanwhile. */
  g_autoptr (GHashTable) metas = list_ids (directory, META, NULL);
  g_autoptr (GHashTable) messages = list_ids (directory, MESSAGE, NULL);
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  const char *name;

  if (messages == NULL || metas == NULL || dir == NULL)
    return;
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *id = id_of (name, META), *path = NULL;

      if (id != NULL && g_hash_table_contains (metas, id) && !g_hash_table_contains (messages, id))
        {
          path = path_of (directory, id, META);
          unlink (path);
        }
      else if (is_left_over (name, metas))
        unlink_if_older (directory, name, before);
    }
}
