#include "deliver/keeper-private.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/step.h"
#include "dbus-interfaces/errors.h"
#include "deliver/quarantine-folder.h"
#include "protocol/header.h"

#include <string.h>
#include <unistd.h>

/* One message on its way out: the task's data. */
typedef struct
{
  char *directory;
  PfQuarantineItem *item; /* a copy */
  gboolean resumed;       /* nobody waits for it: it was cut off */
  PfBody *body;
  guint64 own_length; /* octets of our own lines on top */
  PfDelivery *delivery;
  GError *complaint; /* it is released, but not all that was wished */
  gboolean learned, allowed;
} Release;

static void
release_free (gpointer data)
{
  Release *release = data;

  g_free (release->directory);
  g_clear_pointer (&release->delivery, pf_delivery_free);
  g_clear_pointer (&release->body, pf_body_unref);
  g_clear_error (&release->complaint);
  pf_quarantine_item_free (release->item);
  g_free (release);
}

/* @work: in a thread, with the release as its data; then @done on the main loop, with @task. */
static void
in_thread (GTask *task, GTaskThreadFunc work, GAsyncReadyCallback done)
{
  g_autoptr (GTask) inner = g_task_new (g_task_get_source_object (task), NULL, done, task);

  /* @task holds it until the work is done. */
  g_task_set_task_data (inner, g_task_get_task_data (task), NULL);
  g_task_run_in_thread (inner, work);
}

/* Writes how far it is. */
static gboolean
note (Release *release, PfReleaseState state, GError **error)
{
  release->item->release = state;
  return pf_quarantine_folder_note (release->directory, release->item, error);
}

/* --- 5. its files go -------------------------------------------------------------------------- */

/* Ends @task, and what was known of the release. Takes @error. */
static void
end (GTask *task, GError *error)
{
  PfKeeper *self = g_task_get_source_object (task);
  Release *release = g_task_get_task_data (task);

  g_hash_table_remove (self->busy, release->item->id);
  pf_keeper_emit_changed (self, release->item->recipient);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static void
remove_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Release *release = data;
  const char *const ids[] = { release->item->id, NULL };
  GError *error = NULL;

  if (pf_quarantine_folder_remove (release->directory, ids, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
  pf_step (PF_STEP_RELEASE_REMOVED);
}

static void
on_removed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  PfKeeper *self = PF_KEEPER (source);
  Release *release = g_task_get_task_data (task);
  GError *error = NULL;
  g_autofree char *text = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error))
    {
      end (task, error);
      return;
    }
  pf_quarantine_index_remove (self->index, release->item->id);
  text = g_strdup_printf ("released to %s%s%s", release->item->recipient,
                          release->learned ? ", learned as ham" : "",
                          release->allowed ? ", its sender allowed" : "");
  pf_keeper_record (self, release->item, release->item->released_by, text);
  if (release->complaint != NULL)
    pf_log (PF_LOG_WARNING, "quarantine: %s", release->complaint->message);
  end (task, g_steal_pointer (&release->complaint));
}

/* --- 4. learned, allowed ---------------------------------------------------------------------- */

static void
finish (GTask *task)
{
  pf_step (PF_STEP_RELEASE_LEARNED);
  in_thread (task, remove_in_thread, on_removed);
}

/* The first complaint is the one that is told. Takes @error. */
static void
complain (Release *release, int code, const char *what, GError *error)
{
  if (release->complaint == NULL)
    release->complaint = g_error_new (PF_ERROR, code, "%s was released, but %s: %s",
                                      release->item->id, what, error->message);
  g_error_free (error);
}

static void
on_allowed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Release *release = g_task_get_task_data (task);
  GError *error = NULL;

  release->allowed = pf_keeper_allow_finish (PF_KEEPER (source), result, &error);
  if (error != NULL)
    complain (release, error->domain == PF_ERROR ? error->code : PF_ERROR_BUSY,
              "its sender was not allowed", error);
  finish (task);
}

static void
allow (GTask *task)
{
  Release *release = g_task_get_task_data (task);

  if (release->item->allow_sender)
    pf_keeper_allow_async (g_task_get_source_object (task), release->item, on_allowed, task);
  else
    finish (task);
}

static void
on_learned (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Release *release = g_task_get_task_data (task);
  GError *error = NULL;
  PfLearnOutcome outcome = PF_LEARN_IMPOSSIBLE;

  if (!pf_rspamd_learn_finish (PF_RSPAMD (source), result, &outcome, &error))
    complain (release, PF_ERROR_SCANNER_UNAVAILABLE, "not learned", error);
  release->learned = outcome != PF_LEARN_IMPOSSIBLE;
  allow (task);
}

static void
learn (GTask *task)
{
  PfKeeper *self = g_task_get_source_object (task);
  Release *release = g_task_get_task_data (task);
  PfScanSource source;

  if (!release->item->learn || release->body == NULL)
    {
      allow (task);
      return;
    }
  source.fd = pf_body_get_fd (release->body);
  source.offset = release->own_length;
  source.length = pf_body_get_length (release->body) - release->own_length;
  pf_rspamd_learn_async (self->rspamd, PF_LEARN_HAM, &source, release->item->recipient, NULL,
                         on_learned, task);
}

/* --- 3. that it is there is durable ----------------------------------------------------------- */

static void
note_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GError *error = NULL;

  if (!note (data, PF_RELEASE_DELIVERED, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  pf_step (PF_STEP_RELEASE_NOTED);
  g_task_return_boolean (task, TRUE);
}

static void
on_noted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  GError *error = NULL;

  /* It is there, and that it is to be there is on the disk: it is asked for again, in doubt. */
  if (!g_task_propagate_boolean (G_TASK (result), &error))
    end (task, error);
  else
    learn (task);
}

/* --- Not delivered ---------------------------------------------------------------------------- */

/* Whoever asked for it is told, and asks again. */
static void
withdraw_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GError *error = NULL;

  if (note (data, PF_RELEASE_NONE, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
on_withdrawn (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  PfKeeper *self = PF_KEEPER (source);
  Release *release = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error))
    pf_log (PF_LOG_WARNING, "quarantine: %s", error->message);
  pf_quarantine_index_put (self->index, pf_quarantine_item_copy (release->item));
  end (task, g_steal_pointer (&release->complaint));
}

static PfError
error_of (PfDeliveryResult result)
{
  if (result == PF_DELIVERY_UNKNOWN_USER)
    return PF_ERROR_RECIPIENT_UNKNOWN;
  return result == PF_DELIVERY_DISK_FULL ? PF_ERROR_DISK_LOW : PF_ERROR_DELIVERY_FAILED;
}

static void
not_delivered (GTask *task, PfDeliveryResult result, const char *text)
{
  PfKeeper *self = g_task_get_source_object (task);
  Release *release = g_task_get_task_data (task);
  gboolean later = result == PF_DELIVERY_DEFERRED || result == PF_DELIVERY_DISK_FULL;
  GError *error =
      g_error_new (PF_ERROR, error_of (result), "%s was not released: %s", release->item->id, text);

  /* Nobody is there who would ask again. */
  if (release->resumed && later)
    {
      pf_log (PF_LOG_WARNING, "quarantine: %s; it is tried again", error->message);
      end (task, error);
      return;
    }
  if (release->resumed)
    pf_keeper_record (self, release->item, release->item->released_by, error->message);
  release->complaint = error;
  in_thread (task, withdraw_in_thread, on_withdrawn);
}

/* --- 2. delivered ----------------------------------------------------------------------------- */

static void
on_delivered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  g_autofree char *text = NULL;
  PfDeliveryResult answer = pf_target_deliver_finish (PF_TARGET (source), result, &text);

  if (answer != PF_DELIVERY_DONE)
    {
      not_delivered (task, answer, text);
      return;
    }
  pf_step (PF_STEP_RELEASE_DELIVERED);
  in_thread (task, note_in_thread, on_noted);
}

/* Always in doubt: an earlier try, or a check that was cut off, may have delivered it. */
static void
deliver (GTask *task)
{
  PfKeeper *self = g_task_get_source_object (task);
  Release *release = g_task_get_task_data (task);
  const PfQuarantineItem *item = release->item;
  PfDelivery *delivery = g_new0 (PfDelivery, 1);

  delivery->id = g_strdup (item->id);
  delivery->user = g_strdup (item->recipient);
  delivery->folder = g_strdup (item->folder);
  delivery->sender = g_strdup (item->envelope_sender);
  delivery->body = pf_body_ref (release->body);
  delivery->in_doubt = TRUE;
  delivery->seen = item->seen;
  delivery->date = item->date;
  release->delivery = delivery;
  pf_target_deliver_async (self->target, delivery, on_delivered, task);
}

/* --- 1. intent -------------------------------------------------------------------------------- */

/* Our own lines end with the Received that we write: what follows is as it was fetched. */
static guint64
own_length (int fd)
{
  g_autofree char *header = g_malloc (PF_LIMIT_TRACE_BLOCK);
  ssize_t length = pread (fd, header, PF_LIMIT_TRACE_BLOCK, 0);
  PfHeaderIter iter;
  PfHeaderField field;

  if (length <= 0)
    return 0;
  pf_header_iter_init (&iter, header, (gsize) length);
  while (pf_header_iter_next (&iter, &field))
    if (pf_header_field_is (&field, "Received"))
      {
        g_autofree char *value = pf_header_field_unfold (&field);

        return strstr (value, " (postferry/") != NULL
                   ? (guint64) (field.start + field.length - header)
                   : 0;
      }
  return 0;
}

static void
prepare_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Release *release = data;
  GError *error = NULL;
  int fd = pf_quarantine_folder_open (release->directory, release->item->id, &error);

  if (fd >= 0)
    {
      release->own_length = own_length (fd);
      release->body = pf_body_new_for_file (fd, &error);
    }
  /* One that is delivered is only to be forgotten, whatever is left of it. */
  if (error != NULL && release->item->release == PF_RELEASE_DELIVERED)
    g_clear_error (&error);
  if (error == NULL && release->item->release == PF_RELEASE_NONE)
    note (release, PF_RELEASE_INTENT, &error);
  if (error != NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  pf_step (PF_STEP_RELEASE_INTENT);
  g_task_return_boolean (task, TRUE);
}

static void
on_prepared (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  PfKeeper *self = PF_KEEPER (source);
  Release *release = g_task_get_task_data (task);
  GError *error = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error))
    {
      end (task, error);
      return;
    }
  pf_quarantine_index_put (self->index, pf_quarantine_item_copy (release->item));
  if (release->item->release == PF_RELEASE_DELIVERED)
    learn (task);
  else
    deliver (task);
}

void
pf_keeper_release_one_async (PfKeeper *self,
                             const PfQuarantineItem *item,
                             const PfReleaseOptions *options,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);
  Release *release = g_new0 (Release, 1);

  release->directory = g_strdup (self->directory);
  release->item = pf_quarantine_item_copy (item);
  release->resumed = options == NULL;
  if (options != NULL)
    {
      g_free (release->item->released_by);
      release->item->released_by = g_strdup (options->by);
      release->item->learn = options->learn;
      release->item->allow_sender = options->allow_sender;
    }
  g_task_set_task_data (task, release, release_free);
  g_hash_table_add (self->busy, g_strdup (item->id));
  in_thread (task, prepare_in_thread, on_prepared);
}

gboolean
pf_keeper_release_one_finish (PfKeeper *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
