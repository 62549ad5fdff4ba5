#include "cli-client/secret-input.h"

#include "cli-client/failure.h"
#include "cli-client/i18n.h"
#include "cli-client/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the service takes (PF_LIMIT_SECRET): a longer file is no password file. */
#define LONGEST (64 * 1024)
#define SEALS (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

/* Holds a secret while it is read; wiped when it goes. One octet more than allowed, and the
 * newline. */
typedef struct
{
  gsize length;
  char octets[LONGEST + 2];
} Buffer;

static void
buffer_free (Buffer *self)
{
  explicit_bzero (self, sizeof *self);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Buffer, buffer_free)

static int
fail (GError **error, const char *what)
{
  int saved = errno;

  g_set_error (error, PF_FAILURE, PF_FAILURE_FAILED, "%s: %s", what, g_strerror (saved));
  return -1;
}

/* What the service would refuse is told before anybody is asked for authorisation. */
static gboolean
acceptable (const Buffer *buffer, const char *source, GError **error)
{
  if (buffer->length == 0)
    return pf_usage (error, _ ("%s: the password is empty"), source);
  if (buffer->length > LONGEST)
    return pf_usage (error, _ ("%s: more than 64 KiB, that is no password"), source);
  if (memchr (buffer->octets, '\0', buffer->length) != NULL)
    return pf_usage (error, _ ("%s: the password holds a NUL octet"), source);
  if (!g_utf8_validate (buffer->octets, (gssize) buffer->length, NULL))
    return pf_usage (error, _ ("%s: the password is not UTF-8"), source);
  return TRUE;
}

static int
seal (const Buffer *buffer, GError **error)
{
  int fd = memfd_create ("postferry-secret", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  gsize done = 0;

  if (fd < 0)
    return fail (error, "memfd_create");
  while (done < buffer->length)
    {
      gssize written = write (fd, buffer->octets + done, buffer->length - done);

      if (written < 0 && errno == EINTR)
        continue;
      if (written <= 0)
        {
          fail (error, "memfd");
          close (fd);
          return -1;
        }
      done += (gsize) written;
    }
  lseek (fd, 0, SEEK_SET);
  fcntl (fd, F_ADD_SEALS, SEALS);
  return fd;
}

/* --- Files ------------------------------------------------------------------------------------ */

/* Somebody at a terminal learns that others can read the file; a script could do nothing about
 * it here. */
static void
warn_of_readers (const char *file, int fd)
{
  struct stat status;

  if (isatty (STDERR_FILENO) && fstat (fd, &status) == 0 && S_ISREG (status.st_mode)
      && (status.st_mode & S_IROTH) != 0)
    g_printerr (_ ("postferry: warning: everybody can read %s: chmod 600 %s\n"), file, file);
}

static gboolean
read_all (int fd, const char *source, Buffer *buffer, GError **error)
{
  while (buffer->length < sizeof buffer->octets)
    {
      gssize got =
          read (fd, buffer->octets + buffer->length, sizeof buffer->octets - buffer->length);

      if (got == 0)
        break;
      if (got < 0 && errno != EINTR)
        {
          fail (error, source);
          return FALSE;
        }
      buffer->length += got > 0 ? (gsize) got : 0;
    }
  if (buffer->length > 0 && buffer->octets[buffer->length - 1] == '\n')
    buffer->length--;
  return TRUE;
}

int
pf_secret_from_file (const char *file, GError **error)
{
  gboolean standard = g_str_equal (file, "-");
  const char *source = standard ? _ ("Standard input") : file;
  g_autoptr (Buffer) buffer = NULL;
  int fd, sealed = -1;

  /* Typed at a terminal it would be shown. */
  if (standard && isatty (STDIN_FILENO))
    {
      gboolean asked;

      asked = pf_secret_from_terminal (_ ("Password"), FALSE, &sealed, error);
      return asked ? sealed : -1;
    }
  fd = standard ? STDIN_FILENO : open (file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0)
    return fail (error, file);
  buffer = g_new0 (Buffer, 1);
  warn_of_readers (file, fd);
  if (read_all (fd, source, buffer, error) && acceptable (buffer, source, error))
    sealed = seal (buffer, error);
  if (!standard)
    close (fd);
  return sealed;
}

/* --- Terminal --------------------------------------------------------------------------------- */

gboolean
pf_secret_from_terminal (const char *question, gboolean may_be_empty, int *fd, GError **error)
{
  g_autoptr (Buffer) buffer = g_new0 (Buffer, 1);
  gssize length = pf_terminal_ask_secret (question, buffer->octets, sizeof buffer->octets, error);

  *fd = -1;
  if (length < 0)
    return FALSE;
  buffer->length = (gsize) length;
  if (length == 0 && may_be_empty)
    return TRUE;
  if (!acceptable (buffer, question, error))
    return FALSE;
  *fd = seal (buffer, error);
  return *fd >= 0;
}
