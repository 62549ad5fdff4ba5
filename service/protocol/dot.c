#include "protocol/dot.h"

#include <string.h>

void
pf_dot_begin (PfDot *self, gboolean suspicious)
{
  self->state = PF_DOT_AT_START;
  self->suspicious = suspicious;
  self->bare = 1; /* the status line's LF */
}

/* TRUE when @octet completes LF . LF. */
static gboolean
is_bare_end (PfDot *self, guint8 octet)
{
  if (self->bare == 2 && octet == '\n')
    return TRUE;
  self->bare = octet == '\n' ? 1 : self->bare == 1 && octet == '.' ? 2 : 0;
  return FALSE;
}

/* How many octets are text, up to the next '.' at the start of a line. */
static gsize
scan_text (PfDot *self, const guint8 *data, gsize length)
{
  gsize i = 0;

  while (i < length)
    {
      if (self->state == PF_DOT_IN_TEXT)
        {
          const guint8 *cr = memchr (data + i, '\r', length - i);

          if (cr == NULL)
            return length;
          i = (gsize) (cr - data);
          self->state = PF_DOT_BEHIND_CR;
        }
      else if (self->state == PF_DOT_AT_START && data[i] == '.')
        return i;
      else if (self->state == PF_DOT_BEHIND_CR && data[i] == '\n')
        self->state = PF_DOT_AT_START;
      else
        self->state = data[i] == '\r' ? PF_DOT_BEHIND_CR : PF_DOT_IN_TEXT;
      i++;
    }
  return length;
}

/* The octet at a dot that began a line: the end, or the dot was stuffed. FALSE when it is text. */
static gboolean
read_behind_dot (PfDot *self, PfInput *input, PfDotResult *result)
{
  guint8 octet = *pf_input_peek (input);

  *result = PF_DOT_MORE;
  if (self->state == PF_DOT_SEEN && octet == '\r')
    {
      self->state = PF_DOT_SEEN_CR;
      pf_input_skip (input, 1);
      return TRUE;
    }
  if (self->state == PF_DOT_SEEN)
    {
      self->state = PF_DOT_IN_TEXT;
      return FALSE;
    }
  if (octet == '\n')
    {
      pf_input_skip (input, 1);
      *result = PF_DOT_END;
      return TRUE;
    }
  /* The line began with a stuffed dot and a lone CR, which is text and not yet handed out. */
  self->state = PF_DOT_BEHIND_CR;
  *result = PF_DOT_TEXT;
  return TRUE;
}

PfDotResult
pf_dot_read (PfDot *self, PfInput *input, const guint8 **data, gsize *length)
{
  while (pf_input_left (input) > 0)
    {
      gsize left = self->suspicious ? 1 : pf_input_left (input);
      PfDotResult result;

      *data = pf_input_peek (input);
      if (self->suspicious && is_bare_end (self, **data))
        return PF_DOT_BARE;
      if (self->state == PF_DOT_SEEN || self->state == PF_DOT_SEEN_CR)
        {
          if (read_behind_dot (self, input, &result))
            {
              if (result == PF_DOT_MORE)
                continue;
              *data = (const guint8 *) "\r";
              *length = 1;
              return result;
            }
        }
      *length = scan_text (self, *data, left);
      if (*length > 0)
        {
          pf_input_skip (input, *length);
          return PF_DOT_TEXT;
        }
      self->state = PF_DOT_SEEN;
      pf_input_skip (input, 1);
    }
  return PF_DOT_MORE;
}
