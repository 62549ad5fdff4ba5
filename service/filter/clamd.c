#include "filter/clamd.h"

#include "base/limits.h"
#include "dbus-interfaces/text.h"
#include "filter/clamd-scan.h"
#include "filter/scanner-private.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Between two attempts to connect to a clamd that is starting. */
#define RETRY_MS 500

struct _PfClamdClient
{
  GObject parent_instance;
  PfScannerState state;
  char *host; /* name, address or path */
  guint16 port;
  guint patience;
  gboolean in_vain; /* it was waited for to start, and did not answer so far */
  PfScanQueue queue;
};

G_DEFINE_FINAL_TYPE (PfClamdClient, pf_clamd_client, G_TYPE_OBJECT)

/* One scan, or one question for the version. */
typedef struct
{
  GTask *task; /* its owner, until it ends */
  PfScanSource source;
  gboolean probes;
  PfClamdScan *scan;
  GSource *cancelling, *retry;
  gint64 began;
} Job;

static void attempt (Job *job);

/* --- The end of a job ------------------------------------------------------------------------- */

static void
stop_source (GSource **source)
{
  if (*source == NULL)
    return;
  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
job_free (gpointer data)
{
  Job *job = data;

  stop_source (&job->cancelling);
  stop_source (&job->retry);
  g_clear_pointer (&job->scan, pf_clamd_scan_free);
  g_free (job);
}

static void
stop (Job *job)
{
  stop_source (&job->cancelling);
  stop_source (&job->retry);
  g_clear_pointer (&job->scan, pf_clamd_scan_free);
}

/* @result: (transfer full) (nullable): NULL when it was cancelled. */
static void
finish (Job *job, PfScanResult *result)
{
  g_autoptr (GTask) task = job->task;
  g_autoptr (PfClamdClient) self = g_object_ref (g_task_get_source_object (task));
  gboolean probes = job->probes;

  stop (job);
  if (result != NULL)
    g_task_return_pointer (task, result, (GDestroyNotify) pf_scan_result_free);
  else
    g_task_return_error_if_cancelled (task);
  if (!probes)
    pf_scan_queue_done (&self->queue);
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  finish (user_data, NULL);
  return G_SOURCE_REMOVE;
}

/* --- Attempts --------------------------------------------------------------------------------- */

/* A socket that is there and may not be used: somebody has to mend that, whatever `auto` says. */
static gboolean
is_there (PfClamdClient *self)
{
  return *self->host == '/' && access (self->host, W_OK) != 0 && errno == EACCES;
}

static gboolean
is_worth_waiting (PfClamdClient *self, Job *job)
{
  gint64 since = (g_get_monotonic_time () - job->began) / G_USEC_PER_SEC;

  if (job->probes || self->in_vain || (self->state.automatic && !self->state.known))
    return FALSE;
  return since < self->state.timeout && !is_there (self);
}

static gboolean
on_retry (gpointer user_data)
{
  Job *job = user_data;

  g_clear_pointer (&job->retry, g_source_unref);
  attempt (job);
  return G_SOURCE_REMOVE;
}

static void
on_refused (PfClamdClient *self, Job *job, const char *text)
{
  if (!is_worth_waiting (self, job))
    {
      self->in_vain = self->in_vain || !job->probes;
      finish (job, pf_scanner_trouble (&self->state, PF_SCAN_UNREACHABLE, text, is_there (self)));
      return;
    }
  g_clear_pointer (&job->scan, pf_clamd_scan_free);
  job->retry = g_timeout_source_new (RETRY_MS);
  g_source_set_callback (job->retry, on_retry, job, NULL);
  g_source_attach (job->retry, g_task_get_context (job->task));
}

static void
on_failed (PfClamdClient *self, Job *job, PfScanResult *result)
{
  g_autoptr (PfScanResult) cause = result;

  if (cause->reason == PF_SCAN_TIMED_OUT && !job->probes)
    self->in_vain = TRUE;
  finish (job, pf_scanner_trouble (&self->state, cause->reason, cause->text, TRUE));
}

static void
on_answered (PfClamdClient *self, Job *job, PfScanResult *result, const char *text)
{
  g_autofree char *version = NULL;
  gint64 signatures;

  self->in_vain = FALSE;
  pf_scanner_note_answer (&self->state);
  if (job->probes)
    {
      signatures = pf_clamd_read_version (text, &version);
      pf_scanner_note_version (&self->state, version, signatures);
    }
  finish (job, result);
}

static void
on_done (PfClamdScan *scan,
         PfClamdScanEnd end,
         PfScanResult *result,
         const char *text,
         gpointer user_data)
{
  Job *job = user_data;
  PfClamdClient *self = g_task_get_source_object (job->task);

  switch (end)
    {
    case PF_CLAMD_SCAN_ANSWERED:
      on_answered (self, job, result, text);
      break;
    case PF_CLAMD_SCAN_REFUSED:
      on_refused (self, job, text);
      break;
    case PF_CLAMD_SCAN_FAILED:
    default:
      on_failed (self, job, result);
    }
}

static PfEndpoint *
make_endpoint (PfClamdClient *self)
{
  PfEndpoint *endpoint = g_new0 (PfEndpoint, 1);

  endpoint->host = g_strdup (self->host);
  endpoint->port = self->port;
  endpoint->security = PF_SECURITY_NONE;
  endpoint->proxy = g_strdup ("");
  endpoint->certificate = g_strdup ("");
  endpoint->connect_timeout = self->state.timeout;
  return endpoint;
}

static void
attempt (Job *job)
{
  PfClamdClient *self = g_task_get_source_object (job->task);
  gboolean patient = !job->probes && !self->in_vain;
  guint silence = patient ? MAX (self->state.timeout, self->patience) : self->state.timeout;

  job->scan = pf_clamd_scan_start (make_endpoint (self), job->probes ? NULL : &job->source, silence,
                                   on_done, job);
}

/* @task: (transfer full) */
static void
start (GTask *task)
{
  Job *job = g_task_get_task_data (task);
  GCancellable *cancellable = g_task_get_cancellable (task);

  job->task = task;
  job->began = g_get_monotonic_time ();
  if (cancellable != NULL)
    {
      job->cancelling = g_cancellable_source_new (cancellable);
      g_source_set_callback (job->cancelling, G_SOURCE_FUNC (on_cancelled), job, NULL);
      g_source_attach (job->cancelling, g_task_get_context (task));
    }
  attempt (job);
}

/* --- Calls ------------------------------------------------------------------------------------ */

void
pf_clamd_client_scan_async (PfClamdClient *self,
                            const PfScanSource *source,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  PfScanResult *skipped = pf_scanner_skip (&self->state, source);
  Job *job = g_new0 (Job, 1);

  job->source = *source;
  g_task_set_task_data (task, job, job_free);
  if (skipped != NULL)
    g_task_return_pointer (task, skipped, (GDestroyNotify) pf_scan_result_free);
  else
    pf_scan_queue_push (&self->queue, g_steal_pointer (&task));
}

PfScanResult *
pf_clamd_client_scan_finish (PfClamdClient *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
pf_clamd_client_probe_async (PfClamdClient *self,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  PfScanSource nothing = { -1, 0, 1 };
  PfScanResult *skipped = pf_scanner_skip (&self->state, &nothing);
  Job *job = g_new0 (Job, 1);

  job->probes = TRUE;
  g_task_set_task_data (task, job, job_free);
  if (skipped != NULL)
    g_task_return_pointer (task, skipped, (GDestroyNotify) pf_scan_result_free);
  else
    start (g_steal_pointer (&task));
}

PfScanResult *
pf_clamd_client_probe_finish (PfClamdClient *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

const PfScannerHealth *
pf_clamd_client_get_health (PfClamdClient *self)
{
  return &self->state.health;
}

gboolean
pf_clamd_client_is_asked (PfClamdClient *self)
{
  return pf_scanner_is_asked (&self->state);
}

/* --- Life ------------------------------------------------------------------------------------- */

/* "tcp:host:port", the host perhaps in brackets; what is no such thing is never connected to. */
static void
read_tcp (PfClamdClient *self, const char *address)
{
  const char *colon = strrchr (address, ':');
  guint64 port = 0;

  if (colon != NULL && g_ascii_string_to_unsigned (colon + 1, 10, 1, G_MAXUINT16, &port, NULL))
    self->port = (guint16) port;
  self->host = g_strndup (address, colon != NULL ? (gsize) (colon - address) : strlen (address));
  if (g_str_has_prefix (self->host, "[") && g_str_has_suffix (self->host, "]"))
    {
      g_autofree char *bare = g_strndup (self->host + 1, strlen (self->host) - 2);

      g_free (g_steal_pointer (&self->host));
      self->host = g_steal_pointer (&bare);
    }
}

PfClamdClient *
pf_clamd_client_new (const PfScannerOptions *options)
{
  PfClamdClient *self = g_object_new (PF_TYPE_CLAMD_CLIENT, NULL);
  const char *address = options->address;

  pf_scanner_state_init (&self->state, "clamd", options);
  self->patience = options->patience;
  if (g_str_has_prefix (address, "unix:"))
    self->host = g_strdup (address + strlen ("unix:"));
  else if (g_str_has_prefix (address, "tcp:"))
    read_tcp (self, address + strlen ("tcp:"));
  else
    self->host = g_strdup (PF_CLAMD_SOCKET);
  return self;
}

static void
pf_clamd_client_finalize (GObject *object)
{
  PfClamdClient *self = PF_CLAMD_CLIENT (object);

  pf_scanner_state_clear (&self->state);
  g_free (self->host);
  G_OBJECT_CLASS (pf_clamd_client_parent_class)->finalize (object);
}

static void
pf_clamd_client_class_init (PfClamdClientClass *class)
{
  G_OBJECT_CLASS (class)->finalize = pf_clamd_client_finalize;
}

static void
pf_clamd_client_init (PfClamdClient *self)
{
  pf_scan_queue_init (&self->queue, PF_LIMIT_CLAMD_SCANS, start);
}
