#include "bus/coalescer.h"

struct _PfCoalescer
{
  GHashTable *changed; /* set of items */
  gint64 interval;     /* us */
  gint64 last;         /* monotonic time of the last round */
  guint source;
  PfCoalescerFunc func;
  gpointer user_data;
};

PfCoalescer *
pf_coalescer_new (guint interval_ms, PfCoalescerFunc func, gpointer user_data)
{
  PfCoalescer *self = g_new0 (PfCoalescer, 1);

  self->changed = g_hash_table_new (NULL, NULL);
  self->interval = (gint64) interval_ms * 1000;
  self->last = g_get_monotonic_time () - self->interval;
  self->func = func;
  self->user_data = user_data;
  return self;
}

void
pf_coalescer_free (PfCoalescer *self)
{
  g_clear_handle_id (&self->source, g_source_remove);
  g_hash_table_unref (self->changed);
  g_free (self);
}

static gboolean
on_round (gpointer user_data)
{
  PfCoalescer *self = user_data;
  GHashTableIter iter;
  gpointer item;

  self->source = 0;
  self->last = g_get_monotonic_time ();
  /* One at a time: telling may change or drop others. */
  for (g_hash_table_iter_init (&iter, self->changed); g_hash_table_iter_next (&iter, &item, NULL);
       g_hash_table_iter_init (&iter, self->changed))
    {
      g_hash_table_iter_remove (&iter);
      self->func (item, self->user_data);
    }
  return G_SOURCE_REMOVE;
}

void
pf_coalescer_add (PfCoalescer *self, gpointer item)
{
  gint64 wait = self->last + self->interval - g_get_monotonic_time ();

  g_hash_table_add (self->changed, item);
  if (self->source == 0)
    self->source = g_timeout_add ((guint) (MAX (wait, 0) + 999) / 1000, on_round, self);
}

void
pf_coalescer_drop (PfCoalescer *self, gpointer item)
{
  g_hash_table_remove (self->changed, item);
}
