#include "helper/listen.h"

#include "base/limits.h"
#include "base/log.h"
#include "helper/serve.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

gboolean
pf_listen_is_peer (int fd, uid_t peer)
{
  struct ucred other;
  socklen_t length = sizeof other;

  return getsockopt (fd, SOL_SOCKET, SO_PEERCRED, &other, &length) == 0 && length == sizeof other
         && other.uid == peer;
}

/* The process of one connection. */
static void
serve_connection (int connection, int listening, pid_t parent, PfPolicySource *source)
{
  close (listening);
  if (prctl (PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid () != parent)
    _exit (EXIT_FAILURE);
  _exit (pf_serve (connection, source) ? EXIT_SUCCESS : EXIT_FAILURE);
}

static void
take_connection (int fd, uid_t peer, PfPolicySource *source, guint *n_children)
{
  pid_t parent = getpid (), child;
  int connection = accept4 (fd, NULL, NULL, SOCK_CLOEXEC);

  if (connection < 0)
    return;
  if (!pf_listen_is_peer (connection, peer))
    pf_log (PF_LOG_WARNING, "A connection that is not of the service's user is refused");
  else if ((child = fork ()) == 0)
    serve_connection (connection, fd, parent, source);
  else if (child > 0)
    (*n_children)++;
  close (connection);
}

static void
reap (guint *n_children)
{
  while (*n_children > 0 && waitpid (-1, NULL, WNOHANG) > 0)
    (*n_children)--;
}

int
pf_listen (int fd, uid_t peer, PfPolicySource *source)
{
  gint64 idle_since = g_get_monotonic_time ();
  guint n_children = 0;

  for (;;)
    {
      struct pollfd wait = { .fd = n_children < PF_LIMIT_HELPER_CONNECTIONS ? fd : -1,
                             .events = POLLIN };

      /* Looks up once a second: few enough, and no signal handler. */
      if (poll (&wait, 1, 1000) < 0 && errno != EINTR)
        return EXIT_FAILURE;
      if ((wait.revents & POLLIN) != 0)
        take_connection (fd, peer, source, &n_children);
      reap (&n_children);
      if (n_children > 0)
        idle_since = g_get_monotonic_time ();
      else if (g_get_monotonic_time () - idle_since > PF_LIMIT_HELPER_IDLE_SECONDS * G_USEC_PER_SEC)
        return EXIT_SUCCESS;
    }
}
