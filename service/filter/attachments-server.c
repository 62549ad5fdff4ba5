#include "filter/attachments-server.h"

#include "base/problem.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Where the program expects its end of the pair, archive/server.h. */
#define PROGRAM_FD 3
#define N_FDS 2

struct _PfArchiveServer
{
  char *program;
  GSubprocess *process; /* (nullable); reaped by GLib whenever it ends */
  int socket;           /* -1 without process */
  guint life;
};

PfArchiveServer *
pf_archive_server_new (const char *program)
{
  PfArchiveServer *self = g_new0 (PfArchiveServer, 1);

  self->program = g_strdup (program);
  self->socket = -1;
  return self;
}

void
pf_archive_server_end (PfArchiveServer *self)
{
  if (self->process == NULL)
    return;
  g_subprocess_force_exit (self->process);
  g_clear_object (&self->process);
  close (self->socket);
  self->socket = -1;
}

void
pf_archive_server_free (PfArchiveServer *self)
{
  pf_archive_server_end (self);
  g_free (self->program);
  g_free (self);
}

static gboolean
start (PfArchiveServer *self, GError **error)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  g_autoptr (GError) why = NULL;
  int pair[2];

  if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
    {
      g_set_error (error, PF_PROBLEM, PF_PROBLEM_SCANNER_UNAVAILABLE,
                   "Attachments cannot be looked into: a socket pair: %s", g_strerror (errno));
      return FALSE;
    }
  g_subprocess_launcher_take_fd (launcher, pair[1], PROGRAM_FD);
  self->process = g_subprocess_launcher_spawn (launcher, &why, self->program, NULL);
  if (self->process == NULL)
    {
      g_set_error (error, PF_PROBLEM, PF_PROBLEM_SCANNER_UNAVAILABLE,
                   "Attachments cannot be looked into: %s: %s", self->program, why->message);
      close (pair[0]);
      return FALSE;
    }
  self->socket = pair[0];
  self->life++;
  return TRUE;
}

static gboolean
is_running (PfArchiveServer *self)
{
  struct pollfd poll_fd = { .fd = self->socket, .events = POLLOUT };

  return self->process != NULL && poll (&poll_fd, 1, 0) >= 0
         && (poll_fd.revents & (POLLHUP | POLLERR)) == 0;
}

gboolean
pf_archive_server_is_alive (PfArchiveServer *self, guint life)
{
  return self->life == life && is_running (self);
}

/* -1 with errno. */
static ssize_t
send_request (PfArchiveServer *self,
              const PfAttachmentRequest *request,
              const GByteArray *texts,
              const int fds[N_FDS])
{
  struct iovec data[] = { { (void *) request, sizeof *request }, { texts->data, texts->len } };
  union
  {
    struct cmsghdr align;
    char room[CMSG_SPACE (N_FDS * sizeof (int))];
  } space = { 0 };
  struct msghdr message = { .msg_iov = data,
                            .msg_iovlen = G_N_ELEMENTS (data),
                            .msg_control = space.room,
                            .msg_controllen = sizeof space.room };
  struct cmsghdr *header = CMSG_FIRSTHDR (&message);

  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN (N_FDS * sizeof (int));
  memcpy (CMSG_DATA (header), fds, N_FDS * sizeof (int));
  return sendmsg (self->socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static gboolean
send_to_running (PfArchiveServer *self,
                 const PfAttachmentRequest *request,
                 const GByteArray *texts,
                 const int fds[N_FDS],
                 GError **error)
{
  if (!is_running (self))
    {
      pf_archive_server_end (self);
      if (!start (self, error))
        return FALSE;
    }
  if (send_request (self, request, texts, fds) >= 0)
    return TRUE;
  g_set_error (error, PF_PROBLEM, PF_PROBLEM_SCANNER_UNAVAILABLE,
               "Attachments cannot be looked into: postferry-archive takes no message: %s",
               g_strerror (errno));
  pf_archive_server_end (self);
  return FALSE;
}

int
pf_archive_server_send (PfArchiveServer *self,
                        const PfAttachmentRequest *request,
                        int message,
                        const GByteArray *texts,
                        guint *life,
                        GError **error)
{
  int ends[2];
  gboolean sent;

  if (pipe2 (ends, O_CLOEXEC) != 0)
    {
      g_set_error (error, PF_PROBLEM, PF_PROBLEM_SCANNER_UNAVAILABLE,
                   "Attachments cannot be looked into: a pipe: %s", g_strerror (errno));
      return -1;
    }
  sent = fcntl (ends[0], F_SETFL, O_NONBLOCK) == 0
         && send_to_running (self, request, texts, (const int[N_FDS]){ message, ends[1] }, error);
  close (ends[1]);
  *life = self->life;
  if (sent)
    return ends[0];
  close (ends[0]);
  return -1;
}
