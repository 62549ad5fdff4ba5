#include "talk-run.h"

#include <string.h>

/* --- Text ------------------------------------------------------------------------------------- */

char *
talk_quote (const void *text, gsize length)
{
  const guint8 *octets = text;
  GString *out = g_string_new ("\"");

  for (gsize i = 0; i < length; i++)
    switch (octets[i])
      {
      case '\r':
        g_string_append (out, "\\r");
        break;
      case '\n':
        g_string_append (out, "\\n");
        break;
      case '\t':
        g_string_append (out, "\\t");
        break;
      case '\\':
        g_string_append (out, "\\\\");
        break;
      default:
        if (octets[i] >= ' ' && octets[i] < 0x7f)
          g_string_append_c (out, (char) octets[i]);
        else if (octets[i] == '\0')
          g_string_append (out, "\\0");
        else
          g_string_append_printf (out, "\\x%02x", octets[i]);
      }
  g_string_append_c (out, '"');
  return g_string_free (out, FALSE);
}

void
talk_unquote (GByteArray *octets, const char *text)
{
  for (const char *p = text; *p != '\0'; p++)
    {
      guint8 octet = (guint8) *p;

      if (*p == '\\')
        {
          p++;
          if (*p == 'x')
            {
              g_assert_true (g_ascii_isxdigit (p[1]) && g_ascii_isxdigit (p[2]));
              octet = (guint8) (g_ascii_xdigit_value (p[1]) * 16 + g_ascii_xdigit_value (p[2]));
              p += 2;
            }
          else
            octet = *p == 'r'   ? '\r'
                    : *p == 'n' ? '\n'
                    : *p == 't' ? '\t'
                    : *p == '0' ? '\0'
                                : '\\';
        }
      g_byte_array_append (octets, &octet, 1);
    }
}

/* --- Trace ------------------------------------------------------------------------------------ */

static void
flush_body (TalkTrace *trace)
{
  if (trace->label == NULL)
    return;
  g_string_append_printf (trace->events, "%s \"%s\"\n", trace->label, trace->body->str);
  g_string_truncate (trace->body, 0);
  g_clear_pointer (&trace->label, g_free);
}

void
talk_trace_event (TalkTrace *trace, const char *format, ...)
{
  va_list arguments;

  flush_body (trace);
  va_start (arguments, format);
  g_string_append_vprintf (trace->events, format, arguments);
  va_end (arguments);
  g_string_append_c (trace->events, '\n');
}

void
talk_trace_octets (TalkTrace *trace, const char *label, const void *data, gsize length)
{
  g_autofree char *quoted = talk_quote (data, length);

  if (g_strcmp0 (trace->label, label) != 0)
    {
      flush_body (trace);
      trace->label = g_strdup (label);
    }
  g_string_append_len (trace->body, quoted + 1, (gssize) strlen (quoted) - 2);
}

/* --- Running -------------------------------------------------------------------------------- */

void
talk_run_collect (TalkRun *run)
{
  run->driver->drain (run->machine, &run->trace);
  while (TRUE)
    {
      g_autoptr (GBytes) output = run->driver->machine_class->take_output (run->machine);

      if (output == NULL)
        return;
      g_string_append_len (run->sent, g_bytes_get_data (output, NULL),
                           (gssize) g_bytes_get_size (output));
    }
}

void
talk_run_begin (TalkRun *run, const TalkDriver *driver)
{
  run->driver = driver;
  run->machine = driver->create ();
  run->trace.events = g_string_new (NULL);
  run->trace.body = g_string_new (NULL);
  run->trace.label = NULL;
  run->sent = g_string_new (NULL);
}

void
talk_run_end (TalkRun *run)
{
  run->driver->destroy (run->machine);
  g_string_free (run->trace.events, TRUE);
  g_string_free (run->trace.body, TRUE);
  g_free (run->trace.label);
  g_string_free (run->sent, TRUE);
}

/* Feeds @length octets from memory of their own, so that a machine that keeps a pointer is found
 * out. */
static void
feed (TalkRun *run, const guint8 *data, gsize length)
{
  g_autofree guint8 *copy = g_memdup2 (data, length);

  if (length == 0)
    return;
  run->driver->machine_class->feed (run->machine, copy, length);
  talk_run_collect (run);
}

void
talk_run_feed (TalkRun *run, const guint8 *data, gsize length, gsize piece)
{
  for (gsize at = 0; at < length; at += piece)
    feed (run, data + at, MIN (piece, length - at));
}

char *
talk_run_sent (TalkRun *run)
{
  GString *lines = g_string_new (NULL);
  const char *at = run->sent->str, *end = at + run->sent->len;

  while (at < end)
    {
      const char *lf = memchr (at, '\n', (gsize) (end - at));
      const char *stop = lf != NULL ? lf : end;
      gboolean whole = lf != NULL && lf > at && lf[-1] == '\r';
      g_autofree char *quoted = talk_quote (at, (gsize) (stop - at) - (whole ? 1 : 0));

      g_string_append_len (lines, quoted + 1, (gssize) strlen (quoted) - 2);
      g_string_append (lines, whole ? "\n" : "<no CR LF>\n");
      at = stop + 1;
    }
  return g_string_free (lines, FALSE);
}

gboolean
talk_run_act (TalkRun *run, char **words)
{
  if (!run->driver->act (run->machine, words, &run->trace))
    return FALSE;
  talk_run_collect (run);
  return TRUE;
}

void
talk_run_eof (TalkRun *run)
{
  run->driver->machine_class->feed_eof (run->machine);
  talk_run_collect (run);
}

const char *
talk_run_events (TalkRun *run)
{
  flush_body (&run->trace);
  return run->trace.events->str;
}

void
talk_run_forget (TalkRun *run)
{
  flush_body (&run->trace);
  g_string_truncate (run->trace.events, 0);
  g_string_truncate (run->sent, 0);
}
