#include "helper/folder.h"

#include <string.h>

/* RFC 3501 5.1.3: base64 of UTF-16BE, with ',' for '/' and without padding. */
static void
append_base64 (GString *name, const guint8 *octets, gsize length)
{
  g_autofree char *encoded = g_base64_encode (octets, length);

  g_strdelimit (encoded, "/", ',');
  encoded[strcspn (encoded, "=")] = '\0';
  g_string_append_printf (name, "&%s-", encoded);
}

static void
append_utf16 (GByteArray *octets, gunichar character)
{
  guint8 pair[4];
  guint length = 2;

  if (character >= 0x10000)
    {
      guint32 rest = character - 0x10000;
      guint16 high = (guint16) (0xd800 + (rest >> 10)), low = (guint16) (0xdc00 + (rest & 0x3ff));

      pair[0] = (guint8) (high >> 8);
      pair[1] = (guint8) high;
      pair[2] = (guint8) (low >> 8);
      pair[3] = (guint8) low;
      length = 4;
    }
  else
    {
      pair[0] = (guint8) (character >> 8);
      pair[1] = (guint8) character;
    }
  g_byte_array_append (octets, pair, length);
}

static void
append_modified_utf7 (GString *name, const char *part, gsize length)
{
  g_autoptr (GByteArray) octets = g_byte_array_new ();

  for (const char *p = part; p < part + length; p = g_utf8_next_char (p))
    {
      gunichar character = g_utf8_get_char (p);

      if (character >= 0x80)
        {
          append_utf16 (octets, character);
          continue;
        }
      if (octets->len > 0)
        append_base64 (name, octets->data, octets->len);
      g_byte_array_set_size (octets, 0);
      g_string_append_c (name, (char) character);
      if (character == '&')
        g_string_append_c (name, '-');
    }
  if (octets->len > 0)
    append_base64 (name, octets->data, octets->len);
}

char *
pf_folder_directory (const char *folder)
{
  GString *name;

  if (*folder == '\0' || g_ascii_strcasecmp (folder, "INBOX") == 0)
    return NULL;
  name = g_string_new (NULL);
  for (const char *part = folder; part != NULL;)
    {
      gsize length = strcspn (part, "/");

      g_string_append_c (name, '.');
      append_modified_utf7 (name, part, length);
      part = part[length] == '/' ? part + length + 1 : NULL;
    }
  return g_string_free (name, FALSE);
}
