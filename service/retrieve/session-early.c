#include "retrieve/session-private.h"

#include "base/limits.h"

/* One message that was asked for while the listing still arrived. */
typedef struct
{
  guint32 number;
  guint64 size;
  PfFetched *fetched; /* the answer, until somebody asks for it */
  GTask *asked;       /* who asks for it, until the answer is there */
} PfEarly;

struct _PfEarlyFetches
{
  PfForesight foresight;
  gpointer user_data;
  GHashTable *messages; /* number -> PfEarly */
  guint64 octets;
};

static void
early_free (gpointer data)
{
  PfEarly *early = data;

  g_clear_pointer (&early->fetched, pf_fetched_free);
  g_free (early);
}

PfEarlyFetches *
pf_early_fetches_new (void)
{
  PfEarlyFetches *self = g_new0 (PfEarlyFetches, 1);

  self->messages = g_hash_table_new_full (NULL, NULL, NULL, early_free);
  return self;
}

void
pf_early_fetches_free (PfEarlyFetches *self)
{
  g_hash_table_unref (self->messages);
  g_free (self);
}

void
pf_session_set_foresight (PfSession *self, PfForesight foresight, gpointer user_data)
{
  PfEarlyFetches *all = pf_session_get_early (self);

  all->foresight = foresight;
  all->user_data = user_data;
}

static PfEarly *
find_early (PfSession *self, guint32 number)
{
  return g_hash_table_lookup (pf_session_get_early (self)->messages, GUINT_TO_POINTER (number));
}

static void
remove_early (PfSession *self, PfEarly *early)
{
  PfEarlyFetches *all = pf_session_get_early (self);

  all->octets -= early->size;
  g_hash_table_remove (all->messages, GUINT_TO_POINTER (early->number));
}

/* --- Ahead of the plan ------------------------------------------------------------------------ */

/* Who asked gets the answer as if it had come by itself; without one it is kept, or thrown away
 * where nobody will ask. */
static void
on_early (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfSession *self = PF_SESSION (source);
  PfEarly *early = find_early (self, GPOINTER_TO_UINT (user_data));
  GError *error = NULL;
  PfFetched *fetched = g_task_propagate_pointer (G_TASK (result), &error);
  GTask *asked;

  if (early == NULL)
    {
      g_clear_pointer (&fetched, pf_fetched_free);
      g_clear_error (&error);
      return;
    }
  asked = g_steal_pointer (&early->asked);
  if (asked == NULL)
    {
      early->fetched = fetched;
      g_clear_error (&error); /* the session tells it to whoever asks */
      return;
    }
  remove_early (self, early);
  if (error != NULL)
    g_task_return_error (asked, error);
  else
    g_task_return_pointer (asked, fetched, pf_fetched_free);
  g_object_unref (asked);
}

void
pf_session_foresee (PfSession *self, const PfListed *listed, guint32 uidvalidity)
{
  PfEarlyFetches *all = pf_session_get_early (self);
  PfEarly *early;
  GTask *task;

  if (all->foresight == NULL || g_hash_table_size (all->messages) >= pf_session_get_window (self)
      || all->octets >= PF_LIMIT_FETCH_WINDOW_OCTETS || find_early (self, listed->number) != NULL
      || !all->foresight (listed, uidvalidity, all->user_data))
    return;
  task = pf_session_begin (self, pf_session_foresee, on_early, GUINT_TO_POINTER (listed->number));
  if (task == NULL)
    return;
  early = g_new0 (PfEarly, 1);
  early->number = listed->number;
  early->size = listed->size;
  all->octets += early->size;
  g_hash_table_insert (all->messages, GUINT_TO_POINTER (early->number), early);
  PF_SESSION_GET_CLASS (self)->fetch (self, task, listed);
}

gboolean
pf_session_forget_early (PfSession *self, const PfListed *listed)
{
  PfEarly *early = find_early (self, listed->number);

  if (early == NULL)
    return FALSE;
  remove_early (self, early);
  return TRUE;
}

/* --- By the plan ------------------------------------------------------------------------------ */

void
pf_session_fetch_async (PfSession *self,
                        const PfListed *listed,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  PfEarly *early = find_early (self, listed->number);
  GTask *task;

  if (early != NULL && early->fetched != NULL)
    {
      task = g_task_new (self, NULL, callback, user_data);
      g_task_return_pointer (task, g_steal_pointer (&early->fetched), pf_fetched_free);
      g_object_unref (task);
      remove_early (self, early);
      return;
    }
  if (early != NULL && !pf_session_has_failed (self))
    {
      early->asked = g_task_new (self, NULL, callback, user_data);
      return;
    }
  task = pf_session_begin (self, pf_session_fetch_async, callback, user_data);
  if (task != NULL)
    PF_SESSION_GET_CLASS (self)->fetch (self, task, listed);
}
