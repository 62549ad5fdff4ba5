#include "deliver/target-private.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/step.h"
#include "dbus-interfaces/text.h"
#include "deliver/helper-entry.h"
#include "deliver/helper-link.h"
#include "deliver/helper-turns.h"
#include "helper/request.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Records under way in all: two packets of each of four users. */
#define OUTSTANDING_MAX (8 * PF_LIMIT_HELPER_BATCH)
/* A helper that ends again and again without any answer: give up what waits after so many, one
 * second apart. */
#define FAILURES_MAX 3

#define PF_TYPE_HELPER_TARGET (pf_helper_target_get_type ())
G_DECLARE_FINAL_TYPE (PfHelperTarget, pf_helper_target, PF, HELPER_TARGET, GObject)

struct _PfHelperTarget
{
  GObject parent;
  PfHelperLink link;
  char *path;
  int fd; /* -1: not connected */
  gboolean opening, blocked, answered;
  guint failures;
  guint input, output, idle_timer, answer_timer, retry_timer;
  GQueue waiting;          /* PfHelperEntry */
  GHashTable *outstanding; /* id: PfHelperEntry */
  PfHelperTurns *turns;
};

static void pf_helper_target_interface_init (PfTargetInterface *interface);
static void send_waiting (PfHelperTarget *self);

G_DEFINE_FINAL_TYPE_WITH_CODE (PfHelperTarget,
                               pf_helper_target,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (PF_TYPE_TARGET,
                                                      pf_helper_target_interface_init))

/* --- The link --------------------------------------------------------------------------------- */

static void
disconnect (PfHelperTarget *self)
{
  g_clear_handle_id (&self->input, g_source_remove);
  g_clear_handle_id (&self->output, g_source_remove);
  g_clear_handle_id (&self->idle_timer, g_source_remove);
  g_clear_handle_id (&self->answer_timer, g_source_remove);
  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
  self->blocked = FALSE;
}

static void
fail_waiting (PfHelperTarget *self, const char *text)
{
  GQueue waiting = self->waiting;
  PfHelperEntry *entry;

  g_queue_init (&self->waiting);
  while ((entry = g_queue_pop_head (&waiting)) != NULL)
    pf_helper_entry_end (entry, PF_DELIVERY_DEFERRED, g_strdup (text));
}

static void
fail_outstanding (PfHelperTarget *self, const char *text)
{
  g_autoptr (GHashTable) outstanding = g_steal_pointer (&self->outstanding);
  GHashTableIter iter;
  gpointer entry;

  self->outstanding = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  pf_helper_turns_lost (self->turns);
  g_hash_table_iter_init (&iter, outstanding);
  while (g_hash_table_iter_next (&iter, NULL, &entry))
    pf_helper_entry_end (entry, PF_DELIVERY_DEFERRED, g_strdup (text));
}

static gboolean
on_retry (gpointer user_data)
{
  PfHelperTarget *self = user_data;

  self->retry_timer = 0;
  send_waiting (self);
  return G_SOURCE_REMOVE;
}

/* What was sent may or may not be there: whoever waits for it asks again, in doubt. */
static void
lose (PfHelperTarget *self, const char *text)
{
  g_autoptr (PfHelperTarget) alive = g_object_ref (self);

  pf_log (PF_LOG_WARNING, "%s", text);
  disconnect (self);
  self->failures = self->answered ? 0 : self->failures + 1;
  fail_outstanding (self, text);
  if (self->failures >= FAILURES_MAX)
    {
      self->failures = 0;
      fail_waiting (self, text);
    }
  if (self->failures > 0 && self->retry_timer == 0)
    self->retry_timer = g_timeout_add_seconds (1, on_retry, self);
  else
    send_waiting (self);
}

static gboolean
on_answer_late (gpointer user_data)
{
  PfHelperTarget *self = user_data;

  self->answer_timer = 0;
  lose (self, "postferry-deliver does not answer");
  return G_SOURCE_REMOVE;
}

static gboolean
on_idle (gpointer user_data)
{
  PfHelperTarget *self = user_data;

  self->idle_timer = 0;
  disconnect (self);
  return G_SOURCE_REMOVE;
}

/* The clock of the answer runs while one is owed, that of idleness while none is. */
static void
set_clocks (PfHelperTarget *self)
{
  gboolean owed = g_hash_table_size (self->outstanding) > 0;

  g_clear_handle_id (&self->answer_timer, g_source_remove);
  g_clear_handle_id (&self->idle_timer, g_source_remove);
  if (self->fd >= 0 && owed)
    self->answer_timer = g_timeout_add_seconds (2 * PF_LIMIT_HELPER_SECONDS, on_answer_late, self);
  else if (self->fd >= 0 && self->link.kind == PF_HELPER_BY_SOCKET)
    self->idle_timer = g_timeout_add_seconds (PF_LIMIT_HELPER_IDLE_SECONDS, on_idle, self);
}

/* --- Answers ---------------------------------------------------------------------------------- */

/* (transfer full) (nullable): whom @answer is for. */
static PfHelperEntry *
take_answer (PfHelperTarget *self, const PfRequestAnswer *answer)
{
  g_autofree char *id = g_strndup (answer->id, sizeof answer->id);
  g_autofree char *key = NULL;
  PfHelperEntry *entry = NULL;

  if (!g_hash_table_steal_extended (self->outstanding, id, (gpointer *) &key, (gpointer *) &entry))
    return NULL;
  pf_helper_turns_answered (self->turns, &entry->record, answer->code);
  self->answered = TRUE;
  return entry;
}

/* What waits goes out first: the helper is at work while what it delivered is made known. */
static gboolean
take_answers (PfHelperTarget *self, const PfRequestAnswer *answers, gsize octets)
{
  PfHelperEntry *entries[PF_LIMIT_HELPER_BATCH];
  gsize n = pf_request_count_answers (octets), known = 0;

  while (known < n && (entries[known] = take_answer (self, &answers[known])) != NULL)
    known++;
  if (n > 0 && known == n)
    {
      set_clocks (self);
      send_waiting (self);
    }
  for (gsize i = 0; i < known; i++)
    pf_helper_entry_answer (entries[i], answers[i].code);
  return n > 0 && known == n;
}

static gboolean
on_input (int fd, GIOCondition condition, gpointer user_data)
{
  g_autoptr (PfHelperTarget) self = g_object_ref (user_data);
  PfRequestAnswer answers[PF_LIMIT_HELPER_BATCH];
  ssize_t n = recv (fd, answers, sizeof answers, MSG_TRUNC);

  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return G_SOURCE_CONTINUE;
  if (n <= 0 && g_hash_table_size (self->outstanding) == 0)
    disconnect (self); /* it had nothing to do */
  else if (n <= 0)
    lose (self, "postferry-deliver ended before it had answered");
  else if (!take_answers (self, answers, (gsize) n))
    lose (self, "postferry-deliver gave an answer that was not asked for");
  return G_SOURCE_CONTINUE; /* the source is removed already */
}

/* --- Requests --------------------------------------------------------------------------------- */

/* (element-type PfHelperEntry): links of self->waiting that one packet may take now. */
static GPtrArray *
choose (PfHelperTarget *self)
{
  GPtrArray *chosen = g_ptr_array_new ();
  g_autoptr (GHashTable) ids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  guint room = OUTSTANDING_MAX - g_hash_table_size (self->outstanding);

  for (GList *l = self->waiting.head; l != NULL && chosen->len < MIN (room, PF_LIMIT_HELPER_BATCH);
       l = l->next)
    {
      const PfHelperEntry *entry = l->data;
      g_autofree char *id = NULL;

      if (!pf_helper_turns_may_send (self->turns, &entry->record, self->waiting.length))
        continue;
      id = pf_helper_entry_id (entry);
      if (!g_hash_table_contains (self->outstanding, id) && !g_hash_table_contains (ids, id))
        {
          g_hash_table_add (ids, g_steal_pointer (&id));
          g_ptr_array_add (chosen, l);
        }
    }
  return chosen;
}

static ssize_t
send_packet (int fd, GPtrArray *chosen)
{
  const PfHelperEntry *entries[PF_LIMIT_HELPER_BATCH];

  for (guint i = 0; i < chosen->len; i++)
    entries[i] = ((GList *) chosen->pdata[i])->data;
  return pf_helper_entries_send (fd, entries, chosen->len);
}

static void
note_sent (PfHelperTarget *self, GPtrArray *chosen)
{
  for (guint i = 0; i < chosen->len; i++)
    {
      GList *l = chosen->pdata[i];
      PfHelperEntry *entry = l->data;

      g_queue_delete_link (&self->waiting, l);
      pf_helper_turns_sent (self->turns, &entry->record);
      g_hash_table_insert (self->outstanding, pf_helper_entry_id (entry), entry);
    }
  pf_step (PF_STEP_HELPER_SENT);
  set_clocks (self);
}

static gboolean
on_output (int fd, GIOCondition condition, gpointer user_data)
{
  PfHelperTarget *self = user_data;

  self->output = 0;
  self->blocked = FALSE;
  send_waiting (self);
  return G_SOURCE_REMOVE;
}

static void
on_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PfHelperTarget) self = user_data;
  g_autoptr (GError) error = NULL;

  self->opening = FALSE;
  self->fd = pf_helper_link_open_finish (result, &error);
  if (self->fd < 0)
    {
      fail_waiting (self, error->message);
      return;
    }
  self->answered = FALSE;
  self->input = g_unix_fd_add (self->fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_input, self);
  send_waiting (self);
}

/* All that waits goes out in one packet as soon as the one before is answered: batches arise by
 * themselves, as large as the disk is slow. */
static void
send_waiting (PfHelperTarget *self)
{
  g_autoptr (GPtrArray) chosen = NULL;

  if (self->waiting.length == 0 || self->opening || self->blocked || self->retry_timer != 0)
    return;
  if (self->fd < 0)
    {
      self->opening = TRUE;
      pf_helper_link_open_async (&self->link, on_opened, g_object_ref (self));
      return;
    }
  chosen = choose (self);
  if (chosen->len == 0)
    return;
  if (send_packet (self->fd, chosen) > 0)
    note_sent (self, chosen);
  else if (errno == EAGAIN)
    {
      self->blocked = TRUE;
      self->output = g_unix_fd_add (self->fd, G_IO_OUT, on_output, self);
    }
  else
    lose (self, "postferry-deliver took no request");
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  PfHelperEntry *entry = user_data;
  PfHelperTarget *self = g_task_get_source_object (entry->task);
  GList *l = g_queue_find (&self->waiting, entry);

  g_task_return_error_if_cancelled (entry->task);
  g_clear_object (&entry->task);
  if (l != NULL)
    {
      g_queue_delete_link (&self->waiting, l);
      pf_helper_entry_free (entry);
    }
  return G_SOURCE_REMOVE;
}

/* @entry: (transfer full) */
static void
enqueue (PfHelperTarget *self, PfHelperEntry *entry)
{
  GCancellable *cancellable = g_task_get_cancellable (entry->task);

  if (cancellable != NULL)
    {
      entry->cancel = g_cancellable_source_new (cancellable);
      g_source_set_callback (entry->cancel, G_SOURCE_FUNC (on_cancelled), entry, NULL);
      g_source_attach (entry->cancel, NULL);
    }
  g_queue_push_tail (&self->waiting, entry);
  /* Behind a packet that is not answered yet; all others had their chance when that was sent. */
  if (pf_helper_turns_may_send (self->turns, &entry->record, self->waiting.length))
    send_waiting (self);
}

/* --- The interface ---------------------------------------------------------------------------- */

static void
probe_async (PfTarget *target,
             const char *user,
             GCancellable *cancellable,
             GAsyncReadyCallback callback,
             gpointer user_data)
{
  PfHelperEntry *entry = g_new0 (PfHelperEntry, 1);
  g_autofree char *id = g_strdup_printf ("%08x%08x%08x%08x", g_random_int (), g_random_int (),
                                         g_random_int (), g_random_int ());

  entry->task = g_task_new (target, cancellable, callback, user_data);
  g_task_set_source_tag (entry->task, probe_async);
  if (pf_request_record_fill (&entry->record, PF_REQUEST_PROBE, id, user, ""))
    {
      enqueue (PF_HELPER_TARGET (target), entry);
      return;
    }
  pf_helper_entry_end (entry, PF_DELIVERY_UNKNOWN_USER,
                       g_strdup ("That is no name of a local user"));
}

static gboolean
probe_finish (PfTarget *target, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
deliver_async (PfTarget *target,
               PfDelivery *delivery,
               GAsyncReadyCallback callback,
               gpointer user_data)
{
  PfHelperEntry *entry = g_new0 (PfHelperEntry, 1);

  entry->task = g_task_new (target, NULL, callback, user_data);
  g_task_set_source_tag (entry->task, deliver_async);
  entry->body = pf_body_ref (delivery->body);
  if (!pf_request_user_is_valid (delivery->user))
    pf_helper_entry_end (entry, PF_DELIVERY_UNKNOWN_USER,
                         g_strdup ("That is no name of a local user"));
  else if (!pf_request_record_fill (&entry->record, PF_REQUEST_DELIVER, delivery->id,
                                    delivery->user, delivery->folder))
    {
      g_autofree char *folder = pf_text_printable (delivery->folder, -1, 80);

      pf_helper_entry_end (
          entry, PF_DELIVERY_DEFERRED,
          g_strdup_printf ("A Maildir can have no folder %s: its parts between '/' may hold no '.'",
                           folder));
    }
  else
    {
      entry->record.flags =
          (delivery->in_doubt ? PF_REQUEST_IN_DOUBT : 0) | (delivery->seen ? PF_REQUEST_SEEN : 0);
      entry->record.date = delivery->date;
      entry->record.length = pf_body_get_length (delivery->body);
      enqueue (PF_HELPER_TARGET (target), entry);
    }
}

static PfDeliveryResult
deliver_finish (PfTarget *target, GAsyncResult *result, char **text)
{
  return pf_target_propagate_delivery (result, text);
}

static gboolean
writes_return_path (PfTarget *target)
{
  return FALSE;
}

static void
pf_helper_target_interface_init (PfTargetInterface *interface)
{
  interface->probe_async = probe_async;
  interface->probe_finish = probe_finish;
  interface->deliver_async = deliver_async;
  interface->deliver_finish = deliver_finish;
  interface->writes_return_path = writes_return_path;
}

/* --- Life ------------------------------------------------------------------------------------- */

/* Whoever waits holds a reference: nothing is waiting here. */
static void
pf_helper_target_finalize (GObject *object)
{
  PfHelperTarget *self = PF_HELPER_TARGET (object);

  disconnect (self);
  g_clear_handle_id (&self->retry_timer, g_source_remove);
  fail_outstanding (self, ""); /* probes that were cancelled */
  g_hash_table_unref (self->outstanding);
  pf_helper_turns_free (self->turns);
  g_free (self->path);
  G_OBJECT_CLASS (pf_helper_target_parent_class)->finalize (object);
}

static void
pf_helper_target_class_init (PfHelperTargetClass *class)
{
  G_OBJECT_CLASS (class)->finalize = pf_helper_target_finalize;
}

static void
pf_helper_target_init (PfHelperTarget *self)
{
  self->fd = -1;
  g_queue_init (&self->waiting);
  self->outstanding = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->turns = pf_helper_turns_new ();
}

PfTarget *
pf_helper_target_new (const PfHelperLink *link, gboolean session)
{
  PfHelperTarget *self = g_object_new (PF_TYPE_HELPER_TARGET, NULL);

  self->path = g_strdup (link->path);
  self->link = *link;
  self->link.path = self->path;
  return PF_TARGET (self);
}
