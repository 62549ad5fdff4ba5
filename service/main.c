#include "config.h"
#include "directories.h"
#include "service.h"
#include "supervisor.h"

#include <locale.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where the supervisor leaves its end of the pair: see supervisor.c. */
#define SUPERVISOR_FD 3

static gboolean session, supervised, show_version;
static char *user;

static const GOptionEntry entries[] = {
  { "session", 0, 0, G_OPTION_ARG_NONE, &session, "Run on the session bus, for oneself", NULL },
  { "user", 0, 0, G_OPTION_ARG_STRING, &user, "Started as root: run the daemon as NAME (postferry)",
    "NAME" },
  { "supervised", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_NONE, &supervised, NULL, NULL },
  { "version", 0, 0, G_OPTION_ARG_NONE, &show_version, "Print the version", NULL },
  G_OPTION_ENTRY_NULL,
};

static int
run (const PfDirectories *directories)
{
  g_autofree char *program = pf_directories_find_program ("postferry-deliver");
  g_autofree char *socket = g_build_filename (directories->runtime, "deliver.sock", NULL);
  PfServiceOptions options = { .session = session, .directories = directories };
  g_autoptr (PfService) service = NULL;
  g_autoptr (GError) error = NULL;

  if (session)
    options.helper = (PfHelperLink){ .kind = PF_HELPER_BY_SPAWN, .path = program };
  else if (supervised)
    options.helper = (PfHelperLink){ .kind = PF_HELPER_BY_SUPERVISOR, .fd = SUPERVISOR_FD };
  else
    options.helper = (PfHelperLink){ .kind = PF_HELPER_BY_SOCKET, .path = socket };

  service = pf_service_new (&options, &error);
  if (service == NULL)
    {
      g_printerr ("postferryd: %s\n", error->message);
      return EXIT_FAILURE;
    }
  return pf_service_run (service);
}

/* A connection is a descriptor, and the usual soft limit (1,024, for the sake of select()) is less
 * than the accounts that may listen. */
static void
allow_connections (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max)
    {
      limit.rlim_cur = limit.rlim_max;
      (void) setrlimit (RLIMIT_NOFILE, &limit);
    }
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new ("- fetch mail for local users");
  g_autoptr (GError) error = NULL;
  PfDirectories directories;
  int status;

  setlocale (LC_ALL, "");
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      g_printerr ("postferryd: %s\n", error->message);
      return 2;
    }
  if (show_version)
    {
      g_print ("postferryd %s\n", PF_VERSION);
      return EXIT_SUCCESS;
    }
  umask (0077);
  /* Passwords are in our memory: no core dump, no debugger of our own user's other processes. */
  prctl (PR_SET_DUMPABLE, 0);
  allow_connections ();
  pf_directories_find (&directories, session);
  if (geteuid () == 0 && !session)
    status = pf_supervise (&directories, user != NULL ? user : "postferry");
  else
    status = run (&directories);
  pf_directories_clear (&directories);
  return status;
}
