#include "protocol/mime-content.h"

#include <string.h>

static int
base64_value (guint8 c)
{
  if (c >= 'A' && c <= 'Z')
    return c - 'A';
  if (c >= 'a' && c <= 'z')
    return c - 'a' + 26;
  if (c >= '0' && c <= '9')
    return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* What follows the padding is decoded too: some readers go on there. */
static void
decode_base64 (PfMimeDecoder *self, const guint8 *data, gsize length, GByteArray *out)
{
  for (gsize i = 0; i < length; i++)
    {
      int value = base64_value (data[i]);

      if (data[i] == '=')
        self->n_bits = 0;
      if (value < 0)
        continue;
      self->bits = (self->bits << 6) | (guint32) value;
      self->n_bits += 6;
      if (self->n_bits >= 8)
        {
          guint8 octet = (self->bits >> (self->n_bits - 8)) & 0xff;

          self->n_bits -= 8;
          g_byte_array_append (out, &octet, 1);
        }
    }
}

/* RFC 2045 6.7: blanks before a soft line break's line end are no content. */
static void
decode_quoted (PfMimeDecoder *self, guint8 c, GByteArray *out)
{
  if (self->n_held == 0)
    {
      if (c == '=')
        self->held[self->n_held++] = c;
      else
        g_byte_array_append (out, &c, 1);
      return;
    }
  if (self->n_held == 1)
    {
      if (c == '\n')
        self->n_held = 0;
      else if (c != '\r' && c != ' ' && c != '\t')
        self->held[self->n_held++] = c;
      return;
    }
  if (g_ascii_isxdigit (self->held[1]) && g_ascii_isxdigit (c))
    {
      guint8 octet = (guint8) (g_ascii_xdigit_value ((char) self->held[1]) << 4
                               | g_ascii_xdigit_value ((char) c));

      g_byte_array_append (out, &octet, 1);
      self->n_held = 0;
      return;
    }
  g_byte_array_append (out, self->held, 2);
  self->n_held = 0;
  decode_quoted (self, c, out);
}

void
pf_mime_decode (PfMimeDecoder *self, const guint8 *data, gsize length, GByteArray *out)
{
  switch (self->encoding)
    {
    case PF_MIME_BASE64:
      decode_base64 (self, data, length, out);
      break;
    case PF_MIME_QUOTED_PRINTABLE:
      for (gsize i = 0; i < length; i++)
        decode_quoted (self, data[i], out);
      break;
    case PF_MIME_IDENTITY:
    case PF_MIME_UUENCODE:
    default:
      g_byte_array_append (out, data, (guint) length);
      break;
    }
}

void
pf_mime_decode_end (PfMimeDecoder *self, GByteArray *out)
{
  if (self->n_held == 2)
    g_byte_array_append (out, self->held, 2);
  self->n_held = 0;
  self->n_bits = 0;
}

char *
pf_mime_uu_begin (const guint8 *line, gsize length, gboolean *base64)
{
  const char *at = (const char *) line, *end = at + length;
  guint digits = 0;

  if (length < 8 || memcmp (at, "begin", 5) != 0)
    return NULL;
  at += 5;
  *base64 = (gsize) (end - at) > 7 && memcmp (at, "-base64", 7) == 0;
  if (*base64)
    at += 7;
  while (at < end && *at == ' ')
    at++;
  for (; at < end && *at >= '0' && *at <= '7'; at++)
    digits++;
  if (digits < 3 || digits > 6 || at == end || *at != ' ')
    return NULL;
  while (at < end && *at == ' ')
    at++;
  return at < end ? g_strndup (at, (gsize) (end - at)) : NULL;
}

gboolean
pf_mime_uu_is_end (const guint8 *line, gsize length)
{
  while (length > 0 && (line[length - 1] == ' ' || line[length - 1] == '\t'))
    length--;
  return (length == 3 && memcmp (line, "end", 3) == 0)
         || (length == 4 && memcmp (line, "====", 4) == 0);
}

void
pf_mime_uu_decode (const guint8 *line, gsize length, GByteArray *out)
{
  guint left = length > 0 ? (line[0] - ' ') & 0x3f : 0;
  guint32 bits = 0;

  for (gsize i = 1; left > 0 && i < length; i++)
    {
      bits = (bits << 6) | ((guint32) (line[i] - ' ') & 0x3f);
      if (i % 4 != 0)
        continue;
      for (int shift = 16; shift >= 0 && left > 0; shift -= 8, left--)
        {
          guint8 octet = (bits >> shift) & 0xff;

          g_byte_array_append (out, &octet, 1);
        }
      bits = 0;
    }
}
