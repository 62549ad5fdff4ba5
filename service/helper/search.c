#include "helper/search.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A client that is busy in cur/ must not keep us looking for ever. */
#define TRIES 20

#define PREFIX "0."
#define SUFFIX ".postferry"

char *
pf_maildir_name (const char *id)
{
  return g_strdup_printf (PREFIX "%.*s" SUFFIX, PF_REQUEST_ID_LENGTH, id);
}

/* Behind the name come flags (":2,S", elsewhere ";2,S" or "!2,S"), or fields that some servers add
 * (",S=1234"). */
gboolean
pf_maildir_is_name (const char *entry, const char *name)
{
  gsize length = strlen (name);

  return strncmp (entry, name, length) == 0
         && (entry[length] == '\0' || strchr (":;!,", entry[length]) != NULL);
}

static gboolean
is_in_doubt (const PfMail *mail)
{
  return (mail->record->flags & PF_REQUEST_IN_DOUBT) != 0;
}

static gboolean
is_file_of (const char *entry, const char *id)
{
  g_autofree char *name = NULL;

  /* Most entries differ here: folders are large. */
  if (strncmp (entry + strlen (PREFIX), id, PF_REQUEST_ID_LENGTH) != 0)
    return FALSE;
  name = pf_maildir_name (id);
  return pf_maildir_is_name (entry, name);
}

static void
note_entry (const char *entry, PfMail **mails, gsize n, gboolean *found)
{
  if (strncmp (entry, PREFIX, strlen (PREFIX)) != 0)
    return;
  for (gsize i = 0; i < n; i++)
    if (is_in_doubt (mails[i]) && is_file_of (entry, mails[i]->record->id))
      found[i] = TRUE;
}

static gboolean
read_folder (int folder, PfMail **mails, gsize n, gboolean *found)
{
  int fd = openat (folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *entries = fd >= 0 ? fdopendir (fd) : NULL;
  const struct dirent *entry;
  gboolean ok;

  if (entries == NULL)
    {
      if (fd >= 0)
        close (fd);
      return FALSE;
    }
  errno = 0;
  while ((entry = readdir (entries)) != NULL)
    {
      note_entry (entry->d_name, mails, n, found);
      errno = 0;
    }
  ok = errno == 0;
  closedir (entries);
  return ok;
}

/* A file that gets other flags while we read may be missed under both names: then the folder has
 * changed meanwhile, and is read again. */
static gboolean
read_while_changing (int folder, PfMail **mails, gsize n, gboolean *found)
{
  struct stat before, after;

  for (guint i = 0; i < TRIES; i++)
    if (fstat (folder, &before) != 0 || !read_folder (folder, mails, n, found)
        || fstat (folder, &after) != 0)
      return FALSE;
    else if (before.st_mtim.tv_sec == after.st_mtim.tv_sec
             && before.st_mtim.tv_nsec == after.st_mtim.tv_nsec)
      return TRUE;
  errno = EBUSY;
  return FALSE;
}

/* new/ first: what is moved to cur/ meanwhile is met there. */
void
pf_search_folder (PfMail **mails, gsize n, const PfMailFolder *folder, gboolean *found)
{
  gboolean wanted = FALSE;
  int cause;

  for (gsize i = 0; i < n; i++)
    wanted = wanted || is_in_doubt (mails[i]);
  if (!wanted
      || (read_while_changing (folder->new, mails, n, found)
          && read_while_changing (folder->cur, mails, n, found)))
    return;
  cause = errno;
  for (gsize i = 0; i < n; i++)
    if (is_in_doubt (mails[i]) && !found[i])
      pf_trouble_from_errno (&mails[i]->trouble, cause, "looking for an earlier copy");
}
