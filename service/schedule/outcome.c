#include "schedule/schedule-private.h"

/* More waits at the provider: at once, but other accounts get their turn between. */
#define MORE_MILLISECONDS 100

static void
tell_problem (PfEntry *entry, PfEventKind kind, const GError *problem)
{
  PfEvent *event = pf_event_new (kind, pf_account_get_settings (entry->account)->address);

  event->verdict =
      problem != NULL ? g_strdup (pf_problem_nick ((PfProblemCode) problem->code)) : NULL;
  event->reason = g_strdup (problem != NULL ? problem->message : "works again");
  pf_journal_record (entry->schedule->parts.journal, event);
}

static void
apply_problem (PfEntry *entry, PfCheck *check)
{
  const GError *problem = pf_check_get_problem (check);
  gboolean had = pf_account_get_problem (entry->account) != NULL;
  gboolean changed =
      pf_account_set_problem (entry->account, problem, pf_check_get_problem_data (check));

  if (problem == NULL || pf_problem_class ((PfProblemCode) problem->code) == PF_PROBLEM_CLASS_IDLE)
    entry->failures = 0;
  else
    entry->failures++;
  if (problem != NULL && changed)
    tell_problem (entry, PF_EVENT_PROBLEM, problem);
  else if (problem == NULL && had)
    tell_problem (entry, PF_EVENT_MENDED, NULL);
}

static void
apply_figures (PfEntry *entry, PfCheck *check)
{
  PfFigures figures = *pf_account_get_figures (entry->account);
  gboolean succeeded = pf_check_get_state (check) == PF_CHECK_SUCCEEDED;

  figures.last_check = g_get_real_time ();
  if (succeeded)
    {
      figures.last_success = figures.last_check;
      figures.on_server = pf_check_get_on_server (check);
    }
  pf_account_set_figures (entry->account, &figures);
}

/* The settings changed while the check ran: what it found may not hold for the new ones. */
static gboolean
is_outdated (PfEntry *entry, PfCheck *check)
{
  const PfSettings *settings = pf_account_get_settings (entry->account);

  return settings->enabled && pf_check_get_settings (check) != settings;
}

/* A courtesy to the server: nothing depends on its answer. */
static void
on_left (GObject *source, GAsyncResult *result, gpointer user_data)
{
  pf_session_close_finish (PF_SESSION (source), result, NULL);
}

/* A check that was cancelled tells nothing about the account; a test and a dry run change
 * nothing. */
void
pf_entry_apply (PfEntry *entry, PfCheck *check)
{
  g_autoptr (PfSession) session = pf_check_steal_session (check);

  if (pf_check_get_kind (check) != PF_CHECK_KIND_CHECK || pf_check_is_dry_run (check)
      || pf_check_get_state (check) == PF_CHECK_CANCELLED)
    {
      pf_entry_plan (entry);
      return;
    }
  entry->vain = pf_check_get_tally (check)->octets > 0 ? 0 : entry->vain;
  apply_figures (entry, check);
  apply_problem (entry, check);
  pf_entry_plan (entry);
  if (pf_check_has_more (check) && pf_account_get_problem (entry->account) == NULL
      && pf_account_get_settings (entry->account)->enabled)
    pf_entry_plan_soon (entry, MORE_MILLISECONDS);
  else if (is_outdated (entry, check))
    pf_entry_plan_in (entry, 0);
  else if (session != NULL && pf_entry_may_listen (entry))
    pf_entry_listen (entry, session);
  else if (session != NULL)
    pf_session_close_async (session, on_left, NULL);
  pf_journal_save_account (entry->schedule->parts.journal, entry->account);
}
