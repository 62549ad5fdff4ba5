#include "schedule/schedule-private.h"

#include "base/limits.h"

/* How soon an account is looked at again whose server the network does not reach. */
#define UNREACHABLE_SECONDS 60

/* --- Due ------------------------------------------------------------------------------------------------------------- */

typedef struct
{
  PfEntry *entry;
  guint number;
} PfReach;

static void
queue_scheduled (PfEntry *entry)
{
  PfCheckOptions options = { 0 };
  g_autoptr (PfCheck) check = NULL;

  if (entry->check != NULL || !pf_account_get_settings (entry->account)->enabled)
    return;
  check = pf_check_new_check (&entry->schedule->parts, entry->account, &options);
  pf_entry_queue (entry, check, FALSE);
}

static void
on_reach (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfReach *reach = user_data;
  PfEntry *entry = reach->entry;
  gboolean current = reach->number == entry->reach_check && entry->account != NULL;
  gboolean reachable =
      g_network_monitor_can_reach_finish (G_NETWORK_MONITOR (source), result, NULL);

  if (current && !entry->schedule->stopped)
    {
      entry->reach_check = 0;
      if (reachable)
        queue_scheduled (entry);
      else
        pf_entry_plan_in (entry, UNREACHABLE_SECONDS * 1000);
    }
  pf_entry_unref (entry);
  g_free (reach);
}

/* Loopback and proxies are always tried: the monitor knows routes only. */
static gboolean
is_always_tried (const PfSettings *settings)
{
  g_autoptr (PfEndpoint) endpoint = pf_settings_endpoint (settings, 0);

  return *settings->proxy != '\0' || pf_endpoint_is_loopback (endpoint);
}

void
pf_entry_due (PfEntry *entry)
{
  static guint last_number;
  const PfSettings *settings = pf_account_get_settings (entry->account);
  g_autoptr (GSocketConnectable) address = NULL;
  PfReach *reach;

  if (entry->check != NULL || !settings->enabled || entry->reach_check != 0)
    return;
  if (entry->listener != NULL || is_always_tried (settings))
    {
      queue_scheduled (entry);
      return;
    }
  reach = g_new0 (PfReach, 1);
  reach->entry = pf_entry_ref (entry);
  reach->number = entry->reach_check = ++last_number;
  address = g_network_address_new (settings->server, settings->port);
  g_network_monitor_can_reach_async (entry->schedule->monitor, address, NULL, on_reach, reach);
}

/* --- Queue ------------------------------------------------------------------------------------------------------------ */

void
pf_entry_queue (PfEntry *entry, PfCheck *check, gboolean first)
{
  PfSchedule *self = entry->schedule;

  g_return_if_fail (entry->check == NULL);
  g_clear_handle_id (&entry->timer, g_source_remove);
  entry->check = g_object_ref (check);
  pf_account_set_activity (entry->account, PF_ACTIVITY_QUEUED);
  if (first)
    g_queue_push_head (&self->waiting, entry);
  else
    g_queue_push_tail (&self->waiting, entry);
  pf_schedule_adopt (self, check);
  pf_schedule_dispatch (self);
}

static void
start (PfEntry *entry)
{
  g_autoptr (PfCheck) check = g_object_ref (entry->check);

  entry->running = TRUE;
  entry->slot_server = g_strdup (pf_check_get_settings (check)->server);
  pf_account_set_activity (entry->account, PF_ACTIVITY_CHECKING);
  pf_check_start (check, pf_entry_take_listener (entry));
}

void
pf_schedule_dispatch (PfSchedule *self)
{
  GList *next;

  for (GList *l = self->waiting.head; l != NULL; l = next)
    {
      PfEntry *entry = l->data;

      next = l->next;
      if (!pf_slots_take (self->slots, pf_check_get_settings (entry->check)->server))
        continue;
      g_queue_delete_link (&self->waiting, l);
      start (entry);
      /* Starting may end at once and change the queue. */
      next = self->waiting.head;
    }
}

/* --- Finished ---------------------------------------------------------------------------------------------------------- */

typedef struct
{
  PfSchedule *schedule;
  PfCheck *check;
} PfLinger;

static gboolean
on_lingered (gpointer user_data)
{
  PfLinger *linger = user_data;
  PfSchedule *self = linger->schedule;
  g_autoptr (PfCheck) check = g_object_ref (linger->check);

  g_hash_table_remove (self->lingering,
                       GUINT_TO_POINTER (g_source_get_id (g_main_current_source ())));
  g_ptr_array_remove (self->checks, check);
  g_signal_emit_by_name (self, "check-removed", check);
  return G_SOURCE_REMOVE;
}

static PfEntry *
find_entry (PfSchedule *self, PfCheck *check)
{
  PfAccount *account = pf_check_get_account (check);
  PfEntry *entry =
      account != NULL ? g_hash_table_lookup (self->entries, pf_account_get_id (account)) : NULL;

  return entry != NULL && entry->check == check ? entry : NULL;
}

static void
on_finished (PfCheck *check, PfSchedule *self)
{
  g_autoptr (PfCheck) alive = g_object_ref (check);
  PfEntry *entry = find_entry (self, check);
  PfLinger *linger = g_new0 (PfLinger, 1);
  guint timer;

  linger->schedule = self;
  linger->check = check;
  timer = g_timeout_add_seconds_full (G_PRIORITY_DEFAULT, PF_LIMIT_CHECK_LINGER_SECONDS,
                                      on_lingered, linger, g_free);
  g_hash_table_add (self->lingering, GUINT_TO_POINTER (timer));
  if (entry == NULL)
    return;
  if (entry->running)
    {
      pf_slots_release (self->slots, entry->slot_server);
      g_clear_pointer (&entry->slot_server, g_free);
    }
  else
    g_queue_remove (&self->waiting, entry);
  entry->running = FALSE;
  g_clear_object (&entry->check);
  pf_account_set_activity (entry->account, PF_ACTIVITY_NONE);
  pf_entry_apply (entry, check);
  pf_schedule_dispatch (self);
}

void
pf_schedule_adopt (PfSchedule *self, PfCheck *check)
{
  g_ptr_array_add (self->checks, g_object_ref (check));
  g_signal_connect_object (check, "finished", G_CALLBACK (on_finished), self, 0);
  g_signal_emit_by_name (self, "check-added", check);
}

void
pf_schedule_forget_checks (PfSchedule *self)
{
  GHashTableIter iter;
  gpointer timer;

  g_hash_table_iter_init (&iter, self->lingering);
  while (g_hash_table_iter_next (&iter, &timer, NULL))
    g_source_remove (GPOINTER_TO_UINT (timer));
  g_hash_table_remove_all (self->lingering);
  g_ptr_array_set_size (self->checks, 0);
}
