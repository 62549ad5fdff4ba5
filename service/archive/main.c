/* postferry-archive: looks into attachments, for the service alone (man postferryd). */
#include "archive/kinds.h"
#include "archive/server.h"
#include "config.h"

#include <fcntl.h>
#include <iconv.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* In these are names written that readers of mail can read: what decodes them is loaded here, since
 * the workers open no file. Each makes every process a little dearer. In most others ASCII is
 * itself, and so are a name's extension and its dot. */
static const char *const charsets[] = {
  "UTF-16",       "UTF-32",       "UTF-7",        "UCS-2",        "UCS-4",        "US-ASCII",
  "ISO-8859-1",   "ISO-8859-2",   "ISO-8859-5",   "ISO-8859-9",   "ISO-8859-15",  "WINDOWS-1250",
  "WINDOWS-1251", "WINDOWS-1252", "WINDOWS-1253", "WINDOWS-1254", "WINDOWS-1255", "WINDOWS-1256",
  "KOI8-R",       "SHIFT_JIS",    "EUC-JP",       "ISO-2022-JP",  "GBK",          "GB18030",
  "BIG5",         "EUC-KR",       "CP949",        "IBM037",
};

/* They stay open to the end: what is closed may be unloaded. */
static void
load_charsets (void)
{
  char room[64], in[] = "x";

  for (guint i = 0; i < G_N_ELEMENTS (charsets); i++)
    {
      iconv_t descriptor = iconv_open ("UTF-8", charsets[i]);
      char *from = in, *to = room;
      gsize left = 1, space = sizeof room;

      /* One that this machine does not have is decoded nowhere here. */
      if (descriptor != (iconv_t) -1)
        iconv (descriptor, &from, &left, &to, &space);
    }
}

/* Workers are forked from here as it is now, and can open nothing themselves. */
static gboolean
prepare (void)
{
  if (setlocale (LC_ALL, "C.UTF-8") == NULL)
    {
      g_printerr ("postferry-archive: there is no locale C.UTF-8\n");
      return FALSE;
    }
  /* A zone that needs no file. */
  g_setenv ("TZ", "UTC0", TRUE);
  tzset ();
  load_charsets ();
  return pf_kinds_open ();
}

/* First of all where memory is short: it costs one message another try. */
static void
offer_to_die (void)
{
  static const char score[] = "500";
  int fd = open ("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

  /* A wish: where it is not heard nothing is wrong. */
  if (fd >= 0 && write (fd, score, sizeof score - 1) < 0)
    g_debug ("oom_score_adj: not written");
  if (fd >= 0)
    close (fd);
}

int
main (int argc, char **argv)
{
  const struct rlimit none = { 0, 0 };
  struct stat status;

  if (argc == 2 && strcmp (argv[1], "--version") == 0)
    {
      g_print ("postferry-archive %s\n", PF_VERSION);
      return EXIT_SUCCESS;
    }
  if (argc != 1 || fstat (PF_ARCHIVE_SERVER_FD, &status) != 0 || !S_ISSOCK (status.st_mode))
    {
      g_printerr ("postferry-archive: is started by postferryd\n");
      return 2;
    }
  offer_to_die ();
  /* The service that dies takes it along. */
  if (prctl (PR_SET_PDEATHSIG, SIGKILL) != 0 || prctl (PR_SET_DUMPABLE, 0) != 0
      || prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || setrlimit (RLIMIT_CORE, &none) != 0
      || close_range (PF_ARCHIVE_SERVER_FD + 1, ~0U, 0) != 0 || !prepare ())
    return EXIT_FAILURE;
  return pf_archive_serve ();
}
