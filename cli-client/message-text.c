#include "cli-client/message-text.h"

#include "dbus-interfaces/text.h"

#include <string.h>

/* Fields and lines that are shown, and octets of one. */
#define MOST_FIELDS 200
#define MOST_LINES 40
#define LONGEST_VALUE 1000
#define LONGEST_LINE 300

/* --- Lines ------------------------------------------------------------------------------------ */

static void
add_field (PfMessageText *self, const char *line, gsize size, const char *colon)
{
  const char *value = colon + 1, *end = line + size;

  while (value < end && (*value == ' ' || *value == '\t'))
    value++;
  self->dropped = self->names->len == MOST_FIELDS;
  if (self->dropped)
    return;
  g_ptr_array_add (self->names, pf_text_printable (line, colon - line, LONGEST_LINE));
  g_ptr_array_add (self->values, pf_text_printable (value, end - value, LONGEST_VALUE));
}

static void
continue_field (PfMessageText *self, const char *line, gsize size)
{
  char **value = (char **) &self->values->pdata[self->values->len - 1];
  g_autofree char *more = pf_text_printable (line + 1, (gssize) size - 1, LONGEST_VALUE);
  g_autofree char *joined = g_strconcat (*value, " ", more, NULL);

  if (self->dropped)
    return;
  g_free (*value);
  *value = pf_text_printable (joined, -1, LONGEST_VALUE);
}

/* FALSE when the line is no part of a header. */
static gboolean
take_header_line (PfMessageText *self, const char *line, gsize size)
{
  const char *colon = memchr (line, ':', size);

  if ((*line == ' ' || *line == '\t') && self->values->len > 0)
    continue_field (self, line, size);
  else if (colon != NULL)
    add_field (self, line, size, colon);
  else
    return FALSE;
  return TRUE;
}

PfMessageText *
pf_message_text_new (const char *data, gsize length, gboolean whole)
{
  PfMessageText *self = g_new0 (PfMessageText, 1);
  const char *end = data + length, *line = data, *newline;
  gboolean in_header = TRUE;

  self->names = g_ptr_array_new_with_free_func (g_free);
  self->values = g_ptr_array_new_with_free_func (g_free);
  self->lines = g_ptr_array_new_with_free_func (g_free);
  for (; line < end && self->lines->len < MOST_LINES; line = newline + (newline < end))
    {
      gsize size;

      newline = memchr (line, '\n', (gsize) (end - line));
      /* A line that is cut off tells half. */
      if (newline == NULL && !whole)
        break;
      if (newline == NULL)
        newline = end;
      size = (gsize) (newline - line);
      if (size > 0 && line[size - 1] == '\r')
        size--;
      if (in_header && size > 0 && take_header_line (self, line, size))
        continue;
      if (!in_header || size > 0)
        g_ptr_array_add (self->lines, pf_text_printable (line, (gssize) size, LONGEST_LINE));
      in_header = FALSE;
    }
  self->more = line < end || !whole;
  return self;
}

void
pf_message_text_free (PfMessageText *self)
{
  g_ptr_array_unref (self->names);
  g_ptr_array_unref (self->values);
  g_ptr_array_unref (self->lines);
  g_free (self);
}
