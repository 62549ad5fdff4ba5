#include "protocol/pop3-private.h"

#include <string.h>

/* A command line with its initial response must stay below this where the server speaks CAPA (RFC 2449 section 4). */
#define COMMAND_LINE 255

/* --- Memory ------------------------------------------------------------------------------------------------------ */

/* Output holds passwords. */
static void
wipe_array (GByteArray *array)
{
  if (array == NULL)
    return;
  explicit_bzero (array->data, array->len);
  g_byte_array_unref (array);
}

static void
wipe_string (char **string)
{
  if (*string != NULL)
    explicit_bzero (*string, strlen (*string));
  g_clear_pointer (string, g_free);
}

static void
command_free (gpointer data)
{
  Command *command = data;

  wipe_array (command->line);
  g_free (command);
}

static Command *
command_new (PfPop3Command name, guint32 number)
{
  Command *command = g_new0 (Command, 1);

  command->command = name;
  command->number = number;
  return command;
}

static GHashTable *
capabilities_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

PfPop3 *
pf_pop3_new (void)
{
  PfPop3 *self = g_new0 (PfPop3, 1);

  g_queue_init (&self->commands);
  g_queue_push_tail (&self->commands, command_new (PF_POP3_GREETING, 0));
  self->output = g_byte_array_new ();
  self->input = g_byte_array_new ();
  self->numbers = g_hash_table_new (NULL, NULL);
  self->capabilities = capabilities_new ();
  self->collected = capabilities_new ();
  return self;
}

void
pf_pop3_free (PfPop3 *self)
{
  if (self == NULL)
    return;
  g_queue_clear_full (&self->commands, command_free);
  wipe_array (self->output);
  wipe_array (self->input);
  g_hash_table_unref (self->numbers);
  g_hash_table_unref (self->capabilities);
  g_hash_table_unref (self->collected);
  wipe_string (&self->initial);
  g_free (self->text);
  g_free (self->code);
  g_free (self);
}

/* --- Sending ------------------------------------------------------------------------------------------------------ */

/* Commands that wait for what is before them, and hold up what is behind. */
static gboolean
is_barrier (PfPop3Command command)
{
  return command == PF_POP3_GREETING || command == PF_POP3_STLS || command == PF_POP3_AUTH
         || command == PF_POP3_USER || command == PF_POP3_PASS || command == PF_POP3_QUIT;
}

/* Moves to the output what may go now. */
void
pf_pop3_release_commands (PfPop3 *self)
{
  guint sent = g_queue_get_length (&self->commands) - self->unsent;

  while (self->unsent > 0 && self->state != STATE_OVER)
    {
      Command *next = g_queue_peek_nth (&self->commands, sent);
      Command *before = sent > 0 ? g_queue_peek_nth (&self->commands, sent - 1) : NULL;

      if (before != NULL
          && (!self->pipelining || is_barrier (next->command) || is_barrier (before->command)))
        return;
      g_byte_array_append (self->output, next->line->data, next->line->len);
      wipe_array (g_steal_pointer (&next->line));
      self->unsent--;
      sent++;
    }
}

/* Takes @line. */
static void
queue_line (PfPop3 *self, PfPop3Command name, guint32 number, char *line)
{
  Command *command = command_new (name, number);

  command->line = g_byte_array_new ();
  g_byte_array_append (command->line, (const guint8 *) line, (guint) strlen (line));
  wipe_string (&line);
  g_queue_push_tail (&self->commands, command);
  self->unsent++;
  pf_pop3_release_commands (self);
}

static gboolean
is_sendable (const char *argument)
{
  return strpbrk (argument, "\r\n") == NULL;
}

void
pf_pop3_capa (PfPop3 *self)
{
  queue_line (self, PF_POP3_CAPA, 0, g_strdup ("CAPA\r\n"));
}

void
pf_pop3_stls (PfPop3 *self)
{
  queue_line (self, PF_POP3_STLS, 0, g_strdup ("STLS\r\n"));
}

void
pf_pop3_utf8 (PfPop3 *self)
{
  queue_line (self, PF_POP3_UTF8, 0, g_strdup ("UTF8\r\n"));
}

gboolean
pf_pop3_user (PfPop3 *self, const char *name)
{
  if (!is_sendable (name))
    return FALSE;
  queue_line (self, PF_POP3_USER, 0, g_strconcat ("USER ", name, "\r\n", NULL));
  return TRUE;
}

gboolean
pf_pop3_pass (PfPop3 *self, const char *password)
{
  if (!is_sendable (password))
    return FALSE;
  queue_line (self, PF_POP3_PASS, 0, g_strconcat ("PASS ", password, "\r\n", NULL));
  return TRUE;
}

void
pf_pop3_auth (PfPop3 *self, const char *mechanism, const char *initial)
{
  /* RFC 5034 section 4: an empty initial response is "=". */
  const char *sent = initial != NULL && *initial == '\0' ? "=" : initial;
  gboolean fits =
      initial != NULL && strlen ("AUTH  \r\n") + strlen (mechanism) + strlen (sent) <= COMMAND_LINE;

  wipe_string (&self->initial);
  self->challenged = FALSE;
  if (initial != NULL && !fits)
    self->initial = g_strdup (initial);
  queue_line (self, PF_POP3_AUTH, 0,
              fits ? g_strconcat ("AUTH ", mechanism, " ", sent, "\r\n", NULL)
                   : g_strconcat ("AUTH ", mechanism, "\r\n", NULL));
}

/* Goes out at once: only the head may be waiting for it. */
static void
send_raw (PfPop3 *self, const char *text)
{
  if (self->state == STATE_OVER)
    return;
  g_byte_array_append (self->output, (const guint8 *) text, (guint) strlen (text));
  g_byte_array_append (self->output, (const guint8 *) "\r\n", 2);
}

void
pf_pop3_auth_respond (PfPop3 *self, const char *base64)
{
  send_raw (self, base64);
}

void
pf_pop3_auth_cancel (PfPop3 *self)
{
  send_raw (self, "*");
}

void
pf_pop3_stat (PfPop3 *self)
{
  queue_line (self, PF_POP3_STAT, 0, g_strdup ("STAT\r\n"));
}

void
pf_pop3_list (PfPop3 *self)
{
  queue_line (self, PF_POP3_LIST, 0, g_strdup ("LIST\r\n"));
}

void
pf_pop3_uidl (PfPop3 *self)
{
  queue_line (self, PF_POP3_UIDL, 0, g_strdup ("UIDL\r\n"));
}

void
pf_pop3_retr (PfPop3 *self, guint32 number)
{
  queue_line (self, PF_POP3_RETR, number, g_strdup_printf ("RETR %u\r\n", number));
}

void
pf_pop3_dele (PfPop3 *self, guint32 number)
{
  queue_line (self, PF_POP3_DELE, number, g_strdup_printf ("DELE %u\r\n", number));
}

void
pf_pop3_noop (PfPop3 *self)
{
  queue_line (self, PF_POP3_NOOP, 0, g_strdup ("NOOP\r\n"));
}

void
pf_pop3_rset (PfPop3 *self)
{
  queue_line (self, PF_POP3_RSET, 0, g_strdup ("RSET\r\n"));
}

void
pf_pop3_quit (PfPop3 *self)
{
  queue_line (self, PF_POP3_QUIT, 0, g_strdup ("QUIT\r\n"));
}

void
pf_pop3_answered (PfPop3 *self)
{
  command_free (g_queue_pop_head (&self->commands));
  self->answers++;
  pf_pop3_release_commands (self);
}

void
pf_pop3_set_pipelining (PfPop3 *self, gboolean pipelining)
{
  self->pipelining = pipelining;
  pf_pop3_release_commands (self);
}

/* --- Capabilities ------------------------------------------------------------------------------------------------- */

gboolean
pf_pop3_has_capability (PfPop3 *self, const char *keyword, const char **arguments)
{
  g_autofree char *key = g_ascii_strup (keyword, -1);
  const char *rest = g_hash_table_lookup (self->capabilities, key);

  if (arguments != NULL)
    *arguments = rest;
  return rest != NULL;
}

gboolean
pf_pop3_knows_capa (PfPop3 *self)
{
  return self->knows_capa;
}

void
pf_pop3_forget_capabilities (PfPop3 *self)
{
  g_hash_table_remove_all (self->capabilities);
  self->knows_capa = FALSE;
}

/* --- For the pump --------------------------------------------------------------------------------------------------- */

static GBytes *
take_output (gpointer machine)
{
  PfPop3 *self = machine;
  GByteArray *output = self->output;

  if (output->len == 0 || self->state == STATE_OVER)
    return NULL;
  self->output = g_byte_array_new ();
  return g_byte_array_free_to_bytes (output);
}

static gboolean
expects_answer (gpointer machine)
{
  PfPop3 *self = machine;

  return self->state != STATE_OVER && g_queue_get_length (&self->commands) > self->unsent;
}

static guint64
answers (gpointer machine)
{
  return ((PfPop3 *) machine)->answers;
}

static void
feed (gpointer machine, const guint8 *data, gsize length)
{
  PfPop3 *self = machine;

  if (self->state == STATE_OVER)
    return;
  if (self->offset > 0)
    g_byte_array_remove_range (self->input, 0, (guint) self->offset);
  self->offset = 0;
  g_byte_array_append (self->input, data, (guint) length);
}

static void
feed_eof (gpointer machine)
{
  ((PfPop3 *) machine)->eof = TRUE;
}

const PfMachineClass pf_pop3_machine = {
  .feed = feed,
  .feed_eof = feed_eof,
  .take_output = take_output,
  .expects_answer = expects_answer,
  .answers = answers,
};
