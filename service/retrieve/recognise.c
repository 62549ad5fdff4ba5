#include "retrieve/message-private.h"

#include <string.h>

static void
on_recognised_put (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfMessage *message = user_data;
  GError *error = NULL;

  if (!pf_journal_put_finish (PF_JOURNAL (source), result, &error))
    {
      pf_check_fail (message->check, error);
      pf_message_done (message, FALSE);
      return;
    }
  message->check->tally.known++;
  message->item->remove =
      message->check->listing->may_remove
      && pf_plan_removal_due (message->check->settings, message->item->row, g_get_real_time ());
  pf_message_done (message, TRUE);
}

/* The row of another message holds the name that @row gets: it is of a message that is gone. */
static PfRow *
make_room (PfMessage *message, const PfRow *row)
{
  PfCheck *check = message->check;
  const PfListed *listed = message->item->listed;
  PfRow *holder = pf_ledger_find (check->ledger, check->listing->folder,
                                  check->listing->uidvalidity, listed->uid, listed->occurrence);
  g_autofree char *name = NULL;

  if (holder == NULL || holder == row)
    return NULL;
  name = g_strdup_printf ("~%" G_GINT64_FORMAT, holder->id);
  pf_ledger_rename (check->ledger, holder, holder->uidvalidity, name, 0);
  return holder;
}

/* Names of messages on servers without UIDL: by content, counted. Two copies may be under way at
 * the same time: with one name they would be one delivery. */
static void
name_by_content (PfMessage *message)
{
  PfCheck *check = message->check;
  PfRow *row = message->row;

  g_free (row->uid);
  row->uid = g_strdup_printf ("#%s", pf_body_get_digest (message->body));
  row->occurrence = 0;
  while (
      !pf_ledger_reserve (check->ledger, row->folder, row->uidvalidity, row->uid, row->occurrence))
    row->occurrence++;
}

/* Delivered before under another name: the row follows the message. */
static void
keep_recognised (PfMessage *message, PfRow *row)
{
  PfCheck *check = message->check;
  const PfListed *listed = message->item->listed;
  g_autoptr (GPtrArray) rows = g_ptr_array_new ();
  PfRow *holder = make_room (message, row);

  if (holder != NULL)
    g_ptr_array_add (rows, holder);
  if (*listed->uid != '\0')
    pf_ledger_rename (check->ledger, row, check->listing->uidvalidity, listed->uid,
                      listed->occurrence);
  row->size = listed->size;
  g_ptr_array_add (rows, row);
  message->item->row = row;
  pf_journal_put_async (check->parts.journal, check->settings->address, rows, NULL,
                        on_recognised_put, message);
}

/* Never fetched from this folder, or delivered under another name: a row of its own, which removes
 * nothing. */
static void
keep_as_known (PfMessage *message)
{
  PfRow *row = message->row;

  g_free (row->digest);
  row->digest = g_strdup (pf_body_get_digest (message->body));
  row->state = PF_ROW_KNOWN;
  row = pf_row_copy (row);
  pf_ledger_add (message->check->ledger, row);
  keep_recognised (message, row);
}

gboolean
pf_message_recognise (PfMessage *message)
{
  PfCheck *check = message->check;
  const char *digest = pf_body_get_digest (message->body);
  PfRow *row = message->item->row;

  if (message->item->action == PF_PLAN_LEARN)
    {
      message->row = pf_check_row_for (check, message->item);
      name_by_content (message);
      keep_as_known (message);
      return TRUE;
    }
  if (message->item->action != PF_PLAN_VERIFY)
    return FALSE;
  if (row != NULL && !pf_ledger_is_taken (check->ledger, row) && strcmp (row->digest, digest) == 0)
    pf_ledger_take (check->ledger, row);
  else
    row = pf_ledger_claim (check->ledger, check->listing->folder, digest);
  message->item->row = row;
  if (row == NULL && check->labels
      && pf_ledger_has_elsewhere (check->ledger, check->listing->folder, digest))
    {
      message->row = pf_check_row_for (check, message->item);
      keep_as_known (message);
      return TRUE;
    }
  if (row == NULL || row->state == PF_ROW_INTENT || row->state == PF_ROW_FAILED
      || row->state == PF_ROW_SET_ASIDE)
    return FALSE;
  keep_recognised (message, row);
  return TRUE;
}

void
pf_message_prepare_row (PfMessage *message)
{
  PfCheck *check = message->check;
  PfPlanItem *item = message->item;
  const PfListed *listed = item->listed;

  if (item->action == PF_PLAN_VERIFY && *listed->uid != '\0')
    {
      PfRow *holder = make_room (message, item->row);

      if (item->row != NULL)
        pf_ledger_rename (check->ledger, item->row, check->listing->uidvalidity, listed->uid,
                          listed->occurrence);
      if (holder != NULL)
        {
          g_autoptr (GPtrArray) rows = g_ptr_array_new ();

          g_ptr_array_add (rows, holder);
          /* Requests are taken in order: the intent that follows finds the name free. */
          pf_journal_put_async (check->parts.journal, check->settings->address, rows, NULL, NULL,
                                NULL);
        }
    }
  message->row = pf_check_row_for (check, item);
  if (*listed->uid == '\0' && item->row == NULL)
    name_by_content (message);
}
