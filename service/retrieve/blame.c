#include "retrieve/check-private.h"

/* Whose fault it is that messages were not delivered, decided when all of the folder were tried:
 * in which order they fail says nothing. */

typedef struct
{
  PfPlanItem *item;
  char *reason;
} PfDeferred;

static void
deferred_free (gpointer data)
{
  PfDeferred *deferred = data;

  g_free (deferred->reason);
  g_free (deferred);
}

void
pf_check_defer (PfCheck *self, PfPlanItem *item, const char *reason)
{
  PfDeferred *deferred = g_new0 (PfDeferred, 1);

  if (self->deferred == NULL)
    self->deferred = g_ptr_array_new_with_free_func (deferred_free);
  deferred->item = item;
  deferred->reason = g_strdup (reason);
  g_ptr_array_add (self->deferred, deferred);
}

/* Others could be delivered; or nothing failed here that was not to blame before. Where all that is
 * new fails, the target does. */
static gboolean
is_their_own_fault (const PfCheck *self, const GPtrArray *all)
{
  if (self->tally.delivered + self->tally.junked + self->tally.quarantined > 0)
    return TRUE;
  for (guint i = 0; i < all->len; i++)
    if (((PfDeferred *) all->pdata[i])->item->row->failures == 0)
      return FALSE;
  return TRUE;
}

gboolean
pf_check_blame (PfCheck *self)
{
  g_autoptr (GPtrArray) all = g_steal_pointer (&self->deferred);
  gboolean own;

  if (all == NULL)
    return FALSE;
  own = is_their_own_fault (self, all);
  for (guint i = 0; i < all->len; i++)
    {
      PfDeferred *deferred = all->pdata[i];

      /* Of what is set aside that is told, not that it will be tried again. */
      if (!own || !pf_check_store_failure (self, deferred->item, deferred->reason, TRUE))
        pf_check_note (
            self, g_error_new_literal (PF_PROBLEM, PF_PROBLEM_DELIVERY_DEFERRED, deferred->reason));
    }
  return own;
}
