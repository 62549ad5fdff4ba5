#include "schedule/schedule-private.h"

#include "base/disk.h"
#include "base/limits.h"
#include "schedule/backoff.h"

#define DISK_LOOK_SECONDS 60
#define PROBE_SECONDS 2

G_DEFINE_FINAL_TYPE (PfSchedule, pf_schedule, G_TYPE_OBJECT)

/* --- Entries ---------------------------------------------------------------------------------- */

PfEntry *
pf_entry_ref (PfEntry *entry)
{
  entry->ref_count++;
  return entry;
}

void
pf_entry_unref (PfEntry *entry)
{
  if (--entry->ref_count > 0)
    return;
  g_clear_object (&entry->account);
  g_free (entry);
}

/* The account is gone, or the service ends: nothing of it goes on. */
static void
entry_stop (PfEntry *entry)
{
  g_autoptr (PfCheck) check = entry->check != NULL ? g_object_ref (entry->check) : NULL;

  pf_entry_unplan (entry);
  entry->reach_check = 0;
  if (check != NULL)
    pf_check_cancel (check);
  pf_entry_hang_up (entry);
}

static void
entry_remove (gpointer data)
{
  PfEntry *entry = data;

  pf_entry_unplan (entry);
  entry->reach_check = 0;
  pf_entry_hang_up (entry);
  g_clear_pointer (&entry->turn, pf_turn_end);
  g_clear_object (&entry->check);
  pf_entry_unref (entry);
}

static void
on_has_secret (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PfAccount) account = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (PfSecret) secret = pf_secrets_lookup_finish (PF_SECRETS (source), result, &error);

  /* An error is told by the check that needs the secret. */
  if (error == NULL)
    pf_account_set_has_secret (account, secret != NULL);
}

static void
look_for_secret (PfSchedule *self, PfAccount *account)
{
  const PfSettings *settings = pf_account_get_settings (account);

  pf_secrets_lookup_async (self->parts.secrets, settings->address, pf_secret_kind_needed (settings),
                           on_has_secret, g_object_ref (account));
}

static PfEntry *
entry_add (PfSchedule *self, PfAccount *account)
{
  PfEntry *entry = g_new0 (PfEntry, 1);

  entry->ref_count = 1;
  entry->schedule = self;
  entry->account = g_object_ref (account);
  g_hash_table_replace (self->entries, g_strdup (pf_account_get_id (account)), entry);
  look_for_secret (self, account);
  return entry;
}

static PfEntry *
entry_for (PfSchedule *self, PfAccount *account)
{
  return g_hash_table_lookup (self->entries, pf_account_get_id (account));
}

/* --- The registry ----------------------------------------------------------------------------- */

/* Changes made by hand in the files are told here; those by D-Bus where the caller is known. */
static void
tell_by_hand (PfSchedule *self, PfEventKind kind, PfAccount *account)
{
  PfEvent *event;

  if (!pf_registry_is_by_hand (self->registry))
    return;
  event = pf_event_new (kind, pf_account_get_settings (account)->address);
  event->reason = g_strdup ("by its file");
  pf_journal_record (self->parts.journal, event);
}

/* A broken file is a problem that no check finds. */
static void
tell_broken (PfSchedule *self, PfAccount *account)
{
  const GError *problem = pf_account_get_problem (account);
  PfEvent *event;

  if (!pf_account_is_broken (account) || problem == NULL)
    return;
  event = pf_event_new (PF_EVENT_PROBLEM, pf_account_get_settings (account)->address);
  event->verdict = g_strdup (pf_problem_nick ((PfProblemCode) problem->code));
  event->reason = g_strdup (problem->message);
  pf_journal_record (self->parts.journal, event);
}

static void
on_added (PfRegistry *registry, PfAccount *account, PfSchedule *self)
{
  PfEntry *entry = entry_add (self, account);

  tell_by_hand (self, PF_EVENT_ADDED, account);
  tell_broken (self, account);
  if (pf_account_get_settings (account)->enabled && !pf_account_is_broken (account))
    pf_entry_plan_in (entry, 0);
}

static void
on_changed (PfRegistry *registry, PfAccount *account, const PfSettings *before, PfSchedule *self)
{
  PfEntry *entry = entry_for (self, account);
  gboolean runs = pf_account_get_settings (account)->enabled && !pf_account_is_broken (account);

  tell_by_hand (self, PF_EVENT_CHANGED, account);
  tell_broken (self, account);
  if (pf_secret_kind_needed (before) != pf_secret_kind_needed (pf_account_get_settings (account)))
    look_for_secret (self, account);
  if (entry == NULL)
    return;
  entry->failures = 0;
  pf_entry_hang_up (entry);
  if (runs && entry->check == NULL)
    pf_entry_plan_in (entry, 0);
  else if (!runs)
    {
      entry_stop (entry);
      pf_entry_plan_none (entry);
    }
}

static void
on_removed (PfRegistry *registry, PfAccount *account, PfSchedule *self)
{
  PfEntry *entry = entry_for (self, account);

  tell_by_hand (self, PF_EVENT_DELETED, account);
  if (entry == NULL)
    return;
  entry_stop (entry);
  g_hash_table_remove (self->entries, pf_account_get_id (account));
}

/* --- What happens to the machine -------------------------------------------------------------- */

static void
check_all_now (PfSchedule *self)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      PfEntry *entry = value;

      /* Connections did not live through it, whatever the kernel still thinks. */
      pf_entry_hang_up (entry);
      if (entry->date != NULL || entry->check == NULL)
        if (pf_account_get_settings (entry->account)->enabled
            && pf_account_get_figures (entry->account)->next_check != 0)
          pf_entry_plan_in (
              entry, pf_start_milliseconds (g_hash_table_size (self->entries), g_random_double ()));
    }
}

static void
on_resumed (gpointer user_data)
{
  check_all_now (user_data);
}

/* Its news come in showers, and an address that went takes the connections with it that had it. */
static gboolean
probe_listeners (gpointer user_data)
{
  PfSchedule *self = user_data;
  GHashTableIter iter;
  gpointer entry;

  self->probe_timer = 0;
  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &entry))
    pf_entry_probe (entry);
  return G_SOURCE_REMOVE;
}

static void
on_network_changed (GNetworkMonitor *monitor, gboolean available, PfSchedule *self)
{
  GHashTableIter iter;
  gpointer value;

  g_signal_emit_by_name (self, "changed");
  if (!available)
    return;
  if (self->probe_timer == 0 && !self->stopped)
    self->probe_timer = g_timeout_add_seconds (PROBE_SECONDS, probe_listeners, self);
  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      PfEntry *entry = value;
      const GError *problem = pf_account_get_problem (entry->account);

      if (entry->date != NULL
          && g_error_matches (problem, PF_PROBLEM, PF_PROBLEM_CONNECTION_FAILED))
        pf_entry_plan_in (
            entry, pf_start_milliseconds (g_hash_table_size (self->entries), g_random_double ()));
    }
}

static void
on_users_changed (gpointer user_data)
{
  PfSchedule *self = user_data;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      PfEntry *entry = value;
      const GError *problem = pf_account_get_problem (entry->account);

      if (entry->check == NULL
          && g_error_matches (problem, PF_PROBLEM, PF_PROBLEM_RECIPIENT_UNKNOWN))
        pf_entry_due (entry);
    }
}

static gboolean
look_at_disk (gpointer user_data)
{
  PfSchedule *self = user_data;
  gboolean low =
      !pf_disk_check (self->parts.spool_directory, self->parts.settings->minimum_free_disk, NULL);

  if (low != self->disk_low)
    {
      self->disk_low = low;
      g_signal_emit_by_name (self, "changed");
    }
  return G_SOURCE_CONTINUE;
}

/* --- Interface -------------------------------------------------------------------------------- */

static guint
connections_per_server (const PfCheckParts *parts)
{
  guint given = parts->settings->connections_per_server;

  return given != 0 ? given : PF_LIMIT_CONNECTIONS_PER_SERVER;
}

PfSchedule *
pf_schedule_new (PfRegistry *registry, const PfCheckParts *parts)
{
  PfSchedule *self = g_object_new (PF_TYPE_SCHEDULE, NULL);

  self->registry = g_object_ref (registry);
  self->parts = *parts;
  self->slots = pf_slots_new (parts->settings->connections, connections_per_server (parts));
  g_signal_connect_object (registry, "added", G_CALLBACK (on_added), self, 0);
  g_signal_connect_object (registry, "changed", G_CALLBACK (on_changed), self, 0);
  g_signal_connect_object (registry, "removed", G_CALLBACK (on_removed), self, 0);
  return self;
}

void
pf_schedule_start (PfSchedule *self, GDBusConnection *bus)
{
  GPtrArray *accounts = pf_registry_list (self->registry);

  self->monitor = g_object_ref (g_network_monitor_get_default ());
  g_signal_connect_object (self->monitor, "network-changed", G_CALLBACK (on_network_changed), self,
                           0);
  self->resume_watch = pf_resume_watch_new (bus, on_resumed, self);
  self->users_watch = pf_users_watch_new (on_users_changed, self);
  self->disk_timer = g_timeout_add_seconds (DISK_LOOK_SECONDS, look_at_disk, self);
  look_at_disk (self);
  for (guint i = 0; i < accounts->len; i++)
    {
      PfAccount *account = accounts->pdata[i];
      PfEntry *entry = entry_add (self, account);
      const GError *problem = pf_account_get_problem (account);

      tell_broken (self, account);
      if (!pf_account_get_settings (account)->enabled || pf_account_is_broken (account))
        continue;
      /* A restart is no reason to try a refused password once more. */
      if (g_error_matches (problem, PF_PROBLEM, PF_PROBLEM_CREDENTIALS_REJECTED)
          && pf_account_get_problem_class (account) == PF_PROBLEM_CLASS_ON_HOLD)
        pf_entry_plan_none (entry);
      else
        pf_entry_plan_in (entry, pf_start_milliseconds (accounts->len, g_random_double ()));
    }
}

void
pf_schedule_stop (PfSchedule *self)
{
  g_autoptr (GList) entries = g_hash_table_get_values (self->entries);

  if (self->stopped)
    return;
  self->stopped = TRUE;
  for (GList *l = entries; l != NULL; l = l->next)
    entry_stop (l->data);
  g_hash_table_remove_all (self->entries);
  pf_schedule_forget_checks (self);
  g_clear_pointer (&self->resume_watch, pf_resume_watch_free);
  g_clear_pointer (&self->users_watch, pf_users_watch_free);
  g_clear_handle_id (&self->disk_timer, g_source_remove);
  g_clear_handle_id (&self->probe_timer, g_source_remove);
}

void
pf_schedule_set_parts (PfSchedule *self, const PfCheckParts *parts)
{
  self->parts = *parts;
  pf_slots_set (self->slots, parts->settings->connections, connections_per_server (parts));
  look_at_disk (self);
  pf_schedule_dispatch (self);
}

PfCheck *
pf_schedule_check (PfSchedule *self, PfAccount *account, GVariant *options)
{
  PfEntry *entry = entry_for (self, account);
  PfCheckOptions chosen = { .by_person = TRUE };
  g_autoptr (PfCheck) check = NULL;

  g_return_val_if_fail (entry != NULL, NULL);
  if (entry->check != NULL)
    {
      pf_entry_hurry (entry);
      return entry->check;
    }
  g_variant_lookup (options, "limit", "u", &chosen.limit);
  g_variant_lookup (options, "explain", "b", &chosen.explain);
  check = pf_check_new_check (&self->parts, account, &chosen);
  pf_entry_queue (entry, check, TRUE);
  return check;
}

static gboolean
start_test (gpointer user_data)
{
  pf_check_start (user_data, NULL);
  return G_SOURCE_REMOVE;
}

PfCheck *
pf_schedule_test (PfSchedule *self,
                  PfAccount *account,
                  const PfSettings *settings,
                  PfSecret *secret)
{
  g_autoptr (PfCheck) check = pf_check_new_test (&self->parts, account, settings, secret);

  pf_schedule_adopt (self, check);
  /* Its starter gets the path before anything is told. */
  g_idle_add_full (G_PRIORITY_DEFAULT, start_test, g_object_ref (check), g_object_unref);
  return check;
}

PfCheck *
pf_schedule_lookup (PfSchedule *self, const char *object_path)
{
  return g_hash_table_lookup (self->by_path, object_path);
}

GPtrArray *
pf_schedule_list (PfSchedule *self)
{
  return self->checks;
}

void
pf_schedule_secret_changed (PfSchedule *self, PfAccount *account)
{
  PfEntry *entry = entry_for (self, account);

  pf_account_forget_refusals (account);
  look_for_secret (self, account);
  if (entry == NULL)
    return;
  entry->failures = 0;
  pf_entry_hang_up (entry);
  if (entry->check == NULL && pf_account_get_settings (account)->enabled)
    pf_entry_plan_in (entry, 0);
}

gboolean
pf_schedule_is_online (PfSchedule *self)
{
  return self->monitor == NULL || g_network_monitor_get_network_available (self->monitor);
}

gboolean
pf_schedule_is_disk_low (PfSchedule *self)
{
  return self->disk_low;
}

/* --- Object ----------------------------------------------------------------------------------- */

static void
pf_schedule_dispose (GObject *object)
{
  PfSchedule *self = PF_SCHEDULE (object);

  pf_schedule_stop (self);
  g_clear_object (&self->monitor);
  g_clear_object (&self->registry);
  G_OBJECT_CLASS (pf_schedule_parent_class)->dispose (object);
}

static void
pf_schedule_finalize (GObject *object)
{
  PfSchedule *self = PF_SCHEDULE (object);

  g_hash_table_unref (self->entries);
  pf_agenda_free (self->agenda);
  pf_patience_free (self->patience);
  pf_agenda_free (self->lingering);
  g_hash_table_unref (self->by_path);
  g_ptr_array_unref (self->checks);
  g_clear_pointer (&self->slots, pf_slots_free);
  G_OBJECT_CLASS (pf_schedule_parent_class)->finalize (object);
}

static void
pf_schedule_class_init (PfScheduleClass *class)
{
  G_OBJECT_CLASS (class)->dispose = pf_schedule_dispose;
  G_OBJECT_CLASS (class)->finalize = pf_schedule_finalize;
  g_signal_new ("check-added", PF_TYPE_SCHEDULE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                G_TYPE_NONE, 1, PF_TYPE_CHECK);
  g_signal_new ("check-removed", PF_TYPE_SCHEDULE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                G_TYPE_NONE, 1, PF_TYPE_CHECK);
  g_signal_new ("changed", PF_TYPE_SCHEDULE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                0);
}

static void
pf_schedule_init (PfSchedule *self)
{
  self->entries = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, entry_remove);
  self->patience = pf_patience_new ();
  self->agenda = pf_agenda_new (pf_entry_on_date, self);
  self->lingering = pf_agenda_new (pf_schedule_on_lingered, self);
  self->by_path = g_hash_table_new (g_str_hash, g_str_equal);
  self->checks = g_ptr_array_new_with_free_func (g_object_unref);
}
