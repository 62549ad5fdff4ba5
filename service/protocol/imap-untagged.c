#include "protocol/imap-private.h"

#include "base/limits.h"

#include <string.h>

static gboolean
read_list (PfImap *self, PfImapCursor *cursor)
{
  g_autoptr (GPtrArray) attributes = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *delimiter = NULL, *name = NULL;
  PfImapValueType type;
  PfImapOwned *owned;
  gsize length;

  if (++self->folders > PF_LIMIT_IMAP_FOLDERS)
    return pf_imap_poison (self, PF_FAULT_LIMIT, "too many folders");
  pf_imap_cursor_skip_blanks (cursor);
  if (!pf_imap_cursor_take (cursor, '('))
    return pf_imap_poison (self, PF_FAULT_SYNTAX, "LIST without attributes");
  for (;;)
    {
      char *attribute;

      pf_imap_cursor_skip_blanks (cursor);
      if (pf_imap_cursor_take (cursor, ')'))
        break;
      attribute = pf_imap_cursor_atom (cursor);
      if (attribute == NULL || attributes->len > 100)
        {
          g_free (attribute);
          return pf_imap_poison (self, PF_FAULT_SYNTAX, "attributes of LIST that are not closed");
        }
      g_ptr_array_add (attributes, attribute);
    }
  if (!pf_imap_cursor_value (cursor, &type, &delimiter, &length))
    return pf_imap_poison (self, PF_FAULT_SYNTAX, "LIST without a delimiter");
  owned = NULL;
  if (!pf_imap_cursor_value (cursor, &type, &name, &length) || name == NULL)
    return pf_imap_poison (self, PF_FAULT_SYNTAX, "LIST without a name");
  g_ptr_array_add (attributes, NULL);
  owned = pf_imap_push_event (self, PF_IMAP_EVENT_FOLDER);
  owned->event.delimiter = delimiter != NULL && strlen (delimiter) == 1 ? delimiter[0] : '\0';
  owned->attributes = (char **) g_ptr_array_free (g_steal_pointer (&attributes), FALSE);
  owned->event.attributes = (const char *const *) owned->attributes;
  owned->raw_name = g_steal_pointer (&name);
  owned->text = pf_imap_name_decode (owned->raw_name);
  if (owned->text == NULL)
    owned->text = g_utf8_make_valid (owned->raw_name, -1);
  owned->event.raw_name = owned->raw_name;
  owned->event.text = owned->text;
  return TRUE;
}

static gboolean
read_numbered (PfImap *self, PfImapCursor *cursor, const char *digits)
{
  g_autofree char *word = NULL;
  guint64 number = 0;
  PfImapOwned *owned;

  pf_imap_cursor_skip_blanks (cursor);
  word = pf_imap_cursor_atom (cursor);
  if (word == NULL || !g_ascii_string_to_unsigned (digits, 10, 0, G_MAXUINT32, &number, NULL))
    return pf_imap_poison (self, PF_FAULT_SYNTAX, "a number that says nothing");
  if (g_ascii_strcasecmp (word, "FETCH") == 0)
    return pf_imap_read_fetch (self, cursor);
  if (g_ascii_strcasecmp (word, "EXISTS") == 0)
    {
      self->selected.exists = (guint32) number;
      owned = pf_imap_push_event (self, PF_IMAP_EVENT_EXISTS);
      owned->event.number = (guint32) number;
    }
  /* mailutils says EXPUNGED. */
  else if (g_ascii_strcasecmp (word, "EXPUNGE") == 0 || g_ascii_strcasecmp (word, "EXPUNGED") == 0)
    {
      self->selected.exists -= self->selected.exists > 0 ? 1 : 0;
      owned = pf_imap_push_event (self, PF_IMAP_EVENT_EXPUNGED);
      owned->event.number = (guint32) number;
    }
  return TRUE;
}

static gboolean
read_greeting (PfImap *self, PfImapCursor *cursor, const char *word)
{
  PfImapStatus status;
  PfImapOwned *owned;

  if (!pf_imap_parse_status (word, &status) || status == PF_IMAP_NO || status == PF_IMAP_BAD)
    return pf_imap_poison (self, PF_FAULT_SYNTAX, "a greeting that is none");
  self->greeted = TRUE;
  self->answers++;
  owned = pf_imap_push_event (self, PF_IMAP_EVENT_REPLY);
  owned->event.command = PF_IMAP_GREETING;
  owned->event.status = status;
  pf_imap_read_text (self, cursor, owned);
  pf_imap_release_commands (self);
  return TRUE;
}

gboolean
pf_imap_read_untagged (PfImap *self, PfImapCursor *cursor)
{
  g_autofree char *word = NULL;
  PfImapStatus status;

  pf_imap_cursor_skip_blanks (cursor);
  word = pf_imap_cursor_atom (cursor);
  if (word == NULL)
    return pf_imap_poison (self, PF_FAULT_SYNTAX, "an empty answer");
  if (!self->greeted)
    return read_greeting (self, cursor, word);
  if (g_ascii_isdigit (*word))
    return read_numbered (self, cursor, word);
  if (pf_imap_parse_status (word, &status))
    {
      PfImapOwned *owned = pf_imap_push_event (self, PF_IMAP_EVENT_STATUS);

      owned->event.status = status;
      pf_imap_read_text (self, cursor, owned);
      return TRUE;
    }
  if (g_ascii_strcasecmp (word, "CAPABILITY") == 0)
    {
      g_autofree char *rest = pf_imap_cursor_rest (cursor);

      pf_imap_set_capabilities (self, rest);
    }
  else if (g_ascii_strcasecmp (word, "LIST") == 0)
    return read_list (self, cursor);
  else if (g_ascii_strcasecmp (word, "SEARCH") == 0)
    return pf_imap_read_search (self, cursor);
  else if (g_ascii_strcasecmp (word, "ESEARCH") == 0)
    return pf_imap_read_esearch (self, cursor);
  else if (g_ascii_strcasecmp (word, "VANISHED") == 0)
    pf_imap_push_event (self, PF_IMAP_EVENT_EXPUNGED);
  /* FLAGS, ID, NAMESPACE and whatever comes: framed right, so it can be left alone. */
  return TRUE;
}
