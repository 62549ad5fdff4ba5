#include "supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where the child finds its end of the pair. */
#define CHILD_FD 3
#define STOP_SECONDS 20

typedef struct
{
  pid_t daemon, helper;
  int control; /* to the daemon: one octet from it asks for a helper */
  int signals;
  const char *helper_path;
  gboolean stopping;
} Supervisor;

/* --- Folders ---------------------------------------------------------------------------------- */

/* Folders only, and no link followed: whoever has them already must not turn this against another
 * file. */
static gboolean
give_folder (const char *parent, const char *name, const struct passwd *user)
{
  g_autofree char *path = g_build_filename (parent, name, NULL);
  int fd = -1;
  gboolean ok;
  struct stat status;

  if (g_mkdir_with_parents (path, 0700) == 0)
    fd = open (path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  ok = fd >= 0 && fchown (fd, user->pw_uid, user->pw_gid) == 0;
  /* What cannot be written to now, and was given before, is no reason not to start: the service
   * tells it, and goes on when it can be. */
  if (!ok && fd >= 0 && errno == EROFS && fstat (fd, &status) == 0 && status.st_uid == user->pw_uid)
    ok = TRUE;
  if (!ok)
    g_printerr ("postferryd: cannot give %s to %s: %s\n", path, user->pw_name, g_strerror (errno));
  if (fd >= 0)
    close (fd);
  return ok;
}

static gboolean
give_folders (const PfDirectories *directories, const struct passwd *user)
{
  return give_folder (directories->configuration, NULL, user)
         && give_folder (directories->configuration, "accounts.d", user)
         && give_folder (directories->state, NULL, user)
         && give_folder (directories->state, "spool", user)
         && give_folder (directories->state, "quarantine", user)
         && give_folder (directories->runtime, NULL, user);
}

/* --- Children --------------------------------------------------------------------------------- */

/* In the child: ends with the parent, signals as at birth, @fd as CHILD_FD. */
static void
prepare_child (pid_t parent, int fd)
{
  sigset_t none;

  sigemptyset (&none);
  sigprocmask (SIG_SETMASK, &none, NULL);
  if (prctl (PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid () != parent)
    _exit (EXIT_FAILURE);
  if (fd == CHILD_FD ? fcntl (fd, F_SETFD, 0) < 0 : dup2 (fd, CHILD_FD) < 0)
    _exit (EXIT_FAILURE);
}

static void
become_user (const struct passwd *user)
{
  if (initgroups (user->pw_name, user->pw_gid) != 0
      || setresgid (user->pw_gid, user->pw_gid, user->pw_gid) != 0
      || setresuid (user->pw_uid, user->pw_uid, user->pw_uid) != 0 || setuid (0) == 0
      || prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    {
      g_printerr ("postferryd: cannot become %s: %s\n", user->pw_name, g_strerror (errno));
      _exit (EXIT_FAILURE);
    }
  /* Libraries look for their files there: root's are not the service's. */
  g_setenv ("HOME", user->pw_dir, TRUE);
  g_setenv ("USER", user->pw_name, TRUE);
  g_setenv ("LOGNAME", user->pw_name, TRUE);
}

static pid_t
start_daemon (const struct passwd *user, int control)
{
  static const char *const arguments[] = { "postferryd", "--supervised", NULL };
  /* By its path: executed as /proc/self/exe the process would be called "exe" in every list. */
  g_autofree char *path = g_file_read_link ("/proc/self/exe", NULL);
  pid_t parent = getpid (), child = path != NULL ? fork () : -1;

  if (child != 0)
    return child;
  become_user (user);
  prepare_child (parent, control); /* after the change of user, which resets the death signal */
  execv (path, (char *const *) arguments);
  _exit (127);
}

static pid_t
start_helper (const char *path, int fd)
{
  const char *arguments[] = { path, "--fd", "3", NULL };
  pid_t parent = getpid (), child = fork ();

  if (child != 0)
    return child;
  prepare_child (parent, fd);
  execv (path, (char *const *) arguments);
  _exit (127);
}

/* --- A helper for the daemon ------------------------------------------------------------------ */

static gboolean
send_descriptor (int control, int fd)
{
  char octet = 0;
  struct iovec data = { &octet, 1 };
  union
  {
    struct cmsghdr align;
    char room[CMSG_SPACE (sizeof (int))];
  } space = { 0 };
  struct msghdr message = { .msg_iov = &data,
                            .msg_iovlen = 1,
                            .msg_control = space.room,
                            .msg_controllen = sizeof space.room };
  struct cmsghdr *header = CMSG_FIRSTHDR (&message);

  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN (sizeof (int));
  memcpy (CMSG_DATA (header), &fd, sizeof fd);
  return sendmsg (control, &message, MSG_NOSIGNAL) == 1;
}

/* The one before is of no use any more: its pair is closed, it ends by itself; a child that hangs
 * must not pile up. */
static void
end_helper (Supervisor *self)
{
  if (self->helper > 1)
    kill (self->helper, SIGKILL);
  self->helper = 0;
}

static gboolean
serve_daemon (Supervisor *self)
{
  char octet;
  int pair[2];
  gboolean ok;

  if (recv (self->control, &octet, 1, 0) != 1)
    return FALSE;
  if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
    return FALSE;
  end_helper (self);
  self->helper = start_helper (self->helper_path, pair[1]);
  ok = self->helper > 0 && send_descriptor (self->control, pair[0]);
  close (pair[0]);
  close (pair[1]);
  return ok;
}

/* --- The watch -------------------------------------------------------------------------------- */

static void
stop (Supervisor *self)
{
  if (self->stopping)
    return;
  self->stopping = TRUE;
  kill (self->daemon, SIGTERM);
  alarm (STOP_SECONDS);
}

/* Reaps; TRUE with the daemon's status when it ended. */
static gboolean
reap (Supervisor *self, int *status)
{
  pid_t child;
  int raw;
  gboolean ended = FALSE;

  while ((child = waitpid (-1, &raw, WNOHANG)) > 0)
    if (child == self->daemon)
      {
        *status = WIFEXITED (raw) ? WEXITSTATUS (raw) : 128 + WTERMSIG (raw);
        ended = TRUE;
      }
    else if (child == self->helper)
      self->helper = 0;
  return ended;
}

static gboolean
on_signal (Supervisor *self, int *status)
{
  struct signalfd_siginfo info;

  if (read (self->signals, &info, sizeof info) != sizeof info)
    return FALSE;
  switch (info.ssi_signo)
    {
    case SIGCHLD:
      return reap (self, status);
    case SIGHUP:
      kill (self->daemon, SIGHUP);
      return FALSE;
    case SIGALRM:
      kill (self->daemon, SIGKILL);
      return FALSE;
    default:
      stop (self);
      return FALSE;
    }
}

static int
watch (Supervisor *self)
{
  struct pollfd wait[2] = { { .fd = self->signals, .events = POLLIN },
                            { .fd = self->control, .events = POLLIN } };
  int status = EXIT_FAILURE;

  for (;;)
    {
      if (poll (wait, G_N_ELEMENTS (wait), -1) < 0 && errno != EINTR)
        break;
      if ((wait[0].revents & POLLIN) != 0 && on_signal (self, &status))
        break;
      if (wait[1].revents != 0 && !serve_daemon (self))
        wait[1].fd = -1; /* the daemon is ending: its SIGCHLD follows */
    }
  end_helper (self);
  return status;
}

static int
open_signals (void)
{
  sigset_t set;

  sigemptyset (&set);
  sigaddset (&set, SIGCHLD);
  sigaddset (&set, SIGTERM);
  sigaddset (&set, SIGINT);
  sigaddset (&set, SIGHUP);
  sigaddset (&set, SIGALRM);
  sigprocmask (SIG_BLOCK, &set, NULL);
  return signalfd (-1, &set, SFD_CLOEXEC);
}

int
pf_supervise (const PfDirectories *directories, const char *user_name)
{
  const struct passwd *user = getpwnam (user_name);
  g_autofree char *helper_path = pf_directories_find_program ("postferry-deliver");
  Supervisor self = { .helper_path = helper_path };
  int pair[2];

  if (user == NULL || user->pw_uid == 0)
    {
      g_printerr (
          user == NULL
              ? "postferryd: the user %s does not exist: create it (systemd-sysusers), or name another one with --user NAME\n"
              : "postferryd: %s is root: the daemon reads from the network and must not be; use --user NAME\n",
          user_name);
      return EXIT_FAILURE;
    }
  self.signals = open_signals ();
  if (!give_folders (directories, user) || self.signals < 0
      || socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
    return EXIT_FAILURE;
  self.control = pair[0];
  self.daemon = start_daemon (user, pair[1]);
  close (pair[1]);
  if (self.daemon < 0)
    return EXIT_FAILURE;
  return watch (&self);
}
