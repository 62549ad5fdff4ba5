#include "directories.h"

#include "base/program.h"
#include "config.h"

#include <errno.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* systemd may name several folders, separated by colons; the first is ours. */
static char *
from_environment (const char *variable, const char *fallback)
{
  const char *value = g_getenv (variable);

  if (value == NULL || *value == '\0')
    return g_strdup (fallback);
  return g_strndup (value, strcspn (value, ":"));
}

void
pf_directories_find (PfDirectories *self, gboolean session)
{
  g_autofree char *configuration = NULL, *state = NULL, *runtime = NULL;

  if (session)
    {
      configuration = g_build_filename (g_get_user_config_dir (), "postferry", NULL);
      state = g_build_filename (g_get_user_state_dir (), "postferry", NULL);
      runtime = g_build_filename (g_get_user_runtime_dir (), "postferry", NULL);
    }
  else
    {
      configuration = g_build_filename (PF_SYSCONFDIR, "postferry", NULL);
      state = g_strdup ("/var/lib/postferry");
      runtime = g_strdup ("/run/postferry");
    }
  self->configuration = from_environment ("CONFIGURATION_DIRECTORY", configuration);
  self->state = from_environment ("STATE_DIRECTORY", state);
  self->runtime = from_environment ("RUNTIME_DIRECTORY", runtime);
  self->credentials = from_environment ("CREDENTIALS_DIRECTORY", NULL);
}

static gboolean
make_folder (const char *parent, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (parent, name, NULL);

  if (g_mkdir_with_parents (path, 0700) == 0)
    return TRUE;
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "%s cannot be made: %s", path,
               g_strerror (errno));
  return FALSE;
}

gboolean
pf_directories_make (const PfDirectories *self, GError **error)
{
  return make_folder (self->configuration, "accounts.d", error)
         && make_folder (self->state, "spool", error)
         && make_folder (self->state, "quarantine", error)
         && make_folder (self->runtime, NULL, error);
}

void
pf_directories_clear (PfDirectories *self)
{
  g_clear_pointer (&self->configuration, g_free);
  g_clear_pointer (&self->state, g_free);
  g_clear_pointer (&self->runtime, g_free);
  g_clear_pointer (&self->credentials, g_free);
}

char *
pf_directories_find_program (const char *name)
{
  return pf_program_find (name, "helper");
}
