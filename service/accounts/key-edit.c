#include "accounts/key-edit.h"

#include <string.h>

#define BYTE_ORDER_MARK "\xef\xbb\xbf"
#define NOWHERE G_MAXUINT

/* Lines of a file, by index; NOWHERE where there is none. */
typedef struct
{
  guint header, last, example, key;
} Places;

static gboolean
is_group (const char *line, const char *group)
{
  gsize length = strlen (group);

  if (g_str_has_prefix (line, BYTE_ORDER_MARK))
    line += strlen (BYTE_ORDER_MARK);
  while (g_ascii_isspace (*line))
    line++;
  return *line == '[' && strncmp (line + 1, group, length) == 0 && line[1 + length] == ']';
}

static gboolean
begins_group (const char *line)
{
  while (g_ascii_isspace (*line))
    line++;
  return *line == '[';
}

/* "KEY = ..." with blanks where the reader allows them. */
static gboolean
is_key (const char *line, const char *key)
{
  gsize length = strlen (key);

  while (g_ascii_isspace (*line))
    line++;
  if (strncmp (line, key, length) != 0)
    return FALSE;
  for (line += length; g_ascii_isspace (*line); line++)
    ;
  return *line == '=';
}

static gboolean
is_setting (const char *line)
{
  while (g_ascii_isspace (*line))
    line++;
  return *line != '\0' && *line != '#' && *line != ';';
}

static Places
find_places (GPtrArray *lines, const char *group, const char *key)
{
  Places places = { NOWHERE, NOWHERE, NOWHERE, NOWHERE };
  gboolean inside = FALSE;

  for (guint i = 0; i < lines->len; i++)
    {
      const char *line = lines->pdata[i];

      if (is_group (line, group))
        {
          inside = TRUE;
          places.header = places.last = i;
        }
      else if (begins_group (line))
        inside = FALSE;
      else if (inside && is_key (line, key))
        places.key = i;
      else if (inside && *line == '#' && is_key (line + 1, key))
        places.example = i;
      if (inside && is_setting (line))
        places.last = i;
    }
  return places;
}

static void
insert_group (GPtrArray *lines, const char *group)
{
  if (lines->len > 0 && *(char *) lines->pdata[lines->len - 1] != '\0')
    g_ptr_array_add (lines, g_strdup (""));
  g_ptr_array_add (lines, g_strdup_printf ("[%s]", group));
}

char *
pf_key_edit (const char *text, const char *group, const char *key, const char *value)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);
  g_auto (GStrv) split = g_strsplit (text, "\n", -1);
  g_autofree char *pair = value != NULL ? g_strdup_printf ("%s=%s", key, value) : NULL;
  Places places;

  for (guint i = 0; split[i] != NULL; i++)
    if (split[i + 1] != NULL || *split[i] != '\0') /* a final line end is no line */
      g_ptr_array_add (lines, g_strdup (split[i]));
  places = find_places (lines, group, key);
  if (places.key != NOWHERE)
    g_ptr_array_remove_index (lines, places.key);
  if (pair != NULL && places.header == NOWHERE)
    {
      insert_group (lines, group);
      g_ptr_array_add (lines, g_steal_pointer (&pair));
    }
  else if (pair != NULL)
    g_ptr_array_insert (lines,
                        (gint) (places.key != NOWHERE       ? places.key
                                : places.example != NOWHERE ? places.example + 1
                                                            : places.last + 1),
                        g_steal_pointer (&pair));
  g_ptr_array_add (lines, g_strdup ("")); /* the last line's end */
  g_ptr_array_add (lines, NULL);
  return lines->len > 2 ? g_strjoinv ("\n", (char **) lines->pdata) : g_strdup ("");
}
