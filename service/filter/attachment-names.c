#include "filter/attachment-names.h"

#include <string.h>

/* What Windows runs at a click, and what its shells and hosts run. */
static const char *const executables[] = {
  "exe", "exe-ms", "vbe", "vbs", "wsc", "wsf", "wsh", "msc", "msi", "msp",
  "mst", "pif",    "scr", "sct", "bat", "cmd", "com", "cpl", "dll", "jse",
  "inf", "js",     "hta", "ps1", "lnk", "jar", "reg", "chm", "xll", NULL,
};
/* And the short names of those that are two in one. */
static const char *const archives[] = {
  "zip", "7z",  "rar", "tar",  "gz",  "bz2", "xz",   "cab",
  "arj", "tgz", "tbz", "tbz2", "txz", "taz", "zipx", NULL,
};
static const char *const mails[] = { "eml", "mht", "mhtml", "mim", "mbox", NULL };

/* Drawn as nothing, or as a blank, and at the end of a name dropped by those who write it. */
static gboolean
is_trailing (gunichar c)
{
  GUnicodeType type = g_unichar_type (c);

  return c == '.' || c == '/' || c == '\\' || c == '"' || c == '\'' || c == '>'
         || g_unichar_isspace (c) || type == G_UNICODE_CONTROL || type == G_UNICODE_FORMAT
         || type == G_UNICODE_SPACE_SEPARATOR || type == G_UNICODE_LINE_SEPARATOR
         || type == G_UNICODE_PARAGRAPH_SEPARATOR;
}

static void
trim_end (char *name)
{
  char *end = name + strlen (name);

  while (end > name)
    {
      char *last = g_utf8_prev_char (end);

      if (!is_trailing (g_utf8_get_char (last)))
        return;
      *last = '\0';
      end = last;
    }
}

/* (transfer full): the last part of the path in its plain form. */
static char *
plain_form (const char *name)
{
  g_autofree char *valid = g_utf8_make_valid (name, -1);
  g_autofree char *plain = g_utf8_normalize (valid, -1, G_NORMALIZE_ALL_COMPOSE);
  g_autofree char *lower = g_utf8_strdown (plain != NULL ? plain : valid, -1);
  char *from = lower;

  trim_end (lower);
  for (char *at = lower; *at != '\0'; at++)
    {
      if ((*at == '/' || *at == '\\') && at[1] != '\0')
        from = at + 1;
    }
  return g_strdup (from);
}

static void
add_extension (GPtrArray *extensions, char *part)
{
  const char *dot;

  trim_end (part);
  dot = strrchr (part, '.');
  if (dot != NULL && dot[1] != '\0')
    g_ptr_array_add (extensions, g_strdup (dot + 1));
}

char **
pf_attachment_name_extensions (const char *name)
{
  g_autofree char *plain = plain_form (name);
  GPtrArray *extensions = g_ptr_array_new ();
  g_auto (GStrv) parts = g_strsplit (plain, ":", 8);

  for (guint i = 0; parts[i] != NULL; i++)
    add_extension (extensions, parts[i]);
  g_ptr_array_add (extensions, NULL);
  return (char **) g_ptr_array_free (extensions, FALSE);
}

/* "report.txt.{3050f4d8-98b5-11cf-bb82-00aa00bdce0b}": the class says how it is opened, and the
 * shell does not show it. */
static gboolean
is_class_id (const char *extension)
{
  static const char form[] = "{xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}";

  if (strlen (extension) != sizeof form - 1)
    return FALSE;
  for (guint i = 0; form[i] != '\0'; i++)
    {
      if (form[i] == 'x' ? !g_ascii_isxdigit (extension[i]) : extension[i] != form[i])
        return FALSE;
    }
  return TRUE;
}

guint
pf_attachment_name_classes (const char *name, const char *const *own)
{
  g_auto (GStrv) extensions = pf_attachment_name_extensions (name);
  guint classes = 0;

  for (guint i = 0; extensions[i] != NULL; i++)
    {
      if (g_strv_contains (executables, extensions[i]) || is_class_id (extensions[i]))
        classes |= PF_ATTACHMENT_BIT (PF_ATTACHMENT_EXECUTABLE);
      if (g_strv_contains (archives, extensions[i]))
        classes |= PF_ATTACHMENT_BIT (PF_ATTACHMENT_ARCHIVE);
      if (own != NULL && g_strv_contains (own, extensions[i]))
        classes |= PF_ATTACHMENT_BIT (PF_ATTACHMENT_EXTENSION);
    }
  return classes;
}

gboolean
pf_attachment_name_is_mail (const char *name)
{
  g_auto (GStrv) extensions = pf_attachment_name_extensions (name);

  for (guint i = 0; extensions[i] != NULL; i++)
    {
      if (g_strv_contains (mails, extensions[i]))
        return TRUE;
    }
  return FALSE;
}
