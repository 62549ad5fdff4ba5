#include "protocol/imap-private.h"

#include "base/limits.h"

/* Results of SEARCH (RFC 9051 sections 7.3.4, RFC 3501 section 7.2.5), read on as their events are
 * taken: a line of a few octets may name four billion messages. */

static gboolean
tell_found (PfImap *self, guint64 uid)
{
  if (++self->search.found > PF_LIMIT_LISTED_MESSAGES)
    return pf_imap_poison (self, PF_FAULT_LIMIT, "a search that finds too much");
  pf_imap_push_event (self, PF_IMAP_EVENT_FOUND)->event.uid = (guint32) uid;
  return TRUE;
}

static gboolean
take_uid (PfImapCursor *cursor, guint64 *uid)
{
  return pf_imap_cursor_number (cursor, G_MAXUINT32, uid) && *uid != 0;
}

static gboolean
poison_result (PfImap *self)
{
  return pf_imap_poison (self, PF_FAULT_SYNTAX, "a search result that is no UID");
}

static gboolean
next_number (PfImap *self)
{
  PfImapSearch *search = &self->search;
  guint64 uid;

  pf_imap_cursor_skip_blanks (&search->cursor);
  /* "(MODSEQ 5)" may stand at the end. */
  if (pf_imap_cursor_at_end (&search->cursor) || pf_imap_cursor_peek (&search->cursor) == '(')
    {
      search->part = PF_IMAP_SEARCH_OVER;
      return TRUE;
    }
  return take_uid (&search->cursor, &uid) ? tell_found (self, uid) : poison_result (self);
}

/* "5" or "1:3" */
static gboolean
take_range (PfImap *self)
{
  PfImapSearch *search = &self->search;
  guint64 one, other;

  if (!take_uid (&search->cursor, &one))
    return poison_result (self);
  other = one;
  if (pf_imap_cursor_take (&search->cursor, ':') && !take_uid (&search->cursor, &other))
    return poison_result (self);
  search->next = MIN (one, other);
  search->last = MAX (one, other);
  return TRUE;
}

static gboolean
next_of_set (PfImap *self)
{
  PfImapSearch *search = &self->search;

  if (search->next > search->last)
    {
      if (!pf_imap_cursor_take (&search->cursor, ','))
        {
          search->part = PF_IMAP_SEARCH_WORDS;
          return TRUE;
        }
      if (!take_range (self))
        return FALSE;
    }
  return tell_found (self, search->next++);
}

static gboolean
next_word (PfImap *self)
{
  PfImapSearch *search = &self->search;
  g_autofree char *word = NULL;
  gboolean too_deep;

  pf_imap_cursor_skip_blanks (&search->cursor);
  if (pf_imap_cursor_at_end (&search->cursor))
    {
      search->part = PF_IMAP_SEARCH_OVER;
      return TRUE;
    }
  word = pf_imap_cursor_atom (&search->cursor);
  if (word == NULL)
    return pf_imap_poison (self, PF_FAULT_SYNTAX, "ESEARCH that cannot be read");
  if (g_ascii_strcasecmp (word, "UID") == 0)
    return TRUE;
  if (g_ascii_strcasecmp (word, "ALL") == 0)
    {
      pf_imap_cursor_skip_blanks (&search->cursor);
      search->part = PF_IMAP_SEARCH_SET;
      return take_range (self);
    }
  if (!pf_imap_cursor_skip_value (&search->cursor, &too_deep))
    return pf_imap_poison (self, PF_FAULT_SYNTAX, "ESEARCH that cannot be read");
  return TRUE;
}

gboolean
pf_imap_search_on (PfImap *self)
{
  gboolean sound = TRUE;

  while (sound && self->search.part != PF_IMAP_SEARCH_OVER && g_queue_is_empty (&self->events))
    switch (self->search.part)
      {
      case PF_IMAP_SEARCH_NUMBERS:
        sound = next_number (self);
        break;
      case PF_IMAP_SEARCH_WORDS:
        sound = next_word (self);
        break;
      case PF_IMAP_SEARCH_SET:
      case PF_IMAP_SEARCH_OVER:
      default:
        sound = next_of_set (self);
        break;
      }
  return sound;
}

static gboolean
begin (PfImap *self, const PfImapCursor *cursor, PfImapSearchPart part)
{
  self->search = (PfImapSearch){ .part = part, .cursor = *cursor, .next = 1 };
  return pf_imap_search_on (self);
}

gboolean
pf_imap_read_search (PfImap *self, PfImapCursor *cursor)
{
  return begin (self, cursor, PF_IMAP_SEARCH_NUMBERS);
}

/* "(TAG "A1") UID ALL 1:3 COUNT 3" */
gboolean
pf_imap_read_esearch (PfImap *self, PfImapCursor *cursor)
{
  gboolean too_deep;

  pf_imap_cursor_skip_blanks (cursor);
  if (pf_imap_cursor_peek (cursor) == '(' && !pf_imap_cursor_skip_value (cursor, &too_deep))
    return pf_imap_poison (self, PF_FAULT_SYNTAX, "ESEARCH with a broken tag");
  return begin (self, cursor, PF_IMAP_SEARCH_WORDS);
}
