#include "protocol/pop3-private.h"

#include "base/limits.h"

#include <string.h>

/* --- Faults ------------------------------------------------------------------------------------------------------- */

static gboolean
poison (PfPop3 *self, PfFault fault, const char *text)
{
  self->state = STATE_OVER;
  self->fault = fault;
  g_free (self->text);
  self->text = g_strdup (text);
  return FALSE;
}

static const Command *
due (PfPop3 *self)
{
  /* Only what was sent can be answered. */
  return g_queue_get_length (&self->commands) > self->unsent ? g_queue_peek_head (&self->commands)
                                                             : NULL;
}

/* --- Lines --------------------------------------------------------------------------------------------------------- */

static const char *
cursor (PfPop3 *self)
{
  return (const char *) self->input->data + self->offset;
}

static gsize
left (PfPop3 *self)
{
  return self->input->len - self->offset;
}

/* One complete line without its end, NUL octets replaced; NULL when there is none yet (or it is too long: poisoned).
 * A bare LF ends a line as well: some servers' status lines have no CR. */
static char *
take_line (PfPop3 *self)
{
  const char *start = cursor (self);
  const char *end = memchr (start + self->searched, '\n', left (self) - self->searched);
  gsize length;
  char *line;

  if (end == NULL)
    {
      self->searched = left (self);
      if (self->searched > PF_LIMIT_POP3_LINE)
        poison (self, PF_FAULT_LIMIT, "a line without end");
      return NULL;
    }
  length = (gsize) (end - start);
  self->offset += length + 1;
  self->searched = 0;
  if (length > PF_LIMIT_POP3_LINE)
    {
      poison (self, PF_FAULT_LIMIT, "a line without end");
      return NULL;
    }
  if (length > 0 && start[length - 1] == '\r')
    length--;
  line = g_strndup (start, length);
  for (gsize i = strlen (line); i < length; i++)
    if (start[i] == '\0')
      {
        /* g_strndup() stopped there: keep the rest visible, and the text a string. */
        g_free (line);
        line = g_malloc (length + 1);
        for (gsize j = 0; j < length; j++)
          line[j] = start[j] == '\0' ? '?' : start[j];
        line[length] = '\0';
        break;
      }
  return line;
}

/* A decimal number at *@at, which moves behind it; FALSE when there is none or it is too large. */
static gboolean
take_number (const char **at, guint64 max, guint64 *number)
{
  const char *p = *at;

  if (!g_ascii_isdigit (*p))
    return FALSE;
  for (*number = 0; g_ascii_isdigit (*p); p++)
    {
      guint64 digit = (guint64) (*p - '0');

      if (*number > (max - digit) / 10)
        return FALSE;
      *number = *number * 10 + digit;
    }
  *at = p;
  return TRUE;
}

static const char *
skip_blanks (const char *p)
{
  while (*p == ' ' || *p == '\t')
    p++;
  return p;
}

/* --- Status lines --------------------------------------------------------------------------------------------------- */

/* "[IN-USE] text": the code in upper case, however it came. */
static void
split_code (PfPop3 *self, const char *text)
{
  const char *end = *text == '[' ? strchr (text, ']') : NULL;

  g_clear_pointer (&self->code, g_free);
  g_free (self->text);
  if (end != NULL && end - text - 1 <= 64)
    {
      self->code = g_ascii_strup (text + 1, end - text - 1);
      text = skip_blanks (end + 1);
    }
  self->text = g_strndup (text, PF_LIMIT_SERVER_TEXT);
}

static gboolean
is_multi_line (PfPop3Command command)
{
  return command == PF_POP3_CAPA || command == PF_POP3_LIST || command == PF_POP3_UIDL
         || command == PF_POP3_RETR;
}

/* What a +OK to a multi-line command begins. */
static void
begin_lines (PfPop3 *self, PfPop3Command command)
{
  if (command == PF_POP3_RETR)
    {
      self->state = STATE_BODY;
      self->dot = DOT_START;
      return;
    }
  self->state = STATE_ITEMS;
  self->items = 0;
  g_hash_table_remove_all (self->numbers);
  g_hash_table_remove_all (self->collected);
}

static gboolean
parse_stat (PfPop3 *self, PfPop3Event *event)
{
  const char *at = self->text;
  guint64 count, size;

  if (!take_number (&at, PF_LIMIT_LISTED_MESSAGES, &count))
    return poison (self, PF_FAULT_SYNTAX, "no count of messages in the answer to STAT");
  at = skip_blanks (at);
  if (!take_number (&at, G_MAXINT64, &size))
    size = 0; /* nothing depends on it */
  event->number = (guint32) count;
  event->size = size;
  return TRUE;
}

static gboolean
tell_reply (PfPop3 *self, PfPop3Event *event, gboolean ok, const char *text)
{
  const Command *command = due (self);

  event->type = PF_POP3_EVENT_REPLY;
  event->command = command->command;
  event->number = command->number;
  event->ok = ok;
  split_code (self, skip_blanks (text));
  if (ok && command->command == PF_POP3_STAT && !parse_stat (self, event))
    return FALSE;
  event->text = self->text;
  event->code = self->code;
  if (command->command == PF_POP3_GREETING)
    self->greeted = TRUE;
  if (command->command == PF_POP3_CAPA && !ok)
    pf_pop3_forget_capabilities (self);
  if (ok && command->command == PF_POP3_STLS)
    self->stls_done = TRUE;
  if (ok && is_multi_line (command->command))
    begin_lines (self, command->command);
  else
    pf_pop3_answered (self);
  return TRUE;
}

/* A challenge of AUTH; the first empty one may be answered by ourselves. FALSE when it was. */
static gboolean
tell_challenge (PfPop3 *self, PfPop3Event *event, const char *text)
{
  gboolean first = !self->challenged;

  self->challenged = TRUE;
  if (first && self->initial != NULL)
    {
      pf_pop3_auth_respond (self, self->initial);
      explicit_bzero (self->initial, strlen (self->initial));
      g_clear_pointer (&self->initial, g_free);
      return FALSE;
    }
  g_free (self->text);
  self->text = g_strdup (text);
  event->type = PF_POP3_EVENT_CHALLENGE;
  event->command = PF_POP3_AUTH;
  event->text = self->text;
  return TRUE;
}

/* TRUE when @line is a status of this word, behind which is an end or a blank. */
static gboolean
is_status (const char *line, const char *word, const char **rest)
{
  gsize length = strlen (word);

  if (g_ascii_strncasecmp (line, word, length) != 0
      || (line[length] != '\0' && line[length] != ' ' && line[length] != '\t'))
    return FALSE;
  *rest = line + length;
  return TRUE;
}

static gboolean
read_status (PfPop3 *self, PfPop3Event *event)
{
  g_autofree char *line = take_line (self);
  const Command *command = due (self);
  const char *rest;

  if (line == NULL)
    return FALSE;
  if (command == NULL)
    return poison (self, PF_FAULT_SYNTAX, "an answer that was not asked for");
  if (is_status (line, "+OK", &rest))
    return tell_reply (self, event, TRUE, rest);
  if (is_status (line, "-ERR", &rest))
    return tell_reply (self, event, FALSE, rest);
  if (command->command == PF_POP3_AUTH && line[0] == '+' && (line[1] == ' ' || line[1] == '\0'))
    {
      if (strlen (line) > PF_LIMIT_SASL_CHALLENGE)
        return poison (self, PF_FAULT_LIMIT, "a challenge that is too long");
      if (tell_challenge (self, event, skip_blanks (line + 1)))
        return TRUE;
      return read_status (self, event);
    }
  return poison (self, PF_FAULT_SYNTAX, "a line that is neither +OK nor -ERR");
}

/* --- Listings --------------------------------------------------------------------------------------------------------- */

static void
collect_capability (PfPop3 *self, char *line)
{
  char *blank = strpbrk (line, " \t");
  char *rest = g_strdup (blank != NULL ? skip_blanks (blank) : "");

  g_hash_table_replace (self->collected, g_ascii_strup (line, blank != NULL ? blank - line : -1),
                        g_strchomp (rest));
}

static gboolean
end_items (PfPop3 *self, PfPop3Event *event, PfPop3Command command)
{
  if (command == PF_POP3_CAPA)
    {
      GHashTable *before = self->capabilities;

      self->capabilities = self->collected;
      self->collected = before;
      self->knows_capa = TRUE;
    }
  event->type = PF_POP3_EVENT_END;
  event->command = command;
  self->state = STATE_REPLY;
  pf_pop3_answered (self);
  return TRUE;
}

static gboolean
parse_item (PfPop3 *self, PfPop3Event *event, PfPop3Command command, char *line)
{
  const char *at = skip_blanks (line);
  guint64 number;

  if (!take_number (&at, PF_LIMIT_LISTED_MESSAGES, &number) || number == 0
      || (*at != ' ' && *at != '\t'))
    return poison (self, PF_FAULT_SYNTAX, "a listed line without a message's number");
  at = skip_blanks (at);
  event->number = (guint32) number;
  if (command == PF_POP3_LIST && !take_number (&at, G_MAXINT64, &event->size))
    return poison (self, PF_FAULT_SYNTAX, "a listed message without a size");
  if (!g_hash_table_add (self->numbers, GUINT_TO_POINTER (event->number)))
    return poison (self, PF_FAULT_SYNTAX, "a message that is listed twice");
  g_free (self->text);
  self->text = g_strchomp (g_strdup (at));
  if (command == PF_POP3_UIDL && *self->text == '\0')
    return poison (self, PF_FAULT_SYNTAX, "a listed message without a UIDL");
  if (command == PF_POP3_UIDL && strlen (self->text) > PF_LIMIT_POP3_UIDL)
    return poison (self, PF_FAULT_LIMIT, "a UIDL that is too long");
  return TRUE;
}

static gboolean
read_item (PfPop3 *self, PfPop3Event *event)
{
  g_autofree char *line = take_line (self);
  PfPop3Command command = due (self)->command;
  /* Byte-stuffing holds for every multi-line answer. */
  char *content = line != NULL && line[0] == '.' && line[1] != '\0' ? line + 1 : line;

  if (line == NULL)
    return FALSE;
  if (line[0] == '.' && line[1] == '\0')
    return end_items (self, event, command);
  if (++self->items > PF_LIMIT_LISTED_MESSAGES || (command == PF_POP3_CAPA && self->items > 1000))
    return poison (self, PF_FAULT_LIMIT, "a listing without end");
  event->type = PF_POP3_EVENT_ITEM;
  event->command = command;
  if (command == PF_POP3_CAPA)
    {
      collect_capability (self, content);
      g_free (self->text);
      self->text = g_strdup (content);
    }
  else if (!parse_item (self, event, command, content))
    return FALSE;
  event->text = self->text;
  return TRUE;
}

/* --- Bodies ------------------------------------------------------------------------------------------------------------ */

static gboolean
tell_body (PfPop3 *self, PfPop3Event *event, const guint8 *data, gsize length)
{
  event->type = PF_POP3_EVENT_BODY;
  event->command = PF_POP3_RETR;
  event->number = due (self)->number;
  event->data = data;
  event->length = length;
  return TRUE;
}

static gboolean
end_body (PfPop3 *self, PfPop3Event *event)
{
  event->type = PF_POP3_EVENT_END;
  event->command = PF_POP3_RETR;
  event->number = due (self)->number;
  self->state = STATE_REPLY;
  pf_pop3_answered (self);
  return TRUE;
}

/* Octets up to the next line start that may be the end, or is byte-stuffed. Only CR LF ends a line here: "\n.\n" is text. */
static gsize
scan_text (PfPop3 *self, const guint8 *data, gsize length)
{
  for (gsize i = 0; i < length; i++)
    {
      switch (self->dot)
        {
        case DOT_START:
          if (data[i] == '.')
            return i;
          self->dot = data[i] == '\r' ? DOT_CR : DOT_TEXT;
          break;
        case DOT_CR:
          self->dot = data[i] == '\n' ? DOT_START : data[i] == '\r' ? DOT_CR : DOT_TEXT;
          break;
        default:
          self->dot = data[i] == '\r' ? DOT_CR : DOT_TEXT;
          break;
        }
    }
  return length;
}

static gboolean
read_body (PfPop3 *self, PfPop3Event *event)
{
  const guint8 *data = (const guint8 *) cursor (self);
  gsize length = left (self);

  while (length > 0)
    {
      gsize text;

      if (self->dot == DOT_DOT)
        {
          /* Not the end: the dot was stuffed, what follows is the line's text. */
          if (*data != '\r')
            {
              self->dot = DOT_TEXT;
              continue;
            }
          self->dot = DOT_DOT_CR;
        }
      else if (self->dot == DOT_DOT_CR)
        {
          if (*data == '\n')
            {
              self->offset++;
              return end_body (self, event);
            }
          /* A stuffed line that begins with CR: the CR is text, and still to be handed out. */
          self->dot = *data == '\r' ? DOT_CR : DOT_TEXT;
          return tell_body (self, event, (const guint8 *) "\r", 1);
        }
      else if ((text = scan_text (self, data, length)) > 0)
        {
          self->offset += text;
          return tell_body (self, event, data, text);
        }
      else
        self->dot = DOT_DOT;
      self->offset++;
      data++;
      length--;
    }
  return FALSE;
}

/* --- Events -------------------------------------------------------------------------------------------------------------- */

static gboolean
read_eof (PfPop3 *self)
{
  if (due (self) != NULL || left (self) > 0)
    return poison (self, PF_FAULT_EOF,
                   self->state == STATE_BODY ? "in the middle of a message"
                                             : "an answer is missing");
  self->state = STATE_OVER;
  return FALSE;
}

static gboolean
read_next (PfPop3 *self, PfPop3Event *event)
{
  gboolean told = FALSE;

  if (self->state == STATE_OVER || self->stls_done)
    return FALSE;
  if (left (self) > 0)
    told = self->state == STATE_BODY    ? read_body (self, event)
           : self->state == STATE_ITEMS ? read_item (self, event)
                                        : read_status (self, event);
  if (!told && self->eof && self->state != STATE_OVER)
    return read_eof (self);
  return told;
}

gboolean
pf_pop3_next_event (PfPop3 *self, PfPop3Event *event)
{
  memset (event, 0, sizeof *event);
  event->text = "";
  if (read_next (self, event))
    return TRUE;
  if (self->fault == PF_FAULT_NONE || self->fault_told)
    return FALSE;
  self->fault_told = TRUE;
  event->type = PF_POP3_EVENT_FAULT;
  event->fault = self->fault;
  event->text = self->text;
  return TRUE;
}

gboolean
pf_pop3_tls_started (PfPop3 *self)
{
  gboolean injected = left (self) > 0;

  self->stls_done = FALSE;
  g_byte_array_set_size (self->input, 0);
  self->offset = 0;
  self->searched = 0;
  pf_pop3_forget_capabilities (self);
  return injected;
}
