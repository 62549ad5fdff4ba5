#include "filter/probe.h"

#include "base/limits.h"

/* Both on their way: the task's data. */
typedef struct
{
  PfProbe *probe;
  GCancellable *late; /* cancelled when their time is up, or with the task */
  GCancellable *outer;
  gulong outer_id;
  guint timer;
  guint pending;
} Work;

static void
work_free (gpointer data)
{
  Work *work = data;

  g_clear_handle_id (&work->timer, g_source_remove);
  g_clear_object (&work->late);
  g_clear_object (&work->outer);
  g_clear_pointer (&work->probe, pf_probe_free);
  g_free (work);
}

void
pf_probe_free (PfProbe *self)
{
  if (self == NULL)
    return;
  g_free (self->rspamd.version);
  g_free (self->rspamd.error);
  g_free (self->clamd.version);
  g_free (self->clamd.error);
  g_free (self);
}

const char *
pf_probe_state_nick (PfProbeState state)
{
  static const char *const nicks[] = {
    [PF_PROBE_OFF] = "off",
    [PF_PROBE_ABSENT] = "absent",
    [PF_PROBE_REACHABLE] = "reachable",
    [PF_PROBE_UNREACHABLE] = "unreachable",
  };

  return nicks[state];
}

static PfProbeState
state_of (const PfScanResult *result)
{
  if (result == NULL || result->status == PF_SCAN_TROUBLE)
    return PF_PROBE_UNREACHABLE;
  if (result->status != PF_SCAN_SKIPPED)
    return PF_PROBE_REACHABLE;
  return result->reason == PF_SCAN_ABSENT ? PF_PROBE_ABSENT : PF_PROBE_OFF;
}

/* @result: (nullable): NULL of one that was still silent when its time was up: its client knows of
 * no failure. */
static void
read_answer (PfProbed *probed, const PfScanResult *result, const PfScannerHealth *health)
{
  probed->state = state_of (result);
  probed->version = g_strdup (health->version);
  probed->signatures = health->signatures;
  probed->answered = health->answered;
  probed->failed = result != NULL ? health->failed : g_get_real_time () / G_USEC_PER_SEC;
  probed->error = result != NULL ? g_strdup (health->error)
                                 : g_strdup_printf ("It did not answer within %u seconds",
                                                    PF_LIMIT_PROBE_SECONDS);
}

/* Takes the caller's reference of @task. The last one returns. */
static void
part_ended (GTask *task)
{
  g_autoptr (GTask) owned = task;
  Work *work = g_task_get_task_data (task);

  if (--work->pending > 0)
    return;
  g_clear_handle_id (&work->timer, g_source_remove);
  if (work->outer != NULL)
    g_cancellable_disconnect (work->outer, work->outer_id);
  if (!g_task_return_error_if_cancelled (task))
    g_task_return_pointer (task, g_steal_pointer (&work->probe), (GDestroyNotify) pf_probe_free);
}

static void
on_rspamd (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Work *work = g_task_get_task_data (user_data);
  PfRspamd *rspamd = PF_RSPAMD (source);
  g_autoptr (PfScanResult) answer = pf_rspamd_probe_finish (rspamd, result, NULL);

  read_answer (&work->probe->rspamd, answer, pf_rspamd_get_health (rspamd));
  part_ended (user_data);
}

static void
on_clamd (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Work *work = g_task_get_task_data (user_data);
  PfClamdClient *clamd = PF_CLAMD_CLIENT (source);
  g_autoptr (PfScanResult) answer = pf_clamd_client_probe_finish (clamd, result, NULL);

  read_answer (&work->probe->clamd, answer, pf_clamd_client_get_health (clamd));
  part_ended (user_data);
}

static gboolean
on_late (gpointer user_data)
{
  Work *work = user_data;

  work->timer = 0;
  g_cancellable_cancel (work->late);
  return G_SOURCE_REMOVE;
}

static void
on_cancelled (GCancellable *outer, gpointer late)
{
  g_cancellable_cancel (late);
}

void
pf_probe_async (PfFilter *filter,
                GCancellable *cancellable,
                GAsyncReadyCallback callback,
                gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (filter, cancellable, callback, user_data);
  Work *work = g_new0 (Work, 1);

  g_task_set_source_tag (task, pf_probe_async);
  g_task_set_task_data (task, work, work_free);
  work->probe = g_new0 (PfProbe, 1);
  work->late = g_cancellable_new ();
  work->pending = 2;
  work->timer = g_timeout_add_seconds (PF_LIMIT_PROBE_SECONDS, on_late, work);
  if (cancellable != NULL)
    {
      work->outer = g_object_ref (cancellable);
      work->outer_id = g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled),
                                              g_object_ref (work->late), g_object_unref);
    }
  pf_rspamd_probe_async (pf_filter_get_rspamd (filter), work->late, on_rspamd, g_object_ref (task));
  pf_clamd_client_probe_async (pf_filter_get_clamd (filter), work->late, on_clamd,
                               g_object_ref (task));
}

PfProbe *
pf_probe_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
