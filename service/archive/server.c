#include "archive/server.h"

#include "archive/confine.h"
#include "archive/worker.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define N_FDS 2

typedef struct
{
  PfAttachmentRequest request;
  char *texts;
  gsize n_texts; /* octets */
  int fds[N_FDS];
} Job;

/* --- Requests --------------------------------------------------------------------------------- */

static void
close_all (Job *job)
{
  for (guint i = 0; i < N_FDS; i++)
    {
      if (job->fds[i] >= 0)
        close (job->fds[i]);
    }
}

static guint
take_descriptors (Job *job, struct msghdr *message)
{
  guint n = 0;

  for (struct cmsghdr *at = CMSG_FIRSTHDR (message); at != NULL; at = CMSG_NXTHDR (message, at))
    {
      if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS)
        continue;
      for (gsize i = 0; CMSG_LEN ((i + 1) * sizeof (int)) <= at->cmsg_len && n < N_FDS; i++)
        memcpy (&job->fds[n++], CMSG_DATA (at) + i * sizeof (int), sizeof (int));
    }
  return n;
}

/* 1: a job; 0: what came is none; -1: nobody is there any more. */
static int
receive (Job *job, char *room, gsize size)
{
  struct iovec data[] = { { &job->request, sizeof job->request }, { room, size } };
  union
  {
    struct cmsghdr align;
    char room[CMSG_SPACE (N_FDS * sizeof (int))];
  } space;
  struct msghdr message = { .msg_iov = data,
                            .msg_iovlen = G_N_ELEMENTS (data),
                            .msg_control = space.room,
                            .msg_controllen = sizeof space.room };
  ssize_t n;

  job->fds[0] = job->fds[1] = -1;
  do
    n = recvmsg (PF_ARCHIVE_SERVER_FD, &message, MSG_CMSG_CLOEXEC);
  while (n < 0 && errno == EINTR);
  if (n <= 0)
    return -1;
  job->texts = room;
  job->n_texts = (gsize) MAX (n - (ssize_t) sizeof job->request, 0);
  return take_descriptors (job, &message) == N_FDS && (gsize) n >= sizeof job->request
         && (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0
         && job->request.version == PF_ATTACHMENT_VERSION;
}

/* (transfer container) (nullable): the texts, NULL-terminated. */
static const char **
split_texts (const Job *job)
{
  GPtrArray *texts = g_ptr_array_new ();
  const char *at = job->texts, *end = at + job->n_texts;

  for (guint32 i = 0; i < job->request.n_extensions; i++)
    {
      const char *nul = memchr (at, '\0', (gsize) (end - at));

      if (nul == NULL)
        {
          g_ptr_array_unref (texts);
          return NULL;
        }
      g_ptr_array_add (texts, (gpointer) at);
      at = nul + 1;
    }
  g_ptr_array_add (texts, NULL);
  return (const char **) g_ptr_array_free (texts, FALSE);
}

/* --- Workers ---------------------------------------------------------------------------------- */

/* Nothing stays open but the two, and the complaints' way out. */
static G_NORETURN void
become_worker (Job *job, pid_t parent)
{
  const char **extensions = split_texts (job);
  /* Out of the way of the places that they come to. */
  int message = fcntl (job->fds[0], F_DUPFD, 10), answer = fcntl (job->fds[1], F_DUPFD, 10);

  if (extensions == NULL || message < 0 || answer < 0 || dup2 (message, PF_MESSAGE_FD) < 0
      || dup2 (answer, PF_ANSWER_FD) < 0 || close (PF_ARCHIVE_SERVER_FD) != 0
      || close_range (PF_ANSWER_FD + 1, ~0U, 0) != 0)
    _exit (EXIT_FAILURE);
  if (prctl (PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid () != parent)
    _exit (EXIT_FAILURE);
  pf_worker_run (&job->request, extensions);
}

static void
start_worker (Job *job)
{
  pid_t parent = getpid ();

  /* Where there is no process to be had the pipe closes without a word: the service tries again. */
  if (fork () == 0)
    become_worker (job, parent);
}

int
pf_archive_serve (void)
{
  g_autofree char *room = g_malloc (PF_LIMIT_ATTACHMENT_REQUEST);
  struct sigaction ignore = { .sa_handler = SIG_IGN, .sa_flags = SA_NOCLDWAIT };
  int got;

  if (sigaction (SIGCHLD, &ignore, NULL) != 0 || !pf_confine_prepare ())
    return EXIT_FAILURE;
  for (;;)
    {
      Job job;

      got = receive (&job, room, PF_LIMIT_ATTACHMENT_REQUEST);
      if (got < 0)
        return EXIT_SUCCESS;
      if (got > 0)
        start_worker (&job);
      close_all (&job);
    }
}
