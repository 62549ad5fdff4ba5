#include "protocol/lmtp.h"

#include "base/limits.h"
#include "protocol/address.h"

#include <string.h>

typedef struct
{
  PfLmtpCommand command;
  GByteArray *line; /* NULL once it was sent */
} Command;

typedef enum
{
  TEXT_START, /* at the start of a line */
  TEXT_LINE,
  TEXT_CR /* behind a CR that was held back: line end or lone? */
} Text;

struct _PfLmtp
{
  GQueue commands; /* Command: the head's answer is due first */
  guint unsent;
  gboolean over, eof;
  GByteArray *output;
  GByteArray *input;
  gsize offset, searched;
  GHashTable *extensions, *collected;
  guint lines;      /* of the answer that is being read */
  guint recipients; /* accepted in this transaction: as many answers follow the dot */
  Text text;
  guint status;
  char enhanced[16];
  char *last;
  PfFault fault;
  const char *fault_text;
  gboolean fault_told;
  guint64 answers;
};

/* --- Memory ------------------------------------------------------------------------------------------------------------ */

static void
command_free (gpointer data)
{
  Command *command = data;

  if (command->line != NULL)
    g_byte_array_unref (command->line);
  g_free (command);
}

static GHashTable *
extensions_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

PfLmtp *
pf_lmtp_new (void)
{
  PfLmtp *self = g_new0 (PfLmtp, 1);
  Command *greeting = g_new0 (Command, 1);

  greeting->command = PF_LMTP_GREETING;
  g_queue_init (&self->commands);
  g_queue_push_tail (&self->commands, greeting);
  self->output = g_byte_array_new ();
  self->input = g_byte_array_new ();
  self->extensions = extensions_new ();
  self->collected = extensions_new ();
  return self;
}

void
pf_lmtp_free (PfLmtp *self)
{
  if (self == NULL)
    return;
  g_queue_clear_full (&self->commands, command_free);
  g_byte_array_unref (self->output);
  g_byte_array_unref (self->input);
  g_hash_table_unref (self->extensions);
  g_hash_table_unref (self->collected);
  g_free (self->last);
  g_free (self);
}

static gboolean
poison (PfLmtp *self, PfFault fault, const char *text)
{
  self->over = TRUE;
  self->fault = fault;
  self->fault_text = text;
  return FALSE;
}

/* --- Sending ------------------------------------------------------------------------------------------------------------ */

/* RFC 2920: MAIL, RCPT and DATA may go together, and nothing behind DATA. */
static gboolean
may_follow (PfLmtp *self, const Command *before)
{
  return pf_lmtp_has_extension (self, "PIPELINING")
         && (before->command == PF_LMTP_MAIL || before->command == PF_LMTP_RCPT
             || before->command == PF_LMTP_RSET);
}

static void
release_commands (PfLmtp *self)
{
  guint sent = g_queue_get_length (&self->commands) - self->unsent;

  while (self->unsent > 0 && !self->over)
    {
      Command *next = g_queue_peek_nth (&self->commands, sent);

      if (sent > 0 && !may_follow (self, g_queue_peek_nth (&self->commands, sent - 1)))
        return;
      g_byte_array_append (self->output, next->line->data, next->line->len);
      g_clear_pointer (&next->line, g_byte_array_unref);
      self->unsent--;
      sent++;
    }
}

/* Takes @line. */
static void
queue_line (PfLmtp *self, PfLmtpCommand name, char *line)
{
  Command *command = g_new0 (Command, 1);

  command->command = name;
  command->line = g_byte_array_new ();
  g_byte_array_append (command->line, (const guint8 *) line, (guint) strlen (line));
  g_free (line);
  g_queue_push_tail (&self->commands, command);
  self->unsent++;
  release_commands (self);
}

void
pf_lmtp_lhlo (PfLmtp *self, const char *name)
{
  queue_line (self, PF_LMTP_LHLO, g_strdup_printf ("LHLO %s\r\n", name));
}

gboolean
pf_lmtp_mail (PfLmtp *self, const char *sender, const char *parameters)
{
  if (!pf_address_is_safe (sender))
    return FALSE;
  self->recipients = 0;
  queue_line (self, PF_LMTP_MAIL,
              g_strdup_printf ("MAIL FROM:<%s>%s%s\r\n", sender, *parameters != '\0' ? " " : "",
                               parameters));
  return TRUE;
}

gboolean
pf_lmtp_rcpt (PfLmtp *self, const char *recipient)
{
  if (*recipient == '\0' || !pf_address_is_safe (recipient))
    return FALSE;
  queue_line (self, PF_LMTP_RCPT, g_strdup_printf ("RCPT TO:<%s>\r\n", recipient));
  return TRUE;
}

void
pf_lmtp_data (PfLmtp *self)
{
  queue_line (self, PF_LMTP_DATA, g_strdup ("DATA\r\n"));
}

void
pf_lmtp_rset (PfLmtp *self)
{
  queue_line (self, PF_LMTP_RSET, g_strdup ("RSET\r\n"));
}

void
pf_lmtp_noop (PfLmtp *self)
{
  queue_line (self, PF_LMTP_NOOP, g_strdup ("NOOP\r\n"));
}

void
pf_lmtp_quit (PfLmtp *self)
{
  queue_line (self, PF_LMTP_QUIT, g_strdup ("QUIT\r\n"));
}

/* --- The message -------------------------------------------------------------------------------------------------------- */

static void
put (PfLmtp *self, const char *text, guint length)
{
  g_byte_array_append (self->output, (const guint8 *) text, length);
}

/* One octet in; CR is held back until it is known whether a line ends. */
static void
put_octet (PfLmtp *self, guint8 c)
{
  if (c == '\n')
    {
      put (self, "\r\n", 2);
      self->text = TEXT_START;
      return;
    }
  if (self->text == TEXT_CR)
    {
      put (self, "\r", 1);
      self->text = TEXT_LINE;
    }
  if (c == '\r')
    {
      self->text = TEXT_CR;
      return;
    }
  if (c == '\0')
    return;
  if (self->text == TEXT_START && c == '.')
    put (self, ".", 1);
  g_byte_array_append (self->output, &c, 1);
  self->text = TEXT_LINE;
}

void
pf_lmtp_message (PfLmtp *self, const guint8 *data, gsize length)
{
  gsize start = 0;

  /* Plain stretches go in one piece. */
  for (gsize i = 0; i < length; i++)
    {
      gboolean special =
          data[i] == '\n' || data[i] == '\r' || data[i] == '\0' || self->text != TEXT_LINE;

      if (!special)
        continue;
      if (i > start)
        g_byte_array_append (self->output, data + start, (guint) (i - start));
      put_octet (self, data[i]);
      start = i + 1;
    }
  if (length > start)
    g_byte_array_append (self->output, data + start, (guint) (length - start));
}

void
pf_lmtp_message_end (PfLmtp *self)
{
  guint due = MAX (self->recipients, 1);

  if (self->text == TEXT_CR)
    put (self, "\r", 1);
  put (self, self->text == TEXT_START ? ".\r\n" : "\r\n.\r\n", self->text == TEXT_START ? 3 : 5);
  self->text = TEXT_START;
  for (guint i = 0; i < due; i++)
    {
      Command *command = g_new0 (Command, 1);

      command->command = PF_LMTP_MESSAGE;
      g_queue_push_nth (&self->commands, command,
                        (int) (g_queue_get_length (&self->commands) - self->unsent));
    }
}

/* --- Answers ------------------------------------------------------------------------------------------------------------- */

/* "5.1.1" where it stands; how long it is. */
static gsize
enhanced_length (const char *text)
{
  const char *p = text;

  if ((*p != '2' && *p != '4' && *p != '5') || p[1] != '.' || !g_ascii_isdigit (p[2]))
    return 0;
  for (p += 2; g_ascii_isdigit (*p); p++)
    ;
  if (*p++ != '.' || !g_ascii_isdigit (*p))
    return 0;
  for (; g_ascii_isdigit (*p); p++)
    ;
  return (*p == ' ' || *p == '\0') && p - text < 16 ? (gsize) (p - text) : 0;
}

/* The line's last: the answer is complete. */
static void
take_text (PfLmtp *self, const char *text)
{
  gsize length = enhanced_length (text);

  memcpy (self->enhanced, text, length);
  self->enhanced[length] = '\0';
  for (text += length; *text == ' '; text++)
    ;
  g_free (self->last);
  self->last = g_strndup (text, PF_LIMIT_SERVER_TEXT);
}

static void
note_result (PfLmtp *self, PfLmtpCommand command)
{
  if (command == PF_LMTP_RCPT && self->status / 100 == 2)
    self->recipients++;
  if (command == PF_LMTP_DATA && self->status == 354)
    self->text = TEXT_START;
  if (command == PF_LMTP_LHLO)
    {
      GHashTable *before = self->extensions;

      self->extensions = self->collected;
      self->collected = before;
    }
}

static gboolean
tell_reply (PfLmtp *self, PfLmtpEvent *event, PfLmtpCommand command)
{
  note_result (self, command);
  self->lines = 0;
  self->answers++;
  command_free (g_queue_pop_head (&self->commands));
  release_commands (self);
  event->type = PF_LMTP_EVENT_REPLY;
  event->command = command;
  event->status = self->status;
  event->enhanced = self->enhanced;
  event->text = self->last;
  return TRUE;
}

/* One line without its end, (transfer full); NULL when there is none. */
static char *
take_line (PfLmtp *self)
{
  const char *start = (const char *) self->input->data + self->offset;
  gsize left = self->input->len - self->offset, length;
  const char *end =
      left > self->searched ? memchr (start + self->searched, '\n', left - self->searched) : NULL;

  self->searched = left;
  if ((end == NULL && left > PF_LIMIT_LMTP_LINE)
      || (end != NULL && end - start > PF_LIMIT_LMTP_LINE))
    {
      poison (self, PF_FAULT_LIMIT, "a line without end");
      return NULL;
    }
  if (end == NULL)
    return NULL;
  length = (gsize) (end - start);
  self->offset += length + 1;
  self->searched = 0;
  if (length > 0 && start[length - 1] == '\r')
    length--;
  return g_strndup (start, length);
}

static gboolean
read_line (PfLmtp *self, PfLmtpEvent *event, const char *line)
{
  const Command *command = g_queue_get_length (&self->commands) > self->unsent
                               ? g_queue_peek_head (&self->commands)
                               : NULL;
  gboolean more;
  guint status;

  if (!g_ascii_isdigit (line[0]) || !g_ascii_isdigit (line[1]) || !g_ascii_isdigit (line[2])
      || (line[3] != ' ' && line[3] != '-' && line[3] != '\0') || line[0] < '2' || line[0] > '5')
    return poison (self, PF_FAULT_SYNTAX, "a line that is no answer");
  if (command == NULL)
    return poison (self, PF_FAULT_SYNTAX, "an answer that was not asked for");
  status = (guint) ((line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0'));
  more = line[3] == '-';
  if (self->lines > 0 && status != self->status)
    return poison (self, PF_FAULT_SYNTAX, "an answer that changes its mind");
  if (++self->lines > PF_LIMIT_LMTP_LINES)
    return poison (self, PF_FAULT_LIMIT, "an answer without end");
  self->status = status;
  if (self->lines == 1 && command->command == PF_LMTP_LHLO)
    g_hash_table_remove_all (self->collected);
  else if (command->command == PF_LMTP_LHLO && line[3] != '\0')
    g_hash_table_add (self->collected, g_ascii_strup (line + 4, (gssize) strcspn (line + 4, " ")));
  if (more)
    return FALSE;
  take_text (self, line[3] != '\0' ? line + 4 : "");
  return tell_reply (self, event, command->command);
}

gboolean
pf_lmtp_next_event (PfLmtp *self, PfLmtpEvent *event)
{
  memset (event, 0, sizeof *event);
  event->enhanced = event->text = "";
  while (!self->over)
    {
      g_autofree char *line = take_line (self);

      if (line == NULL)
        break;
      if (read_line (self, event, line))
        return TRUE;
    }
  if (!self->over && self->eof)
    {
      if (g_queue_get_length (&self->commands) > self->unsent || self->input->len > self->offset)
        poison (self, PF_FAULT_EOF, "an answer is missing");
      self->over = TRUE;
    }
  if (self->fault == PF_FAULT_NONE || self->fault_told)
    return FALSE;
  self->fault_told = TRUE;
  event->type = PF_LMTP_EVENT_FAULT;
  event->fault = self->fault;
  event->text = self->fault_text;
  return TRUE;
}

gboolean
pf_lmtp_has_extension (PfLmtp *self, const char *keyword)
{
  g_autofree char *key = g_ascii_strup (keyword, -1);

  return g_hash_table_contains (self->extensions, key);
}

/* --- For the pump ---------------------------------------------------------------------------------------------------------- */

static void
feed (gpointer machine, const guint8 *data, gsize length)
{
  PfLmtp *self = machine;

  if (self->over)
    return;
  if (self->offset > 0)
    g_byte_array_remove_range (self->input, 0, (guint) self->offset);
  self->offset = 0;
  g_byte_array_append (self->input, data, (guint) length);
}

static void
feed_eof (gpointer machine)
{
  ((PfLmtp *) machine)->eof = TRUE;
}

static GBytes *
take_output (gpointer machine)
{
  PfLmtp *self = machine;
  GByteArray *output = self->output;

  if (output->len == 0 || self->over)
    return NULL;
  self->output = g_byte_array_new ();
  return g_byte_array_free_to_bytes (output);
}

static gboolean
expects_answer (gpointer machine)
{
  PfLmtp *self = machine;

  return !self->over && g_queue_get_length (&self->commands) > self->unsent;
}

static guint64
answers (gpointer machine)
{
  return ((PfLmtp *) machine)->answers;
}

const PfMachineClass pf_lmtp_machine = {
  .feed = feed,
  .feed_eof = feed_eof,
  .take_output = take_output,
  .expects_answer = expects_answer,
  .answers = answers,
};
