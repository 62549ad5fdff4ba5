#include "retrieve/message-private.h"

#include "base/limits.h"
#include "base/step.h"
#include "config.h"
#include "filter/headers.h"
#include "protocol/header.h"

#include <string.h>

static void
message_free (PfMessage *message)
{
  g_clear_pointer (&message->body, pf_body_unref);
  g_clear_pointer (&message->row, pf_row_free);
  g_clear_pointer (&message->delivery, pf_delivery_free);
  g_free (message->sender);
  g_free (message->message_id);
  g_free (message->subject);
  g_free (message->user);
  g_strfreev (message->users);
  g_clear_pointer (&message->filtered, pf_filtered_free);
  g_free (message->reason);
  g_object_unref (message->check);
  g_free (message);
}

void
pf_message_done (PfMessage *message, gboolean committed)
{
  g_autoptr (PfCheck) check = g_object_ref (message->check);
  PfPlanItem *item = message->item;

  message_free (message);
  pf_check_item_done (check, item, committed);
}

void
pf_message_record (PfMessage *message, PfOutcome outcome, const char *verdict, const char *reason)
{
  PfEvent *event = pf_check_message_event (message->check, message->item, outcome, reason);

  /* Whom a person takes for the sender, where the provider does not tell the envelope's. */
  event->sender = *message->sender != '\0' ? g_strdup (message->sender) : pf_message_from (message);
  event->message_id = g_strdup (message->message_id);
  event->subject = g_strdup (message->subject);
  event->size = pf_body_get_received (message->body);
  event->verdict = g_strdup (verdict);
  if (message->filtered != NULL)
    event->score = message->filtered->findings.spam_score;
  pf_journal_record (message->check->parts.journal, event);
}

static void
put_row (PfMessage *message, const PfFigures *figures, GAsyncReadyCallback callback)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new ();

  g_ptr_array_add (rows, message->row);
  pf_journal_put_async (message->check->parts.journal, message->check->settings->address, rows,
                        figures, callback, message);
}

/* --- 4. delivered ----------------------------------------------------------------------------- */

static void
count_outcome (PfCheck *check, PfOutcome outcome)
{
  switch (outcome)
    {
    case PF_OUTCOME_JUNKED:
      check->tally.junked++;
      break;
    case PF_OUTCOME_QUARANTINED:
      check->tally.quarantined++;
      break;
    case PF_OUTCOME_REFUSED:
      check->tally.refused++;
      break;
    default:
      check->tally.delivered++;
      break;
    }
}

/* What was discarded counts as held back: each message counts once, and the brake on removing goes
 * by what was seen. */
static PfFigures
figures_with (PfMessage *message)
{
  gboolean junked = message->outcome == PF_OUTCOME_JUNKED;
  gboolean held =
      message->outcome == PF_OUTCOME_QUARANTINED || message->outcome == PF_OUTCOME_REFUSED;
  PfFigures figures = pf_check_figures (message->check, junked || held ? 0 : 1, junked ? 1 : 0,
                                        held ? 1 : 0, pf_body_get_received (message->body));

  if (message->filtered != NULL)
    figures.envelope_seen = message->filtered->envelope->seen;
  return figures;
}

static const char *
verdict_told (const PfMessage *message)
{
  if (message->outcome == PF_OUTCOME_REFUSED && message->verdict.action != PF_ON_DISCARD)
    return "refused";
  return pf_verdict_action_nick (message->verdict.action);
}

const char *
pf_message_reason (const PfMessage *message)
{
  if (message->reason != NULL)
    return message->reason;
  return message->verdict.reason != NULL ? message->verdict.reason : "";
}

void
pf_message_adopt_row (PfMessage *message)
{
  PfPlanItem *item = message->item;

  if (item->row == NULL)
    {
      item->row = g_steal_pointer (&message->row);
      pf_ledger_add (message->check->ledger, item->row);
    }
  else
    {
      PfRow before = *item->row;

      *item->row = *message->row;
      *message->row = before;
      pf_ledger_note_digest (message->check->ledger, item->row);
    }
}

static void
on_delivered_put (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfMessage *message = user_data;
  GError *error = NULL;

  if (!pf_journal_put_finish (PF_JOURNAL (source), result, &error))
    {
      /* It is delivered, but the journal does not say so: in doubt, for the next check. */
      pf_check_fail (message->check, error);
      pf_message_done (message, FALSE);
      return;
    }
  pf_step (PF_STEP_DELIVERED_DONE);
  count_outcome (message->check, message->outcome);
  pf_message_record (message, message->outcome, verdict_told (message),
                     pf_message_reason (message));
  pf_message_adopt_row (message);
  message->item->remove =
      message->check->listing->may_remove
      && pf_plan_removal_due (message->check->settings, message->item->row, g_get_real_time ());
  pf_message_done (message, TRUE);
}

void
pf_message_commit (PfMessage *message)
{
  PfFigures figures = figures_with (message);

  pf_step (PF_STEP_DELIVERED);
  message->row->state = PF_ROW_DELIVERED;
  message->row->outcome = message->outcome;
  message->row->time = g_get_real_time ();
  message->row->failures = 0;
  message->row->waiting = 0;
  if (message->check->doubtful)
    message->row->size = PF_SIZE_DOUBTFUL;
  message->row->keep = message->uncertain;
  pf_account_set_figures (message->check->account, &figures);
  put_row (message, &figures, on_delivered_put);
}

/* --- 3. effect -------------------------------------------------------------------------------- */

/* What stands in the way of the whole mailbox ends the check; it is never counted against the
 * message. */
static gboolean
ends_check (PfDeliveryResult result, PfProblemCode *code)
{
  switch (result)
    {
    case PF_DELIVERY_UNKNOWN_USER:
      *code = PF_PROBLEM_RECIPIENT_UNKNOWN;
      return TRUE;
    case PF_DELIVERY_OVER_QUOTA:
      *code = PF_PROBLEM_RECIPIENT_OVER_QUOTA;
      return TRUE;
    case PF_DELIVERY_DISK_FULL:
      *code = PF_PROBLEM_DELIVERY_DEFERRED;
      return TRUE;
    default:
      *code = PF_PROBLEM_DELIVERY_DEFERRED;
      return FALSE;
    }
}

/* The delivery did not happen, or is in doubt: the message stays at the provider and is tried
 * again. */
static void
defer (PfMessage *message, PfDeliveryResult result, const char *text)
{
  PfCheck *check = message->check;
  PfProblemCode code;
  gboolean ends = ends_check (result, &code);

  pf_message_record (message, PF_OUTCOME_DEFERRED, "defer", text);
  check->tally.deferred++;
  /* Which recipients have it already is kept. */
  pf_message_adopt_row (message);
  pf_check_store_failure (check, message->item, text, FALSE);
  if (ends)
    pf_check_fail (check, g_error_new_literal (PF_PROBLEM, (int) code, text));
  else
    pf_check_defer (check, message->item, text);
  pf_message_done (message, FALSE);
}

static void
on_delivery (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfMessage *message = user_data;
  PfRowDelivery *delivery = message->row->deliveries->pdata[message->next];
  g_autofree char *text = NULL;
  PfDeliveryResult answer = pf_target_deliver_finish (PF_TARGET (source), result, &text);

  pf_step (PF_STEP_EFFECT_DONE);
  if (answer == PF_DELIVERY_DONE)
    {
      delivery->done = TRUE;
      message->next++;
      pf_message_deliver_next (message);
    }
  else if (answer == PF_DELIVERY_REFUSED)
    {
      message->outcome = PF_OUTCOME_REFUSED;
      g_free (message->reason);
      message->reason = g_steal_pointer (&text);
      pf_message_hold_back (message, "refused", message->reason);
    }
  else
    defer (message, answer, text);
}

/* With JunkBy=header the line X-Spam-Flag tells it, and Sieve or the mail program sorts. */
static const char *
target_folder (const PfMessage *message)
{
  PfCheck *check = message->check;
  const PfFolder *folder = check->folders->pdata[check->folder_index];
  const PfServiceSettings *settings = check->parts.settings;

  if (folder->junk)
    return settings->junk_folder;
  return message->verdict.action == PF_ON_JUNK && settings->junk_by != PF_JUNK_BY_HEADER
             ? settings->junk_folder
             : check->settings->target_folder;
}

static void
deliver (PfMessage *message, const PfRowDelivery *delivery)
{
  PfCheck *check = message->check;

  g_clear_pointer (&message->delivery, pf_delivery_free);
  message->delivery = g_new0 (PfDelivery, 1);
  message->delivery->id = g_strdup (delivery->delivery_id);
  message->delivery->user = g_strdup (delivery->recipient);
  message->delivery->folder = g_strdup (target_folder (message));
  message->delivery->sender = g_strdup (message->sender);
  message->delivery->body = pf_body_ref (message->body);
  message->delivery->in_doubt = message->in_doubt;
  message->delivery->seen = check->settings->keep_seen && message->item->listed->seen;
  message->delivery->date = message->item->listed->date;
  pf_target_deliver_async (check->parts.target, message->delivery, on_delivery, message);
}

void
pf_message_deliver_next (PfMessage *message)
{
  PfCheck *check = message->check;
  PfRowDelivery *delivery;
  GError *error = NULL;

  while (message->next < message->row->deliveries->len
         && ((PfRowDelivery *) message->row->deliveries->pdata[message->next])->done)
    message->next++;
  if (message->next >= message->row->deliveries->len)
    {
      pf_message_commit (message);
      return;
    }
  delivery = message->row->deliveries->pdata[message->next];
  if (!pf_message_finish_body (message, delivery, &error))
    {
      pf_check_fail (check, error);
      pf_message_done (message, FALSE);
      return;
    }
  if (message->verdict.action == PF_ON_QUARANTINE)
    pf_message_hold_back (message, message->verdict.kind, pf_message_reason (message));
  else
    deliver (message, delivery);
}

/* --- 2. intent -------------------------------------------------------------------------------- */

static void
on_intent_put (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfMessage *message = user_data;
  GError *error = NULL;

  if (!pf_journal_put_finish (PF_JOURNAL (source), result, &error))
    {
      pf_check_fail (message->check, error);
      pf_message_done (message, FALSE);
      return;
    }
  pf_step (PF_STEP_INTENT_DONE);
  pf_message_deliver_next (message);
}

/* (transfer full): the delivery id, from all that makes this delivery what it is. */
static char *
delivery_id (PfMessage *message, const char *recipient)
{
  const PfRow *row = message->row;
  g_autofree char *address = pf_address_fold (message->check->settings->address);
  g_autofree char *name =
      g_strdup_printf ("%s\n%s\n%u\n%s\n%u\n%s\n%s", address, row->folder, row->uidvalidity,
                       row->uid, row->occurrence, row->digest, recipient);
  g_autofree char *hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, name, -1);

  return g_strndup (hash, 32);
}

void
pf_message_judged (PfMessage *message)
{
  PfRow *row = message->row;

  /* In doubt: the same ids as then, so that what is there already is found. */
  message->in_doubt = row->deliveries != NULL && row->deliveries->len > 0
                      && strcmp (row->digest, pf_body_get_digest (message->body)) == 0;
  row->size = message->item->listed->size;
  if (!message->in_doubt)
    {
      g_free (row->digest);
      row->digest = g_strdup (pf_body_get_digest (message->body));
      g_clear_pointer (&row->deliveries, g_ptr_array_unref);
      row->deliveries = g_ptr_array_new_with_free_func ((GDestroyNotify) pf_row_delivery_free);
      for (char **user = message->users; *user != NULL; user++)
        {
          PfRowDelivery *delivery = pf_row_delivery_new (*user, delivery_id (message, *user));

          delivery->outcome = message->outcome;
          g_ptr_array_add (row->deliveries, delivery);
        }
    }
  row->state = PF_ROW_INTENT;
  row->time = g_get_real_time ();
  pf_step (PF_STEP_INTENT);
  put_row (message, NULL, on_intent_put);
}

/* --- 1. content known ------------------------------------------------------------------------- */

void
pf_check_message_begin (PfCheck *self, PfPlanItem *item, PfBody *body, gboolean uncertain)
{
  PfMessage *message = g_new0 (PfMessage, 1);
  gsize length;
  const char *header = pf_body_get_header (body, &length);

  message->check = g_object_ref (self);
  message->item = item;
  message->body = body;
  message->uncertain = uncertain;
  message->sender = pf_headers_sender (header, length);
  message->subject = pf_headers_subject (header, length);
  message->message_id = pf_header_lookup (header, length, "Message-ID");
  if (pf_message_recognise (message))
    return;
  pf_message_prepare_row (message);
  pf_message_choose_recipients (message);
}
