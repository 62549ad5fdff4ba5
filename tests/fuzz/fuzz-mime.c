#include "fuzz.h"
#include "protocol/mime.h"

#include <string.h>

/* What was told, so that two ways of feeding can be compared: an order of parts, each with a name
 * and its octets. */
typedef struct
{
  GPtrArray *open;
  GString *told;
} Told;

static void
on_begin (PfMimePart *part, gpointer user_data)
{
  Told *told = user_data;

  g_assert_cmpuint (part->depth, <, 50);
  g_string_append_printf (told->told, "(%u %s", part->number, part->type);
  for (guint i = 0; i < part->names->len; i++)
    {
      const char *name = g_ptr_array_index (part->names, i);

      g_assert_true (g_utf8_validate (name, -1, NULL));
      g_assert_cmpuint (strlen (name), >, 0);
      g_string_append (told->told, name);
    }
  part->user = g_string_new (NULL);
  g_ptr_array_add (told->open, part);
}

static void
on_data (PfMimePart *part, const guint8 *data, gsize length, gpointer user_data)
{
  Told *told = user_data;

  g_assert_true (g_ptr_array_find (told->open, part, NULL));
  g_assert_cmpuint (length, >, 0);
  g_string_append_len (part->user, (const char *) data, (gssize) length);
}

static void
on_end (PfMimePart *part, gpointer user_data)
{
  Told *told = user_data;
  GString *content = part->user;

  g_assert_true (g_ptr_array_index (told->open, told->open->len - 1) == part);
  g_ptr_array_remove_index (told->open, told->open->len - 1);
  g_string_append_printf (told->told, "%u %" G_GSIZE_FORMAT " %u)", part->number, content->len,
                          g_str_hash (content->str));
  g_string_free (content, TRUE);
}

static GString *
read_in_pieces (const guint8 *data, gsize size, gsize piece)
{
  static const PfMimeHandler handler = { on_begin, on_data, on_end };
  Told told = { g_ptr_array_new (), g_string_new (NULL) };
  g_autoptr (PfMime) mime = pf_mime_new (&handler, &told);

  for (gsize at = 0; at < size; at += piece)
    pf_mime_feed (mime, data + at, MIN (piece, size - at));
  pf_mime_feed_eof (mime);
  g_assert_cmpuint (told.open->len, ==, 0);
  g_ptr_array_unref (told.open);
  return told.told;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GString) whole = read_in_pieces (data, size, MAX (size, 1));
  g_autoptr (GString) octets = read_in_pieces (data, size, 1);
  g_autoptr (GString) pieces = read_in_pieces (data, size, 7);

  g_assert_cmpstr (whole->str, ==, octets->str);
  g_assert_cmpstr (whole->str, ==, pieces->str);
  return 0;
}
