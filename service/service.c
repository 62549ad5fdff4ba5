#include "service.h"

#include "accounts/providers.h"
#include "base/log.h"
#include "bus/bus.h"
#include "config.h"
#include "dbus-interfaces/names.h"
#include "filter/scanner-marks.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <stdlib.h>
#include <sys/file.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#define LOCK_TRIES 100
#define LOCK_MILLISECONDS 50

struct _PfService
{
  PfServiceOptions options;
  char *settings_path, *accounts_path, *journal_path, *spool_path, *quarantine_path;
  int lock;

  PfServiceSettings *settings;
  PfJournal *journal;
  PfSecrets *secrets;
  PfTarget *target;
  PfScannerMarks *marks;
  PfFilter *filter;
  PfRegistry *registry;
  PfKeeper *keeper;
  PfSchedule *schedule;
  GDBusConnection *connection;
  PfBus *bus;
  guint name_id;

  GMainLoop *loop;
  int status;
  guint signals[3];
  guint watchdog;
};

/* --- Parts that change with a reload ---------------------------------------------------------- */

static PfCheckParts
check_parts (PfService *self)
{
  return (PfCheckParts){
    .journal = self->journal,
    .secrets = self->secrets,
    .target = self->target,
    .filter = self->filter,
    .settings = self->settings,
    .state_directory = self->options.directories->state,
    .spool_directory = self->spool_path,
    .quarantine_directory = self->quarantine_path,
  };
}

static gboolean reload (gpointer user_data, GError **error);

static PfBusParts
bus_parts (PfService *self)
{
  return (PfBusParts){
    .connection = self->connection,
    .session = self->options.session,
    .registry = self->registry,
    .journal = self->journal,
    .secrets = self->secrets,
    .schedule = self->schedule,
    .target = self->target,
    .filter = self->filter,
    .quarantine_directory = self->quarantine_path,
    .keeper = self->keeper,
    .settings = self->settings,
    .settings_path = self->settings_path,
    .reload = reload,
    .reload_data = self,
  };
}

static PfTarget *
make_target (PfService *self)
{
  return pf_target_new (self->settings, &self->options.helper, self->options.session);
}

static void
make_filter (PfService *self)
{
  PfScannerMemory memory;

  self->marks = pf_scanner_marks_new (self->options.directories->state);
  memory = pf_scanner_marks_memory (self->marks);
  self->filter = pf_filter_new (self->settings, &memory);
}

/* Old settings stay in force when the new ones are wrong. */
static gboolean
reload (gpointer user_data, GError **error)
{
  PfService *self = user_data;
  PfServiceSettings *settings = pf_service_settings_load (self->settings_path, error);
  PfServiceSettings *old_settings = self->settings;
  PfTarget *old_target = self->target;
  PfCheckParts parts;
  PfBusParts door;

  if (settings == NULL)
    return FALSE;
  if (!pf_log_open (settings->log_target, "postferryd", error))
    {
      pf_service_settings_unref (settings);
      return FALSE;
    }
  self->settings = settings;
  self->target = make_target (self);
  pf_filter_set_settings (self->filter, settings);
  parts = check_parts (self);
  door = bus_parts (self);
  pf_journal_set_keep_days (self->journal, settings->keep_days);
  pf_schedule_set_parts (self->schedule, &parts);
  pf_bus_set_parts (self->bus, &door);
  pf_keeper_set_parts (self->keeper, self->target, settings);
  pf_registry_reload (self->registry);
  g_object_unref (old_target);
  pf_service_settings_unref (old_settings);
  pf_log (PF_LOG_NOTICE, "settings read again");
  return TRUE;
}

/* --- Signals and the service manager ---------------------------------------------------------- */

static gboolean
on_terminate (gpointer user_data)
{
  PfService *self = user_data;

  g_main_loop_quit (self->loop);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_hangup (gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  sd_notify (FALSE, "RELOADING=1");
  pf_log_reopen ();
  if (!reload (user_data, &error))
    pf_log (PF_LOG_ERROR, "the settings are wrong, the old ones stay in force: %s", error->message);
  sd_notify (FALSE, "READY=1");
  return G_SOURCE_CONTINUE;
}

static gboolean
on_watchdog (gpointer user_data)
{
  sd_notify (FALSE, "WATCHDOG=1");
  return G_SOURCE_CONTINUE;
}

static void
attach_sources (PfService *self)
{
  guint64 usec = 0;

  self->signals[0] = g_unix_signal_add (SIGTERM, on_terminate, self);
  self->signals[1] = g_unix_signal_add (SIGINT, on_terminate, self);
  self->signals[2] = g_unix_signal_add (SIGHUP, on_hangup, self);
  if (sd_watchdog_enabled (FALSE, &usec) > 0)
    self->watchdog = g_timeout_add ((guint) (usec / 3000), on_watchdog, self);
}

/* --- The bus ---------------------------------------------------------------------------------- */

static void
on_name_acquired (GDBusConnection *connection, const char *name, gpointer user_data)
{
  PfService *self = user_data;
  PfEvent *event = pf_event_new (PF_EVENT_STARTED, NULL);

  event->reason = g_strdup_printf ("version %s, %u accounts, delivery by %s", PF_VERSION,
                                   pf_registry_list (self->registry)->len, self->settings->target);
  pf_journal_record (self->journal, event);
  pf_schedule_start (self->schedule, connection);
  sd_notify (FALSE, "READY=1");
}

static void
on_name_lost (GDBusConnection *connection, const char *name, gpointer user_data)
{
  PfService *self = user_data;

  if (connection == NULL || g_dbus_connection_is_closed (connection))
    pf_log (PF_LOG_ERROR, "the connection to the bus is lost: ending");
  else
    pf_log (
        PF_LOG_ERROR,
        "the name %s is not to be had: another postferryd has it, or the bus policy is not installed",
        name);
  self->status = EXIT_FAILURE;
  g_main_loop_quit (self->loop);
}

static gboolean
open_bus (PfService *self, GError **error)
{
  PfBusParts parts;

  self->connection =
      g_bus_get_sync (self->options.session ? G_BUS_TYPE_SESSION : G_BUS_TYPE_SYSTEM, NULL, error);
  if (self->connection == NULL)
    return FALSE;
  g_dbus_connection_set_exit_on_close (self->connection, FALSE);
  parts = bus_parts (self);
  self->bus = pf_bus_new (&parts, error);
  if (self->bus == NULL)
    return FALSE;
  self->name_id = g_bus_own_name_on_connection (self->connection, PF_BUS_NAME,
                                                G_BUS_NAME_OWNER_FLAGS_DO_NOT_QUEUE,
                                                on_name_acquired, on_name_lost, self, NULL);
  return TRUE;
}

/* --- Building --------------------------------------------------------------------------------- */

/* A predecessor that was killed is still being taken down by the kernel when its name on the bus is
 * free already. */
static gboolean
wait_for_lock (int fd)
{
  for (guint i = 0; i < LOCK_TRIES; i++)
    {
      if (flock (fd, LOCK_EX | LOCK_NB) == 0)
        return TRUE;
      if (errno != EWOULDBLOCK)
        return FALSE;
      g_usleep (LOCK_MILLISECONDS * 1000);
    }
  errno = EWOULDBLOCK;
  return FALSE;
}

/* Two services on one state would deliver everything twice. The lock goes with the process, however
 * it ends. */
static gboolean
lock_state (PfService *self, GError **error)
{
  const char *path = self->options.directories->state;

  self->lock = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (self->lock >= 0 && wait_for_lock (self->lock))
    return TRUE;
  if (errno == EWOULDBLOCK)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_BUSY, "another postferryd works in %s", path);
  else
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "%s cannot be locked: %s", path,
                 g_strerror (errno));
  return FALSE;
}

static void
find_paths (PfService *self)
{
  const PfDirectories *directories = self->options.directories;

  self->settings_path = g_build_filename (directories->configuration, "postferry.conf", NULL);
  self->accounts_path = g_build_filename (directories->configuration, "accounts.d", NULL);
  self->journal_path = g_build_filename (directories->state, "journal.db", NULL);
  self->spool_path = g_build_filename (directories->state, "spool", NULL);
  self->quarantine_path = g_build_filename (directories->state, "quarantine", NULL);
}

/* What the administrator knows of providers; before there are accounts that go by it. */
static gboolean
load_providers (PfService *self, GError **error)
{
  g_autofree char *path =
      g_build_filename (self->options.directories->configuration, "providers.conf", NULL);

  return pf_providers_load (path, error);
}

/* The disk could not be written to until now. */
static void
on_journal_opened (PfJournal *journal, gpointer user_data)
{
  PfService *self = user_data;
  g_autoptr (GError) error = NULL;

  if (!pf_journal_restore (journal, pf_registry_list (self->registry), &error))
    pf_log (PF_LOG_ERROR, "%s", error->message);
}

static gboolean
open_accounts (PfService *self, GError **error)
{
  self->registry = pf_registry_new (self->accounts_path);
  return pf_registry_load (self->registry, error)
         && pf_journal_restore (self->journal, pf_registry_list (self->registry), error);
}

static PfKeeper *
make_keeper (PfService *self)
{
  const PfKeeperParts parts = { .directory = self->quarantine_path,
                                .state_directory = self->options.directories->state,
                                .spool_directory = self->spool_path,
                                .registry = self->registry,
                                .journal = self->journal,
                                .target = self->target,
                                .settings = self->settings };

  return pf_keeper_new (&parts);
}

static gboolean
build (PfService *self, GError **error)
{
  PfCheckParts parts;

  find_paths (self);
  if (!pf_directories_make (self->options.directories, error) || !lock_state (self, error))
    return FALSE;
  self->settings = pf_service_settings_load (self->settings_path, error);
  if (self->settings == NULL || !pf_log_open (self->settings->log_target, "postferryd", error))
    return FALSE;
  if (!load_providers (self, error))
    return FALSE;
  pf_secrets_prepare (self->settings->secrets_backend, self->options.session,
                      self->options.directories->state);
  self->journal = pf_journal_open (self->journal_path, error);
  if (self->journal == NULL)
    return FALSE;
  g_signal_connect (self->journal, "opened", G_CALLBACK (on_journal_opened), self);
  pf_journal_set_keep_days (self->journal, self->settings->keep_days);
  if (!open_accounts (self, error))
    return FALSE;
  self->secrets =
      pf_secrets_new (self->options.directories->state, self->options.directories->credentials);
  self->target = make_target (self);
  make_filter (self);
  self->keeper = make_keeper (self);
  pf_keeper_start (self->keeper);
  parts = check_parts (self);
  self->schedule = pf_schedule_new (self->registry, &parts);
  return open_bus (self, error);
}

PfService *
pf_service_new (const PfServiceOptions *options, GError **error)
{
  g_autoptr (PfService) self = g_new0 (PfService, 1);

  self->options = *options;
  self->lock = -1;
  self->loop = g_main_loop_new (NULL, FALSE);
  if (!build (self, error))
    return NULL;
  attach_sources (self);
  return g_steal_pointer (&self);
}

int
pf_service_run (PfService *self)
{
  g_main_loop_run (self->loop);
  sd_notify (FALSE, "STOPPING=1");
  return self->status;
}

void
pf_service_free (PfService *self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (self->signals); i++)
    g_clear_handle_id (&self->signals[i], g_source_remove);
  g_clear_handle_id (&self->watchdog, g_source_remove);
  g_clear_handle_id (&self->name_id, g_bus_unown_name);
  if (self->schedule != NULL)
    pf_schedule_stop (self->schedule);
  if (self->keeper != NULL)
    pf_keeper_stop (self->keeper);
  g_clear_pointer (&self->bus, pf_bus_free);
  g_clear_object (&self->keeper);
  g_clear_object (&self->schedule);
  g_clear_object (&self->target);
  g_clear_object (&self->filter);
  g_clear_pointer (&self->marks, pf_scanner_marks_free);
  g_clear_object (&self->secrets);
  g_clear_object (&self->registry);
  if (self->journal != NULL)
    pf_journal_close (self->journal);
  g_clear_object (&self->journal);
  g_clear_object (&self->connection);
  g_clear_pointer (&self->settings, pf_service_settings_unref);
  if (self->lock >= 0)
    close (self->lock);
  g_main_loop_unref (self->loop);
  g_free (self->settings_path);
  g_free (self->accounts_path);
  g_free (self->journal_path);
  g_free (self->spool_path);
  g_free (self->quarantine_path);
  g_free (self);
}
