#include "deliver/helper-turns.h"

#define SECOND_PACKET_LEAST (PF_LIMIT_HELPER_BATCH / 2)
/* Beyond, all are forgotten: a second packet has to wait once more. */
#define SETTLED_MAX 4096

struct _PfHelperTurns
{
  GHashTable *busy;    /* user: how many records are under way */
  GHashTable *settled; /* "user/folder": a delivery succeeded there */
};

PfHelperTurns *
pf_helper_turns_new (void)
{
  PfHelperTurns *self = g_new0 (PfHelperTurns, 1);

  self->busy = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->settled = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
pf_helper_turns_free (PfHelperTurns *self)
{
  g_hash_table_unref (self->busy);
  g_hash_table_unref (self->settled);
  g_free (self);
}

static guint
count_busy (PfHelperTurns *self, const PfRequestRecord *record)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (self->busy, record->user));
}

/* User names hold no '/'. */
static char *
place_of (const PfRequestRecord *record)
{
  return g_strconcat (record->user, "/", record->folder, NULL);
}

static gboolean
is_settled (PfHelperTurns *self, const PfRequestRecord *record)
{
  g_autofree char *place = place_of (record);

  return record->operation == PF_REQUEST_DELIVER && g_hash_table_contains (self->settled, place);
}

gboolean
pf_helper_turns_may_send (PfHelperTurns *self, const PfRequestRecord *record, guint waiting)
{
  guint busy = count_busy (self, record);

  return busy == 0
         || (busy <= PF_LIMIT_HELPER_BATCH && waiting >= SECOND_PACKET_LEAST
             && is_settled (self, record));
}

void
pf_helper_turns_sent (PfHelperTurns *self, const PfRequestRecord *record)
{
  g_hash_table_insert (self->busy, g_strdup (record->user),
                       GUINT_TO_POINTER (count_busy (self, record) + 1));
}

static void
note_place (PfHelperTurns *self, const PfRequestRecord *record, gboolean settled)
{
  g_autofree char *place = place_of (record);

  if (!settled)
    g_hash_table_remove (self->settled, place);
  else if (!g_hash_table_contains (self->settled, place))
    {
      if (g_hash_table_size (self->settled) >= SETTLED_MAX)
        g_hash_table_remove_all (self->settled);
      g_hash_table_add (self->settled, g_steal_pointer (&place));
    }
}

void
pf_helper_turns_answered (PfHelperTurns *self, const PfRequestRecord *record, guint32 code)
{
  guint busy = count_busy (self, record);

  if (busy <= 1)
    g_hash_table_remove (self->busy, record->user);
  else
    g_hash_table_insert (self->busy, g_strdup (record->user), GUINT_TO_POINTER (busy - 1));
  if (record->operation == PF_REQUEST_DELIVER)
    note_place (self, record, code == PF_HELPER_DONE);
}

void
pf_helper_turns_lost (PfHelperTurns *self)
{
  g_hash_table_remove_all (self->busy);
}
