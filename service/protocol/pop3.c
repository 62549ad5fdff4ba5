#include "protocol/pop3-private.h"

#include <string.h>

/* The longest command line, CR LF included, that a server with CAPA takes (RFC 2449 section 4). */
#define COMMAND_LINE 255

/* --- Life ----------------------------------------------------------------------------------- */

static gboolean
is_barrier (guint command)
{
  return command == PF_POP3_GREETING || command == PF_POP3_STLS || command == PF_POP3_AUTH
         || command == PF_POP3_USER || command == PF_POP3_PASS || command == PF_POP3_QUIT;
}

static gboolean
may_follow (guint before, guint next)
{
  return !is_barrier (before) && !is_barrier (next);
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

  pf_pipeline_init (&self->pipeline, may_follow, PF_POP3_GREETING);
  pf_input_init (&self->input);
  self->capabilities = capabilities_new ();
  self->collected = capabilities_new ();
  return self;
}

void
pf_pop3_free (PfPop3 *self)
{
  if (self == NULL)
    return;
  pf_pipeline_clear (&self->pipeline);
  pf_input_clear (&self->input);
  g_hash_table_unref (self->capabilities);
  g_hash_table_unref (self->collected);
  pf_output_wipe_string (self->initial);
  g_free (self->seen);
  g_free (self->text);
  g_free (self->code);
  g_free (self);
}

void
pf_pop3_set_text (PfPop3 *self, char *text)
{
  g_free (self->text);
  self->text = text;
}

gboolean
pf_pop3_poison (PfPop3 *self, PfFault fault, const char *text)
{
  self->state = STATE_OVER;
  self->pipeline.held = TRUE;
  self->fault = fault;
  pf_pop3_set_text (self, g_strdup (text));
  return FALSE;
}

/* --- Commands ------------------------------------------------------------------------------- */

static void
queue (PfPop3 *self, PfPop3Command command, guint32 number, const char *line)
{
  pf_pipeline_queue (&self->pipeline, command, number, g_strdup (line));
}

void
pf_pop3_capa (PfPop3 *self)
{
  queue (self, PF_POP3_CAPA, 0, "CAPA\r\n");
}

void
pf_pop3_stls (PfPop3 *self)
{
  queue (self, PF_POP3_STLS, 0, "STLS\r\n");
}

void
pf_pop3_utf8 (PfPop3 *self)
{
  queue (self, PF_POP3_UTF8, 0, "UTF8\r\n");
}

static gboolean
queue_argument (PfPop3 *self, PfPop3Command command, const char *keyword, const char *argument)
{
  if (!pf_pipeline_is_sendable (argument))
    return FALSE;
  pf_pipeline_queue (&self->pipeline, command, 0, g_strconcat (keyword, argument, "\r\n", NULL));
  return TRUE;
}

gboolean
pf_pop3_user (PfPop3 *self, const char *name)
{
  return queue_argument (self, PF_POP3_USER, "USER ", name);
}

gboolean
pf_pop3_pass (PfPop3 *self, const char *password)
{
  return queue_argument (self, PF_POP3_PASS, "PASS ", password);
}

void
pf_pop3_auth (PfPop3 *self, const char *mechanism, const char *initial)
{
  /* RFC 5034 section 4: an empty initial response is "=". */
  const char *sent = initial != NULL && *initial == '\0' ? "=" : initial;
  gboolean fits = initial != NULL && !self->two_steps
                  && strlen ("AUTH  \r\n") + strlen (mechanism) + strlen (sent) <= COMMAND_LINE;
  char *line = fits ? g_strconcat ("AUTH ", mechanism, " ", sent, "\r\n", NULL)
                    : g_strconcat ("AUTH ", mechanism, "\r\n", NULL);

  g_clear_pointer (&self->initial, pf_output_wipe_string);
  if (!fits)
    self->initial = g_strdup (initial);
  pf_pipeline_queue (&self->pipeline, PF_POP3_AUTH, 0, line);
}

void
pf_pop3_set_two_steps (PfPop3 *self, gboolean two_steps)
{
  self->two_steps = two_steps;
}

/* Behind a challenge. */
void
pf_pop3_auth_respond (PfPop3 *self, const char *base64)
{
  const PfQueued *due = pf_pipeline_due (&self->pipeline);

  if (self->state != STATE_REPLY || due == NULL || due->command != PF_POP3_AUTH)
    return;
  g_return_if_fail (pf_pipeline_is_sendable (base64));
  pf_output_append (&self->pipeline.output, base64, strlen (base64));
  pf_output_append (&self->pipeline.output, "\r\n", 2);
}

void
pf_pop3_auth_cancel (PfPop3 *self)
{
  pf_pop3_auth_respond (self, "*");
}

void
pf_pop3_stat (PfPop3 *self)
{
  queue (self, PF_POP3_STAT, 0, "STAT\r\n");
}

void
pf_pop3_list (PfPop3 *self)
{
  queue (self, PF_POP3_LIST, 0, "LIST\r\n");
}

void
pf_pop3_uidl (PfPop3 *self)
{
  queue (self, PF_POP3_UIDL, 0, "UIDL\r\n");
}

void
pf_pop3_retr (PfPop3 *self, guint32 number)
{
  pf_pipeline_queue (&self->pipeline, PF_POP3_RETR, number,
                     g_strdup_printf ("RETR %u\r\n", number));
}

void
pf_pop3_dele (PfPop3 *self, guint32 number)
{
  pf_pipeline_queue (&self->pipeline, PF_POP3_DELE, number,
                     g_strdup_printf ("DELE %u\r\n", number));
}

void
pf_pop3_noop (PfPop3 *self)
{
  queue (self, PF_POP3_NOOP, 0, "NOOP\r\n");
}

void
pf_pop3_rset (PfPop3 *self)
{
  queue (self, PF_POP3_RSET, 0, "RSET\r\n");
}

void
pf_pop3_quit (PfPop3 *self)
{
  queue (self, PF_POP3_QUIT, 0, "QUIT\r\n");
}

void
pf_pop3_set_pipelining (PfPop3 *self, gboolean pipelining)
{
  self->pipeline.pipelining = pipelining;
  pf_pipeline_release (&self->pipeline);
}

gboolean
pf_pop3_tls_started (PfPop3 *self)
{
  gboolean injected = pf_input_left (&self->input) > 0;

  pf_input_drop (&self->input);
  pf_pop3_forget_capabilities (self);
  if (self->state != STATE_TLS)
    return injected || self->state == STATE_OVER;
  if (injected)
    {
      /* Somebody between put words into the server's mouth: nothing is said to anyone any more. */
      pf_pop3_poison (self, PF_FAULT_SYNTAX, "octets in the clear behind the answer to STLS");
      return TRUE;
    }
  self->state = STATE_REPLY;
  self->pipeline.held = FALSE;
  pf_pipeline_release (&self->pipeline);
  return FALSE;
}

/* --- Capabilities --------------------------------------------------------------------------- */

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

/* --- For the pump --------------------------------------------------------------------------- */

static GBytes *
take_output (gpointer machine)
{
  PfPop3 *self = machine;

  return self->state != STATE_OVER ? pf_output_take (&self->pipeline.output) : NULL;
}

static gboolean
expects_answer (gpointer machine)
{
  PfPop3 *self = machine;

  return self->state != STATE_OVER && pf_pipeline_due (&self->pipeline) != NULL;
}

static guint64
answers (gpointer machine)
{
  return ((PfPop3 *) machine)->pipeline.answers;
}

static void
feed (gpointer machine, const guint8 *data, gsize length)
{
  PfPop3 *self = machine;

  if (self->state != STATE_OVER)
    pf_input_feed (&self->input, data, length);
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
