#include "accounts/key-lines.h"

#include "accounts/fault.h"
#include "dbus-interfaces/text.h"

#include <string.h>

#define SHOWN_LENGTH 60
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

typedef struct
{
  GPtrArray *lines;
  GPtrArray *faults;
  GHashTable *seen; /* "group\nkey" -> line */
  char *group;
  guint line;
} Parse;

static void
key_line_free (gpointer data)
{
  PfKeyLine *self = data;

  g_free ((char *) self->group);
  g_free ((char *) self->key);
  g_free ((char *) self->value);
  g_free (self);
}

static void
complain (Parse *parse, const char *text, const char *reason)
{
  g_autofree char *shown = pf_text_printable (text, -1, SHOWN_LENGTH);

  pf_fault_add (parse->faults, shown, "syntax", parse->line, "“%s”: %s", shown, reason);
}

static void
add (Parse *parse, const char *key, const char *value)
{
  PfKeyLine *line = g_new0 (PfKeyLine, 1);

  line->group = g_strdup (parse->group);
  line->key = g_strdup (key);
  line->value = g_strdup (value);
  line->line = parse->line;
  g_ptr_array_add (parse->lines, line);
}

static void
take_group (Parse *parse, const char *text)
{
  gsize length = strlen (text);

  if (length < 3 || text[length - 1] != ']')
    {
      complain (parse, text, "a group is written [NAME]");
      return;
    }
  g_free (parse->group);
  parse->group = g_strndup (text + 1, length - 2);
  add (parse, NULL, NULL);
}

static gboolean
is_first (Parse *parse, const char *key)
{
  char *name = g_strconcat (parse->group, "\n", key, NULL);
  guint before = GPOINTER_TO_UINT (g_hash_table_lookup (parse->seen, name));
  g_autofree char *shown = NULL;

  if (before == 0)
    return g_hash_table_insert (parse->seen, name, GUINT_TO_POINTER (parse->line));
  g_free (name);
  shown = pf_text_printable (key, -1, SHOWN_LENGTH);
  pf_fault_add (parse->faults, key, "conflict", parse->line,
                "%s is given twice, in line %u already", shown, before);
  return FALSE;
}

static void
take_pair (Parse *parse, char *text)
{
  char *equals = strchr (text, '=');

  if (equals == NULL || equals == text)
    complain (parse, text, "a line is KEY=VALUE, [GROUP], or a comment that begins with #");
  else if (parse->group == NULL)
    complain (parse, text, "a group must stand before the first key");
  else
    {
      *equals = '\0';
      g_strchomp (text);
      if (is_first (parse, text))
        add (parse, text, g_strchug (equals + 1));
    }
}

static void
take_line (Parse *parse, char *text)
{
  parse->line++;
  g_strstrip (text);
  if (*text == '\0' || *text == '#' || *text == ';')
    return;
  if (*text == '[')
    take_group (parse, text);
  else
    take_pair (parse, text);
}

/* The line that holds the first octet that is not text. */
static guint
line_of_octet (const char *text, const char *octet)
{
  guint line = 1;

  for (; text < octet; text++)
    line += *text == '\n';
  return line;
}

GPtrArray *
pf_key_lines_parse (const char *text, gsize length, GPtrArray *faults)
{
  Parse parse = { .faults = faults };
  const char *end;
  g_autofree char *copy = NULL;
  g_auto (GStrv) lines = NULL;

  parse.lines = g_ptr_array_new_with_free_func (key_line_free);
  if (!g_utf8_validate_len (text, length, &end))
    {
      pf_fault_add (faults, "", "syntax", line_of_octet (text, end), "the file is not UTF-8 text");
      return parse.lines;
    }
  parse.seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  copy = g_strndup (text, length);
  lines = g_strsplit (
      g_str_has_prefix (copy, BYTE_ORDER_MARK) ? copy + strlen (BYTE_ORDER_MARK) : copy, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    take_line (&parse, lines[i]);
  g_hash_table_unref (parse.seen);
  g_free (parse.group);
  return parse.lines;
}
