#include "filter/headers.h"

#include "base/limits.h"
#include "protocol/address.h"
#include "protocol/header.h"

#include <gmime/gmime.h>
#include <string.h>

/* Octets of a subject that are looked at, and that come out. */
#define SUBJECT_RAW_MAX (16 * PF_KIB)
#define SUBJECT_MAX (4 * PF_KIB)

gsize
pf_headers_skip_mbox (const char *header, gsize length)
{
  const char *end;

  if (!(length >= 5 && memcmp (header, "From ", 5) == 0)
      && !(length >= 6 && memcmp (header, ">From ", 6) == 0))
    return 0;
  end = memchr (header, '\n', length);
  return end != NULL ? (gsize) (end - header) + 1 : length;
}

static void
iter_init (PfHeaderIter *iter, const char *header, gsize length)
{
  gsize skip = pf_headers_skip_mbox (header, length);

  pf_header_iter_init (iter, header + skip, length - skip);
}

/* --- Sender ----------------------------------------------------------------------------------- */

/* (transfer full) (nullable): the address behind @key in the words of a trace field. */
static char *
address_behind (const PfHeaderField *field, const char *key)
{
  g_autofree char *value = pf_header_field_unfold (field);
  const char *p = strstr (value, key);
  g_autofree char *word = NULL;

  if (p == NULL)
    return NULL;
  p += strlen (key);
  p += strspn (p, " \t\"");
  word = g_strndup (p, *p == '<' ? strcspn (p, ">") + (strchr (p, '>') != NULL)
                                 : strcspn (p, " \t\";)"));
  return pf_address_from_path (word);
}

/* (transfer full) (nullable): of the topmost Return-Path that a server on the way wrote: it stands
 * above all Received fields, or right above one (Gmail). Anything else may be the sender's own
 * invention. */
static char *
from_return_path (const char *header, gsize length)
{
  PfHeaderIter iter;
  PfHeaderField field;
  g_autofree char *found = NULL;
  gboolean below_received = FALSE;

  iter_init (&iter, header, length);
  while (pf_header_iter_next (&iter, &field))
    {
      gboolean received = pf_header_field_is (&field, "Received");

      if (found != NULL)
        return received ? g_steal_pointer (&found) : NULL;
      if (received)
        below_received = TRUE;
      if (!pf_header_field_is (&field, "Return-Path"))
        continue;
      {
        g_autofree char *value = pf_header_field_unfold (&field);

        found = pf_address_from_path (value);
      }
      if (found == NULL || !below_received)
        return g_steal_pointer (&found);
    }
  return NULL;
}

/* (transfer full) (nullable): from the topmost field called @name that tells. */
static char *
from_trace (const char *header, gsize length, const char *name, const char *key)
{
  PfHeaderIter iter;
  PfHeaderField field;

  iter_init (&iter, header, length);
  while (pf_header_iter_next (&iter, &field))
    if (pf_header_field_is (&field, name))
      return address_behind (&field, key);
  return NULL;
}

char *
pf_headers_sender (const char *header, gsize length)
{
  char *sender = from_return_path (header, length);

  if (sender == NULL)
    sender = from_trace (header, length, "Received", "envelope-from ");
  if (sender == NULL)
    sender = from_trace (header, length, "Received-SPF", "envelope-from=");
  if (sender != NULL && !pf_address_is_safe (sender))
    g_clear_pointer (&sender, g_free);
  return sender != NULL ? sender : g_strdup ("");
}

/* --- Loop ------------------------------------------------------------------------------------- */

static gboolean
is_own_mark (const PfHeaderField *field, const char *host, const char *account_hash)
{
  g_autofree char *value = NULL;
  g_auto (GStrv) parts = NULL;

  if (!pf_header_field_is (field, "X-Postferry"))
    return FALSE;
  value = pf_header_field_unfold (field);
  parts = g_strsplit (value, ";", 8);
  if (parts[0] == NULL || g_ascii_strcasecmp (g_strstrip (parts[0]), host) != 0)
    return FALSE;
  for (guint i = 1; parts[i] != NULL; i++)
    {
      const char *part = g_strstrip (parts[i]);

      if (g_str_has_prefix (part, "account=")
          && g_ascii_strcasecmp (part + strlen ("account="), account_hash) == 0)
        return TRUE;
    }
  return FALSE;
}

gboolean
pf_headers_is_loop (const char *header, gsize length, const char *host, const char *account_hash)
{
  PfHeaderIter iter;
  PfHeaderField field;
  guint received = 0;

  iter_init (&iter, header, length);
  while (pf_header_iter_next (&iter, &field))
    {
      if (pf_header_field_is (&field, "Received"))
        received++;
      if (received > PF_LIMIT_RECEIVED_FIELDS || is_own_mark (&field, host, account_hash))
        return TRUE;
    }
  return FALSE;
}

/* --- Single fields ---------------------------------------------------------------------------- */

/* (transfer full) (nullable) */
static char *
lookup (const char *header, gsize length, const char *name)
{
  gsize skip = pf_headers_skip_mbox (header, length);

  return pf_header_lookup (header + skip, length - skip, name);
}

char *
pf_headers_recipient (const char *header, gsize length, const char *name)
{
  g_autofree char *value = lookup (header, length, name);

  return value != NULL ? pf_address_from_path (value) : NULL;
}

void
pf_headers_start_gmime (void)
{
  static gsize started;

  if (g_once_init_enter (&started))
    {
      g_mime_init ();
      g_once_init_leave (&started, 1);
    }
}

char *
pf_headers_subject (const char *header, gsize length)
{
  g_autofree char *raw = lookup (header, length, "Subject");
  g_autofree char *decoded = NULL;
  char *subject;

  if (raw == NULL)
    return g_strdup ("");
  if (strlen (raw) > SUBJECT_RAW_MAX)
    raw[SUBJECT_RAW_MAX] = '\0';
  pf_headers_start_gmime ();
  decoded = g_mime_utils_header_decode_text (NULL, raw);
  subject = g_utf8_make_valid (decoded != NULL ? decoded : "", -1);
  if (strlen (subject) > SUBJECT_MAX)
    *g_utf8_find_prev_char (subject, subject + SUBJECT_MAX + 1) = '\0';
  return subject;
}
