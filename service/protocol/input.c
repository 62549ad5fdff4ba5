#include "protocol/input.h"

#include <string.h>

void
pf_input_init (PfInput *self)
{
  self->octets = g_byte_array_new ();
  self->offset = self->searched = 0;
}

void
pf_input_clear (PfInput *self)
{
  g_clear_pointer (&self->octets, g_byte_array_unref);
}

void
pf_input_feed (PfInput *self, const guint8 *data, gsize length)
{
  if (self->offset > 0)
    g_byte_array_remove_range (self->octets, 0, (guint) self->offset);
  self->offset = 0;
  g_byte_array_append (self->octets, data, (guint) length);
}

void
pf_input_drop (PfInput *self)
{
  g_byte_array_set_size (self->octets, 0);
  self->offset = self->searched = 0;
}

const guint8 *
pf_input_peek (const PfInput *self)
{
  return self->octets->data + self->offset;
}

gsize
pf_input_left (const PfInput *self)
{
  return self->octets->len - self->offset;
}

void
pf_input_skip (PfInput *self, gsize length)
{
  self->offset += length;
  self->searched = 0;
}

static void
fill_line (PfLine *line, const guint8 *start, gsize length)
{
  line->bare = length == 0 || start[length - 1] != '\r';
  line->length = length - (line->bare ? 0 : 1);
  line->text = g_malloc (line->length + 1);
  memcpy (line->text, start, line->length);
  line->text[line->length] = '\0';
  line->has_nul = FALSE;
  for (gsize i = strlen (line->text); i < line->length; i += strlen (line->text + i))
    {
      line->text[i] = '?';
      line->has_nul = TRUE;
    }
}

PfLineResult
pf_input_take_line (PfInput *self, gsize limit, PfLine *line)
{
  gsize left = pf_input_left (self), length;
  const guint8 *start, *end;

  memset (line, 0, sizeof *line);
  if (left == self->searched)
    return PF_LINE_MORE;
  start = pf_input_peek (self);
  end = memchr (start + self->searched, '\n', left - self->searched);
  length = end != NULL ? (gsize) (end - start) : left;
  /* The longest line may still wait for its CR's LF: only what is beyond can be no line's. */
  if (length > limit)
    return PF_LINE_TOO_LONG;
  self->searched = left;
  if (end == NULL)
    return PF_LINE_MORE;
  fill_line (line, start, length);
  pf_input_skip (self, length + 1);
  return PF_LINE_TAKEN;
}

void
pf_line_clear (PfLine *line)
{
  g_clear_pointer (&line->text, g_free);
}
