#include "retrieve/folders.h"

#include <string.h>

static gboolean
is_glob (const char *item)
{
  return item[0] != '\\' && strpbrk (item, "*?") != NULL;
}

static gboolean
fits (const PfFolder *folder, const char *item)
{
  if (g_ascii_strcasecmp (item, "\\Junk") == 0)
    return folder->junk;
  if (g_ascii_strcasecmp (folder->name, "INBOX") == 0 && g_ascii_strcasecmp (item, "INBOX") == 0)
    return TRUE;
  return g_pattern_match_simple (item, folder->name);
}

static gboolean
is_excluded (const PfFolder *folder, char *const *wanted)
{
  for (guint i = 0; wanted[i] != NULL; i++)
    if (wanted[i][0] == '!' && fits (folder, wanted[i] + 1))
      return TRUE;
  return FALSE;
}

static gboolean
has_folder (GPtrArray *folders, const char *name)
{
  for (guint i = 0; i < folders->len; i++)
    if (strcmp (((PfFolder *) folders->pdata[i])->name, name) == 0)
      return TRUE;
  return FALSE;
}

static void
add_copy (GPtrArray *folders, const PfFolder *folder, gboolean junk)
{
  PfFolder *copy = g_new0 (PfFolder, 1);

  copy->name = g_strdup (folder->name);
  copy->raw_name = g_strdup (folder->raw_name);
  copy->junk = junk;
  g_ptr_array_add (folders, copy);
}

GPtrArray *
pf_folders_choose (GPtrArray *known, char *const *wanted, char **missing)
{
  GPtrArray *chosen = g_ptr_array_new_with_free_func ((GDestroyNotify) pf_folder_free);

  *missing = NULL;
  for (guint i = 0; wanted[i] != NULL && *missing == NULL; i++)
    {
      gboolean special = wanted[i][0] == '\\', found = FALSE;
      gboolean glob = is_glob (wanted[i]), plain = !glob && !special;

      if (wanted[i][0] == '!')
        continue;
      for (guint j = 0; j < known->len; j++)
        {
          const PfFolder *folder = known->pdata[j];

          if (!fits (folder, wanted[i]) || (glob && folder->skipped))
            continue;
          found = TRUE;
          /* Only asked for by its use it goes to Junk: who names the folder wants it where
           * TargetFolder says. */
          if (!is_excluded (folder, wanted) && !has_folder (chosen, folder->name))
            add_copy (chosen, folder, special);
        }
      if (!found && plain)
        *missing = g_strdup (wanted[i]);
    }
  if (chosen->len == 0 && *missing == NULL)
    *missing = g_strjoinv (";", (char **) wanted);
  return chosen;
}
