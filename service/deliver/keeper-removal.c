#include "deliver/keeper-private.h"

#include "base/limits.h"
#include "base/log.h"
#include "dbus-interfaces/errors.h"
#include "deliver/quarantine-folder.h"

typedef struct
{
  char *directory;
  GPtrArray *items; /* of PfQuarantineItem: copies, busy meanwhile */
  char *by;         /* (nullable) */
  char *missing;    /* (nullable): the first id that is not there */
  gboolean taken;   /* another call has one of them */
  guint next;       /* of items: what is to be forgotten */
} Removal;

static void
removal_free (gpointer data)
{
  Removal *removal = data;

  g_free (removal->directory);
  g_ptr_array_unref (removal->items);
  g_free (removal->by);
  g_free (removal->missing);
  g_free (removal);
}

static void
remove_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Removal *removal = data;
  g_autofree const char **ids = g_new0 (const char *, removal->items->len + 1);
  GError *error = NULL;

  for (guint i = 0; i < removal->items->len; i++)
    ids[i] = ((PfQuarantineItem *) removal->items->pdata[i])->id;
  if (pf_quarantine_folder_remove (removal->directory, ids, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
forget (PfKeeper *self, const Removal *removal, const PfQuarantineItem *item)
{
  pf_quarantine_index_remove (self->index, item->id);
  pf_keeper_record (self, item, removal->by, removal->by != NULL ? "deleted" : "expired");
  pf_keeper_emit_changed (self, item->recipient);
}

static void
answer (GTask *task)
{
  const Removal *removal = g_task_get_task_data (task);

  if (removal->taken)
    g_task_return_new_error (task, PF_ERROR, PF_ERROR_BUSY,
                             "A message is being released or deleted already");
  else if (removal->missing != NULL)
    g_task_return_new_error (task, PF_ERROR, PF_ERROR_UNKNOWN_MESSAGE,
                             "There is no message %s in quarantine", removal->missing);
  else
    g_task_return_boolean (task, TRUE);
}

/* Each is an event of its own: a thousand would hold up everybody else. */
static gboolean
forget_some (gpointer user_data)
{
  GTask *task = user_data;
  PfKeeper *self = g_task_get_source_object (task);
  Removal *removal = g_task_get_task_data (task);
  gint64 end = g_get_monotonic_time () + PF_LIMIT_TURN_US;

  for (; removal->next < removal->items->len; removal->next++)
    {
      const PfQuarantineItem *item = removal->items->pdata[removal->next];

      if (g_get_monotonic_time () >= end)
        return G_SOURCE_CONTINUE;
      g_hash_table_remove (self->busy, item->id);
      forget (self, removal, item);
    }
  answer (task);
  return G_SOURCE_REMOVE;
}

static void
on_removed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  PfKeeper *self = PF_KEEPER (source);
  const Removal *removal = g_task_get_task_data (task);
  GError *error = NULL;

  if (g_task_propagate_boolean (G_TASK (result), &error))
    {
      g_idle_add_full (G_PRIORITY_DEFAULT, forget_some, g_steal_pointer (&task), g_object_unref);
      return;
    }
  for (guint i = 0; i < removal->items->len; i++)
    g_hash_table_remove (self->busy, ((PfQuarantineItem *) removal->items->pdata[i])->id);
  g_task_return_error (task, error);
}

void
pf_keeper_delete_async (PfKeeper *self,
                        const char *const *ids,
                        const char *by,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);
  g_autoptr (GTask) work = g_task_new (self, NULL, on_removed, task);
  Removal *removal = g_new0 (Removal, 1);

  removal->directory = g_strdup (self->directory);
  removal->items = g_ptr_array_new_with_free_func ((GDestroyNotify) pf_quarantine_item_free);
  removal->by = g_strdup (by);
  for (; *ids != NULL; ids++)
    {
      const PfQuarantineItem *item = pf_quarantine_index_lookup (self->index, *ids);

      if (g_hash_table_contains (self->busy, *ids))
        removal->taken = TRUE;
      else if (item == NULL && removal->missing == NULL)
        removal->missing = g_strdup (*ids);
      else if (item != NULL)
        {
          g_hash_table_add (self->busy, g_strdup (item->id));
          g_ptr_array_add (removal->items, pf_quarantine_item_copy (item));
        }
    }
  g_task_set_task_data (task, removal, removal_free);
  /* The outer task holds it until the work is done. */
  g_task_set_task_data (work, removal, NULL);
  g_task_run_in_thread (work, remove_in_thread);
}

gboolean
pf_keeper_delete_finish (PfKeeper *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* --- Expiry ----------------------------------------------------------------------------------- */

/* Each is an event of its own: not all of a year at once. */
#define A_TURN 100

static void
on_expired (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfKeeper *self = PF_KEEPER (source);
  g_autoptr (GError) error = NULL;

  if (pf_keeper_delete_finish (self, result, &error))
    pf_keeper_expire (self);
  /* Somebody has it in hand: it is looked at again in an hour. */
  else if (!g_error_matches (error, PF_ERROR, PF_ERROR_BUSY))
    pf_log (PF_LOG_ERROR, "what expired in quarantine cannot be deleted: %s", error->message);
}

void
pf_keeper_expire (PfKeeper *self)
{
  GPtrArray *list = pf_quarantine_index_list (self->index);
  gint64 days = (gint64) self->settings->filter->quarantine_days;
  gint64 before = g_get_real_time () - days * G_TIME_SPAN_DAY;
  g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);

  /* The oldest are last. */
  for (guint i = list->len; i > 0 && ids->len < A_TURN && !self->stopped; i--)
    {
      const PfQuarantineItem *item = list->pdata[i - 1];

      if (item->time >= before)
        break;
      /* A release that was begun is finished. */
      if (item->release == PF_RELEASE_NONE && !g_hash_table_contains (self->busy, item->id))
        g_ptr_array_add (ids, g_strdup (item->id));
    }
  if (ids->len == 0)
    return;
  g_ptr_array_add (ids, NULL);
  pf_keeper_delete_async (self, (const char *const *) ids->pdata, NULL, on_expired, NULL);
}
