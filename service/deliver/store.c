#include "deliver/store.h"

#include "base/limits.h"
#include "base/problem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

void
pf_store_init (PfStore *self, const char *directory)
{
  *self = (PfStore){ .directory = directory, .fd = -1, .in_memory = TRUE };
}

void
pf_store_clear (PfStore *self)
{
  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
}

static gboolean
fail (const PfStore *self, const char *what, int cause, GError **error)
{
  /* As with the journal: a state folder that takes nothing is like one that is full. */
  gboolean full = cause == ENOSPC || cause == EDQUOT || cause == EROFS || cause == EACCES;

  g_set_error (error, PF_PROBLEM, full ? PF_PROBLEM_DISK_LOW : PF_PROBLEM_DELIVERY_DEFERRED,
               "%s %s failed: %s", what, self->in_memory ? "a message in memory" : self->directory,
               g_strerror (cause));
  return FALSE;
}

static gboolean
write_all (int fd, guint64 offset, const char *data, gsize length)
{
  while (length > 0)
    {
      ssize_t n = pwrite (fd, data, length, (off_t) offset);

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return FALSE;
      data += n;
      length -= (gsize) n;
      offset += (guint64) n;
    }
  return TRUE;
}

/* Where the file system knows no unnamed files, a name that is gone at once: after a crash nothing
 * is left either way. */
static int
open_unnamed (const char *directory)
{
  int fd = open (directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  g_autofree char *path = NULL;

  if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
    return fd;
  path = g_build_filename (directory, "message.XXXXXX", NULL);
  fd = mkostemp (path, O_CLOEXEC);
  if (fd >= 0)
    unlink (path);
  return fd;
}

static gboolean
copy_to (int from, int to, guint64 size)
{
  char buffer[32 * PF_KIB];
  guint64 done = 0;

  while (done < size)
    {
      ssize_t n = pread (from, buffer, sizeof buffer, (off_t) done);

      if (n <= 0 || !write_all (to, done, buffer, (gsize) n))
        return FALSE;
      done += (guint64) n;
    }
  return TRUE;
}

static gboolean
move_to_file (PfStore *self, GError **error)
{
  int fd;

  self->in_memory = FALSE;
  fd = open_unnamed (self->directory);
  if (fd < 0)
    return fail (self, "Making a file in", errno, error);
  if (self->fd >= 0 && !copy_to (self->fd, fd, self->size))
    {
      int saved = errno;

      close (fd);
      return fail (self, "Writing to", saved, error);
    }
  pf_store_clear (self);
  self->fd = fd;
  return TRUE;
}

gboolean
pf_store_write (PfStore *self, guint64 offset, const char *data, gsize length, GError **error)
{
  if (self->in_memory && self->fd < 0)
    self->fd = memfd_create ("postferry-message", MFD_CLOEXEC);
  if (self->in_memory && (self->fd < 0 || offset + length > PF_LIMIT_BODY_IN_MEMORY)
      && !move_to_file (self, error))
    return FALSE;
  if (!write_all (self->fd, offset, data, length))
    return fail (self, "Writing to", errno, error);
  self->size = MAX (self->size, offset + length);
  return TRUE;
}
