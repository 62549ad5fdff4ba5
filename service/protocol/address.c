#include "protocol/address.h"

#include <string.h>

#define LONGEST_ADDRESS 255
#define LONGEST_LOCAL_PART 64

static gboolean
is_safe_character (char c)
{
  return c > ' ' && c != 0x7f && c != '<' && c != '>';
}

/* The end of a quoted local part that begins at @p; NULL when it is not closed. */
static const char *
quoted_end (const char *p)
{
  for (p++; *p != '\0' && *p != '"'; p++)
    {
      if (*p == '\\')
        p++;
      if ((guchar) *p < ' ' || *p == 0x7f)
        return NULL;
    }
  return *p == '"' ? p + 1 : NULL;
}

gboolean
pf_address_is_safe (const char *address)
{
  const char *domain = address;
  const char *at;

  if (*address == '\0')
    return TRUE;
  if (strlen (address) > LONGEST_ADDRESS)
    return FALSE;
  if (*address == '"' && (domain = quoted_end (address)) == NULL)
    return FALSE;
  for (const char *p = domain; *p != '\0'; p++)
    if (!is_safe_character (*p))
      return FALSE;
  at = strrchr (domain, '@');
  return (gsize) (at != NULL ? at - address : (gssize) strlen (address)) <= LONGEST_LOCAL_PART;
}

/* "@a,@b:user@host" is user@host (RFC 5321 appendix C). */
static char *
without_route (char *address)
{
  const char *colon = *address == '@' ? strchr (address, ':') : NULL;

  if (colon != NULL)
    memmove (address, colon + 1, strlen (colon));
  return address;
}

char *
pf_address_from_path (const char *text)
{
  const char *open = strchr (text, '<');
  const char *close = open != NULL ? strchr (open, '>') : NULL;
  g_autofree char *address = NULL;

  if (open != NULL && close == NULL)
    return NULL;
  address = open != NULL ? g_strndup (open + 1, (gsize) (close - open - 1)) : g_strdup (text);
  g_strstrip (address);
  without_route (address);
  if (open == NULL && *address == '\0')
    return NULL;
  return pf_address_is_safe (address) ? g_steal_pointer (&address) : NULL;
}

/* @value without comments and quoted display names, which may hold anything. */
static char *
without_words (const char *value)
{
  GString *rest = g_string_new (NULL);
  guint comments = 0;
  gboolean quoted = FALSE, angle = FALSE;

  for (const char *p = value; *p != '\0'; p++)
    {
      if (*p == '\\' && p[1] != '\0' && (quoted || comments > 0))
        {
          if (quoted && angle)
            g_string_append_len (rest, p, 2);
          p++;
          continue;
        }
      if (quoted || (*p == '"' && comments == 0))
        {
          quoted = *p == '"' ? !quoted : quoted;
          if (angle)
            g_string_append_c (rest, *p);
        }
      else if (*p == '(')
        comments++;
      else if (*p == ')' && comments > 0)
        comments--;
      else if (comments == 0)
        {
          angle = *p == '<' || (angle && *p != '>');
          g_string_append_c (rest, *p);
        }
    }
  return g_string_free (rest, FALSE);
}

char *
pf_address_from_mailbox (const char *value)
{
  g_autofree char *rest = without_words (value);
  g_autofree char *address = NULL;
  char *comma = strchr (rest, '<') == NULL ? strchr (rest, ',') : NULL;

  if (comma != NULL)
    *comma = '\0';
  address = pf_address_from_path (rest);
  return address != NULL && strchr (address, '@') != NULL ? g_steal_pointer (&address) : NULL;
}
