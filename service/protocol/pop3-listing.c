#include "protocol/pop3-private.h"

#include "base/limits.h"

#include <string.h>

#define SEEN_OCTETS (PF_LIMIT_LISTED_MESSAGES / 8 + 1)

void
pf_pop3_begin_items (PfPop3 *self)
{
  self->items = 0;
  self->items_octets = 0;
  g_hash_table_remove_all (self->collected);
  if (self->seen != NULL)
    memset (self->seen, 0, SEEN_OCTETS);
}

/* FALSE when it was seen already. */
static gboolean
note_number (PfPop3 *self, guint32 number)
{
  guint8 bit = (guint8) (1 << number % 8);

  if (self->seen == NULL)
    self->seen = g_malloc0 (SEEN_OCTETS);
  if ((self->seen[number / 8] & bit) != 0)
    return FALSE;
  self->seen[number / 8] |= bit;
  return TRUE;
}

static gboolean
read_capability (PfPop3 *self, PfPop3Event *event, const char *line)
{
  gsize length = strcspn (line, " \t");

  self->items_octets += strlen (line);
  if (++self->items > PF_LIMIT_POP3_CAPABILITIES
      || self->items_octets > PF_LIMIT_POP3_CAPABILITIES_OCTETS)
    return pf_pop3_poison (self, PF_FAULT_LIMIT, "a list of capabilities without end");
  g_hash_table_replace (self->collected, g_ascii_strup (line, (gssize) length),
                        g_strchomp (g_strdup (pf_pop3_skip_blanks (line + length))));
  pf_pop3_set_text (self, g_strdup (line));
  event->text = self->text;
  return TRUE;
}

/* "number size", and whatever the server likes to add (RFC 1939 section 5, LIST). */
static gboolean
read_size (PfPop3 *self, PfPop3Event *event, const char *rest)
{
  if (!pf_pop3_take_number (&rest, &event->size))
    return pf_pop3_poison (self, PF_FAULT_SYNTAX, "a listed message without a size");
  return TRUE;
}

static gboolean
read_uidl (PfPop3 *self, PfPop3Event *event, const char *rest, gboolean has_nul)
{
  pf_pop3_set_text (self, g_strchomp (g_strdup (rest)));
  /* Where octets were replaced, two messages might be taken for one. */
  if (*self->text == '\0' || has_nul)
    return pf_pop3_poison (self, PF_FAULT_SYNTAX, "a listed message without a UIDL");
  if (strlen (self->text) > PF_LIMIT_POP3_UIDL)
    return pf_pop3_poison (self, PF_FAULT_LIMIT, "a UIDL that is too long");
  event->text = self->text;
  return TRUE;
}

static gboolean
read_message (PfPop3 *self, PfPop3Event *event, const char *text, gboolean has_nul)
{
  const char *rest = pf_pop3_skip_blanks (text);
  guint64 number;

  if (!pf_pop3_take_number (&rest, &number) || number == 0)
    return pf_pop3_poison (self, PF_FAULT_SYNTAX, "a listed line without a message's number");
  if (number > PF_LIMIT_LISTED_MESSAGES)
    return pf_pop3_poison (self, PF_FAULT_LIMIT, "a listing with too many messages");
  if (!note_number (self, (guint32) number))
    return pf_pop3_poison (self, PF_FAULT_SYNTAX, "a message that is listed twice");
  event->number = (guint32) number;
  rest = pf_pop3_skip_blanks (rest);
  return event->command == PF_POP3_LIST ? read_size (self, event, rest)
                                        : read_uidl (self, event, rest, has_nul);
}

static gboolean
end_items (PfPop3 *self, PfPop3Event *event)
{
  if (event->command == PF_POP3_CAPA)
    {
      GHashTable *before = self->capabilities;

      self->capabilities = self->collected;
      self->collected = before;
      self->knows_capa = TRUE;
    }
  event->type = PF_POP3_EVENT_END;
  self->state = STATE_REPLY;
  pf_pop3_finish_answer (self);
  return TRUE;
}

gboolean
pf_pop3_read_item (PfPop3 *self, PfPop3Event *event)
{
  const PfQueued *due = pf_pipeline_due (&self->pipeline);
  g_auto (PfLine) line = { 0 };
  PfLineResult result = pf_input_take_line (&self->input, PF_LIMIT_POP3_LINE, &line);
  const char *text = line.text;

  if (result == PF_LINE_TOO_LONG)
    return pf_pop3_poison (self, PF_FAULT_LIMIT, "a line that is too long");
  if (result == PF_LINE_MORE || due == NULL)
    return FALSE;
  event->command = due->command;
  if (strcmp (text, ".") == 0)
    return end_items (self, event);
  /* Byte-stuffing holds for every multi-line answer. */
  if (*text == '.')
    text++;
  event->type = PF_POP3_EVENT_ITEM;
  return event->command == PF_POP3_CAPA ? read_capability (self, event, text)
                                        : read_message (self, event, text, line.has_nul);
}
