#include "deliver/keeper-private.h"

#include "base/limits.h"
#include "base/log.h"
#include "dbus-interfaces/errors.h"

/* --- Those that were cut off ------------------------------------------------------------------ */

static void
on_resumed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  if (!pf_keeper_release_one_finish (PF_KEEPER (source), result, &error))
    pf_log (PF_LOG_NOTICE, "quarantine: a release that was cut off: %s", error->message);
}

void
pf_keeper_resume (PfKeeper *self)
{
  GPtrArray *list = pf_quarantine_index_list (self->index);
  g_autoptr (GPtrArray) items =
      g_ptr_array_new_with_free_func ((GDestroyNotify) pf_quarantine_item_free);

  for (guint i = 0; i < list->len && items->len < PF_LIMIT_QUARANTINE_IDS; i++)
    {
      const PfQuarantineItem *item = list->pdata[i];

      if (item->release != PF_RELEASE_NONE && !g_hash_table_contains (self->busy, item->id))
        g_ptr_array_add (items, pf_quarantine_item_copy (item));
    }
  for (guint i = 0; i < items->len; i++)
    pf_keeper_release_one_async (self, items->pdata[i], NULL, on_resumed, NULL);
}

/* --- From outside ----------------------------------------------------------------------------- */

gboolean
pf_keeper_may_release (PfKeeper *self,
                       const PfQuarantineItem *item,
                       const PfReleaseOptions *options,
                       GError **error)
{
  g_autoptr (PfSettings) allowed = NULL;

  if (options->learn && !pf_rspamd_can_learn (self->rspamd))
    {
      g_set_error (error, PF_ERROR, PF_ERROR_NOT_SUPPORTED,
                   "Nothing can learn: Rspamd or its controller is switched off");
      return FALSE;
    }
  if (!options->allow_sender)
    return TRUE;
  allowed = pf_keeper_allowed_settings (self, item, error);
  return allowed != NULL;
}

/* A call with many ids: the task's data. */
typedef struct
{
  char **ids;
  guint next, open;
  PfReleaseOptions options;
  char *by;
  GError *error; /* the first */
} Batch;

static void
batch_free (gpointer data)
{
  Batch *batch = data;

  g_strfreev (batch->ids);
  g_free (batch->by);
  g_clear_error (&batch->error);
  g_free (batch);
}

static void release_more (GTask *task);

/* Takes @error. */
static void
keep_first (Batch *batch, GError *error)
{
  if (batch->error == NULL)
    batch->error = error;
  else
    g_error_free (error);
}

static void
on_released (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Batch *batch = g_task_get_task_data (task);
  GError *error = NULL;

  batch->open--;
  if (!pf_keeper_release_one_finish (PF_KEEPER (source), result, &error))
    keep_first (batch, error);
  release_more (task);
}

static void
begin_one (GTask *task, const char *id)
{
  PfKeeper *self = g_task_get_source_object (task);
  Batch *batch = g_task_get_task_data (task);
  const PfQuarantineItem *item = pf_quarantine_index_lookup (self->index, id);

  if (g_hash_table_contains (self->busy, id))
    keep_first (batch, g_error_new (PF_ERROR, PF_ERROR_BUSY,
                                    "%s is being released or deleted already", id));
  else if (item == NULL)
    keep_first (batch, g_error_new (PF_ERROR, PF_ERROR_UNKNOWN_MESSAGE,
                                    "There is no message %s in quarantine", id));
  else
    {
      batch->open++;
      pf_keeper_release_one_async (self, item, &batch->options, on_released, task);
    }
}

/* Ends @task, and frees it, when all are done. */
static void
release_more (GTask *task)
{
  Batch *batch = g_task_get_task_data (task);

  while (batch->open < PF_LIMIT_QUARANTINE_RELEASES && batch->ids[batch->next] != NULL)
    begin_one (task, batch->ids[batch->next++]);
  if (batch->open > 0)
    return;
  if (batch->error != NULL)
    g_task_return_error (task, g_steal_pointer (&batch->error));
  else
    g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

void
pf_keeper_release_async (PfKeeper *self,
                         const char *const *ids,
                         const PfReleaseOptions *options,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);
  Batch *batch = g_new0 (Batch, 1);

  batch->ids = g_strdupv ((char **) ids);
  batch->by = g_strdup (options->by);
  batch->options = *options;
  batch->options.by = batch->by;
  g_task_set_task_data (task, batch, batch_free);
  release_more (task);
}

gboolean
pf_keeper_release_finish (PfKeeper *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
