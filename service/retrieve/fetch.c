#include "retrieve/check-private.h"

#include "base/limits.h"
#include "base/step.h"

#include <string.h>

/* --- Rows ------------------------------------------------------------------------------------- */

PfRow *
pf_check_row_for (PfCheck *self, const PfPlanItem *item)
{
  PfRow *row;

  if (item->row != NULL)
    return pf_row_copy (item->row);
  row = g_new0 (PfRow, 1);
  row->folder = g_strdup (self->listing->folder);
  row->uidvalidity = self->listing->uidvalidity;
  row->uid = g_strdup (item->listed->uid);
  row->occurrence = item->listed->occurrence;
  row->size = item->listed->size;
  row->digest = g_strdup ("");
  row->reason = g_strdup ("");
  row->state = PF_ROW_FAILED;
  row->time = g_get_real_time ();
  return row;
}

PfEvent *
pf_check_message_event (PfCheck *self,
                        const PfPlanItem *item,
                        PfOutcome outcome,
                        const char *reason)
{
  PfEvent *event = pf_event_new (PF_EVENT_MESSAGE, self->settings->address);

  event->outcome = outcome;
  event->uid = *self->listing->folder == '\0'
                   ? g_strdup (item->listed->uid)
                   : g_strdup_printf ("%s/%u/%s", self->listing->folder, self->listing->uidvalidity,
                                      item->listed->uid);
  event->size = item->listed->size;
  event->reason = g_strdup (reason);
  return event;
}

static gboolean
is_fetched (const PfPlanItem *item)
{
  return item->action == PF_PLAN_FETCH || item->action == PF_PLAN_VERIFY
         || item->action == PF_PLAN_LEARN;
}

/* A put whose success nothing waits for but the end of the check. */
typedef struct
{
  PfCheck *check;
  GPtrArray *rows;
} PfPut;

static void
on_put (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfPut *put = user_data;
  g_autoptr (PfCheck) self = put->check;
  GError *error = NULL;

  self->in_flight--;
  if (!pf_journal_put_finish (PF_JOURNAL (source), result, &error))
    pf_check_fail (self, error);
  g_ptr_array_unref (put->rows);
  g_free (put);
  if (pf_check_is_over (self))
    pf_check_settle (self);
  else
    pf_check_fetch_more (self);
}

/* Takes @rows. */
static void
put_rows (PfCheck *self, GPtrArray *rows)
{
  PfPut *put = g_new0 (PfPut, 1);

  put->check = g_object_ref (self);
  put->rows = rows;
  self->in_flight++;
  pf_journal_put_async (self->parts.journal, self->settings->address, rows, NULL, on_put, put);
}

gboolean
pf_check_store_failure (PfCheck *self, PfPlanItem *item, const char *reason, gboolean own_fault)
{
  GPtrArray *rows = g_ptr_array_new_with_free_func ((GDestroyNotify) pf_row_free);
  PfRow *row = pf_check_row_for (self, item);
  gboolean aside = FALSE;

  g_free (row->reason);
  row->reason = g_strdup (reason);
  row->time = g_get_real_time ();
  if (own_fault && ++row->failures >= PF_LIMIT_MESSAGE_FAILURES)
    {
      row->state = PF_ROW_SET_ASIDE;
      self->stuck = aside = TRUE;
    }
  else if (row->state != PF_ROW_INTENT)
    row->state = PF_ROW_FAILED;
  g_ptr_array_add (rows, row);
  put_rows (self, rows);
  return aside;
}

/* --- Doubts ----------------------------------------------------------------------------------- */

void
pf_check_doubt_fetched (PfCheck *self)
{
  GPtrArray *rows;

  if (self->settings->protocol != PF_PROTOCOL_POP3 || self->plan == NULL || self->session == NULL
      || pf_session_is_proven (self->session))
    return;
  self->doubtful = TRUE;
  rows = g_ptr_array_new_with_free_func ((GDestroyNotify) pf_row_free);
  for (guint i = 0; i < self->plan->len; i++)
    {
      PfPlanItem *item = self->plan->pdata[i];

      if (!is_fetched (item) || item->row == NULL || item->row->state != PF_ROW_DELIVERED)
        continue;
      item->row->size = PF_SIZE_DOUBTFUL;
      g_ptr_array_add (rows, pf_row_copy (item->row));
    }
  if (rows->len > 0)
    put_rows (self, rows);
  else
    g_ptr_array_unref (rows);
}

/* --- What needs no fetching ------------------------------------------------------------------- */

static void
record_known (PfCheck *self)
{
  GPtrArray *rows = g_ptr_array_new_with_free_func ((GDestroyNotify) pf_row_free);

  for (guint i = 0; i < self->plan->len; i++)
    {
      PfPlanItem *item = self->plan->pdata[i];
      PfRow *row;

      if (item->action != PF_PLAN_RECORD)
        continue;
      if (item->row != NULL)
        pf_ledger_rename (self->ledger, item->row, self->listing->uidvalidity, item->listed->uid,
                          item->listed->occurrence);
      row = pf_check_row_for (self, item);
      row->state = PF_ROW_KNOWN;
      row->size = item->listed->size;
      row->time = item->listed->date * G_USEC_PER_SEC;
      g_ptr_array_add (rows, row);
    }
  if (rows->len > 0)
    put_rows (self, rows);
  else
    g_ptr_array_unref (rows);
}

static void
on_folder_seen (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PfCheck) self = user_data;
  GError *error = NULL;

  self->in_flight--;
  if (!pf_journal_folder_seen_finish (PF_JOURNAL (source), result, &error))
    pf_check_fail (self, error);
  if (pf_check_is_over (self))
    pf_check_settle (self);
  else
    pf_check_fetch_more (self);
}

static void
note_folder (PfCheck *self)
{
  const char *name = self->listing->folder;

  const PfFolderState *seen = g_hash_table_lookup (self->folders_seen, name);

  /* What POP3 saw has a name of its own in the journal. */
  if (seen != NULL && strcmp (seen->name, name) == 0)
    return;
  g_hash_table_insert (self->folders_seen, g_strdup (name), pf_folder_state_new (name));
  self->in_flight++;
  pf_journal_folder_seen_async (self->parts.journal, self->settings->address, self->listing->folder,
                                on_folder_seen, g_object_ref (self));
}

static void
tidy_rows (PfCheck *self)
{
  g_autoptr (GPtrArray) listed = NULL;
  GPtrArray *rows = pf_ledger_rows (self->ledger);

  /* What is hidden there may come back. */
  if (!self->listing->complete || self->listing->from != 0 || self->folders->len > 1
      || self->provider->lists_part)
    return;
  listed = g_ptr_array_new ();
  for (guint i = 0; i < rows->len; i++)
    if (pf_ledger_is_taken (self->ledger, rows->pdata[i]))
      g_ptr_array_add (listed, &((PfRow *) rows->pdata[i])->id);
  pf_journal_tidy (self->parts.journal, self->settings->address, listed);
}

/* Told once: the row remembers that it was. */
static void
tell_large (PfCheck *self, const PfPlanItem *item)
{
  GPtrArray *rows = g_ptr_array_new_with_free_func ((GDestroyNotify) pf_row_free);
  PfRow *row = pf_check_row_for (self, item);

  g_free (row->reason);
  row->reason = g_strdup (item->why);
  g_ptr_array_add (rows, row);
  put_rows (self, rows);
  pf_journal_record (self->parts.journal,
                     pf_check_message_event (self, item, PF_OUTCOME_SKIPPED, item->why));
}

/* Counts, and what is said of messages that are left where they are. */
static void
count_item (PfCheck *self, const PfPlanItem *item)
{
  switch (item->action)
    {
    case PF_PLAN_KNOWN:
    case PF_PLAN_RECORD:
      self->tally.known++;
      break;
    case PF_PLAN_LARGE:
      self->tally.skipped++;
      if (item->row == NULL)
        tell_large (self, item);
      break;
    case PF_PLAN_STUCK:
      self->tally.skipped++;
      self->stuck = TRUE;
      break;
    case PF_PLAN_LATER:
      self->more = TRUE;
      break;
    case PF_PLAN_FETCH:
    case PF_PLAN_VERIFY:
    case PF_PLAN_LEARN:
    default:
      self->messages_total++;
      self->octets_total += item->listed->size;
      break;
    }
}

/* --- The window ------------------------------------------------------------------------------- */

void
pf_check_fetch_begin (PfCheck *self)
{
  guint fetched = 0;

  for (guint i = 0; i < self->plan->len; i++)
    {
      PfPlanItem *item = self->plan->pdata[i];

      if (!self->explain)
        count_item (self, item);
      else if (!is_fetched (item))
        pf_check_explain_item (self, item);
      else
        self->messages_total++;
      if (is_fetched (item))
        fetched++;
      else if (pf_session_forget_early (self->session, item->listed))
        self->uncommitted++;
    }
  if (self->limit > 0)
    self->limit_left -= MIN (self->limit_left, fetched);
  self->next_item = 0;
  pf_check_set_phase (self, PF_PHASE_FETCHING);
  if (!self->explain)
    {
      record_known (self);
      note_folder (self);
      tidy_rows (self);
    }
  pf_check_fetch_more (self);
}

typedef struct
{
  PfCheck *check;
  PfPlanItem *item;
} PfFetching;

static void
on_refused (PfCheck *self, PfPlanItem *item, PfFetchResult result, const char *text)
{
  g_autofree char *quoted = text != NULL ? g_strdup (text) : g_strdup ("");

  if (result == PF_FETCH_GONE)
    {
      pf_check_item_done (self, item, TRUE);
      return;
    }
  self->tally.skipped++;
  if (result == PF_FETCH_TOO_LARGE)
    pf_journal_record (
        self->parts.journal,
        pf_check_message_event (self, item, PF_OUTCOME_SKIPPED,
                                "larger than it was listed, and than MaxMessageSize"));
  else
    pf_journal_record (self->parts.journal,
                       pf_check_message_event (self, item, PF_OUTCOME_SKIPPED, quoted));
  pf_check_store_failure (self, item, result == PF_FETCH_TOO_LARGE ? "too large" : quoted, TRUE);
  pf_check_item_done (self, item, TRUE);
}

/* Of all messages asked for, the first that hears of the end is the one whose answer was owed:
 * maybe its fault. */
static void
on_session_failed (PfCheck *self, PfPlanItem *item, GError *error)
{
  if (!pf_check_is_over (self) && error->domain == PF_PROBLEM
      && error->code <= PF_PROBLEM_LIMIT_EXCEEDED)
    pf_check_store_failure (self, item, error->message, TRUE);
  self->in_flight--;
  pf_check_fail (self, error);
  pf_check_settle (self);
}

static void
on_fetched (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfFetching *fetching = user_data;
  g_autoptr (PfCheck) self = fetching->check;
  PfPlanItem *item = fetching->item;
  g_autoptr (PfBody) body = NULL;
  g_autofree char *text = NULL;
  GError *error = NULL;
  PfFetchResult answer =
      pf_session_fetch_finish (PF_SESSION (source), result, &body, &text, &error);

  g_free (fetching);
  self->fetching--;
  self->octets_fetching -= MIN (self->octets_fetching, item->listed->size);
  pf_session_set_expected (PF_SESSION (source), self->octets_fetching);
  if (error != NULL)
    on_session_failed (self, item, error);
  else if (body == NULL)
    on_refused (self, item, answer, text);
  else
    {
      pf_step (PF_STEP_SPOOLED);
      self->octets_done += pf_body_get_received (body);
      self->tally.octets += pf_body_get_received (body);
      if (self->explain)
        {
          pf_check_explain_fetched (self, item, g_steal_pointer (&body));
        }
      else
        pf_check_message_begin (self, item, g_steal_pointer (&body), answer == PF_FETCH_UNCERTAIN);
      pf_check_changed (self);
      pf_check_fetch_more (self);
    }
}

static gboolean
window_is_open (PfCheck *self)
{
  return self->fetching < pf_session_get_window (self->session)
         && self->octets_fetching < PF_LIMIT_FETCH_WINDOW_OCTETS
         && self->in_flight < PF_LIMIT_IN_FLIGHT_MESSAGES
         && self->octets_in_flight < PF_LIMIT_IN_FLIGHT_OCTETS;
}

/* A quarter of the window is free: asking for several at a time makes fuller packets than one by
 * one. */
static gboolean
window_has_room (PfCheck *self)
{
  return self->fetching <= pf_session_get_window (self->session) * 3 / 4
         && self->octets_fetching <= PF_LIMIT_FETCH_WINDOW_OCTETS * 3 / 4
         && self->in_flight <= PF_LIMIT_IN_FLIGHT_MESSAGES * 3 / 4
         && self->octets_in_flight <= PF_LIMIT_IN_FLIGHT_OCTETS * 3 / 4;
}

/* The next message to fetch, NULL when all are asked for. */
static PfPlanItem *
next_to_fetch (PfCheck *self)
{
  for (; self->next_item < self->plan->len; self->next_item++)
    {
      PfPlanItem *item = self->plan->pdata[self->next_item];

      if (!is_fetched (item))
        continue;
      if (!pf_check_leaves_waiting (self, item))
        return item;
      if (pf_session_forget_early (self->session, item->listed))
        self->uncommitted++;
    }
  if (self->waiting != NULL)
    put_rows (self, g_steal_pointer (&self->waiting));
  return NULL;
}

void
pf_check_fetch_more (PfCheck *self)
{
  PfPlanItem *item;

  if (pf_check_is_over (self) || self->phase != PF_PHASE_FETCHING)
    return;
  if (next_to_fetch (self) != NULL && !window_has_room (self))
    return;
  while ((item = next_to_fetch (self)) != NULL && window_is_open (self) && !pf_check_is_over (self))
    {
      PfFetching *fetching = g_new0 (PfFetching, 1);

      fetching->check = g_object_ref (self);
      fetching->item = item;
      self->next_item++;
      self->fetching++;
      self->octets_fetching += item->listed->size;
      self->in_flight++;
      self->octets_in_flight += item->listed->size;
      pf_session_fetch_async (self->session, item->listed, on_fetched, fetching);
    }
  if (!pf_check_is_over (self))
    {
      pf_session_set_expected (self->session, self->octets_fetching);
      pf_session_fetch_flush (self->session);
    }
  if (item == NULL && self->in_flight == 0 && !pf_check_blame (self))
    pf_check_remove_begin (self);
}

void
pf_check_item_done (PfCheck *self, PfPlanItem *item, gboolean committed)
{
  self->in_flight--;
  self->octets_in_flight -= MIN (self->octets_in_flight, item->listed->size);
  self->messages_done++;
  if (!committed)
    self->uncommitted++;
  pf_check_changed (self);
  if (pf_check_is_over (self))
    pf_check_settle (self);
  else
    pf_check_fetch_more (self);
}
