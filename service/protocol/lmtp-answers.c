#include "protocol/lmtp-private.h"

#include <string.h>

static gboolean
poison (PfLmtp *self, PfFault fault, const char *text)
{
  self->state = STATE_OVER;
  self->pipeline.held = TRUE;
  self->fault = fault;
  self->fault_text = text;
  return FALSE;
}

/* --- Words ---------------------------------------------------------------------------------- */

/* Three digits of a status (RFC 5321 section 4.2), and a blank, a hyphen or the end; 0: there
 * are none. */
static guint
parse_status (const char *line)
{
  if (line[0] < '2' || line[0] > '5' || !g_ascii_isdigit (line[1]) || !g_ascii_isdigit (line[2])
      || strchr (" -", line[3]) == NULL)
    return 0;
  return (guint) ((line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0'));
}

/* One to three digits. */
static const char *
skip_subject (const char *text)
{
  gsize digits = strspn (text, "0123456789");

  return digits >= 1 && digits <= 3 ? text + digits : NULL;
}

/* Length of the enhanced code "5.1.1" that @text begins with, of the status's own class (RFC 2034
 * section 4); 0 when there is none. */
static gsize
enhanced_length (const char *text, guint status)
{
  const char *p = text;

  if (*p != (char) ('0' + status / 100) || strchr ("245", *p) == NULL || p[1] != '.')
    return 0;
  p = skip_subject (p + 2);
  if (p == NULL || *p != '.')
    return 0;
  p = skip_subject (p + 1);
  return p != NULL && strchr (" \t", *p) != NULL ? (gsize) (p - text) : 0;
}

/* --- Answers -------------------------------------------------------------------------------- */

static void
take_text (PfLmtp *self, const char *text)
{
  gsize length = enhanced_length (text, self->status);

  memcpy (self->enhanced, text, length);
  self->enhanced[length] = '\0';
  text += length;
  g_strlcpy (self->last, text + strspn (text, " \t"), sizeof self->last);
}

static void
note_result (PfLmtp *self, PfLmtpCommand command)
{
  gboolean ok = self->status / 100 == 2;

  switch (command)
    {
    case PF_LMTP_LHLO:
    case PF_LMTP_MAIL:
    case PF_LMTP_RSET:
      self->recipients = 0;
      self->pipeline.pipelining = pf_lmtp_has_extension (self, "PIPELINING");
      break;
    case PF_LMTP_RCPT:
      self->recipients += ok ? 1 : 0;
      break;
    case PF_LMTP_DATA:
      if (self->status != 354)
        break;
      self->state = STATE_MESSAGE;
      self->text = TEXT_START;
      self->pipeline.held = TRUE;
      break;
    case PF_LMTP_QUIT:
      self->state = STATE_OVER;
      self->pipeline.held = TRUE;
      break;
    case PF_LMTP_GREETING:
    case PF_LMTP_MESSAGE:
    case PF_LMTP_NOOP:
    default:
      break;
    }
}

static gboolean
tell_reply (PfLmtp *self, PfLmtpEvent *event, PfLmtpCommand command)
{
  if (self->status / 100 == 3 && command != PF_LMTP_DATA)
    return poison (self, PF_FAULT_SYNTAX, "a 3xx answer to what asks for nothing more");
  self->lines = 0;
  note_result (self, command);
  pf_pipeline_answered (&self->pipeline);
  event->type = PF_LMTP_EVENT_REPLY;
  event->command = command;
  event->status = self->status;
  event->enhanced = self->enhanced;
  event->text = self->last;
  return TRUE;
}

/* A line of LHLO's answer: the first is the server's name, each other an extension. */
static void
note_extension (PfLmtp *self, const char *text)
{
  if (self->lines == 1)
    g_hash_table_remove_all (self->extensions);
  else
    g_hash_table_add (self->extensions, g_ascii_strup (text, (gssize) strcspn (text, " \t")));
}

static gboolean
read_line (PfLmtp *self, PfLmtpEvent *event, const char *line)
{
  const PfQueued *due = pf_pipeline_due (&self->pipeline);
  guint status = parse_status (line);
  const char *text;

  if ((due == NULL || self->early) && status == 421)
    return poison (self, PF_FAULT_EOF, "the server closes the connection by itself");
  if (due == NULL || self->early)
    return poison (self, PF_FAULT_SYNTAX, "an answer that was not asked for");
  if (status == 0)
    return poison (self, PF_FAULT_SYNTAX, "a line that is no answer");
  if (self->lines > 0 && status != self->status)
    return poison (self, PF_FAULT_SYNTAX, "an answer whose lines differ in their code");
  if (++self->lines > PF_LIMIT_LMTP_LINES)
    return poison (self, PF_FAULT_LIMIT, "an answer with too many lines");
  self->status = status;
  text = line[3] != '\0' ? line + 4 : "";
  if (due->command == PF_LMTP_LHLO)
    note_extension (self, text);
  if (line[3] == '-')
    return FALSE;
  take_text (self, text);
  return tell_reply (self, event, due->command);
}

/* --- Events --------------------------------------------------------------------------------- */

static gboolean
read_input (PfLmtp *self, PfLmtpEvent *event)
{
  while (self->state != STATE_OVER)
    {
      g_auto (PfLine) line = { 0 };

      switch (pf_input_take_line (&self->input, PF_LIMIT_LMTP_LINE, &line))
        {
        case PF_LINE_MORE:
          return FALSE;
        case PF_LINE_TAKEN:
          if (read_line (self, event, line.text))
            return TRUE;
          break;
        case PF_LINE_TOO_LONG:
        default:
          return poison (self, PF_FAULT_LIMIT, "a line that is too long");
        }
    }
  return FALSE;
}

static void
read_eof (PfLmtp *self)
{
  if (self->state == STATE_MESSAGE)
    poison (self, PF_FAULT_EOF, "in the middle of a message");
  else if (pf_pipeline_due (&self->pipeline) != NULL || pf_input_left (&self->input) > 0)
    poison (self, PF_FAULT_EOF, "an answer is missing");
  self->state = STATE_OVER;
}

gboolean
pf_lmtp_next_event (PfLmtp *self, PfLmtpEvent *event)
{
  memset (event, 0, sizeof *event);
  event->enhanced = event->text = "";
  if (read_input (self, event))
    return TRUE;
  if (self->eof && self->state != STATE_OVER)
    read_eof (self);
  if (self->fault == PF_FAULT_NONE || self->fault_told)
    return FALSE;
  self->fault_told = TRUE;
  event->type = PF_LMTP_EVENT_FAULT;
  event->fault = self->fault;
  event->text = self->fault_text;
  return TRUE;
}
