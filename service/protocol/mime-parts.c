#include "base/limits.h"
#include "protocol/mime-private.h"

#include <string.h>

/* Content is told in pieces of about this size. */
#define PIECE 8192

static void
part_init (PfMimePart *part, PfMimeShared *shared, const char *type, guint depth)
{
  part->number = ++shared->parts;
  part->depth = depth;
  part->type = type;
  part->names = g_ptr_array_new_with_free_func (g_free);
}

static gboolean
may_begin (PfMimeShared *shared, guint depth)
{
  if (shared->parts < PF_LIMIT_MIME_PARTS && depth < PF_LIMIT_MIME_DEPTH)
    return TRUE;
  shared->over_limit = TRUE;
  return FALSE;
}

PfMimeFrame *
pf_mime_frame_begin (PfMimeShared *shared, const PfMimeFields *fields, guint depth)
{
  PfMimeFrame *self;

  if (fields->over_limit)
    shared->over_limit = TRUE;
  if (!may_begin (shared, depth))
    return NULL;
  self = g_new0 (PfMimeFrame, 1);
  self->type = g_strdup (fields->type);
  part_init (&self->part, shared, self->type, depth);
  g_ptr_array_unref (self->part.names);
  self->part.names = g_ptr_array_ref (fields->names);
  self->part.encoding = self->decoder.encoding = fields->encoding;
  self->boundaries = g_ptr_array_ref (fields->boundaries);
  self->content = g_byte_array_new ();
  self->text = g_byte_array_new ();
  if ((fields->multipart || fields->message)
      && (fields->encoding == PF_MIME_BASE64 || fields->encoding == PF_MIME_QUOTED_PRINTABLE))
    self->child = pf_mime_new_child (shared, depth + 1);
  shared->handler->begin (&self->part, shared->user_data);
  return self;
}

/* --- Files in a text -------------------------------------------------------------------------- */

static void
end_file (PfMimeFrame *self, PfMimeShared *shared)
{
  if (self->file == NULL)
    return;
  shared->handler->end (self->file, shared->user_data);
  g_ptr_array_unref (self->file->names);
  g_clear_pointer (&self->file, g_free);
  g_clear_pointer (&self->base64, g_free);
}

static void
begin_file (PfMimeFrame *self, PfMimeShared *shared, const char *name, gboolean base64)
{
  end_file (self, shared);
  if (!may_begin (shared, self->part.depth + 1))
    return;
  self->file = g_new0 (PfMimePart, 1);
  part_init (self->file, shared, "application/octet-stream", self->part.depth + 1);
  self->file->encoding = PF_MIME_UUENCODE;
  if (shared->leave_names)
    g_ptr_array_add (self->file->names, g_utf8_make_valid (name, -1));
  else if (!pf_mime_names_add (self->file->names, name, strlen (name), NULL))
    shared->over_limit = TRUE;
  if (base64)
    {
      self->base64 = g_new0 (PfMimeDecoder, 1);
      self->base64->encoding = PF_MIME_BASE64;
    }
  shared->handler->begin (self->file, shared->user_data);
}

static void
take_text_line (PfMimeFrame *self, PfMimeShared *shared, const guint8 *line, gsize length)
{
  g_autofree char *name = NULL;
  gboolean base64;

  if (length > 0 && line[length - 1] == '\r')
    length--;
  name = pf_mime_uu_begin (line, length, &base64);
  if (name != NULL)
    begin_file (self, shared, name, base64);
  else if (self->file != NULL && pf_mime_uu_is_end (line, length))
    end_file (self, shared);
  else if (self->file != NULL)
    {
      g_autoptr (GByteArray) octets = g_byte_array_new ();

      if (self->base64 != NULL)
        pf_mime_decode (self->base64, line, length, octets);
      else
        pf_mime_uu_decode (line, length, octets);
      if (octets->len > 0)
        shared->handler->data (self->file, octets->data, octets->len, shared->user_data);
    }
}

static void
scan_text (PfMimeFrame *self, PfMimeShared *shared, const guint8 *data, gsize length)
{
  while (length > 0)
    {
      const guint8 *end = memchr (data, '\n', length);
      gsize n = end != NULL ? (gsize) (end - data) : length;

      if (self->text->len + n > PF_LIMIT_MIME_LINE)
        self->text_over = TRUE;
      if (!self->text_over && end != NULL && self->text->len == 0)
        take_text_line (self, shared, data, n);
      else if (!self->text_over)
        g_byte_array_append (self->text, data, (guint) n);
      if (end == NULL)
        return;
      if (!self->text_over && self->text->len > 0)
        take_text_line (self, shared, self->text->data, self->text->len);
      g_byte_array_set_size (self->text, 0);
      self->text_over = FALSE;
      data += n + 1;
      length -= n + 1;
    }
}

/* --- Content ---------------------------------------------------------------------------------- */

static void
tell (PfMimeFrame *self, PfMimeShared *shared)
{
  if (self->content->len == 0)
    return;
  shared->handler->data (&self->part, self->content->data, self->content->len, shared->user_data);
  if (self->child != NULL)
    pf_mime_feed (self->child, self->content->data, self->content->len);
  else
    scan_text (self, shared, self->content->data, self->content->len);
  g_byte_array_set_size (self->content, 0);
}

static void
hold_end (PfMimeFrame *self, const guint8 *data, gsize length)
{
  self->n_held = length > 1 && data[length - 2] == '\r' ? 2 : 1;
  self->held = (const guint8 *) (self->n_held == 2 ? "\r\n" : "\n");
}

void
pf_mime_frame_content (PfMimeFrame *self,
                       PfMimeShared *shared,
                       const guint8 *data,
                       gsize length,
                       gboolean ends)
{
  if (self->n_held > 0)
    pf_mime_decode (&self->decoder, self->held, self->n_held, self->content);
  self->n_held = 0;
  if (ends)
    hold_end (self, data, length);
  pf_mime_decode (&self->decoder, data, length - self->n_held, self->content);
  if (self->content->len >= PIECE)
    tell (self, shared);
}

void
pf_mime_frame_end (PfMimeFrame *self, PfMimeShared *shared)
{
  pf_mime_decode_end (&self->decoder, self->content);
  tell (self, shared);
  if (self->child != NULL)
    pf_mime_feed_eof (self->child);
  if (!self->text_over && self->text->len > 0)
    take_text_line (self, shared, self->text->data, self->text->len);
  end_file (self, shared);
  shared->handler->end (&self->part, shared->user_data);
  pf_mime_frame_free (self);
}

void
pf_mime_frame_free (PfMimeFrame *self)
{
  if (self->file != NULL)
    g_ptr_array_unref (self->file->names);
  g_free (self->file);
  g_free (self->base64);
  g_clear_pointer (&self->child, pf_mime_free);
  g_ptr_array_unref (self->part.names);
  g_ptr_array_unref (self->boundaries);
  g_byte_array_unref (self->content);
  g_byte_array_unref (self->text);
  g_free (self->type);
  g_free (self);
}
