#include "deliver/target-private.h"

#include "base/limits.h"
#include "base/log.h"
#include "deliver/lmtp-connection.h"
#include "deliver/lmtp-verdict.h"
#include "protocol/address.h"

#include <string.h>

/* One probe or delivery. */
typedef struct
{
  GTask *task;
  PfLmtpJob job;
  char *recipient;
  gboolean again; /* was given back by a connection that had gone stale */
} Item;

/* One connection and what it does. */
typedef struct
{
  struct _PfLmtpTarget *target;
  PfLmtpConnection *connection;
  Item *item; /* NULL: none */
  gboolean open;
  guint idle_timer;
} Line;

#define PF_TYPE_LMTP_TARGET (pf_lmtp_target_get_type ())
G_DECLARE_FINAL_TYPE (PfLmtpTarget, pf_lmtp_target, PF, LMTP_TARGET, GObject)

struct _PfLmtpTarget
{
  GObject parent;
  PfServiceSettings *settings;
  char *host; /* NULL where Target= is not understood */
  guint16 port;
  GQueue waiting;   /* Item */
  GPtrArray *lines; /* Line */
  GHashTable *busy; /* recipients that a line delivers to: one transaction at a time for each */
};

static void pf_lmtp_target_interface_init (PfTargetInterface *interface);
static void dispatch (PfLmtpTarget *self);

G_DEFINE_FINAL_TYPE_WITH_CODE (PfLmtpTarget,
                               pf_lmtp_target,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (PF_TYPE_TARGET,
                                                      pf_lmtp_target_interface_init))

/* --- Items ------------------------------------------------------------------------------------ */

/* Tells whoever waits, and frees @item. */
static void
item_end (Item *item, PfDeliveryResult result, const char *text)
{
  if (item->job.delivery != NULL)
    pf_target_return_delivery (item->task, result, g_strdup (text));
  else if (result == PF_DELIVERY_DONE)
    g_task_return_boolean (item->task, TRUE);
  else
    g_task_return_new_error (item->task, PF_PROBLEM, pf_target_problem_of_result (result), "%s",
                             text);
  g_object_unref (item->task);
  g_free (item->recipient);
  g_free (item);
}

static void
fail_waiting (PfLmtpTarget *self, const char *text)
{
  GQueue waiting = self->waiting;
  Item *item;

  g_queue_init (&self->waiting);
  while ((item = g_queue_pop_head (&waiting)) != NULL)
    item_end (item, PF_DELIVERY_DEFERRED, text);
}

/* --- Lines ------------------------------------------------------------------------------------ */

static void
line_free (gpointer data)
{
  Line *line = data;

  g_clear_handle_id (&line->idle_timer, g_source_remove);
  pf_lmtp_connection_free (line->connection);
  g_free (line);
}

static Item *
line_take_item (Line *line)
{
  Item *item = g_steal_pointer (&line->item);

  if (item != NULL)
    g_hash_table_remove (line->target->busy, item->recipient);
  return item;
}

static gboolean
on_idle (gpointer user_data)
{
  Line *line = user_data;

  line->idle_timer = 0;
  g_ptr_array_remove (line->target->lines, line);
  return G_SOURCE_REMOVE;
}

static void
line_start (Line *line, Item *item)
{
  g_clear_handle_id (&line->idle_timer, g_source_remove);
  line->item = item;
  g_hash_table_add (line->target->busy, g_strdup (item->recipient));
  pf_lmtp_connection_start (line->connection, &item->job);
}

static void
on_ready (PfLmtpConnection *connection, gpointer user_data)
{
  Line *line = user_data;

  line->open = TRUE;
  if (line->idle_timer == 0)
    line->idle_timer = g_timeout_add_seconds (PF_LIMIT_LMTP_IDLE_SECONDS, on_idle, line);
  dispatch (line->target);
}

static void
on_done (PfLmtpConnection *connection,
         PfDeliveryResult result,
         const char *text,
         gpointer user_data)
{
  item_end (line_take_item (user_data), result, text);
}

static gboolean
any_open (PfLmtpTarget *self)
{
  for (guint i = 0; i < self->lines->len; i++)
    if (((Line *) self->lines->pdata[i])->open)
      return TRUE;
  return FALSE;
}

static void
on_lost (PfLmtpConnection *connection, gboolean begun, const char *text, gpointer user_data)
{
  Line *line = user_data;
  g_autoptr (PfLmtpTarget) self = g_object_ref (line->target);
  Item *item = line_take_item (line);
  gboolean was_open = line->open;

  g_ptr_array_remove (self->lines, line);
  if (item != NULL && !begun && !item->again)
    {
      item->again = TRUE;
      g_queue_push_head (&self->waiting, item);
    }
  else if (item != NULL)
    item_end (item, PF_DELIVERY_DEFERRED, text);
  /* A server that is not there is not asked again for each that waits. */
  if (!was_open && !any_open (self))
    {
      pf_log (PF_LOG_WARNING, "No delivery by LMTP: %s", text);
      fail_waiting (self, text);
    }
  dispatch (self);
}

static void
open_line (PfLmtpTarget *self)
{
  static const PfLmtpHandlers handlers = { .ready = on_ready, .done = on_done, .lost = on_lost };
  Line *line = g_new0 (Line, 1);

  line->target = self;
  g_ptr_array_add (self->lines, line);
  line->connection =
      pf_lmtp_connection_open (self->settings, self->host, self->port, &handlers, line);
}

/* --- Who goes next ---------------------------------------------------------------------------- */

/* (nullable): the first that waits whose recipient is free, taken from the queue. */
static Item *
take_next (PfLmtpTarget *self)
{
  for (GList *l = self->waiting.head; l != NULL; l = l->next)
    {
      Item *item = l->data;

      if (!g_hash_table_contains (self->busy, item->recipient))
        {
          g_queue_delete_link (&self->waiting, l);
          return item;
        }
    }
  return NULL;
}

/* (nullable) */
static Line *
find_free_line (PfLmtpTarget *self)
{
  for (guint i = 0; i < self->lines->len; i++)
    {
      Line *line = self->lines->pdata[i];

      if (line->open && line->item == NULL)
        return line;
    }
  return NULL;
}

static guint
count_opening (PfLmtpTarget *self)
{
  guint n = 0;

  for (guint i = 0; i < self->lines->len; i++)
    n += !((Line *) self->lines->pdata[i])->open;
  return n;
}

static void
dispatch (PfLmtpTarget *self)
{
  Line *line;
  Item *item;

  while ((line = find_free_line (self)) != NULL && (item = take_next (self)) != NULL)
    line_start (line, item);
  if (find_free_line (self) != NULL)
    return;
  /* As many more as recipients wait that nobody serves, one after the other is opened. */
  if (self->waiting.length > 0 && self->lines->len < PF_LIMIT_LMTP_CONNECTIONS
      && count_opening (self) == 0)
    {
      item = take_next (self);
      if (item == NULL)
        return;
      g_queue_push_head (&self->waiting, item);
      open_line (self);
    }
}

/* --- The interface ---------------------------------------------------------------------------- */

/* @item: (transfer full) */
static void
enqueue (PfLmtpTarget *self, Item *item)
{
  item->job.recipient = item->recipient;
  if (self->host == NULL)
    {
      item_end (item, PF_DELIVERY_DEFERRED,
                "[Delivery] Target= is neither local, lmtp:unix:/PATH nor lmtp:HOST:PORT");
      return;
    }
  if (!pf_address_is_safe (item->recipient) || *item->recipient == '\0')
    {
      item_end (item, PF_DELIVERY_UNKNOWN_USER,
                "An LMTP server cannot be told that recipient's name");
      return;
    }
  g_queue_push_tail (&self->waiting, item);
  dispatch (self);
}

static void
probe_async (PfTarget *target,
             const char *user,
             GCancellable *cancellable,
             GAsyncReadyCallback callback,
             gpointer user_data)
{
  Item *item = g_new0 (Item, 1);

  item->task = g_task_new (target, cancellable, callback, user_data);
  g_task_set_source_tag (item->task, probe_async);
  item->recipient = g_strdup (user);
  enqueue (PF_LMTP_TARGET (target), item);
}

static gboolean
probe_finish (PfTarget *target, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* With JunkBy=detail a folder travels in the address; a name that does not fit there goes to the
 * inbox, for Sieve to see to. */
static char *
choose_recipient (PfLmtpTarget *self, const PfDelivery *delivery)
{
  g_autofree char *recipient = NULL;

  if (self->settings->junk_by != PF_JUNK_BY_DETAIL)
    return g_strdup (delivery->user);
  recipient = pf_lmtp_recipient (delivery->user, delivery->folder);
  return pf_address_is_safe (recipient) ? g_steal_pointer (&recipient) : g_strdup (delivery->user);
}

static void
deliver_async (PfTarget *target,
               PfDelivery *delivery,
               GAsyncReadyCallback callback,
               gpointer user_data)
{
  PfLmtpTarget *self = PF_LMTP_TARGET (target);
  Item *item = g_new0 (Item, 1);

  item->task = g_task_new (target, NULL, callback, user_data);
  g_task_set_source_tag (item->task, deliver_async);
  item->job.delivery = delivery;
  item->recipient = choose_recipient (self, delivery);
  enqueue (self, item);
}

static PfDeliveryResult
deliver_finish (PfTarget *target, GAsyncResult *result, char **text)
{
  return pf_target_propagate_delivery (result, text);
}

static gboolean
writes_return_path (PfTarget *target)
{
  return TRUE;
}

static void
pf_lmtp_target_interface_init (PfTargetInterface *interface)
{
  interface->probe_async = probe_async;
  interface->probe_finish = probe_finish;
  interface->deliver_async = deliver_async;
  interface->deliver_finish = deliver_finish;
  interface->writes_return_path = writes_return_path;
}

/* --- Life ------------------------------------------------------------------------------------- */

/* Whoever waits holds a reference: there are idle connections at most. */
static void
pf_lmtp_target_finalize (GObject *object)
{
  PfLmtpTarget *self = PF_LMTP_TARGET (object);

  g_ptr_array_unref (self->lines);
  g_hash_table_unref (self->busy);
  pf_service_settings_unref (self->settings);
  g_free (self->host);
  G_OBJECT_CLASS (pf_lmtp_target_parent_class)->finalize (object);
}

static void
pf_lmtp_target_class_init (PfLmtpTargetClass *class)
{
  G_OBJECT_CLASS (class)->finalize = pf_lmtp_target_finalize;
}

static void
pf_lmtp_target_init (PfLmtpTarget *self)
{
  g_queue_init (&self->waiting);
  self->lines = g_ptr_array_new_with_free_func (line_free);
  self->busy = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

PfTarget *
pf_lmtp_target_new (const PfServiceSettings *settings)
{
  PfLmtpTarget *self = g_object_new (PF_TYPE_LMTP_TARGET, NULL);

  self->settings = pf_service_settings_ref (settings);
  pf_lmtp_parse_target (settings->target, &self->host, &self->port);
  return PF_TARGET (self);
}
