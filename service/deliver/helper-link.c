#include "deliver/helper-link.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* The supervisor has nothing else to do than to start one. */
#define SUPERVISOR_SECONDS 10

static void
return_error (GTask *task, const char *what, const char *why)
{
  g_task_return_new_error (task, PF_PROBLEM, PF_PROBLEM_DELIVERY_DEFERRED, "%s: %s", what, why);
}

/* --- By socket -------------------------------------------------------------------------------- */

static void
open_by_socket (const PfHelperLink *link, GTask *task)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = -1;

  if (strlen (link->path) >= sizeof address.sun_path)
    errno = ENAMETOOLONG;
  else
    {
      memcpy (address.sun_path, link->path, strlen (link->path));
      fd = socket (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    }
  if (fd >= 0 && connect (fd, (struct sockaddr *) &address, sizeof address) == 0)
    {
      g_task_return_int (task, fd);
      return;
    }
  g_task_return_new_error (
      task, PF_PROBLEM, PF_PROBLEM_DELIVERY_DEFERRED,
      "postferry-deliver is not reached at %s: %s; start postferry-deliver.socket", link->path,
      g_strerror (errno));
  if (fd >= 0)
    close (fd);
}

/* --- By spawn --------------------------------------------------------------------------------- */

static void
end_with_parent (gpointer user_data)
{
  prctl (PR_SET_PDEATHSIG, SIGTERM);
}

static void
open_by_spawn (const PfHelperLink *link, GTask *task)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  /* It reaps the child by itself, whenever that ends. */
  g_autoptr (GSubprocess) child = NULL;
  GError *error = NULL;
  int pair[2];

  if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
    {
      return_error (task, "A socket pair cannot be made", g_strerror (errno));
      return;
    }
  g_subprocess_launcher_take_fd (launcher, pair[1], 3);
  g_subprocess_launcher_set_child_setup (launcher, end_with_parent, NULL, NULL);
  child =
      g_subprocess_launcher_spawn (launcher, &error, link->path, "--fd", "3", "--session", NULL);
  if (child == NULL)
    {
      return_error (task, link->path, error->message);
      g_error_free (error);
      close (pair[0]);
      return;
    }
  g_unix_set_fd_nonblocking (pair[0], TRUE, NULL);
  g_task_return_int (task, pair[0]);
}

/* --- By supervisor ---------------------------------------------------------------------------- */

typedef struct
{
  GSource *readable, *timer;
} Wait;

static void
wait_free (gpointer data)
{
  Wait *wait = data;

  g_source_destroy (wait->readable);
  g_source_unref (wait->readable);
  g_source_destroy (wait->timer);
  g_source_unref (wait->timer);
  g_free (wait);
}

static int
receive_descriptor (int control)
{
  char octet;
  struct iovec data = { &octet, 1 };
  union
  {
    struct cmsghdr align;
    char room[CMSG_SPACE (sizeof (int))];
  } space;
  struct msghdr message = { .msg_iov = &data,
                            .msg_iovlen = 1,
                            .msg_control = space.room,
                            .msg_controllen = sizeof space.room };
  struct cmsghdr *header;
  int fd = -1;

  if (recvmsg (control, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) != 1)
    return -1;
  header = CMSG_FIRSTHDR (&message);
  if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS
      && header->cmsg_len == CMSG_LEN (sizeof (int)))
    memcpy (&fd, CMSG_DATA (header), sizeof fd);
  return fd;
}

static gboolean
on_descriptor (int control, GIOCondition condition, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  int fd = receive_descriptor (control);

  if (fd >= 0)
    {
      g_unix_set_fd_nonblocking (fd, TRUE, NULL);
      g_task_return_int (task, fd);
    }
  else
    return_error (task, "The supervisor gave no postferry-deliver", "restart the service");
  g_task_set_task_data (task, NULL, NULL);
  return G_SOURCE_REMOVE;
}

static gboolean
on_supervisor_silent (gpointer user_data)
{
  g_autoptr (GTask) task = user_data;

  return_error (task, "The supervisor is silent", "restart the service");
  g_task_set_task_data (task, NULL, NULL);
  return G_SOURCE_REMOVE;
}

static void
open_by_supervisor (const PfHelperLink *link, GTask *task)
{
  char octet = 0;
  Wait *wait;

  if (send (link->fd, &octet, 1, MSG_NOSIGNAL | MSG_DONTWAIT) != 1)
    {
      return_error (task, "The supervisor is gone", g_strerror (errno));
      return;
    }
  wait = g_new0 (Wait, 1);
  wait->readable = g_unix_fd_source_new (link->fd, G_IO_IN | G_IO_HUP | G_IO_ERR);
  wait->timer = g_timeout_source_new_seconds (SUPERVISOR_SECONDS);
  g_source_set_callback (wait->readable, G_SOURCE_FUNC (on_descriptor), task, NULL);
  g_source_set_callback (wait->timer, on_supervisor_silent, task, NULL);
  g_source_attach (wait->readable, NULL);
  g_source_attach (wait->timer, NULL);
  g_task_set_task_data (g_object_ref (task), wait, wait_free);
}

void
pf_helper_link_open_async (const PfHelperLink *link,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);

  g_task_set_source_tag (task, pf_helper_link_open_async);
  switch (link->kind)
    {
    case PF_HELPER_BY_SOCKET:
      open_by_socket (link, task);
      break;
    case PF_HELPER_BY_SPAWN:
      open_by_spawn (link, task);
      break;
    case PF_HELPER_BY_SUPERVISOR:
      open_by_supervisor (link, task);
      break;
    default:
      g_assert_not_reached ();
    }
}

int
pf_helper_link_open_finish (GAsyncResult *result, GError **error)
{
  GError *failure = NULL;
  int fd = (int) g_task_propagate_int (G_TASK (result), &failure);

  if (failure == NULL)
    return fd;
  g_propagate_error (error, failure);
  return -1;
}
