#include "helper/maildir.h"

#include "base/step.h"
#include "helper/folder.h"
#include "helper/quota.h"
#include "helper/search.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_SIZE (128 * PF_KIB)

/* One file in tmp. */
typedef struct
{
  PfMail *mail;
  char *name;
  int fd;     /* -1: nothing to be moved (any more) */
  int target; /* new/ or cur/ */
  char *target_name;
} Draft;

static gboolean
is_open (const PfMail *mail)
{
  return mail->trouble.code == PF_HELPER_DONE;
}

/* --- Writing ---------------------------------------------------------------------------------- */

static gboolean
write_all (int fd, const char *data, gsize length)
{
  while (length > 0)
    {
      ssize_t n = write (fd, data, length);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return FALSE;
      data += n;
      length -= (gsize) n;
    }
  return TRUE;
}

/* From where the descriptor stands to its end, which must be as far as the record says. */
static gboolean
copy_message (const PfMail *mail, int to)
{
  static char buffer[COPY_SIZE];
  guint64 left = mail->record->length;
  off_t at = lseek (mail->fd, 0, SEEK_CUR);
  struct stat status;

  pf_step (PF_STEP_HELPER_CREATED);
  if (at < 0 || fstat (mail->fd, &status) != 0)
    return FALSE;
  if (!S_ISREG (status.st_mode) || status.st_size < at || (guint64) (status.st_size - at) != left)
    {
      errno = EBADMSG;
      return FALSE;
    }
  while (left > 0)
    {
      ssize_t n = pread (mail->fd, buffer, MIN (sizeof buffer, left), at);

      if (n < 0 && errno == EINTR)
        continue;
      if (n == 0)
        errno = EBADMSG;
      if (n <= 0 || !write_all (to, buffer, (gsize) n))
        return FALSE;
      at += n;
      left -= (guint64) n;
    }
  return TRUE;
}

/* What lies there under this name is of a delivery that was cut off: ours, and worth nothing. */
static int
create_in_tmp (int tmp, const char *name)
{
  int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  int fd = openat (tmp, name, flags, 0600);

  if (fd >= 0 || errno != EEXIST || unlinkat (tmp, name, 0) != 0)
    return fd;
  return openat (tmp, name, flags, 0600);
}

static void
drop_draft (Draft *draft, int tmp)
{
  if (draft->fd < 0)
    return;
  unlinkat (tmp, draft->name, 0);
  close (draft->fd);
  draft->fd = -1;
}

static void
fail_draft (Draft *draft, int tmp, const char *what)
{
  pf_trouble_from_errno (&draft->mail->trouble, errno, what);
  drop_draft (draft, tmp);
}

/* mtime is what IMAP servers tell as the date of arrival. */
static gboolean
set_date (const Draft *draft)
{
  const gint64 date = draft->mail->record->date;
  const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = date } };

  return date == 0 || futimens (draft->fd, times) == 0;
}

/* The disk begins at once with what is synced later, so that many messages take little longer than
 * one. Nothing is changed between the syncs: each would have a transaction of the file system to
 * itself. */
static void
write_draft (Draft *draft, const PfMailFolder *folder)
{
  draft->fd = create_in_tmp (folder->tmp, draft->name);
  if (draft->fd < 0)
    pf_trouble_from_errno (&draft->mail->trouble, errno, "making a file in tmp");
  else if (!copy_message (draft->mail, draft->fd) || !set_date (draft))
    fail_draft (draft, folder->tmp, "writing a file in tmp");
  else
    {
      sync_file_range (draft->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
      pf_step (PF_STEP_HELPER_COPIED);
    }
}

static void
sync_draft (Draft *draft, const PfMailFolder *folder)
{
  if (draft->fd < 0)
    return;
  if (fsync (draft->fd) != 0)
    fail_draft (draft, folder->tmp, "syncing a file in tmp");
  else
    pf_step (PF_STEP_HELPER_WRITTEN);
}

/* --- Moving ----------------------------------------------------------------------------------- */

/* The name in tmp may by now be another process' file of the same delivery. */
static gboolean
is_own_file (const Draft *draft, int folder, const char *name)
{
  struct stat own, there;

  return fstat (draft->fd, &own) == 0 && fstatat (folder, name, &there, AT_SYMLINK_NOFOLLOW) == 0
         && own.st_dev == there.st_dev && own.st_ino == there.st_ino;
}

/* Without replacing, also where the file system has no such rename (NFS), or no links either
 * (FAT). */
static gboolean
rename_without_replacing (int from, const char *name, int to, const char *target)
{
  struct stat status;

  if (renameat2 (from, name, to, target, RENAME_NOREPLACE) == 0)
    return TRUE;
  if (errno != EINVAL && errno != ENOSYS)
    return FALSE;
  if (linkat (from, name, to, target, 0) == 0)
    return unlinkat (from, name, 0) == 0;
  if (errno != EPERM && errno != EOPNOTSUPP)
    return FALSE;
  if (fstatat (to, target, &status, AT_SYMLINK_NOFOLLOW) != 0)
    return errno == ENOENT && renameat (from, name, to, target) == 0;
  errno = EEXIST;
  return FALSE;
}

static void
move_draft (Draft *draft, const PfMailFolder *folder)
{
  if (draft->fd < 0)
    return;
  if (!is_own_file (draft, folder->tmp, draft->name))
    {
      pf_trouble_set (&draft->mail->trouble, PF_HELPER_TEMPORARY,
                      "the file in tmp is not ours any more");
      close (draft->fd);
      draft->fd = -1;
    }
  else if (rename_without_replacing (folder->tmp, draft->name, draft->target, draft->target_name))
    pf_step (PF_STEP_HELPER_RENAMED);
  else if (errno == EEXIST)
    drop_draft (draft, folder->tmp); /* it was delivered before */
  else
    fail_draft (draft, folder->tmp, "moving a file out of tmp");
}

/* --- One folder ------------------------------------------------------------------------------- */

static Draft *
make_drafts (PfMail **mails, gsize n, const PfMailFolder *folder)
{
  Draft *drafts = g_new0 (Draft, n);

  for (gsize i = 0; i < n; i++)
    {
      gboolean seen = (mails[i]->record->flags & PF_REQUEST_SEEN) != 0;

      drafts[i].mail = mails[i];
      drafts[i].fd = -1;
      drafts[i].name = pf_maildir_name (mails[i]->record->id);
      drafts[i].target = seen ? folder->cur : folder->new;
      drafts[i].target_name = g_strconcat (drafts[i].name, seen ? ":2,S" : "", NULL);
    }
  return drafts;
}

static void
free_drafts (Draft *drafts, gsize n)
{
  for (gsize i = 0; i < n; i++)
    {
      if (drafts[i].fd >= 0)
        close (drafts[i].fd);
      g_free (drafts[i].name);
      g_free (drafts[i].target_name);
    }
  g_free (drafts);
}

/* Nothing counts as delivered before the names are on the disk. */
static void
sync_folders (PfMail **mails, gsize n, const PfMailFolder *folder)
{
  gboolean ok = pf_sync_folder (folder->new) && pf_sync_folder (folder->cur);
  int cause = errno;

  for (gsize i = 0; i < n; i++)
    if (!ok && is_open (mails[i]))
      pf_trouble_from_errno (&mails[i]->trouble, cause, "syncing the folder");
  pf_step (PF_STEP_HELPER_SYNCED);
}

/* Stages for all messages together: writing, syncing, moving; each folder is synced once. */
static void
deliver_into (PfMail **mails, gsize n, const PfMailFolder *folder, PfQuota *quota)
{
  g_autofree gboolean *found = g_new0 (gboolean, n);
  Draft *drafts = make_drafts (mails, n, folder);

  pf_search_folder (mails, n, folder, found);
  for (gsize i = 0; i < n; i++)
    if (is_open (mails[i]) && !found[i]
        && pf_quota_take (quota, mails[i]->record->length, &mails[i]->trouble))
      write_draft (&drafts[i], folder);
  for (gsize i = 0; i < n; i++)
    sync_draft (&drafts[i], folder);
  for (gsize i = 0; i < n; i++)
    move_draft (&drafts[i], folder);
  sync_folders (mails, n, folder);
  for (gsize i = 0; i < n; i++)
    if (is_open (mails[i]) && drafts[i].fd >= 0)
      pf_quota_note (quota, mails[i]->record->length);
  free_drafts (drafts, n);
}

/* --- A batch ---------------------------------------------------------------------------------- */

/* @mails are of one folder. */
static void
deliver_folder (PfMail **mails, gsize n, const PfMailbox *mailbox, PfQuota *quota)
{
  g_autofree char *directory = pf_folder_directory (mails[0]->record->folder);
  PfMailFolder folder;
  PfTrouble trouble = PF_TROUBLE_NONE;

  if (directory != NULL && strlen (directory) > PF_FOLDER_DIRECTORY_MAX)
    pf_trouble_from_errno (&trouble, ENAMETOOLONG, "opening a folder");
  else if (pf_mail_folder_open (&folder, mailbox, directory, mails[0]->settled, &trouble))
    {
      deliver_into (mails, n, &folder, quota);
      pf_mail_folder_close (&folder);
      return;
    }
  for (gsize i = 0; i < n; i++)
    mails[i]->trouble = trouble;
}

/* Folder by folder, in the order in which they are first named. */
static void
deliver_all (PfMail *mails, gsize n, const PfMailbox *mailbox, PfQuota *quota)
{
  g_autofree gboolean *taken = g_new0 (gboolean, n);
  PfMail *part[PF_LIMIT_HELPER_BATCH];

  for (gsize i = 0; i < n; i++)
    {
      gsize length = 0;

      for (gsize j = i; j < n && !taken[i]; j++)
        if (!taken[j] && strcmp (mails[i].record->folder, mails[j].record->folder) == 0)
          part[length++] = &mails[j];
      for (gsize j = i; j < n && length > 0; j++)
        taken[j] = taken[j] || strcmp (mails[i].record->folder, mails[j].record->folder) == 0;
      if (length > 0)
        deliver_folder (part, length, mailbox, quota);
    }
}

void
pf_maildir_deliver (PfMail *mails, gsize n, const PfPolicy *policy, const PfIdentity *identity)
{
  g_autofree char *path = pf_mailbox_path (policy->mailbox, identity);
  PfMailbox mailbox;
  PfTrouble trouble = PF_TROUBLE_NONE;
  PfQuota quota;
  PfMailboxMode mode = PF_MAILBOX_SETTLE;

  for (gsize i = 0; i < n; i++)
    {
      mails[i].trouble = PF_TROUBLE_NONE;
      if (mails[i].settled)
        mode = PF_MAILBOX_MAKE;
    }
  if (pf_mailbox_open (&mailbox, path, identity, mode, &trouble))
    {
      pf_quota_open (&quota, mailbox.root);
      deliver_all (mails, n, &mailbox, &quota);
      pf_quota_close (&quota);
      pf_mailbox_close (&mailbox);
      return;
    }
  for (gsize i = 0; i < n; i++)
    mails[i].trouble = trouble;
}

/* --- Probe ------------------------------------------------------------------------------------ */

/* A full disk or quota shows when something is written, and nothing is left of it. */
static gboolean
try_writing (int folder, PfTrouble *trouble)
{
  static const char page[4 * PF_KIB];
  int fd = openat (folder, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
  gboolean ok = fd >= 0 && write_all (fd, page, sizeof page);
  int cause = errno;

  if (fd >= 0)
    close (fd);
  /* File systems without nameless files are asked by the first delivery. */
  if (ok || (fd < 0 && (cause == EOPNOTSUPP || cause == EISDIR || cause == EINVAL)))
    return TRUE;
  return pf_trouble_from_errno (trouble, cause, "writing to the mailbox");
}

/* Where there is no mailbox yet, the home, or of a place outside the folder above, must be such
 * that one can be made. */
static gboolean
probe_above (const char *path, const PfIdentity *identity, PfTrouble *trouble)
{
  g_autofree char *above = g_str_has_prefix (path, identity->home) ? g_strdup (identity->home)
                                                                   : g_path_get_dirname (path);
  PfMailbox folder;
  gboolean ok;

  if (!pf_mailbox_open (&folder, above, identity, PF_MAILBOX_LOOK, trouble))
    return FALSE;
  ok = try_writing (folder.root, trouble);
  pf_mailbox_close (&folder);
  return ok;
}

gboolean
pf_maildir_probe (const PfPolicy *policy, const PfIdentity *identity, PfTrouble *trouble)
{
  g_autofree char *path = pf_mailbox_path (policy->mailbox, identity);
  PfMailbox mailbox;
  PfQuota quota;
  gboolean ok;

  *trouble = PF_TROUBLE_NONE;
  if (!pf_mailbox_open (&mailbox, path, identity, PF_MAILBOX_LOOK, trouble))
    {
      if (trouble->cause != ENOENT)
        return FALSE;
      *trouble = PF_TROUBLE_NONE;
      return probe_above (path, identity, trouble);
    }
  pf_quota_open (&quota, mailbox.root);
  ok = pf_quota_take (&quota, 1, trouble) && try_writing (mailbox.root, trouble);
  pf_quota_close (&quota);
  pf_mailbox_close (&mailbox);
  return ok;
}
