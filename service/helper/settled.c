#include "helper/settled.h"

#include "base/limits.h"

struct _PfSettled
{
  GHashTable *names; /* of folders, as folder_name() has them */
};

PfSettled *
pf_settled_new (void)
{
  PfSettled *self = g_new0 (PfSettled, 1);

  self->names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
pf_settled_free (PfSettled *self)
{
  g_hash_table_unref (self->names);
  g_free (self);
}

static char *
folder_name (const PfPolicy *policy, const PfRequestRecord *record)
{
  return g_strdup_printf ("%s\n%s\n%s", policy->mailbox != NULL ? policy->mailbox : "",
                          record->user, record->folder);
}

gboolean
pf_settled_has (const PfSettled *self, const PfPolicy *policy, const PfRequestRecord *record)
{
  g_autofree char *name = folder_name (policy, record);

  return g_hash_table_contains (self->names, name);
}

void
pf_settled_note (PfSettled *self,
                 const PfPolicy *policy,
                 const PfRequestRecord *record,
                 gboolean done)
{
  g_autofree char *name = folder_name (policy, record);

  if (!done)
    {
      g_hash_table_remove (self->names, name);
      return;
    }
  /* Forgetting costs a sync, no more. */
  if (g_hash_table_size (self->names) >= PF_LIMIT_HELPER_SETTLED)
    g_hash_table_remove_all (self->names);
  g_hash_table_add (self->names, g_steal_pointer (&name));
}
