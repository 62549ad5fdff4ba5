#include "protocol/pop3-private.h"

#include "base/limits.h"

#include <string.h>

/* Response codes are short words (RFC 2449 section 8); beyond, it is text that begins with "[". */
#define LONGEST_CODE 64

/* --- Words ---------------------------------------------------------------------------------- */

const char *
pf_pop3_skip_blanks (const char *text)
{
  return text + strspn (text, " \t");
}

gboolean
pf_pop3_take_number (const char **at, guint64 *number)
{
  gsize digits = strspn (*at, "0123456789");
  const char *end = *at + digits;

  if (digits == 0 || (*end != '\0' && *end != ' ' && *end != '\t'))
    return FALSE;
  *number = 0;
  for (const char *p = *at; p < end; p++)
    if (!g_uint64_checked_mul (number, *number, 10)
        || !g_uint64_checked_add (number, *number, (guint64) (*p - '0')))
      return FALSE;
  *at = end;
  return TRUE;
}

/* Where the response code that @text begins with ends: at its "]"; NULL when there is none. */
static const char *
code_end (const char *text)
{
  const char *p = text + 1;

  if (*text != '[')
    return NULL;
  while (*p > ' ' && *p < 0x7f && *p != ']' && p - text <= LONGEST_CODE)
    p++;
  return *p == ']' && p > text + 1 ? p : NULL;
}

/* "[IN-USE] text": the code in upper case, however it came. */
static void
split_code (PfPop3 *self, const char *text)
{
  const char *end = code_end (text);

  g_clear_pointer (&self->code, g_free);
  if (end != NULL)
    {
      self->code = g_ascii_strup (text + 1, end - text - 1);
      text = pf_pop3_skip_blanks (end + 1);
    }
  pf_pop3_set_text (self, g_strndup (text, PF_LIMIT_SERVER_TEXT));
}

void
pf_pop3_finish_answer (PfPop3 *self)
{
  self->early = self->pipeline.commands.length - self->pipeline.unsent == 1
                && self->state != STATE_TLS && self->state != STATE_OVER
                && pf_input_left (&self->input) > 0;
  pf_pipeline_answered (&self->pipeline);
}

/* --- Status lines --------------------------------------------------------------------------- */

static gboolean
read_stat (PfPop3 *self, PfPop3Event *event)
{
  const char *rest = self->text;
  guint64 count;

  if (!pf_pop3_take_number (&rest, &count))
    return pf_pop3_poison (self, PF_FAULT_SYNTAX, "no count of messages in the answer to STAT");
  if (count > PF_LIMIT_LISTED_MESSAGES)
    return pf_pop3_poison (self, PF_FAULT_LIMIT, "a mailbox with too many messages");
  rest = pf_pop3_skip_blanks (rest);
  if (*rest != '\0' && !pf_pop3_take_number (&rest, &event->size))
    return pf_pop3_poison (self, PF_FAULT_SYNTAX, "no size in the answer to STAT");
  event->number = (guint32) count;
  return TRUE;
}

/* What a +OK to a command begins beyond its line; @bare: the line ended in LF alone. */
static void
begin_answer (PfPop3 *self, PfPop3Command command, gboolean bare)
{
  switch (command)
    {
    case PF_POP3_CAPA:
    case PF_POP3_LIST:
    case PF_POP3_UIDL:
      self->state = STATE_ITEMS;
      pf_pop3_begin_items (self);
      break;
    case PF_POP3_RETR:
      self->state = STATE_BODY;
      self->body_begun = FALSE;
      pf_dot_begin (&self->dot, bare);
      break;
    case PF_POP3_STLS:
      self->state = STATE_TLS;
      self->pipeline.held = TRUE;
      break;
    default:
      break;
    }
}

/* What an answer changes, ok or not. */
static void
note_answer (PfPop3 *self, PfPop3Command command, gboolean ok)
{
  self->challenges = 0;
  if (command == PF_POP3_AUTH)
    g_clear_pointer (&self->initial, pf_output_wipe_string);
  if (command == PF_POP3_CAPA && !ok)
    pf_pop3_forget_capabilities (self);
  if (command == PF_POP3_QUIT)
    {
      /* The session is over: nothing the server may still say concerns us. */
      self->state = STATE_OVER;
      self->pipeline.held = TRUE;
    }
}

static gboolean
tell_reply (PfPop3 *self, PfPop3Event *event, const PfQueued *due, gboolean ok, const PfLine *line)
{
  event->type = PF_POP3_EVENT_REPLY;
  event->command = due->command;
  event->number = due->number;
  event->ok = ok;
  split_code (self, pf_pop3_skip_blanks (line->text + strlen (ok ? "+OK" : "-ERR")));
  if (ok && event->command == PF_POP3_STAT && !read_stat (self, event))
    return FALSE;
  event->text = self->text;
  event->code = self->code;
  if (ok)
    begin_answer (self, event->command, line->bare);
  note_answer (self, event->command, ok);
  if (self->state != STATE_ITEMS && self->state != STATE_BODY)
    pf_pop3_finish_answer (self);
  return TRUE;
}

/* FALSE when the challenge was answered here, or poisoned. */
static gboolean
tell_challenge (PfPop3 *self, PfPop3Event *event, const char *text)
{
  if (++self->challenges > PF_LIMIT_SASL_CHALLENGES)
    return pf_pop3_poison (self, PF_FAULT_LIMIT, "challenges without end");
  if (self->initial != NULL)
    {
      pf_pop3_auth_respond (self, self->initial);
      g_clear_pointer (&self->initial, pf_output_wipe_string);
      return FALSE;
    }
  pf_pop3_set_text (self, g_strchomp (g_strdup (text)));
  event->type = PF_POP3_EVENT_CHALLENGE;
  event->command = PF_POP3_AUTH;
  event->text = self->text;
  return TRUE;
}

static gboolean
is_status (const PfLine *line, const char *word)
{
  gsize length = strlen (word);

  return g_ascii_strncasecmp (line->text, word, length) == 0
         && strchr (" \t", line->text[length]) != NULL;
}

static gboolean
read_line (PfPop3 *self, PfPop3Event *event, const PfQueued *due, const PfLine *line)
{
  if (is_status (line, "+OK"))
    return tell_reply (self, event, due, TRUE, line);
  if (is_status (line, "-ERR"))
    return tell_reply (self, event, due, FALSE, line);
  if (due->command == PF_POP3_AUTH && is_status (line, "+"))
    return tell_challenge (self, event, pf_pop3_skip_blanks (line->text + 1));
  return pf_pop3_poison (self, PF_FAULT_SYNTAX, "a line that is neither +OK nor -ERR");
}

static gboolean
read_status (PfPop3 *self, PfPop3Event *event)
{
  while (self->state == STATE_REPLY && pf_input_left (&self->input) > 0)
    {
      const PfQueued *due = pf_pipeline_due (&self->pipeline);
      gsize limit = due != NULL && due->command == PF_POP3_AUTH ? PF_LIMIT_SASL_CHALLENGE
                                                                : PF_LIMIT_POP3_LINE;
      g_auto (PfLine) line = { 0 };

      if (due == NULL || self->early)
        return pf_pop3_poison (self, PF_FAULT_SYNTAX, "an answer that was not asked for");
      switch (pf_input_take_line (&self->input, limit, &line))
        {
        case PF_LINE_MORE:
          return FALSE;
        case PF_LINE_TAKEN:
          if (read_line (self, event, due, &line))
            return TRUE;
          break;
        case PF_LINE_TOO_LONG:
        default:
          return pf_pop3_poison (self, PF_FAULT_LIMIT, "a line that is too long");
        }
    }
  return FALSE;
}

/* --- Bodies --------------------------------------------------------------------------------- */

/* No message begins with a status line: the one before it was not asked for, and from here on each
 * answer would be taken for another's. TRUE when the body may be read. */
static gboolean
judge_head (PfPop3 *self)
{
  static const char *const heads[] = { "+OK ", "+OK\t", "+OK\r", "+OK\n", "-ERR" };
  gsize length = MIN (pf_input_left (&self->input), strlen (heads[0]));

  for (guint i = 0; length > 0 && i < G_N_ELEMENTS (heads); i++)
    if (memcmp (pf_input_peek (&self->input), heads[i], length) == 0)
      return length == strlen (heads[i])
                 ? pf_pop3_poison (self, PF_FAULT_SYNTAX, "two status lines to one RETR")
                 : FALSE;
  self->body_begun = length > 0;
  return self->body_begun;
}

static gboolean
read_body (PfPop3 *self, PfPop3Event *event)
{
  const PfQueued *due = pf_pipeline_due (&self->pipeline);
  PfDotResult result;

  if (!self->body_begun && !judge_head (self))
    return FALSE;
  result = pf_dot_read (&self->dot, &self->input, &event->data, &event->length);
  if (result == PF_DOT_MORE || due == NULL)
    return FALSE;
  if (result == PF_DOT_BARE)
    return pf_pop3_poison (self, PF_FAULT_SYNTAX,
                           "lines that end without CR: where the message ends cannot be told");
  event->command = PF_POP3_RETR;
  event->number = due->number;
  event->type = PF_POP3_EVENT_BODY;
  if (result == PF_DOT_END)
    {
      event->type = PF_POP3_EVENT_END;
      self->state = STATE_REPLY;
      pf_pop3_finish_answer (self);
    }
  return TRUE;
}

/* --- Events --------------------------------------------------------------------------------- */

static gboolean
read_input (PfPop3 *self, PfPop3Event *event)
{
  switch (self->state)
    {
    case STATE_REPLY:
      return read_status (self, event);
    case STATE_ITEMS:
      return pf_pop3_read_item (self, event);
    case STATE_BODY:
      return read_body (self, event);
    case STATE_TLS:
    case STATE_OVER:
    default:
      return FALSE;
    }
}

/* All that came was read. */
static void
read_eof (PfPop3 *self)
{
  if (self->state == STATE_BODY)
    pf_pop3_poison (self, PF_FAULT_EOF, "in the middle of a message");
  else if (pf_pipeline_due (&self->pipeline) != NULL || self->state == STATE_TLS)
    pf_pop3_poison (self, PF_FAULT_EOF, "an answer is missing");
  self->state = STATE_OVER;
}

gboolean
pf_pop3_next_event (PfPop3 *self, PfPop3Event *event)
{
  memset (event, 0, sizeof *event);
  event->text = "";
  if (read_input (self, event))
    return TRUE;
  if (self->eof && self->state != STATE_OVER)
    read_eof (self);
  memset (event, 0, sizeof *event);
  event->text = "";
  if (self->fault == PF_FAULT_NONE || self->fault_told)
    return FALSE;
  self->fault_told = TRUE;
  event->type = PF_POP3_EVENT_FAULT;
  event->fault = self->fault;
  event->text = self->text;
  return TRUE;
}
