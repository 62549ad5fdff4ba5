#include "dbus-interfaces/text.h"

#include <string.h>

/* Characters that move, hide or reorder what a person reads around them. */
static gboolean
is_deceiving (gunichar c)
{
  return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x200e || c == 0x200f
         || c == 0x061c || c == 0x2028 || c == 0x2029 || c == 0xfeff;
}

static gboolean
is_plain (gunichar c, gboolean ascii)
{
  return ascii ? c >= 0x20 && c < 0x7f : c >= 0x20 && c != 0x7f && !(c >= 0x80 && c < 0xa0);
}

/* One character of @bytes as text; *@used is how many octets it took. */
static void
append_one (GString *out, const char *bytes, gsize left, gboolean ascii, gsize *used)
{
  gunichar c = g_utf8_get_char_validated (bytes, (gssize) MIN (left, 6));
  gsize size = c >= (gunichar) -2 ? 1 : (gsize) g_unichar_to_utf8 (c, NULL);

  *used = size;
  if (c < (gunichar) -2 && !ascii && is_deceiving (c))
    return;
  if (c < (gunichar) -2 && is_plain (c, ascii))
    {
      g_string_append_len (out, bytes, (gssize) size);
      return;
    }
  for (gsize i = 0; i < size; i++)
    g_string_append_printf (out, "\\x%02x", (guchar) bytes[i]);
}

/* Nearly all that is shown is plain ASCII already. */
static gboolean
is_plain_ascii (const char *bytes, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if (bytes[i] < 0x20 || bytes[i] >= 0x7f)
      return FALSE;
  return TRUE;
}

static char *
make_printable (const char *bytes, gssize length, gsize max, gboolean ascii)
{
  g_autoptr (GString) out = NULL;
  gsize left = length < 0 ? strlen (bytes) : (gsize) length;
  gsize cut = 0; /* where "..." still fits */

  if ((max <= 3 || left <= max) && is_plain_ascii (bytes, left))
    return g_strndup (bytes, left);
  out = g_string_new (NULL);
  while (left > 0 && (max <= 3 || out->len <= max))
    {
      gsize used;

      append_one (out, bytes, left, ascii, &used);
      if (out->len + 3 <= max)
        cut = out->len;
      bytes += used;
      left -= used;
    }
  if (max > 3 && out->len > max)
    {
      g_string_truncate (out, cut);
      g_string_append (out, "...");
    }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

char *
pf_text_printable (const char *bytes, gssize length, gsize max)
{
  return make_printable (bytes, length, max, FALSE);
}

char *
pf_text_ascii (const char *bytes, gssize length, gsize max)
{
  return make_printable (bytes, length, max, TRUE);
}
