#include "cli-client/terminal.h"

#include "cli-client/exit-codes.h"
#include "cli-client/failure.h"
#include "cli-client/i18n.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* An answer that somebody types; longer ones are cut by the terminal itself (4,096 in canonical
 * mode). */
#define LONGEST_ANSWER 4096

/* What a signal handler puts back: handlers cannot be given data. */
static struct
{
  volatile sig_atomic_t fd; /* -1: nothing to restore */
  struct termios attributes;
} saved = { .fd = -1 };

static void
restore (void)
{
  if (saved.fd >= 0)
    tcsetattr (saved.fd, TCSANOW, &saved.attributes);
}

static void
on_signal (int number)
{
  static const char newline = '\n';

  restore ();
  if (number == SIGINT)
    {
      /* The prompt or what was echoed (^C) ends its line. A terminal that is gone is no reason
       * to stay. */
      if (isatty (STDERR_FILENO) && write (STDERR_FILENO, &newline, 1) < 0)
        _exit (PF_EXIT_INTERRUPTED);
      _exit (PF_EXIT_INTERRUPTED);
    }
  /* SA_RESETHAND: this time it ends us, as whoever waits for us expects. */
  raise (number);
}

void
pf_terminal_guard (void)
{
  static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
  struct sigaction action = { .sa_handler = on_signal, .sa_flags = (int) SA_RESETHAND };

  for (guint i = 0; i < G_N_ELEMENTS (signals); i++)
    sigaction (signals[i], &action, NULL);
  signal (SIGPIPE, SIG_IGN);
}

gboolean
pf_terminal_can_ask (void)
{
  return isatty (STDIN_FILENO) && isatty (STDERR_FILENO);
}

guint
pf_terminal_width (int fd)
{
  struct winsize size;

  return ioctl (fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/* The terminal itself, so that redirected output does not swallow the question. */
static int
open_terminal (void)
{
  int fd = open ("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

  return fd >= 0 ? fd : fcntl (STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
}

void
pf_terminal_remember (void)
{
  if (saved.fd < 0)
    {
      int fd = open_terminal ();

      if (fd >= 0 && tcgetattr (fd, &saved.attributes) == 0)
        saved.fd = fd;
    }
}

static gboolean
tell (int fd, const char *text)
{
  gsize length = strlen (text);

  while (length > 0)
    {
      gssize written = write (fd, text, length);

      if (written < 0 && errno != EINTR)
        return FALSE;
      if (written > 0)
        {
          text += written;
          length -= (gsize) written;
        }
    }
  return TRUE;
}

/* One line without its newline. -1: end of input or an error; -2: it does not fit. */
static gssize
read_line (int fd, char *buffer, gsize size)
{
  gsize length = 0;

  for (;;)
    {
      char octet;
      gssize got = read (fd, &octet, 1);

      if (got < 0 && errno == EINTR)
        continue;
      if (got <= 0)
        return length > 0 ? (gssize) length : -1;
      if (octet == '\n')
        return (gssize) length;
      if (length == size)
        return -2;
      buffer[length++] = octet;
    }
}

static gssize
read_answer (int fd, char *buffer, gsize size, GError **error)
{
  gssize length = read_line (fd, buffer, size);

  if (length == -1)
    g_set_error_literal (error, PF_FAILURE, PF_FAILURE_FAILED, _ ("Nothing was entered"));
  else if (length == -2)
    g_set_error_literal (error, PF_FAILURE, PF_FAILURE_USAGE, _ ("The answer is too long"));
  return MAX (length, -1);
}

char *
pf_terminal_ask (const char *question, const char *preset, GError **error)
{
  g_autofree char *prompt = preset != NULL ? g_strdup_printf ("%s [%s]: ", question, preset)
                                           : g_strdup_printf ("%s: ", question);
  char buffer[LONGEST_ANSWER + 1];
  int fd = open_terminal ();
  gssize length;

  tell (fd, prompt);
  length = read_answer (fd, buffer, LONGEST_ANSWER, error);
  close (fd);
  if (length < 0)
    return NULL;
  buffer[length] = '\0';
  if (!g_utf8_validate (buffer, length, NULL))
    {
      pf_usage (error, _ ("The answer is not UTF-8"));
      return NULL;
    }
  g_strstrip (buffer);
  return g_strdup (*buffer == '\0' && preset != NULL ? preset : buffer);
}

gboolean
pf_terminal_confirm (const char *question, GError **error)
{
  g_autofree char *asked = g_strdup_printf ("%s [y/N]", question);
  g_autofree char *answer = pf_terminal_ask (asked, NULL, error);
  g_autofree char *lower = answer != NULL ? g_utf8_strdown (answer, -1) : NULL;

  return lower != NULL
         && (g_str_equal (lower, "y") || g_str_equal (lower, "yes")
             || g_str_equal (lower, C_ ("answer", "y"))
             || g_str_equal (lower, C_ ("answer", "yes")));
}

gssize
pf_terminal_ask_secret (const char *question, char *buffer, gsize size, GError **error)
{
  int fd = open_terminal ();
  struct termios quiet;
  gssize length;

  pf_terminal_remember ();
  if (tcgetattr (fd, &quiet) != 0)
    {
      g_set_error_literal (error, PF_FAILURE, PF_FAILURE_FAILED,
                           _ ("The terminal cannot be asked for a password"));
      close (fd);
      return -1;
    }
  quiet.c_lflag &= ~(tcflag_t) (ECHO | ECHOE | ECHOK | ECHONL);
  /* Stopped here, the shell would come back with a terminal that shows nothing. */
  quiet.c_cc[VSUSP] = _POSIX_VDISABLE;
  tcsetattr (fd, TCSAFLUSH, &quiet);
  tell (fd, question);
  tell (fd, ": ");
  length = read_answer (fd, buffer, size, error);
  restore ();
  tell (fd, "\n");
  close (fd);
  return length;
}
