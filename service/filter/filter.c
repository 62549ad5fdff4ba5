#include "filter/filter.h"

#include "base/limits.h"
#include "filter/sender-rules.h"

struct _PfFilter
{
  GObject parent;
  PfServiceSettings *settings;
  PfScannerMemory memory;
  PfRspamd *rspamd;
  PfClamdClient *clamd;
  PfAttachments *attachments;
};

G_DEFINE_FINAL_TYPE (PfFilter, pf_filter, G_TYPE_OBJECT)

/* One message under way: the task's data. */
typedef struct
{
  const PfFilterJob *job;
  PfServiceSettings *settings;
  PfFiltered *filtered;
  guint scans; /* that have not answered */
} Work;

static void
work_free (gpointer data)
{
  Work *work = data;

  pf_service_settings_unref (work->settings);
  g_clear_pointer (&work->filtered, pf_filtered_free);
  g_free (work);
}

void
pf_filtered_free (PfFiltered *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->envelope, pf_envelope_free);
  g_clear_pointer (&self->virus, pf_scan_result_free);
  g_clear_pointer (&self->spam, pf_scan_result_free);
  g_clear_pointer (&self->attachments, pf_attachment_result_free);
  g_free (self->attachment_text);
  g_free (self->virus_text);
  g_free (self->spam_text);
  g_free (self->sender_text);
  g_free (self->virus_scanned);
  g_free (self->virus_status);
  g_free (self->subject_prefix);
  g_free (self);
}

/* --- What was found --------------------------------------------------------------------------- */

/* Of such a message only the names are looked at. */
static gboolean
is_beyond (const Work *work)
{
  return work->job->source.length > work->settings->filter->max_scan_size;
}

static PfOpinion
opinion_of (const PfScanResult *result)
{
  if (result == NULL)
    return PF_OPINION_NONE;
  switch (result->status)
    {
    case PF_SCAN_CLEAN:
      return PF_OPINION_CLEAN;
    case PF_SCAN_FOUND:
      return PF_OPINION_FOUND;
    case PF_SCAN_SKIPPED:
      return result->reason == PF_SCAN_TOO_LARGE ? PF_OPINION_SKIPPED : PF_OPINION_NONE;
    case PF_SCAN_TROUBLE:
    default:
      return PF_OPINION_TROUBLE;
    }
}

static void
read_virus (PfFiltered *filtered)
{
  const PfScanResult *virus = filtered->virus;

  filtered->findings.virus = opinion_of (virus);
  if (filtered->findings.virus == PF_OPINION_FOUND)
    filtered->virus_text = g_strdup_printf ("virus: %s", virus->name);
  else if (filtered->findings.virus == PF_OPINION_TROUBLE)
    filtered->virus_text = g_strdup (virus->text);
  filtered->findings.virus_text = filtered->virus_text;
}

static PfSpamAction
spam_action (const PfRspamdAnswer *answer)
{
  switch (answer->action)
    {
    case PF_RSPAMD_ADD_HEADER:
    case PF_RSPAMD_REWRITE_SUBJECT:
      return PF_SPAM_ADD_HEADER;
    case PF_RSPAMD_REJECT:
    case PF_RSPAMD_DISCARD:
    case PF_RSPAMD_QUARANTINE:
      return PF_SPAM_REJECT;
    case PF_RSPAMD_NO_ACTION:
    case PF_RSPAMD_GREYLIST:
    case PF_RSPAMD_SOFT_REJECT:
    case PF_RSPAMD_UNKNOWN:
    default:
      return PF_SPAM_NO_ACTION;
    }
}

static void
read_spam (PfFiltered *filtered)
{
  const PfScanResult *spam = filtered->spam;

  filtered->findings.spam = opinion_of (spam);
  if (filtered->findings.spam == PF_OPINION_TROUBLE)
    filtered->spam_text = g_strdup (spam->text);
  else if (spam != NULL && spam->answer != NULL)
    {
      filtered->findings.spam_action = spam_action (spam->answer);
      filtered->findings.spam_score = spam->answer->score;
      filtered->spam_text = g_strdup_printf ("Rspamd: %s, %.1f of %.1f", spam->answer->action_text,
                                             spam->answer->score, spam->answer->required_score);
    }
  filtered->findings.spam_text = filtered->spam_text;
}

/* @error: (nullable): why it could not be looked into. */
static void
read_attachments (Work *work, const GError *error)
{
  PfFiltered *filtered = work->filtered;
  const PfAttachmentResult *result = filtered->attachments;

  if (result == NULL)
    {
      filtered->findings.attachments = PF_OPINION_TROUBLE;
      filtered->attachment_text = g_strdup (error->message);
    }
  else if (result->findings->len > 0)
    {
      filtered->findings.attachments = PF_OPINION_FOUND;
      filtered->findings.malformed = result->malformed;
      filtered->attachment_text = pf_attachment_result_text (result);
    }
  else
    filtered->findings.attachments = is_beyond (work) ? PF_OPINION_SKIPPED : PF_OPINION_CLEAN;
  filtered->findings.attachment_text = filtered->attachment_text;
}

/* Whoever can forge a name is let in by none: without an answer of a scanner that is there, the
 * proof is still to come. */
static gboolean
is_let_in (const Work *work, const PfSenders *senders)
{
  const PfScanResult *spam = work->filtered->spam;
  const PfRspamdAnswer *answer = spam != NULL ? spam->answer : NULL;

  if (work->filtered->findings.spam == PF_OPINION_TROUBLE && answer == NULL)
    return FALSE;
  return pf_senders_find_allowed (senders, work->settings->filter->allow_senders, answer) != NULL
         || pf_senders_find_allowed (senders, work->job->account->allow_senders, answer) != NULL;
}

static gboolean
is_spared_recipient (const Work *work)
{
  char *const *list = work->settings->filter->allow_recipients;

  return pf_sender_rule_find (list, work->job->account->address) != NULL
         || pf_sender_rule_find (list, work->filtered->envelope->recipient) != NULL;
}

static void
read_senders (const Work *work)
{
  PfFiltered *filtered = work->filtered;
  g_autoptr (PfSenders) senders =
      pf_senders_read (work->job->header, work->job->header_length, filtered->envelope->mail_from);
  const char *blocked = pf_senders_find_blocked (senders, work->job->account->block_senders);

  if (blocked == NULL)
    blocked = pf_senders_find_blocked (senders, work->settings->filter->block_senders);
  filtered->findings.sender = blocked != NULL ? PF_OPINION_FOUND : PF_OPINION_CLEAN;
  if (blocked != NULL)
    filtered->sender_text = g_strdup_printf ("BlockSenders: %s", blocked);
  filtered->findings.sender_rule = filtered->sender_text;
  filtered->findings.sender_allowed = is_let_in (work, senders);
  filtered->findings.recipient_allowed = is_spared_recipient (work);
}

/* --- What its header is to tell --------------------------------------------------------------- */

/* (transfer full) (nullable): NULL where nobody was to look. */
static char *
virus_status (const PfFiltered *filtered)
{
  switch (filtered->findings.virus)
    {
    case PF_OPINION_CLEAN:
      return g_strdup ("Clean");
    case PF_OPINION_FOUND:
      return g_strdup_printf ("Infected (%s)", filtered->virus->name);
    case PF_OPINION_SKIPPED:
    case PF_OPINION_TROUBLE:
      return g_strdup_printf ("Not scanned (%s)", pf_scan_reason_nick (filtered->virus->reason));
    case PF_OPINION_NONE:
    default:
      return NULL;
    }
}

static void
read_lines (PfFilter *self, const Work *work)
{
  PfFiltered *filtered = work->filtered;
  const char *version = pf_clamd_client_get_health (self->clamd)->version;

  filtered->virus_status = virus_status (filtered);
  if (filtered->virus_status != NULL)
    filtered->virus_scanned =
        g_strdup_printf ("%s at %s", *version != '\0' ? version : "ClamAV", g_get_host_name ());
  filtered->subject_prefix = g_strdup (work->settings->filter->subject_prefix);
  filtered->lines = (PfScanLines){
    .answer = filtered->spam != NULL ? filtered->spam->answer : NULL,
    .spam = filtered->verdict.spam,
    .virus_scanned = filtered->virus_scanned,
    .virus_status = filtered->virus_status,
    .subject_prefix = filtered->subject_prefix,
  };
}

static gboolean
is_down (const PfScanResult *result)
{
  return result != NULL && result->status == PF_SCAN_TROUBLE
         && result->reason == PF_SCAN_UNREACHABLE;
}

static void
conclude (GTask *task)
{
  Work *work = g_task_get_task_data (task);
  PfFiltered *filtered = work->filtered;

  read_virus (filtered);
  read_spam (filtered);
  read_senders (work);
  filtered->findings.waiting_since = work->job->waiting_since;
  filtered->findings.now = g_get_real_time () / G_USEC_PER_SEC;
  filtered->scanner_down = is_down (filtered->virus) || is_down (filtered->spam);
  filtered->verdict = pf_verdict_decide (work->settings->filter, &filtered->findings);
  read_lines (g_task_get_source_object (task), work);
  g_task_return_pointer (task, g_steal_pointer (&work->filtered),
                         (GDestroyNotify) pf_filtered_free);
}

/* --- Scanning --------------------------------------------------------------------------------- */

/* Takes the caller's reference of @task. The last one concludes. */
static void
scan_ended (GTask *task)
{
  g_autoptr (GTask) owned = task;
  Work *work = g_task_get_task_data (task);

  if (--work->scans > 0)
    return;
  if (!g_task_return_error_if_cancelled (task))
    conclude (task);
}

static void
on_virus (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Work *work = g_task_get_task_data (user_data);

  work->filtered->virus = pf_clamd_client_scan_finish (PF_CLAMD_CLIENT (source), result, NULL);
  scan_ended (user_data);
}

static void
on_spam (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Work *work = g_task_get_task_data (user_data);

  work->filtered->spam = pf_rspamd_scan_finish (PF_RSPAMD (source), result, NULL);
  scan_ended (user_data);
}

static void
on_attachments (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Work *work = g_task_get_task_data (user_data);
  g_autoptr (GError) error = NULL;

  work->filtered->attachments =
      pf_attachments_scan_finish (PF_ATTACHMENTS (source), result, &error);
  read_attachments (work, error);
  scan_ended (user_data);
}

static void
look_into_attachments (PfFilter *self, GTask *task)
{
  Work *work = g_task_get_task_data (task);
  const PfFilterPolicy *policy = work->settings->filter;
  PfAttachmentRules rules = {
    .classes = (const char *const *) policy->block_classes,
    .extensions = (const char *const *) policy->block_extensions,
    .names_only = is_beyond (work),
  };

  work->scans++;
  pf_attachments_scan_async (self->attachments, &work->job->source, &rules,
                             g_task_get_cancellable (task), on_attachments, g_object_ref (task));
}

static void
scan_for_spam (PfFilter *self, GTask *task)
{
  Work *work = g_task_get_task_data (task);
  const PfEnvelope *seen = work->filtered->envelope;
  const char *recipients[] = { seen->recipient != NULL ? seen->recipient
                                                       : work->job->account->address,
                               NULL };
  PfScanEnvelope envelope = {
    .ip = seen->ip,
    .helo = seen->helo,
    .hostname = seen->hostname,
    .from = seen->mail_from,
    .recipients = recipients,
    .deliver_to = work->job->user,
    .queue_id = work->job->queue_id,
  };

  work->scans++;
  pf_rspamd_scan_async (self->rspamd, &work->job->source, &envelope, g_task_get_cancellable (task),
                        on_spam, g_object_ref (task));
}

void
pf_filter_async (PfFilter *self,
                 const PfFilterJob *job,
                 GCancellable *cancellable,
                 GAsyncReadyCallback callback,
                 gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Work *work = g_new0 (Work, 1);
  PfEnvelopeSource source = {
    .server = job->account->server,
    .address = job->account->address,
    .trusted_relays = (const char *const *) job->account->trusted_relays,
    .borders = pf_borders_builtin (),
  };

  g_task_set_source_tag (task, pf_filter_async);
  g_task_set_task_data (task, work, work_free);
  work->job = job;
  work->settings = pf_service_settings_ref (self->settings);
  work->filtered = g_new0 (PfFiltered, 1);
  work->filtered->envelope = pf_envelope_recover (job->header, job->header_length, &source);
  work->scans = 1;
  if (job->account->check_virus && job->source.fd >= 0)
    {
      work->scans++;
      pf_clamd_client_scan_async (self->clamd, &job->source, cancellable, on_virus,
                                  g_object_ref (task));
    }
  if (job->account->check_attachments && job->source.fd >= 0)
    look_into_attachments (self, task);
  if (job->account->check_spam && job->source.fd >= 0)
    scan_for_spam (self, task);
  scan_ended (g_object_ref (task));
}

PfFiltered *
pf_filter_finish (PfFilter *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

gboolean
pf_filter_reads_mail (PfFilter *self, const PfSettings *account)
{
  return account->check_attachments
         || (account->check_virus && pf_clamd_client_is_asked (self->clamd))
         || (account->check_spam && pf_rspamd_is_asked (self->rspamd));
}

PfClamdClient *
pf_filter_get_clamd (PfFilter *self)
{
  return self->clamd;
}

PfRspamd *
pf_filter_get_rspamd (PfFilter *self)
{
  return self->rspamd;
}

/* --- Object ----------------------------------------------------------------------------------- */

void
pf_filter_set_settings (PfFilter *self, const PfServiceSettings *settings)
{
  const PfFilterPolicy *policy = settings->filter;
  PfScannerOptions options = {
    .address = policy->clamd_socket,
    .timeout = policy->timeout,
    .patience = PF_LIMIT_CLAMD_START_SECONDS,
    .max_size = policy->max_scan_size,
    .memory = self->memory,
  };

  g_clear_pointer (&self->settings, pf_service_settings_unref);
  self->settings = pf_service_settings_ref ((PfServiceSettings *) settings);
  g_clear_object (&self->clamd);
  self->clamd = pf_clamd_client_new (&options);
  options.address = policy->rspamd_url;
  options.controller = policy->rspamd_controller_url;
  g_clear_object (&self->rspamd);
  self->rspamd = pf_rspamd_new (&options);
}

PfFilter *
pf_filter_new (const PfServiceSettings *settings, const PfScannerMemory *memory)
{
  PfFilter *self = g_object_new (PF_TYPE_FILTER, NULL);

  self->memory = *memory;
  self->attachments = pf_attachments_new (NULL);
  pf_filter_set_settings (self, settings);
  return self;
}

static void
pf_filter_finalize (GObject *object)
{
  PfFilter *self = PF_FILTER (object);

  g_clear_object (&self->rspamd);
  g_clear_object (&self->clamd);
  g_clear_object (&self->attachments);
  g_clear_pointer (&self->settings, pf_service_settings_unref);
  G_OBJECT_CLASS (pf_filter_parent_class)->finalize (object);
}

static void
pf_filter_class_init (PfFilterClass *class)
{
  G_OBJECT_CLASS (class)->finalize = pf_filter_finalize;
}

static void
pf_filter_init (PfFilter *self)
{
}
