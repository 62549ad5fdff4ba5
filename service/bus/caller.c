#include "bus/caller.h"

PfCaller *
pf_caller_new (const char *name)
{
  PfCaller *self = g_new0 (PfCaller, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->name = g_strdup (name);
  self->uid = (guint) -1;
  self->left = g_cancellable_new ();
  return self;
}

PfCaller *
pf_caller_ref (PfCaller *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
pf_caller_unref (PfCaller *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_free (self->name);
  g_free (self->user);
  g_clear_object (&self->left);
  g_clear_pointer (&self->told, g_variant_unref);
  g_free (self);
}

gboolean
pf_caller_is_user (const PfCaller *self, const char *local_user)
{
  return !self->sees_none && self->user != NULL && local_user != NULL
         && g_str_equal (self->user, local_user);
}

gboolean
pf_caller_sees_user (const PfCaller *self, const char *local_user)
{
  if (self->sees_none)
    return FALSE;
  return self->sees_all || pf_caller_is_user (self, local_user);
}

gboolean
pf_caller_sees_account (const PfCaller *self, const PfSettings *settings)
{
  return pf_caller_sees_user (self, settings->local_user);
}

gboolean
pf_caller_sees_check (const PfCaller *self, const char *local_user, guint starter)
{
  if (local_user != NULL)
    return pf_caller_sees_user (self, local_user);
  return !self->sees_none && (self->sees_all || self->uid == starter);
}

char *
pf_caller_label (const PfCaller *self)
{
  return self->user != NULL ? g_strdup (self->user) : g_strdup_printf ("uid %u", self->uid);
}
