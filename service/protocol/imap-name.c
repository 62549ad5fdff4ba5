#include "protocol/imap.h"

#include <string.h>

/* Modified UTF-7 (RFC 3501 section 5.1.3): UTF-16 in a base64 with ',' for '/', between '&' and
 * '-'. */
static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

static gboolean
is_direct (gunichar c)
{
  return c >= 0x20 && c <= 0x7e;
}

static void
append_bits (GString *out, guint32 *bits, guint *n, guint16 unit)
{
  *bits = (*bits << 16) | unit;
  *n += 16;
  while (*n >= 6)
    {
      *n -= 6;
      g_string_append_c (out, alphabet[(*bits >> *n) & 63]);
    }
}

static const char *
encode_shifted (GString *out, const char *p)
{
  guint32 bits = 0;
  guint n = 0;

  g_string_append_c (out, '&');
  for (; *p != '\0' && !is_direct (g_utf8_get_char (p)); p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (c >= 0x10000)
        {
          append_bits (out, &bits, &n, (guint16) (0xd800 + ((c - 0x10000) >> 10)));
          append_bits (out, &bits, &n, (guint16) (0xdc00 + ((c - 0x10000) & 0x3ff)));
        }
      else
        append_bits (out, &bits, &n, (guint16) c);
    }
  if (n > 0)
    g_string_append_c (out, alphabet[(bits << (6 - n)) & 63]);
  g_string_append_c (out, '-');
  return p;
}

char *
pf_imap_name_encode (const char *name)
{
  g_autoptr (GString) out = g_string_new (NULL);

  if (!g_utf8_validate (name, -1, NULL))
    return NULL;
  for (const char *p = name; *p != '\0';)
    if (!is_direct (g_utf8_get_char (p)))
      p = encode_shifted (out, p);
    else
      {
        g_string_append (out, *p == '&' ? "&-" : "");
        if (*p != '&')
          g_string_append_c (out, *p);
        p++;
      }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

/* The base64 between '&' and '-' as UTF-16; FALSE when it is not valid. */
static gboolean
decode_shifted (GString *out, const char *p, const char *end)
{
  g_autoptr (GArray) units = g_array_new (FALSE, FALSE, sizeof (guint16));
  g_autofree char *text = NULL;
  guint32 bits = 0;
  guint n = 0;

  for (; p < end; p++)
    {
      const char *at = strchr (alphabet, *p);

      if (at == NULL || *p == '\0')
        return FALSE;
      bits = (bits << 6) | (guint32) (at - alphabet);
      n += 6;
      if (n >= 16)
        {
          guint16 unit = (guint16) (bits >> (n - 16));

          n -= 16;
          g_array_append_val (units, unit);
        }
    }
  if (units->len == 0 || n >= 6 || (bits & ((1U << n) - 1)) != 0)
    return FALSE;
  text = g_utf16_to_utf8 ((const gunichar2 *) (gpointer) units->data, units->len, NULL, NULL, NULL);
  if (text == NULL)
    return FALSE;
  g_string_append (out, text);
  return TRUE;
}

char *
pf_imap_name_decode (const char *name)
{
  g_autoptr (GString) out = g_string_new (NULL);

  for (const char *p = name; *p != '\0'; p++)
    {
      const char *end;

      if ((guchar) *p < 0x20 || (guchar) *p > 0x7e)
        return NULL;
      if (*p != '&')
        {
          g_string_append_c (out, *p);
          continue;
        }
      end = strchr (p, '-');
      if (end == NULL)
        return NULL;
      if (end == p + 1)
        g_string_append_c (out, '&');
      else if (!decode_shifted (out, p + 1, end))
        return NULL;
      p = end;
    }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

GPtrArray *
pf_imap_uid_sets (const guint32 *uids, gsize n, gsize max_length)
{
  GPtrArray *sets = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GString) set = g_string_new (NULL);

  for (gsize i = 0; i < n;)
    {
      gsize last = i;
      char range[32];

      while (last + 1 < n && uids[last + 1] == uids[last] + 1)
        last++;
      if (last > i)
        g_snprintf (range, sizeof range, "%u:%u", uids[i], uids[last]);
      else
        g_snprintf (range, sizeof range, "%u", uids[i]);
      if (set->len > 0 && set->len + 1 + strlen (range) > max_length)
        {
          g_ptr_array_add (sets, g_strdup (set->str));
          g_string_truncate (set, 0);
        }
      g_string_append_printf (set, "%s%s", set->len > 0 ? "," : "", range);
      i = last + 1;
    }
  if (set->len > 0)
    g_ptr_array_add (sets, g_strdup (set->str));
  return sets;
}
