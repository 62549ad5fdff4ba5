#include "accounts/registry-file.h"

#include "base/limits.h"
#include "base/log.h"
#include "dbus-interfaces/text.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* All of a regular file that is ours to read, bounded; NULL with a sentence. */
static char *
read_all (const char *path, gsize *length, char **sentence)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  g_autofree char *text = g_malloc (PF_LIMIT_ACCOUNT_FILE + 2);
  struct stat status;
  gssize n = -1;

  *length = 0;
  if (fd < 0)
    {
      const struct passwd *user = getpwuid (geteuid ());

      *sentence =
          errno == ELOOP
              ? g_strdup_printf ("%s is a link: put the file itself there", path)
              : g_strdup_printf (
                  "%s cannot be read: %s. Mend it with: chown %s '%s' && chmod 600 '%s'", path,
                  g_strerror (errno), user != NULL ? user->pw_name : "postferry", path, path);
      return NULL;
    }
  if (fstat (fd, &status) != 0 || !S_ISREG (status.st_mode))
    *sentence = g_strdup_printf ("%s is no regular file", path);
  else
    {
      while (*length <= PF_LIMIT_ACCOUNT_FILE
             && (n = read (fd, text + *length, PF_LIMIT_ACCOUNT_FILE + 1 - *length)) > 0)
        *length += (gsize) n;
      if (n < 0)
        *sentence = g_strdup_printf ("%s cannot be read: %s", path, g_strerror (errno));
      else if ((status.st_mode & 077) != 0 && fchmod (fd, 0600) != 0)
        pf_log (PF_LOG_WARNING, "%s can be read by others: chmod 600 '%s'", path, path);
    }
  close (fd);
  if (*sentence != NULL)
    return NULL;
  text[*length] = '\0';
  return g_steal_pointer (&text);
}

static char *
sentence_of (const char *path, GPtrArray *faults)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < faults->len && i < 5; i++)
    {
      const PfSettingsFault *fault = faults->pdata[i];

      if (text->len > 0)
        g_string_append (text, "; ");
      if (fault->line > 0)
        g_string_append_printf (text, "%s:%u: %s", path, fault->line, fault->text);
      else
        g_string_append_printf (text, "%s: %s", path, fault->text);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

PfSettings *
pf_registry_file_read (const char *path, const char *name, char **address, char **sentence)
{
  g_autoptr (GPtrArray) faults =
      g_ptr_array_new_with_free_func ((GDestroyNotify) pf_settings_fault_free);
  g_autoptr (PfSettings) settings = NULL;
  g_autofree char *text = NULL, *id = NULL;
  gsize length;

  *sentence = NULL;
  *address = pf_account_file_address (name);
  if (*address == NULL)
    {
      g_autofree char *shown = pf_text_printable (path, -1, 300);

      *sentence = g_strdup_printf (
          "%s: the name is no account's: ADDRESS.account in lower case, other characters than [a-z0-9@._+-] as %%HH",
          shown);
      return NULL;
    }
  text = read_all (path, &length, sentence);
  if (text == NULL)
    return NULL;
  settings = pf_settings_from_file (text, length, faults);
  if (settings == NULL)
    {
      *sentence = sentence_of (path, faults);
      return NULL;
    }
  id = pf_address_fold (settings->address);
  if (strcmp (id, *address) != 0)
    {
      g_autofree char *right = pf_account_file_name (settings->address);
      g_autofree char *folder = g_path_get_dirname (path);

      *sentence = g_strdup_printf (
          "%s: Address=%s does not fit the file's name. Mend it with: mv '%s' '%s/%s'", path,
          settings->address, path, folder, right);
      return NULL;
    }
  return g_steal_pointer (&settings);
}
