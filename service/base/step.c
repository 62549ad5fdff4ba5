#include "base/step.h"

#if PF_STEPS

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The file of passings is read up to here: 100,000 lines, more than any test passes. */
#define COUNTS_MAX (4 * 1024 * 1024)
#define PATH_LENGTH 4096

static const char *const names[PF_STEP_N] = {
  [PF_STEP_LISTED] = "listed",
  [PF_STEP_SPOOLED] = "spooled",
  [PF_STEP_INTENT] = "intent",
  [PF_STEP_INTENT_DONE] = "intent-done",
  [PF_STEP_COMMIT] = "commit",
  [PF_STEP_COMMITTED] = "committed",
  [PF_STEP_HELPER_SENT] = "helper-sent",
  [PF_STEP_HELPER_CREATED] = "helper-created",
  [PF_STEP_HELPER_COPIED] = "helper-copied",
  [PF_STEP_HELPER_WRITTEN] = "helper-written",
  [PF_STEP_HELPER_RENAMED] = "helper-renamed",
  [PF_STEP_HELPER_SYNCED] = "helper-synced",
  [PF_STEP_LMTP_DATA] = "lmtp-data",
  [PF_STEP_LMTP_SENT] = "lmtp-sent",
  [PF_STEP_LMTP_ANSWERED] = "lmtp-answered",
  [PF_STEP_QUARANTINE_WRITTEN] = "quarantine-written",
  [PF_STEP_QUARANTINE_NAMED] = "quarantine-named",
  [PF_STEP_QUARANTINE_META] = "quarantine-meta",
  [PF_STEP_QUARANTINE_SYNCED] = "quarantine-synced",
  [PF_STEP_RELEASE_INTENT] = "release-intent",
  [PF_STEP_RELEASE_DELIVERED] = "release-delivered",
  [PF_STEP_RELEASE_NOTED] = "release-noted",
  [PF_STEP_RELEASE_LEARNED] = "release-learned",
  [PF_STEP_RELEASE_REMOVED] = "release-removed",
  [PF_STEP_EFFECT_DONE] = "effect-done",
  [PF_STEP_DELIVERED] = "delivered",
  [PF_STEP_DELIVERED_DONE] = "delivered-done",
  [PF_STEP_REMOVE_MARK] = "remove-mark",
  [PF_STEP_REMOVE_SENT] = "remove-sent",
  [PF_STEP_REMOVE_COMMIT] = "remove-commit",
  [PF_STEP_REMOVE_DONE] = "remove-done",
  [PF_STEP_GONE] = "gone",
  [PF_STEP_GONE_DONE] = "gone-done",
  [PF_STEP_FILE_WRITE] = "file-write",
  [PF_STEP_FILE_WRITTEN] = "file-written",
  [PF_STEP_FILE_RENAMED] = "file-renamed",
  [PF_STEP_FILE_SYNCED] = "file-synced",
  [PF_STEP_FILE_UNLINKED] = "file-unlinked",
};

/* One line, appended in one write: several processes share the file. */
static void
note_passing (const char *folder, const char *name)
{
  char path[PATH_LENGTH], line[64];
  int length = snprintf (line, sizeof line, "%s\n", name), fd;

  snprintf (path, sizeof path, "%s/counts", folder);
  fd = open (path, O_WRONLY | O_APPEND | O_CLOEXEC);
  if (fd < 0)
    return;
  if (write (fd, line, (size_t) length) != length)
    abort ();
  close (fd);
}

/* How often @name was passed by now, by whomever. */
static unsigned long
count_passings (const char *folder, const char *name)
{
  char path[PATH_LENGTH], *text = calloc (1, COUNTS_MAX + 1);
  unsigned long count = 0;
  int fd;

  snprintf (path, sizeof path, "%s/counts", folder);
  fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || text == NULL || read (fd, text, COUNTS_MAX) < 0)
    abort ();
  for (char *rest = text, *line; (line = strsep (&rest, "\n")) != NULL;)
    count += strcmp (line, name) == 0;
  free (text);
  close (fd);
  return count;
}

/* "NAME:N" or "NAME:N:hold" that is wanted now; FALSE when nothing is. */
static int
read_stop (const char *folder, char *wanted, size_t size)
{
  char path[PATH_LENGTH];
  ssize_t n;
  int fd;

  snprintf (path, sizeof path, "%s/stop", folder);
  fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return 0;
  n = read (fd, wanted, size - 1);
  wanted[n < 0 ? 0 : n] = '\0';
  close (fd);
  return n > 0;
}

/* TRUE for the one process that may stop. */
static int
claim_stop (const char *folder)
{
  char from[PATH_LENGTH], to[PATH_LENGTH];

  snprintf (from, sizeof from, "%s/stop", folder);
  snprintf (to, sizeof to, "%s/stopped", folder);
  return rename (from, to) == 0;
}

void
pf_step (PfStep step)
{
  const char *folder = getenv ("PF_STEP_FOLDER");
  size_t length = strlen (names[step]);
  char wanted[64], *mode;

  if (folder == NULL)
    return;
  note_passing (folder, names[step]);
  if (!read_stop (folder, wanted, sizeof wanted) || strncmp (wanted, names[step], length) != 0
      || wanted[length] != ':'
      || count_passings (folder, names[step]) < strtoul (wanted + length + 1, &mode, 10)
      || !claim_stop (folder))
    return;
  if (strcmp (mode, ":hold") == 0)
    raise (SIGSTOP);
  else
    _exit (99);
}

#endif
