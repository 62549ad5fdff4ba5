#include "base/durable.h"

#include "base/step.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
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

/* EDQUOT is to callers what a full disk is. */
static int
io_code (int code)
{
  return code == EDQUOT ? G_IO_ERROR_NO_SPACE : g_io_error_from_errno (code);
}

static gboolean
write_all (int fd, const char *data, gsize length)
{
  while (length > 0)
    {
      ssize_t n = write (fd, data, length);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return FALSE;
      data += n;
      length -= (gsize) n;
    }
  return TRUE;
}

/* What has to stand at a path for it to be replaced. */
typedef struct
{
  const char *text; /* NULL: nothing is there */
  gsize length;
} Expected;

/* FALSE with ESTALE where @path holds something else, or why it could not be looked at. */
static gboolean
is_expected (const char *path, const Expected *expected)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  gsize length;

  if (g_file_get_contents (path, &text, &length, &error))
    {
      errno = ESTALE;
      return expected->text != NULL && length == expected->length
             && memcmp (text, expected->text, length) == 0;
    }
  errno = g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOENT) ? ESTALE : EACCES;
  return errno == ESTALE && expected->text == NULL;
}

/* One name, not one by chance: what a crash leaves is replaced by the next write, and never piles
 * up. */
static gboolean
write_beside (const char *path,
              const char *next,
              const char *data,
              gsize length,
              const Expected *expected)
{
  int fd, code;

  if (unlink (next) != 0 && errno != ENOENT)
    return FALSE;
  fd = open (next, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0)
    return FALSE;
  code = fchmod (fd, 0600) == 0 && write_all (fd, data, length) && fsync (fd) == 0 ? 0 : errno;
  if (close (fd) != 0 && code == 0)
    code = errno;
  pf_step (PF_STEP_FILE_WRITTEN);
  /* The look comes last: a disk takes its time, a hand may be quicker. */
  if (code == 0 && (expected == NULL || is_expected (path, expected)) && rename (next, path) == 0)
    return TRUE;
  code = code != 0 ? code : errno;
  unlink (next);
  errno = code;
  return FALSE;
}

static gboolean
write_durably (const char *path,
               const char *data,
               gsize length,
               const Expected *expected,
               GError **error)
{
  g_autofree char *next = g_strconcat (path, ".new", NULL);

  pf_step (PF_STEP_FILE_WRITE);
  if (!write_beside (path, next, data, length, expected))
    {
      int code = errno;

      if (code == ESTALE && expected != NULL)
        g_set_error (error, G_IO_ERROR, G_IO_ERROR_WRONG_ETAG,
                     "%s was changed by another hand meanwhile", path);
      else
        g_set_error (error, G_IO_ERROR, io_code (code), "%s cannot be written: %s", path,
                     g_strerror (code));
      return FALSE;
    }
  pf_step (PF_STEP_FILE_RENAMED);
  return sync_folder_of (path, error);
}

gboolean
pf_durable_write (const char *path, const char *data, gssize length, GError **error)
{
  return write_durably (path, data, length < 0 ? strlen (data) : (gsize) length, NULL, error);
}

gboolean
pf_durable_replace (const char *path, const char *data, const char *former, GError **error)
{
  Expected expected = { former, former != NULL ? strlen (former) : 0 };

  return write_durably (path, data, strlen (data), &expected, error);
}

gboolean
pf_durable_unlink (const char *path, GError **error)
{
  if (g_unlink (path) != 0 && errno != ENOENT)
    return fail (error, path, "cannot be deleted", errno);
  pf_step (PF_STEP_FILE_UNLINKED);
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
  pf_step (PF_STEP_FILE_SYNCED);
  return code == 0 || fail (error, path, "cannot be synced", code);
}
