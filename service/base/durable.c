#include "base/durable.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

static gboolean
fail (GError **error, const char *path, const char *what, int code)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), "%s: %s: %s", path, what,
               g_strerror (code));
  return FALSE;
}

static gboolean
sync_folder_of (const char *path, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);

  return pf_durable_sync_folder (folder, error);
}

/* GFileError has the names of errno's values, GIOError those that matter to callers. */
static int
io_code (const GError *error)
{
  if (g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOSPC))
    return G_IO_ERROR_NO_SPACE;
  if (g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_ACCES)
      || g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_PERM))
    return G_IO_ERROR_PERMISSION_DENIED;
  if (g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    return G_IO_ERROR_NOT_FOUND;
  if (g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_ROFS))
    return G_IO_ERROR_READ_ONLY;
  return G_IO_ERROR_FAILED;
}

gboolean
pf_durable_write (const char *path, const char *data, gssize length, GError **error)
{
  g_autoptr (GError) local = NULL;

  /* CONSISTENT: a new file, renamed when it is whole. DURABLE: synced before it is renamed. */
  if (!g_file_set_contents_full (path, data, length,
                                 G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600,
                                 &local))
    {
      g_set_error (error, G_IO_ERROR, io_code (local), "%s cannot be written: %s", path,
                   local->message);
      return FALSE;
    }
  return sync_folder_of (path, error);
}

gboolean
pf_durable_unlink (const char *path, GError **error)
{
  if (g_unlink (path) != 0 && errno != ENOENT)
    return fail (error, path, "cannot be deleted", errno);
  return sync_folder_of (path, error);
}

gboolean
pf_durable_sync_folder (const char *path, GError **error)
{
  int fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int code = 0;

  if (fd < 0)
    return fail (error, path, "cannot be opened", errno);
  if (fsync (fd) != 0 && errno != EINVAL)
    code = errno;
  close (fd);
  return code == 0 || fail (error, path, "cannot be synced", code);
}
