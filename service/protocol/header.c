#include "protocol/header.h"

#include <string.h>

/* End of the line that begins at @p, its LF included; NULL when it is not complete. */
static const char *
line_end (const char *p, const char *end)
{
  const char *lf = p < end ? memchr (p, '\n', (gsize) (end - p)) : NULL;

  return lf != NULL ? lf + 1 : NULL;
}

static gboolean
is_blank (char c)
{
  return c == ' ' || c == '\t';
}

static gboolean
is_empty_line (const char *p, const char *next)
{
  return next - p == 1 || (next - p == 2 && *p == '\r');
}

/* RFC 5322 section 2.2: printable ASCII without the colon. */
static gboolean
is_name_octet (char c)
{
  guchar octet = (guchar) c;

  return octet > ' ' && octet < 0x7f && octet != ':';
}

/* Length of the field's name that begins at @p; 0 when this is no field. Blanks before the
 * colon are the obsolete form. */
static gsize
field_name (const char *p, const char *next)
{
  const char *at = p;
  gsize length;

  while (at < next && is_name_octet (*at))
    at++;
  length = (gsize) (at - p);
  while (at < next && is_blank (*at))
    at++;
  return at < next && *at == ':' ? length : 0;
}

gsize
pf_header_length (const char *data, gsize length, gboolean *complete)
{
  const char *end, *p = data, *next;
  gboolean in_field = FALSE;

  /* There may be no data at all, and then no pointer to count from. */
  *complete = FALSE;
  if (length == 0)
    return 0;
  end = data + length;

  *complete = TRUE;
  while ((next = line_end (p, end)) != NULL)
    {
      if (is_empty_line (p, next))
        return (gsize) (next - data);
      if (!(in_field && is_blank (*p)) && field_name (p, next) == 0)
        return (gsize) (p - data);
      in_field = TRUE;
      p = next;
    }
  *complete = FALSE;
  return length;
}

gboolean
pf_header_separated (const char *data, gsize header_length)
{
  if (header_length == 0 || data[header_length - 1] != '\n')
    return FALSE;
  if (header_length == 1 || (header_length == 2 && data[0] == '\r'))
    return TRUE;
  return data[header_length - 2] == '\n'
         || (header_length > 2 && data[header_length - 2] == '\r'
             && data[header_length - 3] == '\n');
}

void
pf_header_iter_init (PfHeaderIter *iter, const char *data, gsize length)
{
  iter->at = data;
  iter->end = data + length;
}

gboolean
pf_header_iter_next (PfHeaderIter *iter, PfHeaderField *field)
{
  const char *start = iter->at, *next = start < iter->end ? line_end (start, iter->end) : NULL;

  if (start >= iter->end)
    return FALSE;
  if (next == NULL)
    next = iter->end;
  field->name_length = field_name (start, next);
  if (field->name_length == 0)
    return FALSE;
  while (next < iter->end && is_blank (*next))
    {
      const char *more = line_end (next, iter->end);

      next = more != NULL ? more : iter->end;
    }
  field->start = start;
  field->length = (gsize) (next - start);
  field->value = (const char *) memchr (start, ':', field->length) + 1;
  field->value_length = (gsize) (next - field->value);
  iter->at = next;
  return TRUE;
}

gboolean
pf_header_field_is (const PfHeaderField *field, const char *name)
{
  return strlen (name) == field->name_length
         && g_ascii_strncasecmp (field->start, name, field->name_length) == 0;
}

char *
pf_header_field_unfold (const PfHeaderField *field)
{
  GString *text = g_string_sized_new (field->value_length);

  for (gsize i = 0; i < field->value_length; i++)
    {
      char c = field->value[i];

      if (c == '\n' || (c == '\r' && i + 1 < field->value_length && field->value[i + 1] == '\n'))
        continue;
      /* A NUL would end the string early: a reader could be shown less than there is. */
      g_string_append_c (text, c == '\0' ? ' ' : c);
    }
  g_strstrip (text->str);
  return g_string_free (text, FALSE);
}

char *
pf_header_lookup (const char *data, gsize length, const char *name)
{
  PfHeaderIter iter;
  PfHeaderField field;

  pf_header_iter_init (&iter, data, length);
  while (pf_header_iter_next (&iter, &field))
    if (pf_header_field_is (&field, name))
      return pf_header_field_unfold (&field);
  return NULL;
}
