#include "helper/mailbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* More than any real subscription file; a larger one is left alone. */
#define SUBSCRIPTIONS_MAX (256 * PF_KIB)

/* --- Opening one step ------------------------------------------------------------------------- */

/* Opens @name, one component, below @parent. @flags and @resolve as openat2() has them; kernels and
 * filters without it get the nearest of openat(). */
static int
open_below (int parent, const char *name, int flags, guint64 resolve)
{
  struct open_how how = { .flags = (guint64) flags | O_CLOEXEC, .resolve = resolve };
  int fd = (int) syscall (SYS_openat2, parent, name, &how, sizeof how);

  if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
    return fd;
  return openat (parent, name,
                 flags | O_CLOEXEC | ((resolve & RESOLVE_NO_SYMLINKS) != 0 ? O_NOFOLLOW : 0));
}

gboolean
pf_sync_folder (int fd)
{
  return fsync (fd) == 0 || errno == EINVAL;
}

/* A folder of the user's own that not everybody can write to. */
static gboolean
check_owner (int fd, uid_t uid, const char *what, PfTrouble *trouble)
{
  struct stat status;

  if (fstat (fd, &status) != 0)
    return pf_trouble_from_errno (trouble, errno, what);
  if (!S_ISDIR (status.st_mode))
    return pf_trouble_from_errno (trouble, ENOTDIR, what);
  if (status.st_uid != uid)
    return pf_trouble_set (trouble, PF_HELPER_NO_PERMISSION, "a folder belongs to another user");
  if ((status.st_mode & S_IWOTH) != 0)
    return pf_trouble_set (trouble, PF_HELPER_NO_PERMISSION,
                           "a folder can be written by everybody");
  return TRUE;
}

/* --- The mailbox ------------------------------------------------------------------------------ */

char *
pf_mailbox_path (const char *mailbox, const PfIdentity *identity)
{
  g_auto (GStrv) parts = NULL;

  if (*mailbox == '~')
    return g_strconcat (identity->home, mailbox + 1, NULL);
  parts = g_strsplit (mailbox, "%u", -1);
  return g_strjoinv (identity->name, parts);
}

/* @parent: as O_PATH opened it */
static gboolean
sync_here (int parent, PfTrouble *trouble)
{
  int fd = openat (parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (fd < 0 || !pf_sync_folder (fd))
    {
      pf_trouble_from_errno (trouble, errno, "syncing the folder above the mailbox");
      if (fd >= 0)
        close (fd);
      return FALSE;
    }
  close (fd);
  return TRUE;
}

static gboolean
make_here (int parent, const char *name, uid_t uid, PfTrouble *trouble)
{
  /* Made in the user's own folder only: never a home that is not mounted, never in what others
   * share. */
  if (!check_owner (parent, uid, "the folder above the mailbox", trouble))
    return FALSE;
  if (mkdirat (parent, name, 0700) != 0 && errno != EEXIST)
    return pf_trouble_from_errno (trouble, errno, "making the mailbox");
  return sync_here (parent, trouble);
}

/* What is there may have been made by a child that was killed before it synced; it makes nothing
 * but in the user's own folders. */
static gboolean
settle_here (int parent, uid_t uid, PfTrouble *trouble)
{
  struct stat status;

  if (fstat (parent, &status) == 0 && status.st_uid != uid)
    return TRUE;
  return sync_here (parent, trouble);
}

/* One step down, links followed. Takes @parent over. */
static int
step_down (int parent, const char *name, uid_t uid, PfMailboxMode mode, PfTrouble *trouble)
{
  int flags = O_PATH | O_DIRECTORY, fd = open_below (parent, name, flags, RESOLVE_NO_MAGICLINKS);

  if (fd >= 0 && mode == PF_MAILBOX_SETTLE && !settle_here (parent, uid, trouble))
    {
      close (parent);
      close (fd);
      return -1;
    }
  if (fd < 0 && errno == ENOENT && mode != PF_MAILBOX_LOOK)
    {
      if (!make_here (parent, name, uid, trouble))
        {
          close (parent);
          return -1;
        }
      fd = open_below (parent, name, flags, RESOLVE_NO_MAGICLINKS);
    }
  if (fd < 0)
    pf_trouble_from_errno (trouble, errno, "opening the mailbox");
  close (parent);
  return fd;
}

/* The part of @path that must be there already: the home, or of a place outside all but the last
 * component. */
static gsize
existing_length (const char *path, const char *home)
{
  gsize length = strlen (home);

  if (strncmp (path, home, length) == 0 && (path[length] == '/' || path[length] == '\0'))
    return length;
  return (gsize) (strrchr (path, '/') - path);
}

gboolean
pf_mailbox_open (PfMailbox *mailbox,
                 const char *path,
                 const PfIdentity *identity,
                 PfMailboxMode mode,
                 PfTrouble *trouble)
{
  gsize length = existing_length (path, identity->home);
  g_autofree char *base = length > 0 ? g_strndup (path, length) : g_strdup ("/");
  g_auto (GStrv) parts = g_strsplit (path + length, "/", -1);
  int fd = open (base, O_PATH | O_DIRECTORY | O_CLOEXEC);

  *mailbox = (PfMailbox){ .root = -1, .uid = identity->uid };
  if (fd < 0)
    return pf_trouble_from_errno (trouble, errno, "opening the home folder");
  for (guint i = 0; fd >= 0 && parts[i] != NULL; i++)
    if (*parts[i] != '\0')
      fd = step_down (fd, parts[i], identity->uid, mode, trouble);
  if (fd < 0)
    return FALSE;
  mailbox->root = openat (fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (mailbox->root < 0)
    pf_trouble_from_errno (trouble, errno, "opening the mailbox");
  close (fd);
  if (mailbox->root >= 0 && check_owner (mailbox->root, identity->uid, "the mailbox", trouble))
    return TRUE;
  pf_mailbox_close (mailbox);
  return FALSE;
}

void
pf_mailbox_close (PfMailbox *mailbox)
{
  if (mailbox->root >= 0)
    close (mailbox->root);
  mailbox->root = -1;
}

/* --- Folders ---------------------------------------------------------------------------------- */

/* Opens the folder @name below @parent; makes it where it is missing, which *@made tells. */
static int
open_folder (int parent, const char *name, uid_t uid, gboolean *made, PfTrouble *trouble)
{
  guint64 resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  int fd = open_below (parent, name, O_RDONLY | O_DIRECTORY, resolve);

  if (fd < 0 && errno == ENOENT)
    {
      if (mkdirat (parent, name, 0700) != 0 && errno != EEXIST)
        {
          pf_trouble_from_errno (trouble, errno, "making a folder");
          return -1;
        }
      *made = TRUE;
      fd = open_below (parent, name, O_RDONLY | O_DIRECTORY, resolve);
    }
  if (fd < 0)
    {
      pf_trouble_from_errno (trouble, errno, "opening a folder");
      return -1;
    }
  if (check_owner (fd, uid, "a folder", trouble))
    return fd;
  close (fd);
  return -1;
}

/* (transfer full) (nullable): the file's text, NULL where it is absent, no plain file, or too
 * large. */
static char *
read_small_file (int fd)
{
  struct stat status;
  g_autofree char *text = NULL;
  ssize_t n;

  if (fstat (fd, &status) != 0 || !S_ISREG (status.st_mode) || status.st_size > SUBSCRIPTIONS_MAX)
    return NULL;
  text = g_malloc ((gsize) status.st_size + 1);
  n = pread (fd, text, (gsize) status.st_size, 0);
  if (n < 0)
    return NULL;
  text[n] = '\0';
  return g_steal_pointer (&text);
}

static gboolean
has_line (const char *text, const char *line)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  return g_strv_contains ((const char *const *) lines, line);
}

/* A folder that nobody is subscribed to is not shown by many clients. It is a comfort: no failure
 * here stops mail. */
static void
subscribe (int root, const char *file, int flags, const char *line)
{
  int fd =
      openat (root, file, O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | flags, 0600);
  g_autofree char *text = fd >= 0 ? read_small_file (fd) : NULL;
  g_autofree char *wanted = g_strdup (line);
  g_autofree char *addition = NULL;

  if (text != NULL)
    {
      /* Dovecot's second format separates the levels by tabs. */
      if (g_str_has_prefix (text, "V\t2\n"))
        g_strdelimit (wanted, ".", '\t');
      addition = g_strdup_printf (
          "%s%s\n", *text != '\0' && !g_str_has_suffix (text, "\n") ? "\n" : "", wanted);
      if (!has_line (text, wanted) && write (fd, addition, strlen (addition)) >= 0)
        fsync (fd);
    }
  if (fd >= 0)
    close (fd);
}

static gboolean
mark_folder (const PfMailbox *mailbox,
             const PfMailFolder *folder,
             const char *directory,
             PfTrouble *trouble)
{
  int fd = openat (folder->directory, "maildirfolder",
                   O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
  g_autofree char *courier = g_strconcat ("INBOX", directory, NULL);

  if (fd >= 0)
    close (fd);
  subscribe (mailbox->root, "subscriptions", O_CREAT, directory + 1);
  subscribe (mailbox->root, "courierimapsubscribed", 0, courier);
  if (!pf_sync_folder (mailbox->root))
    return pf_trouble_from_errno (trouble, errno, "syncing the mailbox");
  return TRUE;
}

gboolean
pf_mail_folder_open (PfMailFolder *folder,
                     const PfMailbox *mailbox,
                     const char *directory,
                     gboolean settled,
                     PfTrouble *trouble)
{
  gboolean made = FALSE, ok;

  *folder = (PfMailFolder){ .directory = -1, .tmp = -1, .new = -1, .cur = -1 };
  folder->directory = directory == NULL
                          ? dup (mailbox->root)
                          : open_folder (mailbox->root, directory, mailbox->uid, &made, trouble);
  if (folder->directory < 0)
    return directory != NULL ? FALSE
                             : pf_trouble_from_errno (trouble, errno, "opening the mailbox");
  folder->tmp = open_folder (folder->directory, "tmp", mailbox->uid, &made, trouble);
  if (folder->tmp >= 0)
    folder->new = open_folder (folder->directory, "new", mailbox->uid, &made, trouble);
  if (folder->new >= 0)
    folder->cur = open_folder (folder->directory, "cur", mailbox->uid, &made, trouble);
  ok = folder->cur >= 0;
  if (ok && (made || !settled) && !pf_sync_folder (folder->directory))
    ok = pf_trouble_from_errno (trouble, errno, "syncing a folder");
  if (ok && directory != NULL && made)
    ok = mark_folder (mailbox, folder, directory, trouble);
  else if (ok && directory != NULL && !settled && !pf_sync_folder (mailbox->root))
    ok = pf_trouble_from_errno (trouble, errno, "syncing the mailbox");
  if (!ok)
    pf_mail_folder_close (folder);
  return ok;
}

void
pf_mail_folder_close (PfMailFolder *folder)
{
  int *const fds[] = { &folder->directory, &folder->tmp, &folder->new, &folder->cur };

  for (gsize i = 0; i < G_N_ELEMENTS (fds); i++)
    {
      if (*fds[i] >= 0)
        close (*fds[i]);
      *fds[i] = -1;
    }
}
