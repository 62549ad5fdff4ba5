#include "protocol/imap-framer.h"

#include "base/limits.h"

#include <string.h>

/* Literals in one line: a LIST or ID line has a handful. */
#define MAX_SEGMENTS 256

typedef enum
{
  STATE_TEXT,
  STATE_LITERAL,
  STATE_BODY,
  STATE_POISONED
} State;

struct _PfImapFramer
{
  State state;
  GByteArray *input;
  gsize offset;
  gboolean line_done; /* the line was handed out: the next call begins another */
  GPtrArray *line;    /* PfImapSegment; the last one grows */
  gsize text_length;  /* of all its text and literals */
  guint64 left;       /* octets of the literal still to come */
  PfImapFrame poison;
};

static void
segment_free (gpointer data)
{
  PfImapSegment *segment = data;

  if (segment->data != NULL)
    g_string_free (segment->data, TRUE);
  g_free (segment);
}

static PfImapSegment *
add_segment (PfImapFramer *self, PfImapSegmentType type)
{
  PfImapSegment *segment = g_new0 (PfImapSegment, 1);

  segment->type = type;
  if (type != PF_IMAP_SEGMENT_BODY)
    segment->data = g_string_new (NULL);
  g_ptr_array_add (self->line, segment);
  return segment;
}

static void
begin_line (PfImapFramer *self)
{
  g_ptr_array_set_size (self->line, 0);
  self->text_length = 0;
  self->line_done = FALSE;
  add_segment (self, PF_IMAP_SEGMENT_TEXT);
}

PfImapFramer *
pf_imap_framer_new (void)
{
  PfImapFramer *self = g_new0 (PfImapFramer, 1);

  self->input = g_byte_array_new ();
  self->line = g_ptr_array_new_with_free_func (segment_free);
  begin_line (self);
  return self;
}

void
pf_imap_framer_free (PfImapFramer *self)
{
  g_byte_array_unref (self->input);
  g_ptr_array_unref (self->line);
  g_free (self);
}

void
pf_imap_framer_feed (PfImapFramer *self, const guint8 *data, gsize length)
{
  if (self->offset > 0)
    g_byte_array_remove_range (self->input, 0, (guint) self->offset);
  self->offset = 0;
  g_byte_array_append (self->input, data, (guint) length);
}

static PfImapFrame
poison (PfImapFramer *self, PfImapFrame how)
{
  self->state = STATE_POISONED;
  self->poison = how;
  return how;
}

/* --- Literals --------------------------------------------------------------------------------- */

/* The text ends in "{n}" or "~{n}": cuts it off and gives n. FALSE when it does not; *@valid when
 * it does but is no number. */
static gboolean
take_announcement (GString *text, guint64 *size, gboolean *valid)
{
  const char *open, *p;

  *valid = TRUE;
  if (text->len < 3 || text->str[text->len - 1] != '}' || (open = strrchr (text->str, '{')) == NULL)
    return FALSE;
  for (p = open + 1, *size = 0; g_ascii_isdigit (*p); p++)
    {
      if (*size > (G_MAXINT64 - 9) / 10)
        *valid = FALSE;
      else
        *size = *size * 10 + (guint64) (*p - '0');
    }
  /* "{5+}" is a client's; text that merely ends in a brace is text. */
  if (p == open + 1 || *p != '}' || p[1] != '\0')
    return FALSE;
  g_string_truncate (text, (gsize) (open - text->str));
  if (text->len > 0 && text->str[text->len - 1] == '~')
    g_string_truncate (text, text->len - 1);
  return TRUE;
}

/* "* 12 FETCH (... BODY[] " or "BODY[]<0> ". */
static gboolean
announces_body (PfImapFramer *self, const GString *text)
{
  const PfImapSegment *first = self->line->pdata[0];
  g_autofree char *tail = g_ascii_strup (text->str + (text->len > 16 ? text->len - 16 : 0), -1);
  g_autofree char *head = g_ascii_strup (first->data->str, (gssize) MIN (first->data->len, 32));
  const char *body = g_strrstr (tail, "BODY[]");

  if (body == NULL || strstr (head, " FETCH ") == NULL || head[0] != '*')
    return FALSE;
  body += strlen ("BODY[]");
  if (*body == '<')
    {
      for (body++; g_ascii_isdigit (*body); body++)
        ;
      if (*body++ != '>')
        return FALSE;
    }
  return strcmp (body, " ") == 0;
}

static PfImapFrame
begin_literal (PfImapFramer *self, GString *text, guint64 size, PfImapPiece *piece)
{
  if (self->line->len >= MAX_SEGMENTS)
    return poison (self, PF_IMAP_FRAME_LIMIT);
  self->left = size;
  if (announces_body (self, text))
    {
      add_segment (self, PF_IMAP_SEGMENT_BODY);
      self->state = STATE_BODY;
      piece->size = size;
      return PF_IMAP_FRAME_BODY_BEGIN;
    }
  if (size > PF_LIMIT_IMAP_STRING || self->text_length + size > PF_LIMIT_IMAP_LINE)
    return poison (self, PF_IMAP_FRAME_LIMIT);
  self->text_length += size;
  add_segment (self, PF_IMAP_SEGMENT_LITERAL);
  self->state = STATE_LITERAL;
  return PF_IMAP_FRAME_MORE;
}

/* --- Pieces ----------------------------------------------------------------------------------- */

/* Text up to the line's end, or all there is. */
static PfImapFrame
read_text (PfImapFramer *self, PfImapPiece *piece)
{
  const char *start = (const char *) self->input->data + self->offset;
  gsize available = self->input->len - self->offset;
  const char *lf = memchr (start, '\n', available);
  gsize length = lf != NULL ? (gsize) (lf - start) + 1 : available;
  GString *text = ((PfImapSegment *) self->line->pdata[self->line->len - 1])->data;
  guint64 size;
  gboolean valid;

  if (self->text_length + length > PF_LIMIT_IMAP_LINE)
    return poison (self, PF_IMAP_FRAME_LIMIT);
  g_string_append_len (text, start, (gssize) length);
  self->text_length += length;
  self->offset += length;
  if (lf == NULL)
    return PF_IMAP_FRAME_MORE;
  g_string_truncate (text, text->len - 1);
  if (text->len > 0 && text->str[text->len - 1] == '\r')
    g_string_truncate (text, text->len - 1);
  if (memchr (text->str, '\0', text->len) != NULL)
    return poison (self, PF_IMAP_FRAME_SYNTAX);
  if (take_announcement (text, &size, &valid))
    return valid ? begin_literal (self, text, size, piece) : poison (self, PF_IMAP_FRAME_LIMIT);
  self->line_done = TRUE;
  return PF_IMAP_FRAME_LINE;
}

static gsize
take_literal (PfImapFramer *self, const guint8 **data)
{
  gsize available = self->input->len - self->offset;
  gsize length = (gsize) MIN (self->left, available);

  *data = self->input->data + self->offset;
  self->offset += length;
  self->left -= length;
  return length;
}

static void
read_literal (PfImapFramer *self)
{
  const guint8 *data;
  gsize length = take_literal (self, &data);

  g_string_append_len (((PfImapSegment *) self->line->pdata[self->line->len - 1])->data,
                       (const char *) data, (gssize) length);
  if (self->left > 0)
    return;
  self->state = STATE_TEXT;
  add_segment (self, PF_IMAP_SEGMENT_TEXT);
}

static PfImapFrame
read_body (PfImapFramer *self, PfImapPiece *piece)
{
  if (self->left == 0)
    {
      self->state = STATE_TEXT;
      add_segment (self, PF_IMAP_SEGMENT_TEXT);
      return PF_IMAP_FRAME_BODY_END;
    }
  piece->length = take_literal (self, &piece->data);
  return piece->length > 0 ? PF_IMAP_FRAME_BODY : PF_IMAP_FRAME_MORE;
}

PfImapFrame
pf_imap_framer_next (PfImapFramer *self, PfImapPiece *piece)
{
  memset (piece, 0, sizeof *piece);
  if (self->line_done)
    begin_line (self);
  for (;;)
    {
      PfImapFrame frame;

      if (self->state == STATE_POISONED)
        return self->poison;
      if (self->state == STATE_BODY)
        return read_body (self, piece);
      if (self->state == STATE_LITERAL && self->left == 0)
        {
          read_literal (self);
          continue;
        }
      if (self->offset >= self->input->len)
        return PF_IMAP_FRAME_MORE;
      if (self->state == STATE_LITERAL)
        read_literal (self);
      else if ((frame = read_text (self, piece)) != PF_IMAP_FRAME_MORE)
        return frame;
    }
}

GPtrArray *
pf_imap_framer_get_line (PfImapFramer *self)
{
  return self->line;
}

gboolean
pf_imap_framer_is_idle (PfImapFramer *self)
{
  return self->state == STATE_TEXT && self->offset >= self->input->len
         && (self->line_done || (self->line->len == 1 && self->text_length == 0));
}

gsize
pf_imap_framer_get_left (PfImapFramer *self)
{
  return self->input->len - self->offset;
}

GBytes *
pf_imap_framer_take_left (PfImapFramer *self)
{
  GBytes *left = g_bytes_new (self->input->data + self->offset, pf_imap_framer_get_left (self));

  pf_imap_framer_reset (self);
  return left;
}

void
pf_imap_framer_reset (PfImapFramer *self)
{
  g_byte_array_set_size (self->input, 0);
  self->offset = 0;
  begin_line (self);
}
