#include "retrieve/message-private.h"

#include "base/limits.h"
#include "base/step.h"
#include "config.h"
#include "deliver/quarantine.h"
#include "filter/headers.h"
#include "protocol/header.h"
#include "retrieve/recipients.h"

#include <string.h>

static void deliver_next (PfMessage *message);

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

static void
record (PfMessage *message, PfOutcome outcome, const char *reason)
{
  PfEvent *event = pf_check_message_event (message->check, message->item, outcome, reason);

  /* Whom a person takes for the sender, where the provider does not tell the envelope's. */
  event->sender = *message->sender != '\0' ? g_strdup (message->sender) : pf_message_from (message);
  event->message_id = g_strdup (message->message_id);
  event->subject = g_strdup (message->subject);
  event->size = pf_body_get_received (message->body);
  event->verdict = g_strdup (outcome == PF_OUTCOME_REFUSED ? "refused" : "deliver");
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

static PfFigures
figures_with (PfMessage *message)
{
  gboolean junked = message->outcome == PF_OUTCOME_JUNKED;
  gboolean held =
      message->outcome == PF_OUTCOME_QUARANTINED || message->outcome == PF_OUTCOME_REFUSED;

  return pf_check_figures (message->check, junked || held ? 0 : 1, junked ? 1 : 0, held ? 1 : 0,
                           pf_body_get_received (message->body));
}

/* What the journal has for the message is what the ledger has from now on. */
static void
adopt_row (PfMessage *message)
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
  record (message, message->outcome, message->reason != NULL ? message->reason : "");
  adopt_row (message);
  message->item->remove =
      message->check->listing->may_remove
      && pf_plan_removal_due (message->check->settings, message->item->row, g_get_real_time ());
  pf_message_done (message, TRUE);
}

static void
commit_delivered (PfMessage *message)
{
  PfFigures figures = figures_with (message);

  pf_step (PF_STEP_DELIVERED);
  message->row->state = PF_ROW_DELIVERED;
  message->row->outcome = message->outcome;
  message->row->time = g_get_real_time ();
  message->row->failures = 0;
  if (message->check->doubtful)
    message->row->size = PF_SIZE_DOUBTFUL;
  message->row->keep = message->uncertain;
  pf_account_set_figures (message->check->account, &figures);
  put_row (message, &figures, on_delivered_put);
}

/* --- 3. effect -------------------------------------------------------------------------------- */

static void
on_quarantined (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfMessage *message = user_data;
  PfRowDelivery *delivery = message->row->deliveries->pdata[message->next];
  GError *error = NULL;

  if (!pf_quarantine_store_finish (result, &error))
    {
      pf_check_fail (message->check, error);
      pf_message_done (message, FALSE);
      return;
    }
  delivery->done = TRUE;
  delivery->outcome = PF_OUTCOME_QUARANTINED;
  message->next++;
  deliver_next (message);
}

static void
hold_back (PfMessage *message, const char *verdict, const char *reason)
{
  PfCheck *check = message->check;
  PfRowDelivery *delivery = message->row->deliveries->pdata[message->next];
  PfQuarantineItem item = {
    .id = delivery->delivery_id,
    .account = check->settings->address,
    .recipient = delivery->recipient,
    .sender = message->sender,
    .subject = message->subject,
    .verdict = (char *) verdict,
    .reason = (char *) reason,
    .uid = message->row->uid,
    .time = g_get_real_time (),
    .size = pf_body_get_received (message->body),
  };

  message->outcome = PF_OUTCOME_REFUSED;
  g_free (message->reason);
  message->reason = g_strdup (reason);
  pf_quarantine_store_async (check->parts.quarantine_directory, message->body, &item,
                             on_quarantined, message);
}

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

  record (message, PF_OUTCOME_DEFERRED, text);
  check->tally.deferred++;
  /* Which recipients have it already is kept. */
  adopt_row (message);
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
      delivery->outcome = message->outcome;
      message->next++;
      deliver_next (message);
    }
  else if (answer == PF_DELIVERY_REFUSED)
    hold_back (message, "refused", text);
  else
    defer (message, answer, text);
}

static const char *
target_folder (PfCheck *check)
{
  const PfFolder *folder = check->folders->pdata[check->folder_index];

  return folder->junk ? check->parts.settings->junk_folder : check->settings->target_folder;
}

static void
deliver_next (PfMessage *message)
{
  PfCheck *check = message->check;
  PfRowDelivery *delivery;
  GError *error = NULL;

  while (message->next < message->row->deliveries->len
         && ((PfRowDelivery *) message->row->deliveries->pdata[message->next])->done)
    message->next++;
  if (message->next >= message->row->deliveries->len)
    {
      commit_delivered (message);
      return;
    }
  delivery = message->row->deliveries->pdata[message->next];
  if (!pf_message_finish_body (message, delivery, &error))
    {
      pf_check_fail (check, error);
      pf_message_done (message, FALSE);
      return;
    }
  g_clear_pointer (&message->delivery, pf_delivery_free);
  message->delivery = g_new0 (PfDelivery, 1);
  message->delivery->id = g_strdup (delivery->delivery_id);
  message->delivery->user = g_strdup (delivery->recipient);
  message->delivery->folder = g_strdup (target_folder (check));
  message->delivery->sender = g_strdup (message->sender);
  message->delivery->body = pf_body_ref (message->body);
  message->delivery->in_doubt = message->in_doubt;
  message->delivery->seen = check->settings->keep_seen && message->item->listed->seen;
  message->delivery->date = message->item->listed->date;
  pf_target_deliver_async (check->parts.target, message->delivery, on_delivery, message);
}

/* --- 2. intent -------------------------------------------------------------------------------- */

static void
on_intent_put (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfMessage *message = user_data;
  PfCheck *check = message->check;
  gsize length;
  const char *header = pf_body_get_header (message->body, &length);
  GError *error = NULL;

  if (!pf_journal_put_finish (PF_JOURNAL (source), result, &error))
    {
      pf_check_fail (check, error);
      pf_message_done (message, FALSE);
      return;
    }
  pf_step (PF_STEP_INTENT_DONE);
  if (pf_headers_is_loop (header, length, g_get_host_name (), check->account_hash))
    {
      if (pf_message_finish_body (message, message->row->deliveries->pdata[0], &error))
        hold_back (
            message, "refused",
            "a mail loop: the message came through this account before, or through too many hosts");
      else
        {
          pf_check_fail (check, error);
          pf_message_done (message, FALSE);
        }
      return;
    }
  deliver_next (message);
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

static void
commit_intent (PfMessage *message, char *const *users)
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
      for (guint i = 0; users[i] != NULL; i++)
        g_ptr_array_add (row->deliveries,
                         pf_row_delivery_new (users[i], delivery_id (message, users[i])));
    }
  row->state = PF_ROW_INTENT;
  row->time = g_get_real_time ();
  pf_step (PF_STEP_INTENT);
  put_row (message, NULL, on_intent_put);
}

static void
on_recipient_probed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfMessage *message = user_data;
  PfCheck *check = message->check;
  g_autoptr (GError) error = NULL;
  gboolean known = pf_target_probe_finish (PF_TARGET (source), result, &error);
  const char *users[2] = { known ? message->user : check->settings->local_user, NULL };

  if (!known && !g_error_matches (error, PF_PROBLEM, PF_PROBLEM_RECIPIENT_UNKNOWN))
    {
      pf_check_fail (check, g_steal_pointer (&error));
      pf_message_done (message, FALSE);
      return;
    }
  g_hash_table_insert (check->recipients, g_strdup (message->user),
                       GINT_TO_POINTER (known ? 1 : -1));
  commit_intent (message, (char *const *) users);
}

/* Whose it is. `*@DOMAIN=*` makes users of what strangers write: such a one is asked for first. */
static void
choose_recipients (PfMessage *message)
{
  PfCheck *check = message->check;
  g_auto (GStrv) users = NULL;
  gsize length;
  const char *header = pf_body_get_header (message->body, &length);
  g_autofree char *envelope =
      *check->settings->envelope_header != '\0'
          ? pf_headers_recipient (header, length, check->settings->envelope_header)
          : NULL;
  int known;

  users = pf_recipients_choose (check->settings, envelope);
  known = GPOINTER_TO_INT (g_hash_table_lookup (check->recipients, users[0]));
  if (users[1] != NULL || known == 1)
    commit_intent (message, users);
  else if (known == -1)
    {
      const char *fallback[2] = { check->settings->local_user, NULL };

      commit_intent (message, (char *const *) fallback);
    }
  else
    {
      message->user = g_strdup (users[0]);
      pf_target_probe_async (check->parts.target, users[0], check->cancellable, on_recipient_probed,
                             message);
    }
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
  message->outcome = ((PfFolder *) self->folders->pdata[self->folder_index])->junk
                         ? PF_OUTCOME_JUNKED
                         : PF_OUTCOME_DELIVERED;
  message->sender = pf_headers_sender (header, length);
  message->subject = pf_headers_subject (header, length);
  message->message_id = pf_header_lookup (header, length, "Message-ID");
  if (pf_message_recognise (message))
    return;
  pf_message_prepare_row (message);
  choose_recipients (message);
}
