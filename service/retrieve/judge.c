#include "retrieve/message-private.h"

#include "filter/headers.h"

#include <string.h>
#include <unistd.h>

/* What the filter says of a message, and what follows for its way (DESIGN 8). */

/* --- Where it goes ---------------------------------------------------------------------------- */

static PfOutcome
outcome_of (const PfMessage *message)
{
  const PfFolder *folder = message->check->folders->pdata[message->check->folder_index];

  switch (message->verdict.action)
    {
    case PF_ON_DELIVER:
      return folder->junk ? PF_OUTCOME_JUNKED : PF_OUTCOME_DELIVERED;
    case PF_ON_JUNK:
      return PF_OUTCOME_JUNKED;
    case PF_ON_QUARANTINE:
      return strcmp (message->verdict.kind, "refused") == 0 ? PF_OUTCOME_REFUSED
                                                            : PF_OUTCOME_QUARANTINED;
    case PF_ON_DEFER:
      return PF_OUTCOME_DEFERRED;
    case PF_ON_DISCARD:
    default:
      return PF_OUTCOME_REFUSED;
    }
}

/* NONE where nothing was begun. */
static PfOutcome
planned (const PfMessage *message)
{
  const PfRow *row = message->row;

  if (row->deliveries == NULL || strcmp (row->digest, pf_body_get_digest (message->body)) != 0)
    return PF_OUTCOME_NONE;
  for (guint i = 0; i < row->deliveries->len; i++)
    {
      const PfRowDelivery *delivery = row->deliveries->pdata[i];

      if (!delivery->done)
        return delivery->outcome;
    }
  return PF_OUTCOME_NONE;
}

/* What was begun before a crash is ended in the same way, whatever is thought of the message now:
 * it may be there already. */
static void
keep_plan (PfMessage *message)
{
  const PfOutcome plan = planned (message);

  if (plan == PF_OUTCOME_DELIVERED)
    message->verdict.action = PF_ON_DELIVER;
  else if (plan == PF_OUTCOME_JUNKED)
    message->verdict.action = PF_ON_JUNK;
  else if (plan != PF_OUTCOME_NONE)
    message->verdict.action = PF_ON_QUARANTINE;
  if (message->verdict.action == PF_ON_QUARANTINE && *message->verdict.kind == '\0')
    message->verdict.kind = "refused";
}

/* --- Waiting for a scanner -------------------------------------------------------------------- */

static void
note_trouble (PfCheck *check, const char *reason)
{
  check->tally.deferred++;
  pf_check_note (check, g_error_new_literal (PF_PROBLEM, PF_PROBLEM_SCANNER_UNAVAILABLE, reason));
}

static void
wait_for_scanner (PfMessage *message)
{
  PfCheck *check = message->check;
  const char *reason = message->verdict.reason != NULL ? message->verdict.reason : "";
  PfRow *row = message->row;

  if (row->waiting == 0)
    row->waiting = g_get_real_time ();
  g_free (row->digest);
  row->digest = g_strdup (pf_body_get_digest (message->body));
  check->scanner_down |= message->filtered->scanner_down;
  pf_message_record (message, PF_OUTCOME_DEFERRED, "defer", reason);
  note_trouble (check, reason);
  pf_message_adopt_row (message);
  /* Never the message's own fault. */
  pf_check_store_failure (check, message->item, reason, FALSE);
  pf_message_done (message, FALSE);
}

gboolean
pf_check_leaves_waiting (PfCheck *self, PfPlanItem *item)
{
  const PfFilterPolicy *policy = self->parts.settings->filter;
  const PfRow *before = item->row;
  gint64 since = before != NULL ? before->waiting / G_USEC_PER_SEC : 0;
  PfRow *row;

  if (!self->scanner_down || self->explain || item->action != PF_PLAN_FETCH
      || (before != NULL && before->state != PF_ROW_FAILED)
      || pf_verdict_has_waited (policy, since, g_get_real_time () / G_USEC_PER_SEC))
    return FALSE;
  self->tally.deferred++;
  self->messages_done++;
  if (since != 0)
    return TRUE;
  row = pf_check_row_for (self, item);
  row->waiting = g_get_real_time ();
  if (self->waiting == NULL)
    self->waiting = g_ptr_array_new_with_free_func ((GDestroyNotify) pf_row_free);
  g_ptr_array_add (self->waiting, row);
  return TRUE;
}

/* --- The verdict ------------------------------------------------------------------------------ */

static void
apply (PfMessage *message)
{
  message->outcome = outcome_of (message);
  if (message->verdict.action == PF_ON_DEFER)
    wait_for_scanner (message);
  else if (message->verdict.action == PF_ON_DISCARD)
    /* An administrator's choice, made beforehand: nothing is done, so nothing can be in doubt. */
    pf_message_commit (message);
  else
    pf_message_judged (message);
}

static void
on_filtered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfMessage *message = user_data;
  GError *error = NULL;

  message->filtered = pf_filter_finish (PF_FILTER (source), result, &error);
  if (message->filtered == NULL)
    {
      pf_check_fail (message->check, error);
      pf_message_done (message, FALSE);
      return;
    }
  message->verdict = message->filtered->verdict;
  keep_plan (message);
  apply (message);
}

gboolean
pf_message_open_source (PfBody *body, PfFilterJob *job, GError **error)
{
  gsize length;
  const char *header = pf_body_get_header (body, &length);

  if (!pf_body_finish (body, header, length, error))
    return FALSE;
  job->source.fd = pf_body_get_fd (body);
  job->source.offset = (guint64) lseek (job->source.fd, 0, SEEK_CUR);
  job->source.length = pf_body_get_length (body);
  return TRUE;
}

static gboolean
prepare_job (PfMessage *message, GError **error)
{
  PfCheck *check = message->check;
  PfFilterJob *job = &message->job;

  job->account = check->settings;
  job->user = message->users[0];
  job->queue_id = message->row->uid;
  job->header = pf_body_get_header (message->body, &job->header_length);
  job->waiting_since = message->row->waiting / G_USEC_PER_SEC;
  job->source.fd = -1;
  return !pf_filter_reads_mail (check->parts.filter, check->settings)
         || pf_message_open_source (message->body, job, error);
}

void
pf_message_judge (PfMessage *message)
{
  PfCheck *check = message->check;
  gsize length;
  const char *header = pf_body_get_header (message->body, &length);
  GError *error = NULL;

  if (pf_headers_is_loop (header, length, g_get_host_name (), check->account_hash))
    {
      message->verdict = (PfVerdict){
        .action = PF_ON_QUARANTINE,
        .kind = "refused",
        .reason =
            "a mail loop: the message came through this account before, or through too many hosts",
      };
      keep_plan (message);
      apply (message);
    }
  else if (prepare_job (message, &error))
    pf_filter_async (check->parts.filter, &message->job, check->cancellable, on_filtered, message);
  else
    {
      pf_check_fail (check, error);
      pf_message_done (message, FALSE);
    }
}
