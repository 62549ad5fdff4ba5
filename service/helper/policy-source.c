#include "helper/policy.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
refuse (PfPolicySource *self, char *why)
{
  gboolean session = self->policy.session;

  pf_policy_clear (&self->policy);
  self->policy = (PfPolicy){ .session = session, .refusal = why };
  pf_log (PF_LOG_ERROR, "Nothing is delivered: %s", why);
}

/* Root without CAP_DAC_READ_SEARCH (postferry-deliver@.service) reads what is another user's as
 * that user. */
static gboolean
become_owner (const char *path)
{
  struct stat status;

  return geteuid () == 0 && lstat (path, &status) == 0 && status.st_uid != 0
         && faccessat (AT_FDCWD, path, R_OK, AT_EACCESS | AT_SYMLINK_NOFOLLOW) != 0
         && seteuid (status.st_uid) == 0;
}

static void
become_root_again (void)
{
  if (seteuid (0) != 0)
    abort ();
}

/* As root, in a folder that may be another user's: no link, no device, no second name of some other
 * file. */
static int
open_settings (const char *path, struct stat *status)
{
  int fd = open (path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

  if (fd < 0)
    return -1;
  if (fstat (fd, status) == 0 && S_ISREG (status->st_mode) && status->st_nlink == 1)
    return fd;
  close (fd);
  errno = EINVAL;
  return -1;
}

static void
read_from (PfPolicySource *self, const char *path, gboolean must_be_roots)
{
  g_autoptr (PfServiceSettings) settings = NULL;
  g_autoptr (GError) error = NULL;
  gboolean session = self->policy.session, trusted;
  struct stat status = { 0 };
  g_autofree char *same = NULL;
  int fd = open_settings (path, &status);

  if (fd < 0 && errno != ENOENT)
    {
      refuse (self, g_strdup_printf ("%s cannot be read, or is no plain file: %s", path,
                                     g_strerror (errno)));
      return;
    }
  self->status = status;
  trusted = fd < 0 || pf_policy_is_roots (&status);
  same = fd < 0 ? g_strdup (path) : g_strdup_printf ("/proc/self/fd/%d", fd);
  settings = pf_service_settings_load (same, &error);
  if (fd >= 0)
    close (fd);
  if (settings == NULL)
    refuse (self, g_strdup_printf ("%s: %s", path, error->message));
  else if (must_be_roots && !trusted && !session)
    refuse (self, g_strdup_printf ("%s must belong to root, and nobody else may write it", path));
  else
    {
      pf_policy_clear (&self->policy);
      pf_policy_decide (&self->policy, settings, trusted, session);
      if (self->policy.refusal != NULL)
        pf_log (PF_LOG_ERROR, "Nothing is delivered: %s: %s", path, self->policy.refusal);
    }
}

static void
read_anew (PfPolicySource *self, const char *path, gboolean must_be_roots)
{
  gboolean as_owner = become_owner (path);

  read_from (self, path, must_be_roots);
  if (as_owner)
    become_root_again ();
}

static gboolean
is_same (const struct stat *a, const struct stat *b)
{
  return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size
         && a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

void
pf_policy_source_refresh (PfPolicySource *self)
{
  g_autofree char *own = g_build_filename (self->directory, "deliver.conf", NULL);
  g_autofree char *common = g_build_filename (self->directory, "postferry.conf", NULL);
  struct stat status = { 0 };
  gboolean has_own = lstat (own, &status) == 0;

  if (!has_own && lstat (common, &status) != 0)
    memset (&status, 0, sizeof status);
  if ((self->policy.mailbox == NULL && self->policy.refusal == NULL)
      || !is_same (&status, &self->status))
    read_anew (self, has_own ? own : common, has_own);
}

void
pf_policy_source_init (PfPolicySource *self, const char *configuration_directory, gboolean session)
{
  *self = (PfPolicySource){ .directory = g_strdup (configuration_directory) };
  self->policy.session = session;
  pf_policy_source_refresh (self);
}

void
pf_policy_source_clear (PfPolicySource *self)
{
  pf_policy_clear (&self->policy);
  g_clear_pointer (&self->directory, g_free);
}
