#include "schedule/agenda.h"

/* Called in one turn of the main loop, before others have theirs. */
#define A_TURN 64

struct _PfDate
{
  PfAgenda *agenda;
  GSequenceIter *place;
  gint64 time;    /* monotonic, us */
  guint64 number; /* dates of the same time come in the order in which they were made */
  gpointer item;
};

struct _PfAgenda
{
  GSequence *dates;
  GSource *source;
  PfAgendaFunc func;
  gpointer user_data;
  guint64 last_number;
};

static gint
compare (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const PfDate *one = a, *other = b;

  if (one->time != other->time)
    return one->time < other->time ? -1 : 1;
  return one->number < other->number ? -1 : one->number > other->number;
}

/* (nullable) */
static PfDate *
first (PfAgenda *self)
{
  GSequenceIter *place = g_sequence_get_begin_iter (self->dates);

  return g_sequence_iter_is_end (place) ? NULL : g_sequence_get (place);
}

static void
set_timer (PfAgenda *self)
{
  const PfDate *date = first (self);

  g_source_set_ready_time (self->source, date != NULL ? date->time : -1);
}

static gboolean
dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  return callback (user_data);
}

static GSourceFuncs funcs = { NULL, NULL, dispatch, NULL, NULL, NULL };

static gboolean
on_time (gpointer user_data)
{
  PfAgenda *self = user_data;
  gint64 now = g_get_monotonic_time ();
  PfDate *date;

  for (guint i = 0; i < A_TURN && (date = first (self)) != NULL && date->time <= now; i++)
    {
      gpointer item = date->item;

      g_sequence_remove (date->place);
      self->func (item, self->user_data);
    }
  set_timer (self);
  return G_SOURCE_CONTINUE;
}

PfAgenda *
pf_agenda_new (PfAgendaFunc func, gpointer user_data)
{
  PfAgenda *self = g_new0 (PfAgenda, 1);

  self->dates = g_sequence_new (g_free);
  self->func = func;
  self->user_data = user_data;
  self->source = g_source_new (&funcs, sizeof (GSource));
  g_source_set_callback (self->source, on_time, self, NULL);
  g_source_set_static_name (self->source, "[postferry] agenda");
  g_source_attach (self->source, g_main_context_get_thread_default ());
  return self;
}

void
pf_agenda_free (PfAgenda *self)
{
  g_source_destroy (self->source);
  g_source_unref (self->source);
  g_sequence_free (self->dates);
  g_free (self);
}

PfDate *
pf_agenda_add (PfAgenda *self, guint milliseconds, gpointer item)
{
  PfDate *date = g_new0 (PfDate, 1);

  date->agenda = self;
  date->time = g_get_monotonic_time () + (gint64) milliseconds * 1000;
  date->number = ++self->last_number;
  date->item = item;
  date->place = g_sequence_insert_sorted (self->dates, date, compare, NULL);
  if (first (self) == date)
    set_timer (self);
  return date;
}

void
pf_date_remove (PfDate *date)
{
  PfAgenda *self = date->agenda;
  gboolean was_first = first (self) == date;

  g_sequence_remove (date->place);
  if (was_first)
    set_timer (self);
}
