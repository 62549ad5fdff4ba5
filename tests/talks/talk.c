#include "talk-run.h"

#include <string.h>

/* Cutting a long stretch at every octet takes its square: beyond this, only so many cuts are
 * made. */
#define MOST_CUTS 3000

typedef enum
{
  STEP_OCTETS,
  STEP_DEED,
  STEP_EOF,
  STEP_CHECK
} StepType;

typedef struct
{
  StepType type;
  guint line;
  GByteArray *octets;
  char **words;
  GString *events, *sent; /* what must have come: lines, each with its newline */
} Step;

typedef struct
{
  char *name;
  GPtrArray *steps; /* Step */
  gsize octets;     /* of all stretches */
} Talk;

/* --- Reading a talk --------------------------------------------------------------------------- */

static void
step_free (gpointer data)
{
  Step *step = data;

  g_byte_array_unref (step->octets);
  g_strfreev (step->words);
  g_string_free (step->events, TRUE);
  g_string_free (step->sent, TRUE);
  g_free (step);
}

static Step *
add_step (Talk *talk, StepType type, guint line)
{
  Step *step = talk->steps->len > 0 ? talk->steps->pdata[talk->steps->len - 1] : NULL;

  if (step != NULL && step->type == type && (type == STEP_OCTETS || type == STEP_CHECK))
    return step;
  step = g_new0 (Step, 1);
  step->type = type;
  step->line = line;
  step->octets = g_byte_array_new ();
  step->events = g_string_new (NULL);
  step->sent = g_string_new (NULL);
  g_ptr_array_add (talk->steps, step);
  return step;
}

static void
add_repeated (Step *step, const char *text)
{
  char *end;
  guint64 times = g_ascii_strtoull (text, &end, 10);

  g_assert_true (end > text && *end == ' ');
  for (guint64 i = 0; i < times; i++)
    talk_unquote (step->octets, end + 1);
}

static gboolean
parse_line (Talk *talk, const char *line, guint number)
{
  const char *text = strlen (line) > 2 && line[2] == ' ' ? line + 3 : "";

  if (*line == '\0' || *line == '#')
    return TRUE;
  if (strcmp (line, "EOF") == 0)
    add_step (talk, STEP_EOF, number);
  else if (g_str_has_prefix (line, "> "))
    add_step (talk, STEP_DEED, number)->words = g_strsplit (line + 2, " ", -1);
  else if (g_str_has_prefix (line, "S:"))
    {
      Step *step = add_step (talk, STEP_OCTETS, number);

      talk_unquote (step->octets, text);
      g_byte_array_append (step->octets, (const guint8 *) "\r\n", 2);
    }
  else if (g_str_has_prefix (line, "S="))
    talk_unquote (add_step (talk, STEP_OCTETS, number)->octets, text);
  else if (g_str_has_prefix (line, "S*"))
    add_repeated (add_step (talk, STEP_OCTETS, number), text);
  else if (g_str_has_prefix (line, "C:"))
    g_string_append_printf (add_step (talk, STEP_CHECK, number)->sent, "%s\n", text);
  else if (g_str_has_prefix (line, "E:"))
    g_string_append_printf (add_step (talk, STEP_CHECK, number)->events, "%s\n", text);
  else
    return FALSE;
  return TRUE;
}

static Talk *
talk_load (const char *path)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  Talk *talk = g_new0 (Talk, 1);

  if (!g_file_get_contents (path, &text, NULL, NULL))
    g_error ("%s cannot be read", path);
  talk->name = g_path_get_basename (path);
  talk->steps = g_ptr_array_new_with_free_func (step_free);
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    if (!parse_line (talk, lines[i], i + 1))
      g_error ("%s:%u: no step of a talk: %s", talk->name, i + 1, lines[i]);
  for (guint i = 0; i < talk->steps->len; i++)
    talk->octets += ((Step *) talk->steps->pdata[i])->octets->len;
  return talk;
}

static void
talk_free (gpointer data)
{
  Talk *talk = data;

  g_free (talk->name);
  g_ptr_array_unref (talk->steps);
  g_free (talk);
}

/* --- Running -------------------------------------------------------------------------------- */

static void
check (TalkRun *run, const Talk *talk, const Step *step, const char *how, guint line)
{
  g_autofree char *sent = talk_run_sent (run);
  const char *told = talk_run_events (run);
  const char *events = step != NULL ? step->events->str : "";
  const char *expected = step != NULL ? step->sent->str : "";

  if (strcmp (told, events) != 0)
    g_error ("%s:%u (%s): the events are\n%s\nand not\n%s", talk->name, line, how, told, events);
  if (strcmp (sent, expected) != 0)
    g_error ("%s:%u (%s): the client says\n%s\nand not\n%s", talk->name, line, how, sent, expected);
  talk_run_forget (run);
}

static void
act (TalkRun *run, const Talk *talk, const Step *step)
{
  if (!talk_run_act (run, step->words))
    g_error ("%s:%u: no such deed: %s", talk->name, step->line, step->words[0]);
}

/* Goes through the talk: @piece octets at once, and a cut before octet @cut. */
static void
run_whole (const Talk *talk, const TalkDriver *driver, gsize piece, gsize cut, const char *how)
{
  gsize before = 0;
  TalkRun run;

  talk_run_begin (&run, driver);
  talk_run_collect (&run);
  for (guint i = 0; i < talk->steps->len; i++)
    {
      const Step *step = talk->steps->pdata[i];
      gsize length = step->octets->len;
      gsize first = cut > before && cut < before + length ? cut - before : length;

      if (step->type == STEP_CHECK)
        {
          check (&run, talk, step, how, step->line);
          continue;
        }
      /* Between a stretch and a deed without a check: nothing may have come. */
      if (i > 0 && ((Step *) talk->steps->pdata[i - 1])->type == STEP_OCTETS)
        check (&run, talk, NULL, how, step->line);
      if (step->type == STEP_DEED)
        act (&run, talk, step);
      else if (step->type == STEP_EOF)
        talk_run_eof (&run);
      talk_run_feed (&run, step->octets->data, first, piece);
      talk_run_feed (&run, step->octets->data + first, length - first, piece);
      before += length;
    }
  check (&run, talk, NULL, how, 0);
  talk_run_end (&run);
}

/* All events that the first @stop octets bring; with @broken, the stream ends then. */
static char *
events_until (const Talk *talk, const TalkDriver *driver, gsize stop, gboolean broken)
{
  gsize before = 0;
  gboolean owed;
  char *events;
  TalkRun run;

  talk_run_begin (&run, driver);
  for (guint i = 0; i < talk->steps->len; i++)
    {
      const Step *step = talk->steps->pdata[i];
      gsize length = MIN (step->octets->len, stop - before);

      if (step->type == STEP_DEED)
        act (&run, talk, step);
      else if (step->type == STEP_EOF && !broken)
        talk_run_eof (&run);
      talk_run_feed (&run, step->octets->data, length, G_MAXUINT16);
      before += length;
      if (broken && step->type == STEP_OCTETS && length < step->octets->len)
        break;
    }
  owed = driver->machine_class->expects_answer (run.machine);
  if (broken)
    talk_run_eof (&run);
  events = g_strdup (talk_run_events (&run));
  g_assert_false (broken && owed && strstr (events, "FAULT eof") == NULL);
  g_assert_false (broken && driver->machine_class->expects_answer (run.machine));
  talk_run_end (&run);
  return events;
}

/* A beginning: lines of @all, the last perhaps a cut body, then perhaps the fault. */
static gboolean
is_beginning (const char *part, const char *all)
{
  gsize length = strlen (part);
  const char *fault = g_strrstr (part, "FAULT eof");

  if (fault != NULL && (fault == part || fault[-1] == '\n'))
    length = (gsize) (fault - part);
  /* The end of a cut body's line: a quotation mark and a newline. */
  if (length >= 2 && strncmp (part, all, length) != 0 && part[length - 2] == '"')
    length -= 2;
  return strncmp (part, all, length) == 0;
}

static gsize
stride (gsize octets)
{
  return octets / MOST_CUTS + 1;
}

static void
test_whole (gconstpointer data)
{
  const gpointer *pair = data;

  run_whole (pair[0], pair[1], G_MAXUINT16, 0, "whole");
}

static void
test_bytewise (gconstpointer data)
{
  const gpointer *pair = data;

  run_whole (pair[0], pair[1], 1, 0, "byte by byte");
}

static void
test_cut (gconstpointer data)
{
  const gpointer *pair = data;
  const Talk *talk = pair[0];

  for (gsize cut = 1; cut < talk->octets; cut += stride (talk->octets))
    {
      g_autofree char *how = g_strdup_printf ("cut before octet %" G_GSIZE_FORMAT, cut);

      run_whole (talk, pair[1], G_MAXUINT16, cut, how);
    }
}

static void
test_broken_off (gconstpointer data)
{
  const gpointer *pair = data;
  const Talk *talk = pair[0];
  g_autofree char *all = events_until (talk, pair[1], talk->octets, FALSE);

  for (gsize stop = 0; stop <= talk->octets; stop += stride (talk->octets))
    {
      g_autofree char *part = events_until (talk, pair[1], stop, TRUE);

      if (!is_beginning (part, all))
        g_error ("%s, broken off after %" G_GSIZE_FORMAT " octets:\n%s\nis no beginning of\n%s",
                 talk->name, stop, part, all);
    }
}

int
talk_main (int argc, char **argv, const TalkDriver *driver)
{
  static const struct
  {
    const char *name;
    GTestDataFunc run;
  } ways[] = { { "whole", test_whole },
               { "bytewise", test_bytewise },
               { "cut", test_cut },
               { "broken-off", test_broken_off } };
  g_autoptr (GPtrArray) talks = g_ptr_array_new_with_free_func (talk_free);
  g_autoptr (GPtrArray) pairs = g_ptr_array_new_with_free_func (g_free);

  g_test_init (&argc, &argv, NULL);
  for (int i = 1; i < argc; i++)
    {
      Talk *talk = talk_load (argv[i]);
      gconstpointer pair[] = { talk, driver };
      gpointer copy = g_memdup2 (pair, sizeof pair);

      g_ptr_array_add (talks, talk);
      g_ptr_array_add (pairs, copy);
      for (guint way = 0; way < G_N_ELEMENTS (ways); way++)
        {
          g_autofree char *path = g_strdup_printf ("/%s/%s", talk->name, ways[way].name);

          g_test_add_data_func (path, copy, ways[way].run);
        }
    }
  return g_test_run ();
}
