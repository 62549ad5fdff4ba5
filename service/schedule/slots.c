#include "schedule/slots.h"

#include "base/limits.h"

/* One server. It stands in `ready` while somebody waits for it who could have a slot. */
typedef struct
{
  PfSlots *slots;
  char *name;
  GQueue waiting; /* PfTurn */
  guint most;     /* 0: the general number */
  guint used;
  guint turns; /* all of them, the urgent ones too: the line is there for them */
  GList ready_link;
  gboolean is_ready;
} Line;

struct _PfTurn
{
  Line *line;
  gpointer data;
  gboolean urgent, has_slot;
  GList link; /* of the line's waiting, or of urgent */
};

struct _PfSlots
{
  guint total, per_server;
  guint used, urgent_used;
  GHashTable *lines; /* lower-cased name -> Line: with turns only */
  GQueue ready;      /* Line */
  GQueue urgent;     /* PfTurn */
};

static void
line_free (gpointer data)
{
  Line *line = data;

  g_free (line->name);
  g_free (line);
}

PfSlots *
pf_slots_new (guint total, guint per_server)
{
  PfSlots *self = g_new0 (PfSlots, 1);

  self->lines = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, line_free);
  self->total = total;
  self->per_server = per_server;
  return self;
}

void
pf_slots_free (PfSlots *self)
{
  g_hash_table_unref (self->lines);
  g_free (self);
}

/* Takes @line into the row of those that can go on, or out of it. */
static void
update_line (PfSlots *self, Line *line)
{
  guint most = line->most != 0 ? line->most : self->per_server;
  gboolean is_ready = line->waiting.length > 0 && line->used < most;

  if (is_ready == line->is_ready)
    return;
  line->is_ready = is_ready;
  if (is_ready)
    g_queue_push_tail_link (&self->ready, &line->ready_link);
  else
    g_queue_unlink (&self->ready, &line->ready_link);
}

void
pf_slots_set (PfSlots *self, guint total, guint per_server)
{
  GHashTableIter iter;
  gpointer line;

  self->total = total;
  self->per_server = per_server;
  g_hash_table_iter_init (&iter, self->lines);
  while (g_hash_table_iter_next (&iter, NULL, &line))
    update_line (self, line);
}

static Line *
line_of (PfSlots *self, const char *server)
{
  g_autofree char *name = g_ascii_strdown (server, -1);
  Line *line = g_hash_table_lookup (self->lines, name);

  if (line != NULL)
    return line;
  line = g_new0 (Line, 1);
  line->slots = self;
  line->name = g_steal_pointer (&name);
  line->ready_link.data = line;
  g_hash_table_insert (self->lines, line->name, line);
  return line;
}

PfTurn *
pf_slots_wait (PfSlots *self, const char *server, guint most, gboolean urgent, gpointer data)
{
  PfTurn *turn = g_new0 (PfTurn, 1);

  turn->line = line_of (self, server);
  turn->data = data;
  turn->urgent = urgent;
  turn->link.data = turn;
  turn->line->most = most;
  turn->line->turns++;
  if (urgent)
    g_queue_push_tail_link (&self->urgent, &turn->link);
  else
    g_queue_push_tail_link (&turn->line->waiting, &turn->link);
  update_line (self, turn->line);
  return turn;
}

static gpointer
call (PfSlots *self, PfTurn *turn)
{
  turn->has_slot = TRUE;
  turn->line->used++;
  self->used++;
  self->urgent_used += turn->urgent ? 1 : 0;
  return turn->data;
}

gpointer
pf_slots_next (PfSlots *self)
{
  PfTurn *turn;
  Line *line;

  if (self->urgent.length > 0 && self->urgent_used < PF_LIMIT_CHECKS_BY_PERSON)
    {
      gpointer data;

      turn = g_queue_pop_head_link (&self->urgent)->data;
      data = call (self, turn);
      update_line (self, turn->line);
      return data;
    }
  if (self->used >= self->total || self->ready.length == 0)
    return NULL;
  line = g_queue_pop_head_link (&self->ready)->data;
  line->is_ready = FALSE;
  turn = g_queue_pop_head_link (&line->waiting)->data;
  call (self, turn);
  /* Behind the other servers again. */
  update_line (self, line);
  return turn->data;
}

gboolean
pf_turn_has_slot (const PfTurn *turn)
{
  return turn->has_slot;
}

void
pf_turn_end (PfTurn *turn)
{
  Line *line = turn->line;
  PfSlots *self = line->slots;

  if (turn->has_slot)
    {
      line->used--;
      self->used--;
      self->urgent_used -= turn->urgent ? 1 : 0;
    }
  else
    g_queue_unlink (turn->urgent ? &self->urgent : &line->waiting, &turn->link);
  g_free (turn);
  update_line (self, line);
  if (--line->turns == 0)
    g_hash_table_remove (self->lines, line->name);
}
