#include "protocol/mime.h"

#include "base/limits.h"
#include "protocol/mime-private.h"

#include <string.h>

typedef enum
{
  STATE_HEADER,
  /* The part began without the empty line that ends a header: what follows is its content, and for
   * some readers header still. */
  STATE_LOOSE,
  STATE_BODY
} State;

struct _PfMime
{
  PfMimeShared own;
  PfMimeShared *shared; /* own, or the message's around */
  guint depth;          /* of the outermost part */
  State state;
  GPtrArray *frames; /* the last one is the innermost */
  GByteArray *header;
  gsize loose_from;  /* where in the header the lines begin that may be content */
  GByteArray *line;  /* what is there of the line that is not complete */
  gboolean inside;   /* a piece of the line was taken already */
  gboolean skipping; /* the rest of a boundary's line */
  char *candidate;   /* (nullable): the last line, if it may be a boundary that nobody told of */
};

PfMime *
pf_mime_new_child (PfMimeShared *shared, guint depth)
{
  PfMime *self = g_new0 (PfMime, 1);

  self->shared = shared;
  self->depth = depth;
  self->frames = g_ptr_array_new ();
  self->header = g_byte_array_new ();
  self->line = g_byte_array_new ();
  return self;
}

PfMime *
pf_mime_new (const PfMimeHandler *handler, gpointer user_data)
{
  PfMime *self = pf_mime_new_child (NULL, 0);

  self->shared = &self->own;
  self->own.handler = handler;
  self->own.user_data = user_data;
  return self;
}

void
pf_mime_free (PfMime *self)
{
  for (guint i = 0; i < self->frames->len; i++)
    pf_mime_frame_free (g_ptr_array_index (self->frames, i));
  g_ptr_array_unref (self->frames);
  g_byte_array_unref (self->header);
  g_byte_array_unref (self->line);
  g_free (self->candidate);
  g_free (self);
}

void
pf_mime_leave_names (PfMime *self)
{
  self->shared->leave_names = TRUE;
}

gboolean
pf_mime_is_over_limit (PfMime *self)
{
  return self->shared->over_limit;
}

/* --- Parts ------------------------------------------------------------------------------------ */

static void
pop_to (PfMime *self, guint left)
{
  while (self->frames->len > left)
    {
      PfMimeFrame *frame = g_ptr_array_steal_index (self->frames, self->frames->len - 1);

      pf_mime_frame_end (frame, self->shared);
    }
}

/* What a multipart that stands encoded has in it is read like a message of that type. */
static void
begin_child (PfMimeFrame *frame, const PfMimeFields *fields)
{
  if (fields->message)
    return;
  for (guint i = 0; i < fields->boundaries->len; i++)
    {
      g_autoptr (GString) line = g_string_new ("Content-Type: multipart/mixed; boundary=\"");

      for (const char *at = g_ptr_array_index (fields->boundaries, i); *at != '\0'; at++)
        {
          if (*at == '"' || *at == '\\')
            g_string_append_c (line, '\\');
          g_string_append_c (line, *at);
        }
      g_string_append (line, "\"\r\n");
      pf_mime_feed (frame->child, (const guint8 *) line->str, line->len);
    }
  pf_mime_feed (frame->child, (const guint8 *) "\r\n", 2);
}

static void
begin_part (PfMime *self)
{
  g_autoptr (PfMimeFields) fields = pf_mime_fields_read (
      (const char *) self->header->data, self->header->len, self->shared->leave_names);
  PfMimeFrame *frame = pf_mime_frame_begin (self->shared, fields, self->depth + self->frames->len);

  self->state = STATE_BODY;
  if (frame == NULL)
    return;
  g_ptr_array_add (self->frames, frame);
  if (frame->child != NULL)
    begin_child (frame, fields);
  else if (fields->message)
    {
      self->state = STATE_HEADER;
      g_byte_array_set_size (self->header, 0);
    }
}

/* --- Boundaries ------------------------------------------------------------------------------- */

/* The longest one that the line begins with, as Dovecot does; the innermost of equal ones. */
static gboolean
find_boundary (PfMime *self, const guint8 *data, gsize length, guint *index, gsize *found)
{
  *found = 0;
  for (guint i = self->frames->len; i-- > 0;)
    {
      const PfMimeFrame *frame = g_ptr_array_index (self->frames, i);

      for (guint b = 0; b < frame->boundaries->len; b++)
        {
          const char *boundary = g_ptr_array_index (frame->boundaries, b);
          gsize n = strlen (boundary);

          if (n > *found && n <= length - 2 && memcmp (data + 2, boundary, n) == 0)
            {
              *found = n;
              *index = i;
            }
        }
    }
  return *found > 0;
}

static gboolean
take_boundary (PfMime *self, const guint8 *data, gsize length)
{
  guint index;
  gsize found;
  gboolean last;

  if (length < 3 || data[0] != '-' || data[1] != '-'
      || !find_boundary (self, data, length, &index, &found))
    return FALSE;
  last = length >= found + 4 && memcmp (data + 2 + found, "--", 2) == 0;
  if (self->state == STATE_HEADER)
    begin_part (self);
  pop_to (self, index + 1);
  g_byte_array_set_size (self->header, 0);
  /* Parts behind the last one's end are parts for some readers: the multipart stays open. */
  self->state = last ? STATE_BODY : STATE_HEADER;
  return TRUE;
}

/* A line that begins with two hyphens, and a Content- field below it: a part, for whoever looks for
 * parts where the boundary was not told, or another. */
static gboolean
take_candidate (PfMime *self, const guint8 *data, gsize length)
{
  PfMimeFrame *frame;

  if (self->candidate == NULL || self->frames->len == 0
      || !pf_mime_fields_any ((const char *) data, length))
    return FALSE;
  frame = g_ptr_array_index (self->frames, self->frames->len - 1);
  if (frame->boundaries->len >= PF_LIMIT_MIME_BOUNDARIES)
    g_ptr_array_remove_index (frame->boundaries, 0);
  g_ptr_array_add (frame->boundaries, g_steal_pointer (&self->candidate));
  g_byte_array_set_size (self->header, 0);
  self->state = STATE_HEADER;
  return TRUE;
}

static void
note_candidate (PfMime *self, const guint8 *data, gsize length)
{
  g_clear_pointer (&self->candidate, g_free);
  if (length < 4 || length > 256 || data[0] != '-' || data[1] != '-')
    return;
  self->candidate = g_strndup ((const char *) data + 2, MIN (length - 2, 80));
  g_strchomp (self->candidate);
  if (*self->candidate == '\0')
    g_clear_pointer (&self->candidate, g_free);
}

/* --- Lines ------------------------------------------------------------------------------------ */

static gboolean
is_empty (const guint8 *data, gsize length)
{
  return (length == 1 && data[0] == '\n') || (length == 2 && data[0] == '\r' && data[1] == '\n');
}

/* RFC 5322 2.2, or a continuation of one. */
static gboolean
is_field (const guint8 *data, gsize length)
{
  gsize i = 0;

  if (data[0] == ' ' || data[0] == '\t')
    return TRUE;
  while (i < length && data[i] > 32 && data[i] < 127 && data[i] != ':')
    i++;
  if (i == 0)
    return FALSE;
  while (i < length && (data[i] == ' ' || data[i] == '\t'))
    i++;
  return i < length && data[i] == ':';
}

static void
take_content (PfMime *self, const guint8 *data, gsize length, gboolean ends)
{
  PfMimeFrame *frame;

  if (self->frames->len == 0)
    return;
  frame = g_ptr_array_index (self->frames, self->frames->len - 1);
  pf_mime_frame_content (frame, self->shared, data, length, ends);
}

/* FALSE: there is no room. The message's own header may be longer than those of parts. */
static gboolean
keep_header (PfMime *self, const guint8 *data, gsize length)
{
  gsize limit = self->frames->len == 0 ? PF_LIMIT_HEADER_BLOCK : PF_LIMIT_MIME_HEADER;

  if (self->header->len + length > limit)
    return FALSE;
  g_byte_array_append (self->header, data, (guint) length);
  return TRUE;
}

static void
take_line (PfMime *self, const guint8 *data, gsize length, gboolean starts, gboolean ends);

/* @data begins the content, with the empty line or without. */
static void
begin_loose (PfMime *self, const guint8 *data, gsize length, gboolean ends)
{
  gboolean empty = is_empty (data, length);

  self->loose_from = self->header->len;
  begin_part (self);
  if (self->state == STATE_BODY)
    self->state = STATE_LOOSE;
  if (!empty)
    take_line (self, data, length, TRUE, ends);
}

static void
take_header (PfMime *self, const guint8 *data, gsize length, gboolean starts, gboolean ends)
{
  gboolean empty = starts && is_empty (data, length);

  if (empty && self->header->len > 0)
    begin_part (self);
  else if (empty || (starts && !is_field (data, length)))
    begin_loose (self, data, length, ends);
  else if (!keep_header (self, data, length))
    {
      self->shared->over_limit = TRUE;
      begin_part (self);
      self->state = STATE_BODY;
      take_content (self, data, length, ends);
    }
}

/* TRUE when the lines up to the empty one were header for some readers: another part begins. */
static gboolean
end_loose (PfMime *self)
{
  gsize late = self->header->len - self->loose_from;

  self->state = STATE_BODY;
  if (late == 0 || !pf_mime_fields_any ((const char *) self->header->data + self->loose_from, late))
    return FALSE;
  if (self->frames->len > 0)
    pop_to (self, self->frames->len - 1);
  begin_part (self);
  return TRUE;
}

static void
take_line (PfMime *self, const guint8 *data, gsize length, gboolean starts, gboolean ends)
{
  if (self->state == STATE_HEADER)
    {
      take_header (self, data, length, starts, ends);
      return;
    }
  if (starts && take_candidate (self, data, length))
    {
      take_header (self, data, length, starts, ends);
      return;
    }
  if (starts)
    note_candidate (self, data, length);
  if (self->state == STATE_LOOSE && starts && is_empty (data, length) && end_loose (self))
    return;
  if (self->state == STATE_LOOSE && !keep_header (self, data, length))
    self->state = STATE_BODY;
  take_content (self, data, length, ends);
}

static void
take_piece (PfMime *self, const guint8 *data, gsize length, gboolean ends)
{
  gboolean starts = !self->inside;

  self->inside = !ends;
  if (starts && take_boundary (self, data, length))
    {
      g_clear_pointer (&self->candidate, g_free);
      self->skipping = !ends;
    }
  else if (self->skipping)
    self->skipping = !ends;
  else
    take_line (self, data, length, starts, ends);
}

void
pf_mime_feed (PfMime *self, const guint8 *data, gsize length)
{
  while (length > 0)
    {
      const guint8 *end = memchr (data, '\n', length);
      gsize n = end != NULL ? (gsize) (end - data) + 1 : length;
      gsize room = PF_LIMIT_MIME_LINE - self->line->len;

      if (n > room || end == NULL || self->line->len > 0)
        {
          n = MIN (n, room);
          g_byte_array_append (self->line, data, (guint) n);
          if (self->line->len == PF_LIMIT_MIME_LINE || data[n - 1] == '\n')
            {
              take_piece (self, self->line->data, self->line->len, data[n - 1] == '\n');
              g_byte_array_set_size (self->line, 0);
            }
        }
      else
        take_piece (self, data, n, TRUE);
      data += n;
      length -= n;
    }
}

void
pf_mime_feed_eof (PfMime *self)
{
  if (self->line->len > 0)
    take_piece (self, self->line->data, self->line->len, FALSE);
  g_byte_array_set_size (self->line, 0);
  if (self->state == STATE_LOOSE)
    end_loose (self);
  if (self->state == STATE_HEADER)
    begin_part (self);
  pop_to (self, 0);
}
