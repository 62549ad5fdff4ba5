#include "protocol/imap-private.h"

#include "base/limits.h"

#include <string.h>

/* One FETCH answer, item by item, in whatever order they come. */

static gboolean
read_flags (PfImap *self, PfImapCursor *cursor, PfImapEvent *event)
{
  pf_imap_cursor_skip_blanks (cursor);
  if (!pf_imap_cursor_take (cursor, '('))
    return pf_imap_poison (self, PF_FAULT_SYNTAX, "FLAGS without a list");
  for (;;)
    {
      g_autofree char *flag = NULL;

      pf_imap_cursor_skip_blanks (cursor);
      if (pf_imap_cursor_take (cursor, ')'))
        break;
      flag = pf_imap_cursor_atom (cursor);
      if (flag == NULL)
        return pf_imap_poison (self, PF_FAULT_SYNTAX, "a list of flags that is not closed");
      event->flags |= g_ascii_strcasecmp (flag, "\\Seen") == 0      ? PF_IMAP_FLAG_SEEN
                      : g_ascii_strcasecmp (flag, "\\Deleted") == 0 ? PF_IMAP_FLAG_DELETED
                                                                    : PF_IMAP_FLAG_OTHER;
    }
  event->has_flags = TRUE;
  return TRUE;
}

static gboolean
read_date (PfImap *self, PfImapCursor *cursor, PfImapEvent *event)
{
  PfImapValueType type;
  g_autofree char *text = NULL;
  gsize length;

  if (!pf_imap_cursor_value (cursor, &type, &text, &length) || type == PF_IMAP_VALUE_NONE)
    return pf_imap_poison (self, PF_FAULT_SYNTAX, "INTERNALDATE without a date");
  /* A date that cannot be read is no reason to leave the mail there. */
  event->has_date = text != NULL && pf_imap_parse_date (text, &event->internal_date);
  return TRUE;
}

/* BODY[] as a quoted string: rare and short; told as a literal would be. */
static void
tell_quoted_body (PfImap *self, const char *text, gsize length)
{
  PfImapOwned *owned = pf_imap_push_event (self, PF_IMAP_EVENT_BODY_BEGIN);

  owned->event.size = length;
  if (length > 0)
    {
      owned = pf_imap_push_event (self, PF_IMAP_EVENT_BODY);
      owned->data = g_memdup2 (text, length);
      owned->event.data = owned->data;
      owned->event.length = length;
    }
  pf_imap_push_event (self, PF_IMAP_EVENT_BODY_END);
}

static gboolean
read_body (PfImap *self, PfImapCursor *cursor, PfImapEvent *event)
{
  PfImapValueType type;
  g_autofree char *text = NULL;
  gsize length;

  if (!pf_imap_cursor_value (cursor, &type, &text, &length))
    return pf_imap_poison (self, PF_FAULT_SYNTAX, "BODY[] without an end");
  if (type == PF_IMAP_VALUE_NONE || type == PF_IMAP_VALUE_ATOM)
    return pf_imap_poison (self, PF_FAULT_SYNTAX, "BODY[] that is no string");
  if (event->has_body)
    return pf_imap_poison (self, PF_FAULT_SYNTAX, "two bodies in one answer");
  event->has_body = TRUE;
  event->body_nil = type == PF_IMAP_VALUE_NIL;
  if (type == PF_IMAP_VALUE_STRING)
    tell_quoted_body (self, text, length);
  return TRUE;
}

static gboolean
read_item (PfImap *self, PfImapCursor *cursor, const char *name, PfImapEvent *event)
{
  guint64 number;
  gboolean too_deep;

  if (g_ascii_strcasecmp (name, "UID") == 0)
    {
      if (!pf_imap_cursor_number (cursor, G_MAXUINT32, &number) || number == 0)
        return pf_imap_poison (self, PF_FAULT_SYNTAX, "a UID that is none");
      event->uid = (guint32) number;
      return TRUE;
    }
  if (g_ascii_strcasecmp (name, "RFC822.SIZE") == 0)
    {
      event->has_size = pf_imap_cursor_number (cursor, G_MAXINT64, &event->size);
      return event->has_size || pf_imap_poison (self, PF_FAULT_SYNTAX, "a size that is none");
    }
  if (g_ascii_strcasecmp (name, "FLAGS") == 0)
    return read_flags (self, cursor, event);
  if (g_ascii_strcasecmp (name, "INTERNALDATE") == 0)
    return read_date (self, cursor, event);
  if (g_ascii_strncasecmp (name, "BODY[]", strlen ("BODY[]")) == 0)
    return read_body (self, cursor, event);
  if (pf_imap_cursor_skip_value (cursor, &too_deep))
    return TRUE;
  return too_deep ? pf_imap_poison (self, PF_FAULT_LIMIT, "lists that are nested too deep")
                  : pf_imap_poison (self, PF_FAULT_SYNTAX, "an item of FETCH without a value");
}

gboolean
pf_imap_read_fetch (PfImap *self, PfImapCursor *cursor)
{
  PfImapEvent event = { 0 };
  PfImapOwned *owned;

  pf_imap_cursor_skip_blanks (cursor);
  if (!pf_imap_cursor_take (cursor, '('))
    return pf_imap_poison (self, PF_FAULT_SYNTAX, "FETCH without a list");
  for (;;)
    {
      g_autofree char *name = NULL;

      pf_imap_cursor_skip_blanks (cursor);
      if (pf_imap_cursor_take (cursor, ')'))
        break;
      name = pf_imap_cursor_atom (cursor);
      if (name == NULL)
        return pf_imap_poison (self, PF_FAULT_SYNTAX,
                               pf_imap_cursor_at_end (cursor) ? "a FETCH answer that is not closed"
                                                              : "an item of FETCH without a name");
      if (!read_item (self, cursor, name, &event))
        return FALSE;
    }
  pf_imap_cursor_skip_blanks (cursor);
  if (!pf_imap_cursor_at_end (cursor))
    return pf_imap_poison (self, PF_FAULT_SYNTAX, "text behind a FETCH answer");
  owned = pf_imap_push_event (self, PF_IMAP_EVENT_FETCH);
  event.type = PF_IMAP_EVENT_FETCH;
  event.command = PF_IMAP_NONE;
  owned->event = event;
  return TRUE;
}
