#include "filter/borders.h"

#include "filter-resource.h"

#include <string.h>

struct _PfBorders
{
  GPtrArray *all;
};

static void
border_free (gpointer data)
{
  PfBorder *border = data;

  g_free (border->name);
  g_strfreev (border->servers);
  g_strfreev (border->domains);
  g_strfreev (border->own);
  g_strfreev (border->networks);
  g_strfreev (border->border);
  g_strfreev (border->submission);
  g_strfreev (border->results);
  g_strfreev (border->origin_fields);
  g_free (border);
}

static char **
read_list (GKeyFile *file, const char *group, const char *key)
{
  char **list = g_key_file_get_string_list (file, group, key, NULL, NULL);

  return list != NULL ? list : g_new0 (char *, 1);
}

PfBorders *
pf_borders_parse (const char *text, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_auto (GStrv) groups = NULL;
  PfBorders *borders;

  if (!g_key_file_load_from_data (file, text, (gsize) -1, G_KEY_FILE_NONE, error))
    return NULL;
  borders = g_new0 (PfBorders, 1);
  borders->all = g_ptr_array_new_with_free_func (border_free);
  groups = g_key_file_get_groups (file, NULL);
  for (guint i = 0; groups[i] != NULL; i++)
    {
      PfBorder *border = g_new0 (PfBorder, 1);
      g_autofree char *place = g_key_file_get_string (file, groups[i], "ReturnPath", NULL);

      border->name = g_strdup (groups[i]);
      border->servers = read_list (file, groups[i], "Servers");
      border->domains = read_list (file, groups[i], "Domains");
      border->own = read_list (file, groups[i], "Own");
      border->networks = read_list (file, groups[i], "Networks");
      border->border = read_list (file, groups[i], "Border");
      border->submission = read_list (file, groups[i], "Submission");
      border->results = read_list (file, groups[i], "Results");
      border->origin_fields = read_list (file, groups[i], "OriginFields");
      border->return_path_below = g_strcmp0 (place, "bottom") == 0;
      g_ptr_array_add (borders->all, border);
    }
  return borders;
}

const PfBorders *
pf_borders_builtin (void)
{
  static gsize once = 0;
  static PfBorders *builtin = NULL;

  if (g_once_init_enter (&once))
    {
      g_autoptr (GError) error = NULL;
      GResource *resource = filter_get_resource ();
      g_autoptr (GBytes) data = g_resource_lookup_data (
          resource, "/org/postferry1/filter/borders.conf", G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
      g_autofree char *text = g_strndup (g_bytes_get_data (data, NULL), g_bytes_get_size (data));

      builtin = pf_borders_parse (text, &error);
      /* Built in: a mistake in it is one of the program. */
      if (builtin == NULL)
        g_error ("borders.conf: %s", error->message);
      g_once_init_leave (&once, 1);
    }
  return builtin;
}

void
pf_borders_free (PfBorders *borders)
{
  g_ptr_array_unref (borders->all);
  g_free (borders);
}

gboolean
pf_border_matches (char **patterns, const char *name)
{
  g_autofree char *lower = g_ascii_strdown (name, -1);

  for (guint i = 0; patterns[i] != NULL; i++)
    if (g_pattern_match_simple (patterns[i], lower))
      return TRUE;
  return FALSE;
}

const PfBorder *
pf_borders_find (const PfBorders *borders, const char *server, const char *address)
{
  const char *domain = address != NULL ? strrchr (address, '@') : NULL;

  for (guint i = 0; server != NULL && i < borders->all->len; i++)
    {
      const PfBorder *border = borders->all->pdata[i];

      if (pf_border_matches (border->servers, server))
        return border;
    }
  for (guint i = 0; domain != NULL && i < borders->all->len; i++)
    {
      const PfBorder *border = borders->all->pdata[i];

      if (pf_border_matches (border->domains, domain + 1))
        return border;
    }
  return NULL;
}
