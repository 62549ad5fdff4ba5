#include "schedule/schedule-private.h"

#include "base/limits.h"

/* How soon an account is looked at again whose server the network does not reach. */
#define UNREACHABLE_SECONDS 60

/* --- Due -------------------------------------------------------------------------------------- */

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
  /* A listener has its connection already. */
  pf_entry_queue (entry, check, entry->listener != NULL);
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

/* --- Queue ------------------------------------------------------------------------------------ */

static void
take_turn (PfEntry *entry, gboolean urgent)
{
  PfSchedule *self = entry->schedule;
  const PfSettings *settings = pf_check_get_settings (entry->check);
  /* Another port is another server: what one of them does is no reason to let the other wait. */
  g_autofree char *server = g_strdup_printf ("%s:%u", settings->server, settings->port);
  /* The administrator's word counts more than what is known of the provider. */
  guint most = self->parts.settings->connections_per_server == 0
                   ? pf_providers_lookup (settings->server, settings->protocol)->connections
                   : 0;

  entry->turn = pf_slots_wait (self->slots, server, most, urgent, entry);
}

void
pf_entry_queue (PfEntry *entry, PfCheck *check, gboolean urgent)
{
  PfSchedule *self = entry->schedule;

  g_return_if_fail (entry->check == NULL);
  pf_entry_unplan (entry);
  entry->check = g_object_ref (check);
  pf_account_set_activity (entry->account, PF_ACTIVITY_QUEUED);
  take_turn (entry, urgent);
  pf_schedule_adopt (self, check);
  pf_schedule_dispatch (self);
}

void
pf_entry_hurry (PfEntry *entry)
{
  if (pf_turn_has_slot (entry->turn))
    return;
  pf_turn_end (entry->turn);
  take_turn (entry, TRUE);
  pf_schedule_dispatch (entry->schedule);
}

static void
start (PfEntry *entry)
{
  g_autoptr (PfCheck) check = g_object_ref (entry->check);

  pf_account_set_activity (entry->account, PF_ACTIVITY_CHECKING);
  pf_check_start (check, pf_entry_take_listener (entry));
}

void
pf_schedule_dispatch (PfSchedule *self)
{
  PfEntry *entry;

  while (!self->stopped && (entry = pf_slots_next (self->slots)) != NULL)
    start (entry);
}

/* --- Finished --------------------------------------------------------------------------------- */

void
pf_schedule_on_lingered (gpointer item, gpointer user_data)
{
  PfSchedule *self = user_data;
  g_autoptr (PfCheck) check = g_object_ref (item);

  g_hash_table_remove (self->by_path, pf_check_get_path (check));
  g_ptr_array_remove (self->checks, check);
  g_signal_emit_by_name (self, "check-removed", check);
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

  pf_agenda_add (self->lingering, PF_LIMIT_CHECK_LINGER_SECONDS * 1000, check);
  if (entry == NULL)
    return;
  g_clear_pointer (&entry->turn, pf_turn_end);
  g_clear_object (&entry->check);
  pf_account_set_activity (entry->account, PF_ACTIVITY_NONE);
  pf_entry_apply (entry, check);
  pf_schedule_dispatch (self);
}

void
pf_schedule_adopt (PfSchedule *self, PfCheck *check)
{
  g_ptr_array_add (self->checks, g_object_ref (check));
  g_hash_table_insert (self->by_path, (gpointer) pf_check_get_path (check), check);
  g_signal_connect_object (check, "finished", G_CALLBACK (on_finished), self, 0);
  g_signal_emit_by_name (self, "check-added", check);
}

void
pf_schedule_forget_checks (PfSchedule *self)
{
  pf_agenda_free (self->lingering);
  self->lingering = pf_agenda_new (pf_schedule_on_lingered, self);
  g_hash_table_remove_all (self->by_path);
  g_ptr_array_set_size (self->checks, 0);
}
