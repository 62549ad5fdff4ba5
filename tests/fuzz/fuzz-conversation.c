#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#define MARK 1
/* Beyond this a run byte by byte takes too long to find anything. */
#define LONGEST 65536

typedef struct
{
  TalkRun run;
  const FuzzDeed *deeds;
  guint n_deeds;
  gboolean only_group; /* what is owed are answers to FUZZ_GROUP only */
  gboolean held;
  gboolean faulty;
  GString *record; /* all that was told and sent */
} Conversation;

/* What was sent right before a fault, or was not any more, may depend on how the stretch was
 * cut. */
static void
record (Conversation *self)
{
  g_autofree char *sent = talk_run_sent (&self->run);
  const char *events = talk_run_events (&self->run);

  g_string_append (self->record, events);
  self->faulty = self->faulty || strstr (events, "FAULT ") != NULL;
  if (!self->faulty)
    g_string_append (self->record, sent);
  g_string_append (self->record, "--\n");
  talk_run_forget (&self->run);
}

/* A command that had to wait would be sent within a stretch, and its answer, were it there
 * already, be refused or not by how the stretch was cut: that is as it should be, and not looked
 * for here. */
static gboolean
may_do (Conversation *self, FuzzWhen when)
{
  gboolean owed = self->run.driver->machine_class->expects_answer (self->run.machine);

  switch (when)
    {
    case FUZZ_GROUP:
      return !self->held && (!owed || self->only_group);
    case FUZZ_ALONE:
    case FUZZ_HOLD:
      return !self->held && !owed;
    case FUZZ_ANY:
    case FUZZ_UNHOLD:
    default:
      return TRUE;
    }
}

static void
do_words (Conversation *self, const char *words)
{
  g_auto (GStrv) split = g_strsplit (words, " ", -1);

  g_assert_true (talk_run_act (&self->run, split));
  record (self);
}

static void
do_deed (Conversation *self, char letter)
{
  for (guint i = 0; i < self->n_deeds; i++)
    {
      const FuzzDeed *deed = &self->deeds[i];

      if (deed->letter != letter || !may_do (self, deed->when))
        continue;
      if (deed->when == FUZZ_HOLD || deed->when == FUZZ_UNHOLD)
        self->held = deed->when == FUZZ_HOLD;
      if (deed->when != FUZZ_ANY)
        self->only_group = deed->when == FUZZ_GROUP;
      do_words (self, deed->words);
    }
}

static gsize
stretch_length (const guint8 *data, gsize size)
{
  const guint8 *mark = memchr (data, MARK, size);

  return mark != NULL ? (gsize) (mark - data) : size;
}

/* (transfer full): all that was told and sent. */
static char *
converse (Conversation *self,
          const TalkDriver *driver,
          const char *opening,
          const guint8 *data,
          gsize size,
          gsize piece,
          gsize cut)
{
  self->only_group = self->held = self->faulty = FALSE;
  self->record = g_string_new (NULL);
  talk_run_begin (&self->run, driver);
  if (opening != NULL)
    do_words (self, opening);
  for (gsize at = 0; at < size; at++)
    {
      gsize length = stretch_length (data + at, size - at);
      gsize first = cut > at && cut < at + length ? cut - at : length;

      talk_run_feed (&self->run, data + at, first, piece);
      talk_run_feed (&self->run, data + at + first, length - first, piece);
      record (self);
      at += length + 1; /* on the deed's letter */
      if (at < size)
        do_deed (self, (char) data[at]);
    }
  talk_run_eof (&self->run);
  record (self);
  talk_run_end (&self->run);
  return g_string_free (self->record, FALSE);
}

static void
assert_same (const char *whole, const char *other, const char *how)
{
  if (strcmp (whole, other) == 0)
    return;
  g_printerr ("whole:\n%s\n%s:\n%s", whole, how, other);
  abort ();
}

void
fuzz_conversation (const TalkDriver *driver,
                   const FuzzDeed *deeds,
                   guint n_deeds,
                   const char *opening,
                   const guint8 *data,
                   gsize size)
{
  Conversation self = { .deeds = deeds, .n_deeds = n_deeds };
  g_autofree char *whole = NULL, *bytewise = NULL, *cut = NULL;

  if (size < 2 || size > LONGEST)
    return;
  size -= 2;
  whole = converse (&self, driver, opening, data + 2, size, LONGEST, 0);
  bytewise = converse (&self, driver, opening, data + 2, size, 1, 0);
  cut = converse (&self, driver, opening, data + 2, size, LONGEST,
                  (gsize) (data[0] * 256 + data[1]) % (size + 1));
  assert_same (whole, bytewise, "byte by byte");
  assert_same (whole, cut, "cut");
}
