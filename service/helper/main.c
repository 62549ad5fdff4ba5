/* postferry-deliver - writes mail into the mailboxes of local users, as those users. Options, log,
 * socket; no logic. */
#include "config.h"

#include "base/log.h"
#include "directories.h"
#include "helper/listen.h"
#include "helper/serve.h"

#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

/* Where systemd puts the first socket (sd_listen_fds(3)). */
#define LISTEN_FDS_START 3

typedef struct
{
  int fd;
  char *peer;
  gboolean session, version;
} Options;

static gboolean
read_options (Options *options, int *argc, char ***argv, GError **error)
{
  const GOptionEntry entries[] = {
    { "fd", 0, 0, G_OPTION_ARG_INT, &options->fd, "Serve this connected socket", "N" },
    { "peer", 0, 0, G_OPTION_ARG_STRING, &options->peer,
      "Take connections of this user alone (default: postferry)", "USER" },
    { "session", 0, 0, G_OPTION_ARG_NONE, &options->session, "Deliver to the own user alone",
      NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &options->version, "Show the version", NULL },
    { NULL }
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);

  g_option_context_set_summary (
      context, "Started by postferryd or by postferry-deliver.socket, not by hand.");
  g_option_context_add_main_entries (context, entries, NULL);
  return g_option_context_parse (context, argc, argv, error);
}

static gboolean
has_option (int fd, int option, int wanted)
{
  int value = -1;
  socklen_t length = sizeof value;

  return getsockopt (fd, SOL_SOCKET, option, &value, &length) == 0 && value == wanted;
}

static int
socket_of_systemd (void)
{
  const char *pid = g_getenv ("LISTEN_PID"), *count = g_getenv ("LISTEN_FDS");

  if (pid == NULL || count == NULL || g_ascii_strtoll (pid, NULL, 10) != (gint64) getpid ()
      || strcmp (count, "1") != 0)
    return -1;
  return LISTEN_FDS_START;
}

/* With --fd the pair is the authentication: whoever started us holds the other end. */
static int
run (const Options *options, PfPolicySource *source)
{
  int fd = options->fd >= 0 ? options->fd : socket_of_systemd ();
  const char *peer = options->peer != NULL ? options->peer : "postferry";
  const struct passwd *user;

  if (fd < 0 || !has_option (fd, SO_TYPE, SOCK_SEQPACKET) || !has_option (fd, SO_DOMAIN, AF_UNIX))
    {
      pf_log (PF_LOG_ERROR,
              "There is no socket to serve: postferry-deliver is started by postferryd or by "
              "postferry-deliver.socket");
      return EX_USAGE;
    }
  if (options->fd >= 0)
    return pf_serve (fd, source) ? EXIT_SUCCESS : EXIT_FAILURE;
  user = getpwnam (peer);
  if (user == NULL)
    {
      pf_log (PF_LOG_ERROR, "The user %s, whose connections are to be served, does not exist",
              peer);
      return EX_CONFIG;
    }
  if (has_option (fd, SO_ACCEPTCONN, 1))
    return pf_listen (fd, user->pw_uid, source);
  if (pf_listen_is_peer (fd, user->pw_uid))
    return pf_serve (fd, source) ? EXIT_SUCCESS : EXIT_FAILURE;
  pf_log (PF_LOG_WARNING, "A connection that is not of user %s is refused", peer);
  return EX_NOPERM;
}

/* Never to a file that settings name: they may be another user's, and we are root. */
static const char *
choose_log (gboolean session)
{
  gboolean has_syslog =
      access ("/dev/log", W_OK) == 0 || access ("/run/systemd/journal/socket", W_OK) == 0;

  return has_syslog && !session ? "syslog" : "stderr";
}

int
main (int argc, char **argv)
{
  Options options = { .fd = -1 };
  g_autoptr (GError) error = NULL;
  PfDirectories directories = { 0 };
  PfPolicySource source;
  int status;

  if (!read_options (&options, &argc, &argv, &error) || argc > 1)
    {
      g_printerr ("postferry-deliver: %s\n",
                  error != NULL ? error->message : "arguments are not understood");
      return EX_USAGE;
    }
  if (options.version)
    {
      g_print ("postferry-deliver %s\n", PF_VERSION);
      return EXIT_SUCCESS;
    }
  if (!options.session && geteuid () != 0)
    {
      g_printerr ("postferry-deliver: without root's rights it needs --session\n");
      return EX_NOPERM;
    }
  signal (SIGPIPE, SIG_IGN);
  pf_log_open (choose_log (options.session), "postferry-deliver", NULL);
  pf_directories_find (&directories, options.session);
  pf_policy_source_init (&source, directories.configuration, options.session);
  status = run (&options, &source);
  pf_policy_source_clear (&source);
  pf_directories_clear (&directories);
  g_free (options.peer);
  return status;
}
