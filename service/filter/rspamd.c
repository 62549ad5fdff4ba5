#include "filter/rspamd-private.h"

#include "base/limits.h"

#include <string.h>

G_DEFINE_FINAL_TYPE (PfRspamd, pf_rspamd, G_TYPE_OBJECT)

typedef struct
{
  SoupMessage *message; /* until it is sent */
  PfScanSource source;
} Job;

static void
job_free (gpointer data)
{
  Job *job = data;

  g_clear_object (&job->message);
  g_free (job);
}

static void
return_result (GTask *task, PfScanResult *result)
{
  g_task_return_pointer (task, result, (GDestroyNotify) pf_scan_result_free);
}

/* --- Answers ---------------------------------------------------------------------------------- */

static PfScanResult *
judge (PfScannerState *state, PfRspamdAnswer *answer)
{
  PfScanStatus status = PF_SCAN_FOUND;
  PfScanReason reason = PF_SCAN_NO_REASON;
  g_autofree char *text = NULL;
  PfScanResult *result;

  switch (answer->action)
    {
    case PF_RSPAMD_NO_ACTION:
    case PF_RSPAMD_GREYLIST:
      status = PF_SCAN_CLEAN;
      break;
    case PF_RSPAMD_ADD_HEADER:
    case PF_RSPAMD_REWRITE_SUBJECT:
    case PF_RSPAMD_REJECT:
    case PF_RSPAMD_DISCARD:
    case PF_RSPAMD_QUARANTINE:
      break;
    case PF_RSPAMD_SOFT_REJECT:
      status = PF_SCAN_TROUBLE;
      reason = PF_SCAN_SOFT_REJECTED;
      text = g_strdup_printf ("Rspamd asks to come again: %s",
                              *answer->message != '\0' ? answer->message : "soft reject");
      break;
    case PF_RSPAMD_UNKNOWN:
    default:
      status = PF_SCAN_TROUBLE;
      reason = PF_SCAN_UNKNOWN_ACTION;
      text = g_strdup_printf ("Rspamd wants an action that is not known here: %s",
                              answer->action_text);
    }
  result = pf_scan_result_new (status, reason, status == PF_SCAN_FOUND ? answer->action_text : NULL,
                               text);
  result->answer = answer;
  return result;
}

/* (transfer full) */
static PfScanResult *
refuse (PfScannerState *state, const PfExchange *answer)
{
  g_autofree char *text = NULL;

  if (answer->status == 413)
    return pf_scan_result_new (PF_SCAN_SKIPPED, PF_SCAN_TOO_LARGE, NULL,
                               "The message is beyond Rspamd's max_message");
  text = g_strdup_printf ("Rspamd answers with HTTP status %u", answer->status);
  return pf_scanner_trouble (state, PF_SCAN_REFUSED, text, TRUE);
}

/* (transfer full) */
static PfScanResult *
read_answer (PfScannerState *state, const PfExchange *exchange)
{
  g_autofree char *problem = NULL;
  g_autofree char *text = NULL;
  PfRspamdAnswer *answer;

  if (exchange->reason != PF_SCAN_NO_REASON)
    return pf_scanner_trouble (state, exchange->reason, exchange->text, FALSE);
  if (exchange->status != 200)
    return refuse (state, exchange);
  if (g_strcmp0 (exchange->type, "application/json") != 0)
    return pf_scanner_trouble (state, PF_SCAN_BAD_ANSWER, "Rspamd's answer is not JSON", TRUE);
  answer = pf_rspamd_answer_parse (exchange->body->str, exchange->body->len, &problem);
  if (answer == NULL)
    {
      text = g_strdup_printf ("Rspamd's answer %s", problem);
      return pf_scanner_trouble (state, PF_SCAN_BAD_ANSWER, text, TRUE);
    }
  pf_scanner_note_answer (state);
  pf_scanner_note_version (state, exchange->server, 0);
  return judge (state, answer);
}

/* --- A scan ----------------------------------------------------------------------------------- */

SoupMessage *
pf_rspamd_port_message (const PfRspamdPort *port, const char *method, const char *path)
{
  g_autofree char *url = g_strconcat (port->base, path, NULL);

  return soup_message_new (method, url);
}

static void
on_answered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (PfRspamd) self = g_object_ref (g_task_get_source_object (task));
  GError *error = NULL;
  g_autoptr (PfExchange) exchange = pf_exchange_finish (result, &error);

  if (exchange == NULL)
    g_task_return_error (task, error);
  else
    return_result (task, read_answer (&self->state, exchange));
  pf_scan_queue_done (&self->queue);
}

/* @task: (transfer full) */
static void
start (GTask *task)
{
  PfRspamd *self = g_task_get_source_object (task);
  Job *job = g_task_get_task_data (task);

  pf_exchange_async (self->scanner.session, g_steal_pointer (&job->message), &job->source,
                     PF_LIMIT_RSPAMD_ANSWER, self->state.timeout, g_task_get_cancellable (task),
                     on_answered, task);
}

void
pf_rspamd_scan_async (PfRspamd *self,
                      const PfScanSource *source,
                      const PfScanEnvelope *envelope,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  PfScanResult *skipped = pf_scanner_skip (&self->state, source);
  Job *job;

  if (skipped != NULL)
    {
      return_result (task, skipped);
      return;
    }
  job = g_new0 (Job, 1);
  job->source = *source;
  job->message = pf_rspamd_port_message (&self->scanner, "POST", "/checkv2");
  if (job->message != NULL)
    pf_rspamd_put_request (soup_message_get_request_headers (job->message), envelope);
  g_task_set_task_data (task, job, job_free);
  pf_scan_queue_push (&self->queue, g_steal_pointer (&task));
}

PfScanResult *
pf_rspamd_scan_finish (PfRspamd *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* --- How it is -------------------------------------------------------------------------------- */

/* (transfer full) */
static PfScanResult *
read_pong (PfScannerState *state, const PfExchange *exchange)
{
  if (exchange->reason != PF_SCAN_NO_REASON)
    return pf_scanner_trouble (state, exchange->reason, exchange->text, FALSE);
  if (exchange->status != 200 || !g_str_has_prefix (exchange->body->str, "pong"))
    return pf_scanner_trouble (state, PF_SCAN_BAD_ANSWER, "What answers there is no Rspamd", TRUE);
  pf_scanner_note_answer (state);
  pf_scanner_note_version (state, exchange->server, 0);
  return pf_scan_result_new (PF_SCAN_CLEAN, PF_SCAN_NO_REASON, NULL, NULL);
}

static void
on_pong (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  PfRspamd *self = g_task_get_source_object (task);
  GError *error = NULL;
  g_autoptr (PfExchange) exchange = pf_exchange_finish (result, &error);

  if (exchange == NULL)
    g_task_return_error (task, error);
  else
    return_result (task, read_pong (&self->state, exchange));
}

void
pf_rspamd_probe_async (PfRspamd *self,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  PfScanSource nothing = { -1, 0, 1 };
  PfScanResult *skipped = pf_scanner_skip (&self->state, &nothing);

  if (skipped != NULL)
    {
      return_result (task, skipped);
      return;
    }
  pf_exchange_async (self->scanner.session, pf_rspamd_port_message (&self->scanner, "GET", "/ping"),
                     NULL, PF_LIMIT_LEARN_ANSWER, self->state.timeout, cancellable, on_pong,
                     g_steal_pointer (&task));
}

PfScanResult *
pf_rspamd_probe_finish (PfRspamd *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

const PfScannerHealth *
pf_rspamd_get_health (PfRspamd *self)
{
  return &self->state.health;
}

gboolean
pf_rspamd_is_asked (PfRspamd *self)
{
  return pf_scanner_is_asked (&self->state);
}

/* --- Life ------------------------------------------------------------------------------------- */

static void
port_init (PfRspamdPort *port, const char *url, const char *automatic)
{
  if (url == NULL || strcmp (url, "off") == 0)
    return;
  if (strcmp (url, "auto") == 0)
    url = automatic;
  port->session = pf_exchange_session_new (url, PF_LIMIT_RSPAMD_SCANS);
  port->base = g_strdup (g_str_has_prefix (url, "unix:") ? "http://localhost" : url);
  if (g_str_has_suffix (port->base, "/"))
    port->base[strlen (port->base) - 1] = '\0';
}

static void
port_clear (PfRspamdPort *port)
{
  g_clear_object (&port->session);
  g_clear_pointer (&port->base, g_free);
}

PfRspamd *
pf_rspamd_new (const PfScannerOptions *options)
{
  PfRspamd *self = g_object_new (PF_TYPE_RSPAMD, NULL);

  pf_scanner_state_init (&self->state, "rspamd", options);
  port_init (&self->scanner, options->address, PF_RSPAMD_URL);
  /* Where there is no scanner, `auto` is no controller. */
  if (self->scanner.session != NULL || g_strcmp0 (options->controller, "auto") != 0)
    port_init (&self->controller, options->controller, PF_RSPAMD_CONTROLLER_URL);
  return self;
}

static void
pf_rspamd_finalize (GObject *object)
{
  PfRspamd *self = PF_RSPAMD (object);

  port_clear (&self->scanner);
  port_clear (&self->controller);
  pf_scanner_state_clear (&self->state);
  G_OBJECT_CLASS (pf_rspamd_parent_class)->finalize (object);
}

static void
pf_rspamd_class_init (PfRspamdClass *class)
{
  G_OBJECT_CLASS (class)->finalize = pf_rspamd_finalize;
}

static void
pf_rspamd_init (PfRspamd *self)
{
  pf_scan_queue_init (&self->queue, PF_LIMIT_RSPAMD_SCANS, start);
}
