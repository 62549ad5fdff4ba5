#include "base/limits.h"
#include "protocol/mime-content.h"
#include "protocol/mime-fields.h"

#include <string.h>

/* iconv takes options in a charset's name: only plain names reach it. */
static gboolean
is_charset (const char *charset)
{
  gsize length = strlen (charset);

  return length > 0 && length <= 40
         && strspn (charset, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-")
                == length;
}

/* Of a charset that is not known here: whether it ends in an extension in EBCDIC, whose variants
 * have the letters, the digits and the dot in the same places; in others those are ASCII's. */
static gboolean
ends_in_ebcdic (const char *octets, gsize length)
{
  gsize at = length;

  while (at > 0 && (guchar) octets[at - 1] > 0x80)
    at--;
  return at > 0 && at < length && octets[at - 1] == 0x4b;
}

/* (transfer full): valid UTF-8 in any case; what lies behind a NUL stays. */
static GString *
to_utf8 (const char *octets, gsize length, const char *charset)
{
  g_autofree char *text = NULL;
  gsize written = 0;

  if (charset != NULL && is_charset (charset))
    text = g_convert (octets, (gssize) length, "UTF-8", charset, NULL, &written, NULL);
  if (text == NULL && charset != NULL && ends_in_ebcdic (octets, length))
    text = g_convert (octets, (gssize) length, "UTF-8", "IBM037", NULL, &written, NULL);
  if (text == NULL && g_utf8_validate_len (octets, length, NULL))
    return g_string_new_len (octets, (gssize) length);
  if (text == NULL)
    text = g_convert (octets, (gssize) length, "UTF-8", "WINDOWS-1252", NULL, &written, NULL);
  if (text == NULL)
    text = g_convert (octets, (gssize) length, "UTF-8", "ISO-8859-1", NULL, &written, NULL);
  if (text == NULL)
    return g_string_new ("");
  return g_string_new_len (text, (gssize) written);
}

/* The octets of one encoded word's text. */
static void
decode_word (char kind, const char *text, gsize length, GByteArray *out)
{
  PfMimeDecoder decoder = { .encoding = PF_MIME_BASE64 };

  if (kind == 'b')
    {
      pf_mime_decode (&decoder, (const guint8 *) text, length, out);
      return;
    }
  for (gsize i = 0; i < length; i++)
    {
      guint8 octet = text[i] == '_' ? ' ' : (guint8) text[i];

      if (text[i] == '=' && i + 2 < length && g_ascii_isxdigit (text[i + 1])
          && g_ascii_isxdigit (text[i + 2]))
        {
          octet = (guint8) (g_ascii_xdigit_value (text[i + 1]) << 4
                            | g_ascii_xdigit_value (text[i + 2]));
          i += 2;
        }
      g_byte_array_append (out, &octet, 1);
    }
}

/* (nullable): where the encoded word at @at ends. RFC 2231 5: a language may follow the charset. */
static const char *
parse_word (const char *at, char **charset, char *kind, const char **text, gsize *length)
{
  const char *mark, *end;

  if (at[0] != '=' || at[1] != '?')
    return NULL;
  mark = strchr (at + 2, '?');
  if (mark == NULL || mark == at + 2 || mark - at > 80 || mark[1] == '\0' || mark[2] != '?')
    return NULL;
  *kind = g_ascii_tolower (mark[1]);
  end = strstr (mark + 3, "?=");
  if ((*kind != 'b' && *kind != 'q') || end == NULL)
    return NULL;
  *charset = g_strndup (at + 2, strcspn (at + 2, "?*"));
  *text = mark + 3;
  *length = (gsize) (end - *text);
  return end + 2;
}

static void
flush (GByteArray *octets, const char *charset, GString *out)
{
  GString *text = to_utf8 ((const char *) octets->data, octets->len, charset);

  g_string_append_len (out, text->str, (gssize) text->len);
  g_string_free (text, TRUE);
  g_byte_array_set_size (octets, 0);
}

/* Words side by side are one text, a character may be cut in two between them. */
static GString *
decode_words (const char *value)
{
  GString *out = g_string_new (NULL);
  g_autoptr (GByteArray) octets = g_byte_array_new ();
  g_autofree char *before = NULL;

  while (*value != '\0')
    {
      const char *at = value + strspn (value, " \t"), *text, *end;
      g_autofree char *charset = NULL;
      gsize length;
      char kind;

      end = parse_word (before != NULL ? at : value, &charset, &kind, &text, &length);
      if (end == NULL)
        {
          if (before != NULL)
            flush (octets, before, out);
          g_clear_pointer (&before, g_free);
          g_string_append_c (out, *value++);
          continue;
        }
      if (before != NULL && g_ascii_strcasecmp (before, charset) != 0)
        flush (octets, before, out);
      g_free (before);
      before = g_steal_pointer (&charset);
      decode_word (kind, text, length, octets);
      value = end;
    }
  if (before != NULL)
    flush (octets, before, out);
  return out;
}

char *
pf_mime_decode_words (const char *value)
{
  g_autofree char *valid = g_utf8_make_valid (value, -1);

  return g_string_free (decode_words (valid), FALSE);
}

static gboolean
keep (GPtrArray *names, const char *name)
{
  gsize length = strlen (name);

  /* The end of a name is what says how it is opened. */
  if (length > PF_LIMIT_MIME_NAME)
    {
      name += length - PF_LIMIT_MIME_NAME;
      while (((guchar) *name & 0xc0) == 0x80)
        name++;
    }
  if (*name == '\0' || g_ptr_array_find_with_equal_func (names, name, g_str_equal, NULL))
    return TRUE;
  if (names->len >= PF_LIMIT_MIME_NAMES)
    return FALSE;
  g_ptr_array_add (names, g_strdup (name));
  return TRUE;
}

/* Cut at a NUL, and with blanks in its place. */
static gboolean
keep_both (GPtrArray *names, GString *name)
{
  gboolean kept = keep (names, name->str);

  for (gsize i = 0; i < name->len; i++)
    {
      if (name->str[i] == '\0')
        name->str[i] = ' ';
    }
  return keep (names, g_strstrip (name->str)) && kept;
}

gboolean
pf_mime_names_add (GPtrArray *names, const char *value, gsize length, const char *charset)
{
  g_autoptr (GString) plain = NULL;
  g_autoptr (GString) words = NULL;
  gboolean kept;

  if (length > PF_LIMIT_MIME_VALUE)
    return FALSE;
  plain = to_utf8 (value, length, charset);
  words = decode_words (plain->str);
  kept = keep_both (names, words);

  if (strstr (plain->str, "=?") == NULL)
    return keep_both (names, plain) && kept;
  return kept;
}
