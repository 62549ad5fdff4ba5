#include "helper/command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#define COPY_SIZE (64 * PF_KIB)
#define PATH "/usr/local/bin:/usr/bin:/bin"

static char *
expand_argument (const char *argument, const char *user)
{
  GString *text = g_string_new (NULL);

  for (const char *p = argument; *p != '\0'; p++)
    if (p[0] == '%' && p[1] == 'u')
      {
        g_string_append (text, user);
        p++;
      }
    else
      {
        g_string_append_c (text, *p);
        p += p[0] == '%' && p[1] == '%';
      }
  return g_string_free (text, FALSE);
}

char **
pf_command_expand (char *const *command, const char *user)
{
  GPtrArray *arguments = g_ptr_array_new ();

  for (; *command != NULL; command++)
    g_ptr_array_add (arguments, expand_argument (*command, user));
  g_ptr_array_add (arguments, NULL);
  return (char **) g_ptr_array_free (arguments, FALSE);
}

PfHelperCode
pf_command_judge (int status)
{
  if (!WIFEXITED (status))
    return PF_HELPER_TEMPORARY;
  switch (WEXITSTATUS (status))
    {
    case EX_OK:
      return PF_HELPER_DONE;
    case EX_DATAERR:
      return PF_HELPER_REFUSED;
    case EX_NOUSER:
      return PF_HELPER_NO_USER;
    case EX_CANTCREAT:
      return PF_HELPER_CANNOT_CREATE;
    case EX_NOPERM:
      return PF_HELPER_NO_PERMISSION;
    default:
      return PF_HELPER_TEMPORARY;
    }
}

/* In the grandchild: nothing of ours but the message reaches the command. */
static void
execute (int input, char **arguments, const PfIdentity *identity)
{
  g_autofree char *home = g_strconcat ("HOME=", identity->home, NULL);
  g_autofree char *user = g_strconcat ("USER=", identity->name, NULL);
  g_autofree char *logname = g_strconcat ("LOGNAME=", identity->name, NULL);
  char path[] = "PATH=" PATH, shell[] = "SHELL=/bin/sh";
  char *environment[] = { home, user, logname, path, shell, NULL };
  int nothing = open ("/dev/null", O_RDWR | O_CLOEXEC);

  signal (SIGPIPE, SIG_DFL);
  if (prctl (PR_SET_PDEATHSIG, SIGKILL) != 0 || nothing < 0 || dup2 (input, STDIN_FILENO) < 0
      || dup2 (nothing, STDOUT_FILENO) < 0 || dup2 (nothing, STDERR_FILENO) < 0
      || chdir (identity->home) != 0)
    _exit (EX_TEMPFAIL);
  execve (arguments[0], arguments, environment);
  _exit (EX_TEMPFAIL);
}

/* By a pipe, and never by the descriptor itself: it is the service's own file, which the next
 * recipient's copy is read from. */
static gboolean
feed (const PfMail *mail, int to)
{
  char buffer[COPY_SIZE];
  guint64 left = mail->record->length;
  off_t at = lseek (mail->fd, 0, SEEK_CUR);

  while (left > 0)
    {
      ssize_t n = pread (mail->fd, buffer, MIN (sizeof buffer, left), at);

      if (n <= 0)
        return FALSE;
      for (ssize_t done = 0, out; done < n; done += out)
        if ((out = write (to, buffer + done, (gsize) (n - done))) < 0)
          return errno == EPIPE; /* it has read enough: its exit code tells */
      at += n;
      left -= (guint64) n;
    }
  return TRUE;
}

void
pf_command_deliver (PfMail *mail, const PfPolicy *policy, const PfIdentity *identity)
{
  g_auto (GStrv) arguments = pf_command_expand (policy->command, identity->name);
  int ends[2], status = 0;
  gboolean fed;
  pid_t child;

  mail->trouble = PF_TROUBLE_NONE;
  if (pipe2 (ends, O_CLOEXEC) != 0 || (child = fork ()) < 0)
    {
      pf_trouble_from_errno (&mail->trouble, EAGAIN, "starting the command");
      return;
    }
  if (child == 0)
    execute (ends[0], arguments, identity);
  close (ends[0]);
  fed = feed (mail, ends[1]);
  /* Half a message must not look like a whole one. */
  if (!fed)
    kill (child, SIGKILL);
  close (ends[1]);
  while (waitpid (child, &status, 0) < 0 && errno == EINTR)
    ;
  if (!fed)
    pf_trouble_set (&mail->trouble, PF_HELPER_TEMPORARY, "reading the message");
  else if (pf_command_judge (status) != PF_HELPER_DONE)
    pf_trouble_set (&mail->trouble, pf_command_judge (status), "the mail delivery command refused");
}

gboolean
pf_command_probe (const PfPolicy *policy, const PfIdentity *identity, PfTrouble *trouble)
{
  *trouble = PF_TROUBLE_NONE;
  if (access (policy->command[0], X_OK) != 0)
    return pf_trouble_from_errno (trouble, errno, "the mail delivery command");
  if (access (identity->home, X_OK) != 0)
    return pf_trouble_from_errno (trouble, errno, "the home folder");
  return TRUE;
}
