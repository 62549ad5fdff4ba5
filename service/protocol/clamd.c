#include "protocol/clamd.h"

#include "base/limits.h"
#include "protocol/output.h"

#include <string.h>

typedef enum
{
  STATE_IDLE,
  STATE_PING,
  STATE_VERSION,
  STATE_STREAM, /* the stream is not complete */
  STATE_VERDICT,
  STATE_OVER
} State;

struct _PfClamd
{
  State state;
  PfOutput output;
  GString *line;
  gboolean complete; /* the line has its end; what comes behind it is nobody's */
  gboolean early;    /* it began before the stream was complete */
  gboolean eof;
};

PfClamd *
pf_clamd_new (void)
{
  PfClamd *self = g_new0 (PfClamd, 1);

  self->line = g_string_new (NULL);
  return self;
}

void
pf_clamd_free (PfClamd *self)
{
  if (self == NULL)
    return;
  pf_output_clear (&self->output);
  g_string_free (self->line, TRUE);
  g_free (self);
}

/* --- Commands --------------------------------------------------------------------------------- */

/* @command with its NUL. */
static void
command (PfClamd *self, State state, const char *text)
{
  if (self->state != STATE_IDLE)
    return;
  self->state = state;
  pf_output_append (&self->output, text, strlen (text) + 1);
}

void
pf_clamd_ping (PfClamd *self)
{
  command (self, STATE_PING, "zPING");
}

void
pf_clamd_version (PfClamd *self)
{
  command (self, STATE_VERSION, "zVERSION");
}

void
pf_clamd_instream (PfClamd *self)
{
  command (self, STATE_STREAM, "zINSTREAM");
}

static void
put_length (PfClamd *self, gsize length)
{
  guint32 word = GUINT32_TO_BE ((guint32) length);

  pf_output_append (&self->output, &word, sizeof word);
}

void
pf_clamd_data (PfClamd *self, const guint8 *data, gsize length)
{
  g_return_if_fail (length <= G_MAXUINT32);

  /* A length of 0 would end the stream. */
  if (self->state != STATE_STREAM || length == 0)
    return;
  put_length (self, length);
  pf_output_append (&self->output, data, length);
}

void
pf_clamd_end (PfClamd *self)
{
  if (self->state != STATE_STREAM)
    return;
  put_length (self, 0);
  self->state = STATE_VERDICT;
  /* What came before cannot be about the whole. */
  self->early = self->line->len > 0 || self->complete;
}

/* --- Answers ---------------------------------------------------------------------------------- */

static void
tell (PfClamdEvent *event, PfClamdEventType type, const char *text)
{
  event->type = type;
  event->text = text;
}

static void
fault (PfClamdEvent *event, PfFault kind, const char *text)
{
  tell (event, PF_CLAMD_EVENT_FAULT, text);
  event->fault = kind;
}

/* The name between the first ": " and " FOUND"; "" where it is not there. Cuts the line. */
static const char *
signature (GString *line)
{
  char *colon;

  g_string_truncate (line, line->len - strlen ("FOUND"));
  g_strchomp (line->str);
  colon = strstr (line->str, ": ");
  return colon != NULL ? g_strstrip (colon + 2) : "";
}

/* "stream: OK" and nothing else: a name may stand where the stream's does, but no word more. */
static gboolean
is_clean (const char *line)
{
  const char *colon = strchr (line, ':');

  return colon != NULL && colon > line && strcmp (colon, ": OK") == 0;
}

/* Once it is read as FOUND, it is a virus whatever else is in the line. */
static void
judge (PfClamd *self, PfClamdEvent *event)
{
  GString *line = self->line;
  gboolean whole = self->state == STATE_VERDICT && !self->early;

  if (g_str_has_suffix (line->str, "FOUND"))
    tell (event, PF_CLAMD_EVENT_FOUND, signature (line));
  else if (strstr (line->str, "size limit exceeded") != NULL)
    tell (event, PF_CLAMD_EVENT_TOO_LARGE, line->str);
  else if (g_str_has_suffix (line->str, "ERROR") || strstr (line->str, "TIMED OUT") != NULL
           || strcmp (line->str, "UNKNOWN COMMAND") == 0)
    tell (event, PF_CLAMD_EVENT_ERROR, line->str);
  else if (is_clean (line->str) && whole)
    tell (event, PF_CLAMD_EVENT_CLEAN, "");
  else if (is_clean (line->str))
    fault (event, PF_FAULT_SYNTAX, "an answer before the end of the stream");
  else
    fault (event, PF_FAULT_SYNTAX, "an answer that is none");
}

static void
read_line (PfClamd *self, PfClamdEvent *event)
{
  const char *line = self->line->str;

  if (self->state == STATE_IDLE)
    fault (event, PF_FAULT_SYNTAX, "an answer that was not asked for");
  else if (self->state == STATE_PING && strcmp (line, "PONG") == 0)
    tell (event, PF_CLAMD_EVENT_PONG, "");
  else if (self->state == STATE_VERSION && g_str_has_prefix (line, "ClamAV "))
    tell (event, PF_CLAMD_EVENT_VERSION, line);
  else if (self->state == STATE_STREAM || self->state == STATE_VERDICT)
    judge (self, event);
  else
    fault (event, PF_FAULT_SYNTAX, "an answer that is none");
}

gboolean
pf_clamd_next_event (PfClamd *self, PfClamdEvent *event)
{
  memset (event, 0, sizeof *event);
  if (self->state == STATE_OVER)
    return FALSE;
  if (self->complete)
    read_line (self, event);
  else if (self->line->len > PF_LIMIT_CLAMD_LINE)
    fault (event, PF_FAULT_LIMIT, "an answer that is too long");
  else if (self->eof && (self->state != STATE_IDLE || self->line->len > 0))
    fault (event, PF_FAULT_EOF, "the connection ended before the answer did");
  else
    return FALSE;
  self->state = STATE_OVER;
  return TRUE;
}

/* --- For the pump ----------------------------------------------------------------------------- */

static void
feed (gpointer machine, const guint8 *data, gsize length)
{
  PfClamd *self = machine;

  for (gsize i = 0; i < length && !self->complete; i++)
    {
      if (self->line->len > PF_LIMIT_CLAMD_LINE)
        return;
      /* NUL as our commands end; LF from what only stands in for a clamd. */
      self->complete = data[i] == '\0' || data[i] == '\n';
      if (!self->complete)
        g_string_append_c (self->line, (char) data[i]);
    }
}

static void
feed_eof (gpointer machine)
{
  ((PfClamd *) machine)->eof = TRUE;
}

static GBytes *
take_output (gpointer machine)
{
  PfClamd *self = machine;

  return self->state != STATE_OVER ? pf_output_take (&self->output) : NULL;
}

/* While it streams too: a clamd that takes nothing is silent. */
static gboolean
expects_answer (gpointer machine)
{
  PfClamd *self = machine;

  return self->state != STATE_IDLE && self->state != STATE_OVER;
}

static guint64
answers (gpointer machine)
{
  return ((PfClamd *) machine)->complete ? 1 : 0;
}

const PfMachineClass pf_clamd_machine = {
  .feed = feed,
  .feed_eof = feed_eof,
  .take_output = take_output,
  .expects_answer = expects_answer,
  .answers = answers,
};
