#include "protocol/imap-parser.h"

#include "base/limits.h"

#include <string.h>

void
pf_imap_cursor_init (PfImapCursor *cursor, GPtrArray *line)
{
  cursor->line = line;
  cursor->segment = 0;
  cursor->offset = 0;
}

static const PfImapSegment *
segment_at (const PfImapCursor *cursor)
{
  return cursor->segment < cursor->line->len ? cursor->line->pdata[cursor->segment] : NULL;
}

/* Behind the last character of a text the next piece begins. */
static void
settle (PfImapCursor *cursor)
{
  const PfImapSegment *segment = segment_at (cursor);

  if (segment != NULL && segment->type == PF_IMAP_SEGMENT_TEXT
      && cursor->offset >= segment->data->len && cursor->segment + 1 < cursor->line->len)
    {
      cursor->segment++;
      cursor->offset = 0;
    }
}

char
pf_imap_cursor_peek (const PfImapCursor *cursor)
{
  PfImapCursor at = *cursor;
  const PfImapSegment *segment;

  settle (&at);
  segment = segment_at (&at);
  if (segment == NULL || segment->type != PF_IMAP_SEGMENT_TEXT || at.offset >= segment->data->len)
    return '\0';
  return segment->data->str[at.offset];
}

gboolean
pf_imap_cursor_at_end (const PfImapCursor *cursor)
{
  PfImapCursor at = *cursor;
  const PfImapSegment *segment;

  settle (&at);
  segment = segment_at (&at);
  return segment == NULL
         || (segment->type == PF_IMAP_SEGMENT_TEXT && at.offset >= segment->data->len);
}

gboolean
pf_imap_cursor_take (PfImapCursor *cursor, char c)
{
  if (c == '\0' || pf_imap_cursor_peek (cursor) != c)
    return FALSE;
  settle (cursor);
  cursor->offset++;
  return TRUE;
}

void
pf_imap_cursor_skip_blanks (PfImapCursor *cursor)
{
  while (pf_imap_cursor_take (cursor, ' '))
    ;
}

char *
pf_imap_cursor_atom (PfImapCursor *cursor)
{
  GString *atom = g_string_new (NULL);
  guint brackets = 0;
  char c;

  while ((c = pf_imap_cursor_peek (cursor)) != '\0')
    {
      /* Within brackets anything goes: BODY[HEADER.FIELDS (TO)]. */
      if (brackets == 0 && (c == ' ' || c == '(' || c == ')' || c == '"'))
        break;
      brackets += c == '[' ? 1 : 0;
      brackets -= c == ']' && brackets > 0 ? 1 : 0;
      g_string_append_c (atom, c);
      pf_imap_cursor_take (cursor, c);
    }
  if (atom->len > 0)
    return g_string_free (atom, FALSE);
  g_string_free (atom, TRUE);
  return NULL;
}

gboolean
pf_imap_cursor_number (PfImapCursor *cursor, guint64 max, guint64 *number)
{
  guint64 value = 0;
  gboolean any = FALSE;
  char c;

  pf_imap_cursor_skip_blanks (cursor);
  while (g_ascii_isdigit (c = pf_imap_cursor_peek (cursor)))
    {
      guint64 digit = (guint64) (c - '0');

      if (digit > max || value > (max - digit) / 10)
        return FALSE;
      value = value * 10 + digit;
      any = TRUE;
      pf_imap_cursor_take (cursor, c);
    }
  *number = value;
  return any;
}

static gboolean
read_quoted (PfImapCursor *cursor, char **text, gsize *length)
{
  GString *out = g_string_new (NULL);
  char c;

  pf_imap_cursor_take (cursor, '"');
  while ((c = pf_imap_cursor_peek (cursor)) != '\0')
    {
      pf_imap_cursor_take (cursor, c);
      if (c == '"')
        {
          *length = out->len;
          *text = g_string_free (out, FALSE);
          return TRUE;
        }
      if (c == '\\')
        {
          c = pf_imap_cursor_peek (cursor);
          pf_imap_cursor_take (cursor, c);
        }
      if (c != '\0')
        g_string_append_c (out, c);
    }
  g_string_free (out, TRUE);
  return FALSE;
}

gboolean
pf_imap_cursor_value (PfImapCursor *cursor, PfImapValueType *type, char **text, gsize *length)
{
  const PfImapSegment *segment;

  *text = NULL;
  *length = 0;
  *type = PF_IMAP_VALUE_NONE;
  pf_imap_cursor_skip_blanks (cursor);
  settle (cursor);
  segment = segment_at (cursor);
  if (segment != NULL && segment->type != PF_IMAP_SEGMENT_TEXT)
    {
      *type = segment->type == PF_IMAP_SEGMENT_BODY ? PF_IMAP_VALUE_BODY : PF_IMAP_VALUE_STRING;
      if (segment->data != NULL)
        {
          *length = segment->data->len;
          *text = g_memdup2 (segment->data->str, segment->data->len + 1);
        }
      cursor->segment++;
      cursor->offset = 0;
      return TRUE;
    }
  if (pf_imap_cursor_peek (cursor) == '"')
    {
      *type = PF_IMAP_VALUE_STRING;
      return read_quoted (cursor, text, length);
    }
  *text = pf_imap_cursor_atom (cursor);
  if (*text == NULL)
    return TRUE;
  *length = strlen (*text);
  *type = g_ascii_strcasecmp (*text, "NIL") == 0 ? PF_IMAP_VALUE_NIL : PF_IMAP_VALUE_ATOM;
  return TRUE;
}

/* A loop and a count, no recursion: the depth is the peer's choice. */
gboolean
pf_imap_cursor_skip_value (PfImapCursor *cursor, gboolean *too_deep)
{
  guint depth = 0;

  *too_deep = FALSE;
  do
    {
      PfImapValueType type;
      g_autofree char *text = NULL;
      gsize length;

      pf_imap_cursor_skip_blanks (cursor);
      if (pf_imap_cursor_take (cursor, '('))
        {
          if (++depth > PF_LIMIT_IMAP_DEPTH)
            {
              *too_deep = TRUE;
              return FALSE;
            }
          continue;
        }
      if (depth > 0 && pf_imap_cursor_take (cursor, ')'))
        {
          depth--;
          continue;
        }
      if (!pf_imap_cursor_value (cursor, &type, &text, &length) || type == PF_IMAP_VALUE_NONE)
        return FALSE;
    }
  while (depth > 0);
  return TRUE;
}

char *
pf_imap_cursor_rest (PfImapCursor *cursor)
{
  const PfImapSegment *segment;

  settle (cursor);
  segment = segment_at (cursor);
  if (segment == NULL || segment->type != PF_IMAP_SEGMENT_TEXT
      || cursor->offset >= segment->data->len)
    return g_strdup ("");
  return g_strdup (segment->data->str + cursor->offset);
}

/* Exactly @digits digits at *@p. */
static gboolean
take_digits (const char **p, guint digits, int *value)
{
  *value = 0;
  for (guint i = 0; i < digits; i++, (*p)++)
    {
      if (!g_ascii_isdigit (**p))
        return FALSE;
      *value = *value * 10 + (**p - '0');
    }
  return TRUE;
}

static gboolean
take_month (const char **p, int *month)
{
  static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

  for (*month = 1; *month <= 12; (*month)++)
    if (g_ascii_strncasecmp (*p, names + 3 * (*month - 1), 3) == 0)
      {
        *p += 3;
        return TRUE;
      }
  return FALSE;
}

static gboolean
take_character (const char **p, char c)
{
  if (**p != c)
    return FALSE;
  (*p)++;
  return TRUE;
}

gboolean
pf_imap_parse_date (const char *text, gint64 *seconds)
{
  const char *p = text;
  int day, month, year, hour, minute, second, zone;
  gboolean west;
  g_autoptr (GDateTime) date = NULL;

  while (*p == ' ')
    p++;
  if (g_ascii_isdigit (p[0]) && p[1] == '-' ? !take_digits (&p, 1, &day)
                                            : !take_digits (&p, 2, &day))
    return FALSE;
  if (!take_character (&p, '-') || !take_month (&p, &month) || !take_character (&p, '-')
      || !take_digits (&p, 4, &year) || !take_character (&p, ' ') || !take_digits (&p, 2, &hour)
      || !take_character (&p, ':') || !take_digits (&p, 2, &minute) || !take_character (&p, ':')
      || !take_digits (&p, 2, &second) || !take_character (&p, ' '))
    return FALSE;
  west = *p == '-';
  if ((*p != '+' && *p != '-') || (p++, !take_digits (&p, 4, &zone)))
    return FALSE;
  date = g_date_time_new_utc (year, month, day, hour, minute, MIN (second, 59));
  if (date == NULL)
    return FALSE;
  zone = (zone / 100) * 3600 + (zone % 100) * 60;
  *seconds = g_date_time_to_unix (date) - (west ? -zone : zone);
  return TRUE;
}
