#include "protocol/lmtp-private.h"

#include "protocol/address.h"

#include <string.h>

/* --- Life ----------------------------------------------------------------------------------- */

/* RFC 2920 section 3.1: these may stand anywhere in a group, the others end one. After the dot we
 * wait: the answer tells whether the message was taken. */
static gboolean
may_follow (guint before, guint next)
{
  return before == PF_LMTP_MAIL || before == PF_LMTP_RCPT || before == PF_LMTP_RSET;
}

PfLmtp *
pf_lmtp_new (void)
{
  PfLmtp *self = g_new0 (PfLmtp, 1);

  pf_pipeline_init (&self->pipeline, may_follow, PF_LMTP_GREETING);
  pf_input_init (&self->input);
  self->extensions = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
pf_lmtp_free (PfLmtp *self)
{
  if (self == NULL)
    return;
  pf_pipeline_clear (&self->pipeline);
  pf_input_clear (&self->input);
  g_hash_table_unref (self->extensions);
  g_free (self);
}

gboolean
pf_lmtp_has_extension (PfLmtp *self, const char *keyword)
{
  g_autofree char *key = g_ascii_strup (keyword, -1);

  return g_hash_table_contains (self->extensions, key);
}

/* --- Commands ------------------------------------------------------------------------------- */

/* Takes @line. */
static void
queue (PfLmtp *self, PfLmtpCommand command, char *line)
{
  pf_pipeline_queue (&self->pipeline, command, 0, line);
}

void
pf_lmtp_lhlo (PfLmtp *self, const char *name)
{
  const char *sent = pf_pipeline_is_sendable (name) ? name : "localhost";

  queue (self, PF_LMTP_LHLO, g_strdup_printf ("LHLO %s\r\n", sent));
}

gboolean
pf_lmtp_mail (PfLmtp *self, const char *sender, const char *parameters)
{
  if (!pf_address_is_safe (sender) || !pf_pipeline_is_sendable (parameters))
    return FALSE;
  queue (self, PF_LMTP_MAIL,
         g_strdup_printf ("MAIL FROM:<%s>%s%s\r\n", sender, *parameters != '\0' ? " " : "",
                          parameters));
  return TRUE;
}

gboolean
pf_lmtp_rcpt (PfLmtp *self, const char *recipient)
{
  if (*recipient == '\0' || !pf_address_is_safe (recipient))
    return FALSE;
  queue (self, PF_LMTP_RCPT, g_strdup_printf ("RCPT TO:<%s>\r\n", recipient));
  return TRUE;
}

void
pf_lmtp_data (PfLmtp *self)
{
  queue (self, PF_LMTP_DATA, g_strdup ("DATA\r\n"));
}

void
pf_lmtp_rset (PfLmtp *self)
{
  queue (self, PF_LMTP_RSET, g_strdup ("RSET\r\n"));
}

void
pf_lmtp_noop (PfLmtp *self)
{
  queue (self, PF_LMTP_NOOP, g_strdup ("NOOP\r\n"));
}

void
pf_lmtp_quit (PfLmtp *self)
{
  queue (self, PF_LMTP_QUIT, g_strdup ("QUIT\r\n"));
}

/* --- The message ---------------------------------------------------------------------------- */

static void
put (PfLmtp *self, const char *text)
{
  pf_output_append (&self->pipeline.output, text, strlen (text));
}

static void
put_octet (PfLmtp *self, guint8 octet)
{
  switch (octet)
    {
    case '\0':
      return;
    case '\n':
      put (self, self->text == TEXT_CR ? "\n" : "\r\n");
      self->text = TEXT_START;
      return;
    case '\r':
      put (self, "\r");
      self->text = TEXT_CR;
      return;
    default:
      if (octet == '.' && self->text == TEXT_START)
        put (self, ".");
      pf_output_append (&self->pipeline.output, &octet, 1);
      self->text = TEXT_LINE;
    }
}

/* How many octets within a line need no thought. */
static gsize
count_plain (const guint8 *data, gsize length)
{
  gsize i = 0;

  while (i < length && data[i] != '\n' && data[i] != '\r' && data[i] != '\0')
    i++;
  return i;
}

void
pf_lmtp_message (PfLmtp *self, const guint8 *data, gsize length)
{
  gsize i = 0;

  if (self->state != STATE_MESSAGE)
    return;
  while (i < length)
    {
      gsize plain = self->text == TEXT_LINE ? count_plain (data + i, length - i) : 0;

      pf_output_append (&self->pipeline.output, data + i, plain);
      i += plain;
      if (i < length)
        put_octet (self, data[i++]);
    }
}

void
pf_lmtp_message_end (PfLmtp *self)
{
  guint answers = MAX (self->recipients, 1);

  if (self->state != STATE_MESSAGE)
    return;
  put (self, self->text == TEXT_START ? ".\r\n" : "\r\n.\r\n");
  self->state = STATE_COMMANDS;
  self->recipients = 0;
  /* What came before the dot cannot be its answer. */
  self->early = pf_input_left (&self->input) > 0;
  for (guint i = 0; i < answers; i++)
    pf_pipeline_expect (&self->pipeline, PF_LMTP_MESSAGE);
  self->pipeline.held = FALSE;
  pf_pipeline_release (&self->pipeline);
}

/* --- For the pump --------------------------------------------------------------------------- */

static void
feed (gpointer machine, const guint8 *data, gsize length)
{
  PfLmtp *self = machine;

  if (self->state != STATE_OVER)
    pf_input_feed (&self->input, data, length);
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

  return self->state != STATE_OVER ? pf_output_take (&self->pipeline.output) : NULL;
}

static gboolean
expects_answer (gpointer machine)
{
  PfLmtp *self = machine;

  return self->state != STATE_OVER && pf_pipeline_due (&self->pipeline) != NULL;
}

static guint64
answers (gpointer machine)
{
  return ((PfLmtp *) machine)->pipeline.answers;
}

const PfMachineClass pf_lmtp_machine = {
  .feed = feed,
  .feed_eof = feed_eof,
  .take_output = take_output,
  .expects_answer = expects_answer,
  .answers = answers,
};
