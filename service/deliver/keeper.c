#include "deliver/keeper-private.h"

#include "base/limits.h"
#include "base/log.h"
#include "dbus-interfaces/errors.h"
#include "deliver/quarantine-folder.h"
#include "deliver/quarantine.h"

#include <unistd.h>

/* Releases that wait for the target, expiry and digests are looked at so often. */
#define TICK_SECONDS 3600

G_DEFINE_FINAL_TYPE (PfKeeper, pf_keeper, G_TYPE_OBJECT)

static guint signal_changed;

void
pf_keeper_emit_changed (PfKeeper *self, const char *recipient)
{
  g_signal_emit (self, signal_changed, 0, recipient);
}

void
pf_keeper_record (PfKeeper *self, const PfQuarantineItem *item, const char *by, const char *reason)
{
  PfEvent *event = pf_event_new (PF_EVENT_QUARANTINE, item->account);

  event->caller = g_strdup (by);
  event->uid = g_strdup (item->uid);
  event->message_id = g_strdup (item->message_id);
  event->sender = g_strdup (item->sender);
  event->subject = g_strdup (item->subject);
  event->verdict = g_strdup (item->verdict);
  event->reason = g_strdup (reason);
  event->size = item->size;
  event->score = item->score;
  pf_journal_record (self->journal, event);
}

/* --- Reading the folder ----------------------------------------------------------------------- */

typedef struct
{
  char *directory;
  GHashTable *known;  /* (nullable) */
  gint64 tidy_before; /* unix seconds; 0: nothing is tidied up */
} Scan;

static void
scan_free (gpointer data)
{
  Scan *scan = data;

  g_free (scan->directory);
  g_clear_pointer (&scan->known, g_hash_table_unref);
  g_free (scan);
}

static void
scan_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Scan *scan = data;
  GError *error = NULL;
  PfQuarantineScan *found;

  if (scan->tidy_before > 0)
    pf_quarantine_folder_tidy (scan->directory, scan->tidy_before);
  found = pf_quarantine_folder_scan (scan->directory, scan->known, &error);
  if (found != NULL)
    pf_quarantine_items_sort (found->items);
  if (found != NULL)
    g_task_return_pointer (task, found, (GDestroyNotify) pf_quarantine_scan_free);
  else
    g_task_return_error (task, error);
}

/* Once for each: somebody has to look at it. */
static void
tell_damage (PfKeeper *self, GHashTable *damaged)
{
  GHashTableIter iter;
  gpointer id, text;

  g_hash_table_iter_init (&iter, damaged);
  while (g_hash_table_iter_next (&iter, &id, &text))
    if (g_hash_table_add (self->damaged, g_strdup (id)))
      pf_log (PF_LOG_WARNING,
              "quarantine: %s.meta is damaged, the message is neither shown nor deleted: %s",
              (char *) id, (char *) text);
}

/* What was there and has gone by another's hand. */
static void
drop_gone (PfKeeper *self, GHashTable *present)
{
  GPtrArray *list = pf_quarantine_index_list (self->index);
  g_autoptr (GPtrArray) gone = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < list->len; i++)
    {
      const PfQuarantineItem *item = list->pdata[i];

      if (!g_hash_table_contains (present, item->id)
          && !g_hash_table_contains (self->busy, item->id)
          && !g_hash_table_contains (self->fresh, item->id))
        g_ptr_array_add (gone, g_strdup (item->id));
    }
  for (guint i = 0; i < gone->len; i++)
    pf_quarantine_index_remove (self->index, gone->pdata[i]);
  if (gone->len > 0)
    pf_keeper_emit_changed (self, NULL);
}

static gboolean
on_tick (gpointer user_data)
{
  PfKeeper *self = user_data;

  pf_keeper_resume (self);
  pf_keeper_expire (self);
  pf_keeper_tell (self);
  return G_SOURCE_CONTINUE;
}

static void
loaded (PfKeeper *self)
{
  g_autoptr (GPtrArray) waiting = g_steal_pointer (&self->waiting);

  self->waiting = g_ptr_array_new_with_free_func (g_object_unref);
  self->loaded = TRUE;
  for (guint i = 0; i < waiting->len; i++)
    g_task_return_boolean (waiting->pdata[i], TRUE);
  if (self->stopped)
    return;
  self->tick = g_timeout_add_seconds (TICK_SECONDS, on_tick, self);
  on_tick (self);
}

static void
on_scanned (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfKeeper *self = PF_KEEPER (source);
  g_autoptr (GError) error = NULL;
  g_autoptr (PfQuarantineScan) found = g_task_propagate_pointer (G_TASK (result), &error);

  self->scanning = FALSE;
  if (found == NULL)
    pf_log (PF_LOG_ERROR, "the quarantine cannot be read: %s", error->message);
  else
    {
      guint before = pf_quarantine_index_count (self->index, NULL);

      tell_damage (self, found->damaged);
      pf_quarantine_index_merge (self->index, found->items);
      if (pf_quarantine_index_count (self->index, NULL) != before)
        pf_keeper_emit_changed (self, NULL);
      drop_gone (self, found->present);
    }
  g_hash_table_remove_all (self->fresh);
  if (!self->loaded)
    loaded (self);
}

/* Those that need not be read again. */
static GHashTable *
known_ids (PfKeeper *self)
{
  GHashTable *known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GPtrArray *list = pf_quarantine_index_list (self->index);

  for (guint i = 0; i < list->len; i++)
    g_hash_table_add (known, g_strdup (((PfQuarantineItem *) list->pdata[i])->id));
  return known;
}

static void
scan_folder (PfKeeper *self, gint64 tidy_before)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, on_scanned, NULL);
  Scan *scan = g_new0 (Scan, 1);

  scan->directory = g_strdup (self->directory);
  scan->known = known_ids (self);
  scan->tidy_before = tidy_before;
  self->scanning = TRUE;
  g_hash_table_remove_all (self->fresh);
  g_task_set_task_data (task, scan, scan_free);
  g_task_run_in_thread (task, scan_in_thread);
}

/* --- What changes meanwhile ------------------------------------------------------------------- */

static gboolean
on_rescan (gpointer user_data)
{
  PfKeeper *self = user_data;

  if (self->scanning)
    return G_SOURCE_CONTINUE;
  self->rescan = 0;
  scan_folder (self, 0);
  return G_SOURCE_REMOVE;
}

static void
on_folder_changed (gpointer user_data)
{
  PfKeeper *self = user_data;

  if (self->rescan == 0)
    self->rescan = g_timeout_add (PF_LIMIT_QUARANTINE_RESCAN_MS, on_rescan, self);
}

static void
on_stored (const char *directory, const PfQuarantineItem *item, gpointer user_data)
{
  PfKeeper *self = user_data;

  if (!g_str_equal (directory, self->directory))
    return;
  if (self->scanning)
    g_hash_table_add (self->fresh, g_strdup (item->id));
  /* What is being released goes its way; the files that are new are seen with the folder. */
  if (g_hash_table_contains (self->busy, item->id))
    return;
  pf_quarantine_index_put (self->index, pf_quarantine_item_copy (item));
  pf_keeper_emit_changed (self, item->recipient);
}

/* --- From outside ----------------------------------------------------------------------------- */

PfQuarantineIndex *
pf_keeper_get_index (PfKeeper *self)
{
  return self->index;
}

void
pf_keeper_wait_async (PfKeeper *self, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);

  if (self->loaded)
    g_task_return_boolean (task, TRUE);
  else
    g_ptr_array_add (self->waiting, g_steal_pointer (&task));
}

gboolean
pf_keeper_wait_finish (PfKeeper *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

typedef struct
{
  char *directory, *id;
} Opening;

static void
opening_free (gpointer data)
{
  Opening *opening = data;

  g_free (opening->directory);
  g_free (opening->id);
  g_free (opening);
}

static void
open_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Opening *opening = data;
  g_autoptr (GError) error = NULL;
  int fd = pf_quarantine_folder_open (opening->directory, opening->id, &error);

  if (fd >= 0)
    g_task_return_int (task, fd);
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    g_task_return_new_error (task, PF_ERROR, PF_ERROR_UNKNOWN_MESSAGE,
                             "There is no message %s in quarantine", opening->id);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

void
pf_keeper_open_async (PfKeeper *self,
                      const char *id,
                      GAsyncReadyCallback callback,
                      gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);
  Opening *opening = g_new0 (Opening, 1);

  opening->directory = g_strdup (self->directory);
  opening->id = g_strdup (id);
  g_task_set_task_data (task, opening, opening_free);
  g_task_run_in_thread (task, open_in_thread);
}

int
pf_keeper_open_finish (PfKeeper *self, GAsyncResult *result, GError **error)
{
  return (int) g_task_propagate_int (G_TASK (result), error);
}

/* --- Life ------------------------------------------------------------------------------------- */

static PfRspamd *
make_rspamd (const PfServiceSettings *settings)
{
  const PfScannerOptions options = { .address = settings->filter->rspamd_url,
                                     .controller = settings->filter->rspamd_controller_url,
                                     .timeout = settings->filter->timeout,
                                     .max_size = settings->filter->max_scan_size };

  return pf_rspamd_new (&options);
}

void
pf_keeper_set_parts (PfKeeper *self, PfTarget *target, const PfServiceSettings *settings)
{
  g_set_object (&self->target, target);
  g_clear_pointer (&self->settings, pf_service_settings_unref);
  self->settings = pf_service_settings_ref (settings);
  g_clear_object (&self->rspamd);
  self->rspamd = make_rspamd (settings);
}

PfKeeper *
pf_keeper_new (const PfKeeperParts *parts)
{
  PfKeeper *self = g_object_new (PF_TYPE_KEEPER, NULL);

  self->directory = g_strdup (parts->directory);
  self->told_path = g_build_filename (parts->state_directory, "quarantine-told", NULL);
  self->spool = g_strdup (parts->spool_directory);
  self->registry = g_object_ref (parts->registry);
  self->journal = g_object_ref (parts->journal);
  self->told = pf_keeper_read_told (self->told_path);
  pf_keeper_set_parts (self, parts->target, parts->settings);
  return self;
}

void
pf_keeper_start (PfKeeper *self)
{
  gint64 days = (gint64) self->settings->filter->quarantine_days;

  pf_quarantine_set_listener (on_stored, self);
  self->watch =
      pf_folder_watch_new (self->directory, PF_LIMIT_FOLDER_POLL_SECONDS, on_folder_changed, self);
  scan_folder (self, MAX (g_get_real_time () / G_USEC_PER_SEC - days * 24 * 3600, 1));
}

void
pf_keeper_stop (PfKeeper *self)
{
  self->stopped = TRUE;
  pf_quarantine_set_listener (NULL, NULL);
  g_clear_pointer (&self->watch, pf_folder_watch_free);
  g_clear_handle_id (&self->rescan, g_source_remove);
  g_clear_handle_id (&self->tick, g_source_remove);
}

static void
pf_keeper_finalize (GObject *object)
{
  PfKeeper *self = PF_KEEPER (object);

  g_free (self->directory);
  g_free (self->told_path);
  g_free (self->spool);
  g_clear_object (&self->registry);
  g_clear_object (&self->journal);
  g_clear_object (&self->target);
  g_clear_object (&self->rspamd);
  g_clear_pointer (&self->settings, pf_service_settings_unref);
  pf_quarantine_index_free (self->index);
  g_hash_table_unref (self->damaged);
  g_hash_table_unref (self->busy);
  g_hash_table_unref (self->fresh);
  g_clear_pointer (&self->told, g_hash_table_unref);
  g_ptr_array_unref (self->waiting);
  G_OBJECT_CLASS (pf_keeper_parent_class)->finalize (object);
}

static void
pf_keeper_class_init (PfKeeperClass *class)
{
  G_OBJECT_CLASS (class)->finalize = pf_keeper_finalize;
  signal_changed = g_signal_new ("changed", PF_TYPE_KEEPER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                 G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
pf_keeper_init (PfKeeper *self)
{
  self->index = pf_quarantine_index_new ();
  self->damaged = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->busy = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->fresh = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->waiting = g_ptr_array_new_with_free_func (g_object_unref);
}
