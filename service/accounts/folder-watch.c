#include "accounts/folder-watch.h"

#include "base/limits.h"
#include "base/log.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/inotify.h>
#include <unistd.h>

/* A file counts when it is closed, not while it is being written. */
#define MASK                                                                                       \
  (IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_ATTRIB | IN_DELETE_SELF           \
   | IN_MOVE_SELF | IN_ONLYDIR)
/* Of these the watch does not recover. */
#define LOST (IN_IGNORED | IN_UNMOUNT | IN_DELETE_SELF | IN_MOVE_SELF)

struct _PfFolderWatch
{
  char *path;
  guint poll_seconds;
  PfFolderFunc func;
  gpointer user_data;

  int fd; /* -1 while polling */
  guint source;
  guint quiet;         /* timer: some change is not told yet */
  gint64 first_change; /* monotonic, of those not told yet */
  guint poll;          /* timer */
  gboolean warned;
};

static gboolean establish (PfFolderWatch *self);

static void
stop_watching (PfFolderWatch *self)
{
  g_clear_handle_id (&self->source, g_source_remove);
  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
}

static gboolean
on_quiet (gpointer user_data)
{
  PfFolderWatch *self = user_data;

  self->quiet = 0;
  self->func (self->user_data);
  return G_SOURCE_REMOVE;
}

static void
note_change (PfFolderWatch *self)
{
  const gint64 now = g_get_monotonic_time () / 1000;
  gint64 left;

  if (self->quiet == 0)
    self->first_change = now;
  left = self->first_change + PF_LIMIT_FOLDER_LATEST_MS - now;
  g_clear_handle_id (&self->quiet, g_source_remove);
  self->quiet = g_timeout_add ((guint) CLAMP (left, 0, PF_LIMIT_FOLDER_QUIET_MS), on_quiet, self);
}

static gboolean
on_poll (gpointer user_data)
{
  PfFolderWatch *self = user_data;
  const gboolean watching = establish (self);

  if (watching)
    self->poll = 0;
  note_change (self);
  return watching ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

static void
start_polling (PfFolderWatch *self, const char *why)
{
  if (!self->warned)
    pf_log (PF_LOG_WARNING, "%s cannot be watched (%s): it is read again every %u seconds",
            self->path, why, self->poll_seconds);
  self->warned = TRUE;
  stop_watching (self);
  if (self->poll == 0)
    self->poll = g_timeout_add_seconds (self->poll_seconds, on_poll, self);
}

/* Events are only taken off; what happened is seen in the folder. TRUE: the watch is lost. */
static gboolean
drain (int fd)
{
  union
  {
    struct inotify_event event;
    char octets[4096];
  } buffer;
  gboolean lost = FALSE;
  gssize length;

  while ((length = read (fd, &buffer, sizeof buffer)) > 0)
    for (gssize at = 0; at < length;)
      {
        const struct inotify_event *event = (const void *) (buffer.octets + at);

        lost = lost || (event->mask & LOST) != 0;
        at += (gssize) sizeof *event + event->len;
      }
  return lost;
}

static gboolean
on_readable (int fd, GIOCondition condition, gpointer user_data)
{
  PfFolderWatch *self = user_data;
  const gboolean lost = drain (fd);

  note_change (self);
  if (!lost)
    return G_SOURCE_CONTINUE;
  self->source = 0;
  start_polling (self, "it was moved or deleted");
  return G_SOURCE_REMOVE;
}

static gboolean
establish (PfFolderWatch *self)
{
  int fd = inotify_init1 (IN_NONBLOCK | IN_CLOEXEC);

  if (fd < 0)
    return FALSE;
  if (inotify_add_watch (fd, self->path, MASK) < 0)
    {
      int code = errno;

      close (fd);
      errno = code;
      return FALSE;
    }
  self->fd = fd;
  self->source = g_unix_fd_add (fd, G_IO_IN, on_readable, self);
  self->warned = FALSE;
  return TRUE;
}

PfFolderWatch *
pf_folder_watch_new (const char *path, guint poll_seconds, PfFolderFunc func, gpointer user_data)
{
  PfFolderWatch *self = g_new0 (PfFolderWatch, 1);

  self->path = g_strdup (path);
  self->poll_seconds = poll_seconds;
  self->func = func;
  self->user_data = user_data;
  self->fd = -1;
  if (!establish (self))
    start_polling (self, g_strerror (errno));
  return self;
}

void
pf_folder_watch_free (PfFolderWatch *self)
{
  if (self == NULL)
    return;
  stop_watching (self);
  g_clear_handle_id (&self->quiet, g_source_remove);
  g_clear_handle_id (&self->poll, g_source_remove);
  g_free (self->path);
  g_free (self);
}

gboolean
pf_folder_watch_is_polling (const PfFolderWatch *self)
{
  return self->fd < 0;
}
