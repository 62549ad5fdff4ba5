#include "protocol/address.h"

#include <string.h>

/* RFC 5321 section 4.5.3.1. */
#define LONGEST_ADDRESS 255
#define LONGEST_LOCAL_PART 64

/* --- Shape ---------------------------------------------------------------------------------- */

static gboolean
is_plain (char c, gboolean eight_bit)
{
  guchar octet = (guchar) c;

  if (octet >= 0x80)
    return eight_bit;
  return octet > ' ' && octet != 0x7f && octet != '<' && octet != '>' && octet != '"';
}

/* The end of a quoted local part that begins at @p; NULL when it has none. */
static const char *
quoted_end (const char *p, gboolean eight_bit)
{
  for (p++; *p != '"'; p++)
    {
      if (*p == '\\')
        p++;
      if (!is_plain (*p, eight_bit) && *p != ' ' && *p != '"')
        return NULL;
    }
  return p + 1;
}

static gboolean
has_shape (const char *address, gboolean eight_bit)
{
  const char *end = address, *at;
  gsize length = strlen (address);

  if (length > LONGEST_ADDRESS)
    return FALSE;
  if (*address == '"')
    {
      end = quoted_end (address, eight_bit);
      if (end == NULL || (*end != '@' && *end != '\0'))
        return FALSE;
    }
  for (const char *p = end; *p != '\0'; p++)
    if (!is_plain (*p, eight_bit))
      return FALSE;
  at = strrchr (end, '@');
  if (at == NULL)
    return length <= LONGEST_LOCAL_PART;
  return strchr (end, '@') == at && at > address && at - address <= LONGEST_LOCAL_PART
         && at[1] != '\0';
}

gboolean
pf_address_is_safe (const char *address)
{
  return *address == '\0' || has_shape (address, FALSE);
}

/* --- Paths ---------------------------------------------------------------------------------- */

/* "@a,@b:user@host" is user@host (RFC 5321 appendix C). */
static const char *
skip_route (const char *address)
{
  const char *colon = *address == '@' ? strchr (address, ':') : NULL;

  return colon != NULL ? colon + 1 : address;
}

char *
pf_address_from_path (const char *text)
{
  const char *open = strchr (text, '<');
  const char *close = open != NULL ? strchr (open, '>') : NULL;
  g_autofree char *path = NULL;
  const char *address;

  if (open != NULL && close == NULL)
    return NULL;
  path = open != NULL ? g_strndup (open + 1, (gsize) (close - open - 1)) : g_strdup (text);
  address = skip_route (g_strstrip (path));
  if (*address == '\0' && (open == NULL || address != path))
    return NULL;
  return pf_address_is_safe (address) ? g_strdup (address) : NULL;
}

/* --- Mailboxes ------------------------------------------------------------------------------ */

typedef struct
{
  const char *p;
  GString *address; /* what may be one, so far */
  gboolean in_brackets;
  /* One that is not closed was met: from then on they are characters like any other. */
  gboolean no_comments, no_quotes;
} Reader;

/* The end of the quoted string or comment that begins at @p; NULL when it has none. */
static const char *
enclosed_end (const char *p)
{
  gboolean comment = *p == '(';
  guint depth = 1;

  for (p++; *p != '\0'; p++)
    {
      if (*p == '\\' && p[1] != '\0')
        p++;
      else if (comment && *p == '(')
        depth++;
      else if (*p == (comment ? ')' : '"') && --depth == 0)
        return p + 1;
    }
  return NULL;
}

static void
read_comment (Reader *reader)
{
  const char *end = enclosed_end (reader->p);

  reader->no_comments = end == NULL;
  if (end == NULL)
    end = reader->address->len > 0 ? reader->p + strlen (reader->p) : reader->p + 1;
  reader->p = end;
}

static void
read_quoted (Reader *reader)
{
  const char *end = enclosed_end (reader->p);

  reader->no_quotes = end == NULL;
  if (end != NULL)
    g_string_append_len (reader->address, reader->p, end - reader->p);
  reader->p = end != NULL ? end : reader->p + 1;
}

/* Any other character; FALSE at the end of the first mailbox. */
static gboolean
read_character (Reader *reader)
{
  char c = *reader->p++;

  if (c == '<' || (c == ':' && !reader->in_brackets))
    {
      /* What was read is a display name, or a group's. */
      g_string_truncate (reader->address, 0);
      reader->in_brackets = c == '<';
      return TRUE;
    }
  if (c == '>')
    return FALSE;
  if (!reader->in_brackets && (c == ',' || c == ';'))
    return reader->address->len == 0;
  /* Blanks may stand around the parts of an address in brackets, else only around the whole. */
  if (!g_ascii_isspace (c) || (!reader->in_brackets && reader->address->len > 0))
    g_string_append_c (reader->address, c);
  return TRUE;
}

static gboolean
read_more (Reader *reader)
{
  if (*reader->p == '\0')
    return FALSE;
  if (*reader->p == '(' && !reader->no_comments)
    read_comment (reader);
  else if (*reader->p == '"' && !reader->no_quotes)
    read_quoted (reader);
  else
    return read_character (reader);
  return TRUE;
}

char *
pf_address_from_mailbox (const char *value)
{
  g_autoptr (GString) text = g_string_new (NULL);
  Reader reader = { .p = value, .address = text };
  const char *address;

  while (read_more (&reader))
    ;
  g_strchomp (text->str);
  address = skip_route (text->str);
  return strchr (address, '@') != NULL && has_shape (address, TRUE) ? g_strdup (address) : NULL;
}
