#include "retrieve/check-private.h"

#include "base/step.h"

/* What this session removes in one folder. */
typedef struct
{
  PfCheck *check;
  GArray *numbers;  /* guint32, ascending */
  GPtrArray *items; /* PfPlanItem, in the same order */
} PfRemoval;

static void
removal_free (PfRemoval *removal)
{
  g_array_unref (removal->numbers);
  g_ptr_array_unref (removal->items);
  g_object_unref (removal->check);
  g_free (removal);
}

/* Ends the folder; the check holds itself while we do. */
static void
removal_done (PfRemoval *removal)
{
  g_autoptr (PfCheck) check = g_object_ref (removal->check);

  check->in_flight--;
  removal_free (removal);
  if (pf_check_is_over (check))
    pf_check_settle (check);
  else
    pf_check_folder_done (check);
}

static gint
by_number (gconstpointer a, gconstpointer b)
{
  const PfPlanItem *x = *(const PfPlanItem *const *) a, *y = *(const PfPlanItem *const *) b;

  return (x->listed->number > y->listed->number) - (x->listed->number < y->listed->number);
}

/* Collects the items for which @wanted says so; NULL when there are none. */
static PfRemoval *
removal_new (PfCheck *check, gboolean (*wanted) (const PfPlanItem *item))
{
  PfRemoval *removal = g_new0 (PfRemoval, 1);

  removal->check = g_object_ref (check);
  removal->numbers = g_array_new (FALSE, FALSE, sizeof (guint32));
  removal->items = g_ptr_array_new ();
  for (guint i = 0; i < check->plan->len; i++)
    if (wanted (check->plan->pdata[i]))
      g_ptr_array_add (removal->items, check->plan->pdata[i]);
  g_ptr_array_sort (removal->items, by_number);
  for (guint i = 0; i < removal->items->len; i++)
    g_array_append_val (removal->numbers,
                        ((PfPlanItem *) removal->items->pdata[i])->listed->number);
  if (removal->items->len > 0)
    return removal;
  removal_free (removal);
  return NULL;
}

static gboolean
is_removed (const PfPlanItem *item)
{
  return item->remove;
}

static gboolean
is_taken_back (const PfPlanItem *item)
{
  return item->take_back;
}

/* --- 5. gone ---------------------------------------------------------------------------------- */

static void
on_gone_put (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfRemoval *removal = user_data;
  GError *error = NULL;

  if (!pf_journal_put_finish (PF_JOURNAL (source), result, &error))
    pf_check_fail (removal->check, error);
  else
    pf_step (PF_STEP_GONE_DONE);
  removal_done (removal);
}

static void
commit_gone (PfRemoval *removal, GArray *confirmed)
{
  PfCheck *check = removal->check;
  g_autoptr (GHashTable) numbers = g_hash_table_new (NULL, NULL);
  g_autoptr (GPtrArray) rows = g_ptr_array_new ();

  for (guint i = 0; i < confirmed->len; i++)
    g_hash_table_add (numbers, GUINT_TO_POINTER (g_array_index (confirmed, guint32, i)));
  for (guint i = 0; i < removal->items->len; i++)
    {
      PfPlanItem *item = removal->items->pdata[i];
      PfEvent *event;

      if (!g_hash_table_contains (numbers, GUINT_TO_POINTER (item->listed->number)))
        continue;
      item->row->state = PF_ROW_GONE;
      item->row->marked = FALSE;
      g_ptr_array_add (rows, item->row);
      check->tally.removed++;
      check->on_server -= MIN (check->on_server, 1);
      event = pf_check_message_event (check, item, PF_OUTCOME_NONE, "removed at the provider");
      event->kind = PF_EVENT_REMOVED;
      pf_journal_record (check->parts.journal, event);
    }
  pf_step (PF_STEP_GONE);
  pf_journal_put_async (check->parts.journal, check->settings->address, rows, NULL, on_gone_put,
                        removal);
}

static void
on_removed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfRemoval *removal = user_data;
  GError *error = NULL;
  g_autoptr (GArray) confirmed = pf_session_remove_finish (PF_SESSION (source), result, &error);

  if (confirmed != NULL)
    {
      commit_gone (removal, confirmed);
      return;
    }
  if (g_error_matches (error, PF_PROBLEM, PF_PROBLEM_REMOVAL_SUSPENDED))
    pf_check_note (removal->check, error);
  else
    pf_check_fail (removal->check, error);
  removal_done (removal);
}

/* --- Before ----------------------------------------------------------------------------------- */

static void
send_removal (PfRemoval *removal)
{
  pf_session_remove_async (removal->check->session,
                           (const guint32 *) (gpointer) removal->numbers->data,
                           removal->numbers->len, on_removed, removal);
}

static void
on_marked_put (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfRemoval *removal = user_data;
  GError *error = NULL;

  if (!pf_journal_put_finish (PF_JOURNAL (source), result, &error))
    pf_check_fail (removal->check, error);
  if (pf_check_is_over (removal->check))
    removal_done (removal);
  else
    send_removal (removal);
}

/* IMAP keeps \Deleted over a drop, and anybody's EXPUNGE takes it then: that it is ours has to be
 * known afterwards. */
static void
mark (PfRemoval *removal)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new ();

  for (guint i = 0; i < removal->items->len; i++)
    {
      PfPlanItem *item = removal->items->pdata[i];

      item->row->marked = TRUE;
      g_ptr_array_add (rows, item->row);
    }
  pf_step (PF_STEP_REMOVE_MARK);
  pf_journal_put_async (removal->check->parts.journal, removal->check->settings->address, rows,
                        NULL, on_marked_put, removal);
}

/* The brake: counted apart from the ledger, so that no error in the one removes what the other
 * never saw. */
static gboolean
is_more_than_delivered (PfCheck *self, const PfRemoval *removal)
{
  const PfFigures *figures = pf_account_get_figures (self->account);

  return removal->items->len > figures->delivered + figures->junked + figures->quarantined;
}

static void
suspend (PfRemoval *removal)
{
  const PfFigures *figures = pf_account_get_figures (removal->check->account);

  pf_check_note (
      removal->check,
      g_error_new (
          PF_PROBLEM, PF_PROBLEM_REMOVAL_SUSPENDED,
          "%u messages would be removed, but only %" G_GUINT64_FORMAT
          " were ever delivered: nothing is removed. The journal may be damaged or an old copy: restore it, or set Remove=never",
          removal->items->len, figures->delivered + figures->junked + figures->quarantined));
}

static void
remove_due (PfCheck *self)
{
  PfRemoval *removal = removal_new (self, is_removed);

  if (removal != NULL && is_more_than_delivered (self, removal))
    {
      suspend (removal);
      g_clear_pointer (&removal, removal_free);
    }
  if (removal == NULL)
    {
      pf_check_folder_done (self);
      return;
    }
  self->in_flight++;
  if (self->settings->protocol == PF_PROTOCOL_POP3 && self->uncommitted > 0)
    /* No QUIT in this session, so no DELE either: the next check removes. */
    removal_done (removal);
  else if (self->settings->protocol == PF_PROTOCOL_POP3)
    send_removal (removal);
  else
    mark (removal);
}

static void
on_unmarked_put (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfRemoval *removal = user_data;
  g_autoptr (PfCheck) check = g_object_ref (removal->check);
  GError *error = NULL;

  if (!pf_journal_put_finish (PF_JOURNAL (source), result, &error))
    pf_check_fail (check, error);
  check->in_flight--;
  removal_free (removal);
  if (pf_check_is_over (check))
    pf_check_settle (check);
  else
    remove_due (check);
}

static void
on_taken_back (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfRemoval *removal = user_data;
  g_autoptr (GPtrArray) rows = g_ptr_array_new ();
  GError *error = NULL;

  if (!pf_session_take_back_finish (PF_SESSION (source), result, &error))
    {
      pf_check_fail (removal->check, error);
      removal_done (removal);
      return;
    }
  for (guint i = 0; i < removal->items->len; i++)
    {
      PfPlanItem *item = removal->items->pdata[i];

      item->row->marked = FALSE;
      g_ptr_array_add (rows, item->row);
    }
  pf_journal_put_async (removal->check->parts.journal, removal->check->settings->address, rows,
                        NULL, on_unmarked_put, removal);
}

/* Messages that should go, and a folder that lets none go. */
static gboolean
may_not_remove (PfCheck *self)
{
  if (self->settings->remove == PF_REMOVE_NEVER || self->listing->may_remove)
    return FALSE;
  for (guint i = 0; i < self->plan->len; i++)
    {
      PfPlanItem *item = self->plan->pdata[i];

      if (item->row != NULL && pf_plan_removal_due (self->settings, item->row, g_get_real_time ()))
        return TRUE;
    }
  return FALSE;
}

void
pf_check_remove_begin (PfCheck *self)
{
  PfRemoval *removal;

  if (self->explain)
    {
      pf_check_set_phase (self, PF_PHASE_LISTING);
      pf_check_folder_done (self);
      return;
    }
  pf_check_set_phase (self, PF_PHASE_REMOVING);
  if (may_not_remove (self))
    pf_check_note (
        self,
        g_error_new (
            PF_PROBLEM, PF_PROBLEM_REMOVAL_SUSPENDED,
            "%s lets nothing be removed from %s: set Remove=never, or ask the provider for the right to",
            self->settings->server, self->listing->folder));
  removal = self->settings->protocol == PF_PROTOCOL_IMAP && self->listing->may_remove
                ? removal_new (self, is_taken_back)
                : NULL;
  if (removal == NULL)
    {
      remove_due (self);
      return;
    }
  self->in_flight++;
  pf_session_take_back_async (self->session, (const guint32 *) (gpointer) removal->numbers->data,
                              removal->numbers->len, on_taken_back, removal);
}
