#include "bus/census.h"

typedef struct
{
  guint accounts;
  guint attention;
} Count;

struct _PfCensus
{
  PfRegistry *registry;
  GHashTable *by_user; /* LocalUser -> Count; NULL when to be counted again */
  Count all;
};

PfCensus *
pf_census_new (PfRegistry *registry)
{
  PfCensus *self = g_new0 (PfCensus, 1);

  self->registry = g_object_ref (registry);
  return self;
}

void
pf_census_free (PfCensus *self)
{
  pf_census_forget (self);
  g_object_unref (self->registry);
  g_free (self);
}

void
pf_census_forget (PfCensus *self)
{
  g_clear_pointer (&self->by_user, g_hash_table_unref);
}

static void
add (Count *count, gboolean attention)
{
  count->accounts++;
  count->attention += attention ? 1 : 0;
}

static Count *
count_of_user (PfCensus *self, const char *user)
{
  Count *count = g_hash_table_lookup (self->by_user, user);

  if (count == NULL)
    {
      count = g_new0 (Count, 1);
      g_hash_table_insert (self->by_user, g_strdup (user), count);
    }
  return count;
}

static void
count_all (PfCensus *self)
{
  GPtrArray *accounts = pf_registry_list (self->registry);
  gint64 now = g_get_real_time ();

  self->by_user = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->all = (Count){ 0 };
  for (guint i = 0; i < accounts->len; i++)
    {
      PfAccount *account = accounts->pdata[i];
      gboolean attention = pf_account_needs_attention (account, now);

      add (&self->all, attention);
      add (count_of_user (self, pf_account_get_settings (account)->local_user), attention);
    }
}

void
pf_census_read (PfCensus *self, const PfCaller *caller, guint *accounts, guint *attention)
{
  const Count *count = NULL;

  if (self->by_user == NULL)
    count_all (self);
  if (caller->sees_all)
    count = &self->all;
  else if (!caller->sees_none && caller->user != NULL)
    count = g_hash_table_lookup (self->by_user, caller->user);
  *accounts = count != NULL ? count->accounts : 0;
  *attention = count != NULL ? count->attention : 0;
}
