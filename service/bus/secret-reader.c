#include "bus/secret-reader.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "dbus-interfaces/errors.h"

/* One octet more than allowed, so that too much is seen as such. */
#define CAPACITY (PF_LIMIT_SECRET + 1)

typedef struct
{
  int fd;
  int between[2]; /* our own pipe: see move_some() */
  char *data;     /* CAPACITY octets, wiped */
  gsize length;
  GSource *readable;
  GSource *timer;
} Reader;

static void
stop_source (GSource **source)
{
  if (*source == NULL)
    return;
  g_source_destroy (*source);
  g_source_unref (*source);
  *source = NULL;
}

static void
close_descriptor (int *fd)
{
  if (*fd >= 0)
    close (*fd);
  *fd = -1;
}

static void
reader_free (Reader *self)
{
  stop_source (&self->readable);
  stop_source (&self->timer);
  close_descriptor (&self->fd);
  close_descriptor (&self->between[0]);
  close_descriptor (&self->between[1]);
  pf_secret_wipe (self->data, CAPACITY);
  g_free (self->data);
  g_free (self);
}

static void
fail (GTask *task, PfError code, const char *text)
{
  Reader *self = g_task_get_task_data (task);

  stop_source (&self->readable);
  stop_source (&self->timer);
  g_task_return_new_error (task, PF_ERROR, (int) code, "%s", text);
}

/* All octets are in: what is wrong with them? */
static void
finish (GTask *task)
{
  Reader *self = g_task_get_task_data (task);

  if (self->length > PF_LIMIT_SECRET)
    fail (task, PF_ERROR_LIMIT_EXCEEDED, "The secret is larger than 64 KiB");
  else if (self->length == 0)
    fail (task, PF_ERROR_INVALID_SETTING, "The secret is empty");
  else if (memchr (self->data, '\0', self->length) != NULL)
    fail (task, PF_ERROR_INVALID_SETTING, "The secret holds a NUL octet");
  else if (!g_utf8_validate (self->data, (gssize) self->length, NULL))
    fail (task, PF_ERROR_INVALID_SETTING, "The secret is not UTF-8 text");
  else
    {
      stop_source (&self->readable);
      stop_source (&self->timer);
      g_task_return_pointer (task, pf_secret_new (self->data, self->length),
                             (GDestroyNotify) pf_secret_unref);
    }
}

static void
read_memfd (GTask *task)
{
  Reader *self = g_task_get_task_data (task);

  while (self->length < CAPACITY)
    {
      ssize_t n = pread (self->fd, self->data + self->length, CAPACITY - self->length,
                         (off_t) self->length);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          fail (task, PF_ERROR_INVALID_SETTING, "The descriptor of the secret cannot be read");
          return;
        }
      if (n == 0)
        break;
      self->length += (gsize) n;
    }
  finish (task);
}

/* The caller still holds the same open file and can turn O_NONBLOCK off at any moment, so a read()
 * could block for ever. splice() takes "do not wait" with each call: octets go to a pipe of our own
 * and are read there. */
static ssize_t
move_some (Reader *self)
{
  ssize_t moved =
      splice (self->fd, NULL, self->between[1], NULL, CAPACITY - self->length, SPLICE_F_NONBLOCK);
  ssize_t n;

  if (moved <= 0)
    return moved;
  n = read (self->between[0], self->data + self->length, (size_t) moved);
  if (n != moved)
    {
      errno = EIO;
      return -1;
    }
  self->length += (gsize) n;
  return n;
}

static gboolean
on_readable (int fd, GIOCondition condition, gpointer user_data)
{
  GTask *task = user_data;
  Reader *self = g_task_get_task_data (task);
  ssize_t n = move_some (self);

  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return G_SOURCE_CONTINUE;
  if (n < 0)
    fail (task, PF_ERROR_INVALID_SETTING, "The descriptor of the secret cannot be read");
  else if (n == 0 || self->length == CAPACITY)
    finish (task);
  else
    return G_SOURCE_CONTINUE;
  return G_SOURCE_REMOVE;
}

static gboolean
on_timeout (gpointer user_data)
{
  fail (user_data, PF_ERROR_INVALID_SETTING,
        "The secret was not complete within 5 seconds: close the writing end of the pipe");
  return G_SOURCE_REMOVE;
}

static GSource *
attach (GTask *task, GSource *source, GSourceFunc func)
{
  g_source_set_callback (source, func, g_object_ref (task), g_object_unref);
  g_source_attach (source, g_task_get_context (task));
  return source;
}

static void
read_pipe (GTask *task)
{
  Reader *self = g_task_get_task_data (task);
  GIOCondition any = G_IO_IN | G_IO_HUP | G_IO_ERR;

  if (pipe2 (self->between, O_CLOEXEC) != 0)
    {
      self->between[0] = self->between[1] = -1;
      fail (task, PF_ERROR_LIMIT_EXCEEDED, "Too many open files to read the secret");
      return;
    }
  self->readable = attach (task, g_unix_fd_source_new (self->fd, any), G_SOURCE_FUNC (on_readable));
  self->timer = attach (task, g_timeout_source_new_seconds (PF_LIMIT_SECRET_SECONDS), on_timeout);
}

/* A memfd has no name and takes seals; a deleted file on a disk has no name either, but takes
 * none. */
static gboolean
is_memfd (int fd, const struct stat *status)
{
  return S_ISREG (status->st_mode) && status->st_nlink == 0 && fcntl (fd, F_GET_SEALS) >= 0;
}

void
pf_secret_read_async (int fd,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Reader *self = g_new0 (Reader, 1);
  struct stat status;

  self->fd = fd;
  self->between[0] = self->between[1] = -1;
  self->data = g_malloc (CAPACITY);
  g_task_set_task_data (task, self, (GDestroyNotify) reader_free);
  g_task_set_source_tag (task, pf_secret_read_async);

  if (fstat (fd, &status) != 0)
    fail (task, PF_ERROR_INVALID_SETTING, "The descriptor of the secret cannot be read");
  else if (is_memfd (fd, &status))
    read_memfd (task);
  else if (S_ISFIFO (status.st_mode))
    read_pipe (task);
  else
    fail (task, PF_ERROR_INVALID_SETTING, "The secret comes in a memfd or a pipe, nothing else");
}

PfSecret *
pf_secret_read_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
