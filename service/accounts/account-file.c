#include "accounts/account-file.h"

#include "accounts/account-name.h"
#include "base/limits.h"
#include "dbus-interfaces/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* File systems count time in steps of some milliseconds, old ones in seconds. */
#define CLOCK_GRAIN (2 * G_USEC_PER_SEC)
#define WIDE_RIGHTS 0077
#define SHOWN_PATH 1024

void
pf_account_file_clear (PfAccountFile *self)
{
  g_clear_pointer (&self->settings, pf_settings_unref);
  g_clear_pointer (&self->sentence, g_free);
  g_clear_pointer (&self->faults, g_ptr_array_unref);
  g_clear_pointer (&self->loose, g_free);
}

/* --- Stamps ----------------------------------------------------------------------------------- */

static gint64
nanoseconds (const struct timespec *time)
{
  return (gint64) time->tv_sec * 1000000000 + time->tv_nsec;
}

static void
stamp_from (PfFileStamp *self, const struct stat *status)
{
  *self = (PfFileStamp){
    .device = status->st_dev,
    .inode = status->st_ino,
    .size = (guint64) status->st_size,
    .modified = nanoseconds (&status->st_mtim),
    .changed = nanoseconds (&status->st_ctim),
    .mode = status->st_mode,
    .owner = status->st_uid,
  };
}

gboolean
pf_file_stamp_get (PfFileStamp *self, const char *path)
{
  struct stat status;

  if (lstat (path, &status) != 0)
    return FALSE;
  stamp_from (self, &status);
  return TRUE;
}

gboolean
pf_file_stamp_equal (const PfFileStamp *a, const PfFileStamp *b)
{
  return a->device == b->device && a->inode == b->inode && a->size == b->size
         && a->modified == b->modified && a->changed == b->changed && a->mode == b->mode
         && a->owner == b->owner;
}

/* --- What is wrong ---------------------------------------------------------------------------- */

static char *
show (const char *path)
{
  return pf_text_printable (path, -1, SHOWN_PATH);
}

/* As an argument in a shell, whatever is in it. */
static char *
quote (const char *path)
{
  g_autofree char *shown = show (path);

  return strspn (shown, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "/@._+-%") == strlen (shown)
             ? g_steal_pointer (&shown)
             : g_shell_quote (shown);
}

static PfAccountFileResult
broken (PfAccountFile *self, char *sentence)
{
  g_free (self->sentence);
  self->sentence = sentence;
  return PF_ACCOUNT_FILE_BROKEN;
}

/* With the command that gives the service its rights. */
static PfAccountFileResult
broken_rights (PfAccountFile *self, const char *path, const char *why)
{
  g_autofree char *shown = show (path);
  g_autofree char *quoted = quote (path);
  g_autofree char *command = self->stamp.owner == geteuid ()
                                 ? g_strdup ("chmod 600")
                                 : g_strdup_printf ("chown %s", g_get_user_name ());

  return broken (self, g_strdup_printf ("%s cannot be read: %s. Mend it with: %s %s", shown, why,
                                        command, quoted));
}

static PfAccountFileResult
broken_open (PfAccountFile *self, const char *path, int code)
{
  g_autofree char *shown = show (path);

  if (code == ENOENT)
    return PF_ACCOUNT_FILE_GONE;
  if (code == EACCES || code == EPERM)
    return broken_rights (self, path, g_strerror (code));
  if (code == ELOOP)
    return broken (
        self,
        g_strdup_printf ("%s is a symbolic link, which is not followed: put the file itself there",
                         shown));
  return broken (self, g_strdup_printf ("%s cannot be read: %s", shown, g_strerror (code)));
}

static PfAccountFileResult
broken_faults (PfAccountFile *self, const char *path)
{
  const PfSettingsFault *first = self->faults->pdata[0];
  g_autofree char *shown = show (path);
  g_autofree char *more = self->faults->len > 1
                              ? g_strdup_printf (" (and %u more)", self->faults->len - 1)
                              : g_strdup ("");

  if (first->line > 0)
    return broken (self,
                   g_strdup_printf ("%s, line %u: %s%s", shown, first->line, first->text, more));
  return broken (self, g_strdup_printf ("%s: %s%s", shown, first->text, more));
}

/* --- Reading ---------------------------------------------------------------------------------- */

/* (transfer full) (nullable): all of a small file, NUL-terminated. */
static char *
read_all (int fd, gsize *length)
{
  g_autoptr (GByteArray) content = g_byte_array_new ();
  guint8 buffer[4096];
  gssize n;

  while ((n = read (fd, buffer, sizeof buffer)) > 0 && content->len <= PF_LIMIT_ACCOUNT_FILE)
    g_byte_array_append (content, buffer, (guint) n);
  if (n < 0)
    return NULL;
  *length = content->len;
  g_byte_array_append (content, (const guint8 *) "", 1);
  return (char *) g_byte_array_free (g_steal_pointer (&content), FALSE);
}

static void
tighten (PfAccountFile *self, int fd, const char *path, const struct stat *status)
{
  g_autofree char *quoted = NULL;

  if ((status->st_mode & WIDE_RIGHTS) == 0)
    return;
  if (fchmod (fd, status->st_mode & 07777 & ~(mode_t) WIDE_RIGHTS) == 0)
    {
      pf_file_stamp_get (&self->stamp, path);
      return;
    }
  quoted = quote (path);
  self->loose = g_strdup_printf (
      "%s may be read or written by others than its owner. Mend it with: chmod 600 %s", quoted,
      quoted);
}

/* The settings of a file that is ours to read; the name must fit the address. */
static PfAccountFileResult
read_settings (PfAccountFile *self, int fd, const char *path, const char *name)
{
  gsize length;
  g_autofree char *text = read_all (fd, &length);
  g_autofree char *wanted = NULL;
  g_autofree char *shown = show (path);

  if (text == NULL)
    return broken_open (self, path, errno);
  if (length > PF_LIMIT_ACCOUNT_FILE)
    return broken (self, g_strdup_printf ("%s is longer than %d octets: it is no account's file",
                                          shown, PF_LIMIT_ACCOUNT_FILE));
  self->faults = g_ptr_array_new_with_free_func ((GDestroyNotify) pf_settings_fault_free);
  self->settings = pf_settings_from_file (text, length, self->faults);
  if (self->settings == NULL)
    return broken_faults (self, path);
  wanted = pf_account_file_name (self->settings->address);
  if (strcmp (wanted, name) != 0)
    {
      g_autofree char *folder = g_path_get_dirname (path);
      g_autofree char *target = g_build_filename (folder, wanted, NULL);
      g_autofree char *from = quote (path), *to = quote (target);

      return broken (self, g_strdup_printf ("%s: the name does not fit Address=%s. Mend it with: "
                                            "mv %s %s",
                                            shown, self->settings->address, from, to));
    }
  return PF_ACCOUNT_FILE_GOOD;
}

static PfAccountFileResult
read_open (PfAccountFile *self, int fd, const char *path, const char *name)
{
  struct stat status;
  g_autofree char *shown = show (path);

  if (fstat (fd, &status) != 0)
    return broken_open (self, path, errno);
  stamp_from (&self->stamp, &status);
  if (!S_ISREG (status.st_mode))
    return broken (self, g_strdup_printf ("%s is no regular file", shown));
  if (status.st_uid != 0 && status.st_uid != geteuid ())
    return broken_rights (self, path, "it belongs to somebody else");
  tighten (self, fd, path, &status);
  return read_settings (self, fd, path, name);
}

PfAccountFileResult
pf_account_file_read (PfAccountFile *self, const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  /* Not to wait for a pipe's other end. */
  int fd = open (path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  PfAccountFileResult result;

  if (fd < 0)
    {
      int code = errno;

      if (!pf_file_stamp_get (&self->stamp, path))
        return PF_ACCOUNT_FILE_GONE;
      result = broken_open (self, path, code);
    }
  else
    {
      result = read_open (self, fd, path, name);
      close (fd);
    }
  if (result != PF_ACCOUNT_FILE_GOOD)
    g_clear_pointer (&self->settings, pf_settings_unref);
  self->stamp_is_sure = g_get_real_time () - self->stamp.changed / 1000 > CLOCK_GRAIN;
  return result;
}
