#include "schedule/slots.h"

struct _PfSlots
{
  guint total, per_server;
  guint used;
  GHashTable *by_server; /* lower-cased name -> count */
};

PfSlots *
pf_slots_new (guint total, guint per_server)
{
  PfSlots *self = g_new0 (PfSlots, 1);

  self->by_server = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  pf_slots_set (self, total, per_server);
  return self;
}

void
pf_slots_free (PfSlots *self)
{
  g_hash_table_unref (self->by_server);
  g_free (self);
}

void
pf_slots_set (PfSlots *self, guint total, guint per_server)
{
  self->total = total;
  self->per_server = per_server;
}

gboolean
pf_slots_take (PfSlots *self, const char *server)
{
  g_autofree char *key = g_ascii_strdown (server, -1);
  guint count = GPOINTER_TO_UINT (g_hash_table_lookup (self->by_server, key));

  if (self->used >= self->total || count >= self->per_server)
    return FALSE;
  self->used++;
  g_hash_table_replace (self->by_server, g_steal_pointer (&key), GUINT_TO_POINTER (count + 1));
  return TRUE;
}

void
pf_slots_release (PfSlots *self, const char *server)
{
  g_autofree char *key = g_ascii_strdown (server, -1);
  guint count = GPOINTER_TO_UINT (g_hash_table_lookup (self->by_server, key));

  g_return_if_fail (count > 0 && self->used > 0);
  self->used--;
  if (count == 1)
    g_hash_table_remove (self->by_server, key);
  else
    g_hash_table_replace (self->by_server, g_steal_pointer (&key), GUINT_TO_POINTER (count - 1));
}
