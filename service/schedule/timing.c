#include "schedule/schedule-private.h"

#include "schedule/backoff.h"

/* Problems that nobody but a person can mend, and that trying again makes worse (locked mailboxes)
 * or not better. */
static gboolean
waits_for_person (PfProblemCode code)
{
  return code == PF_PROBLEM_CREDENTIALS_REJECTED || code == PF_PROBLEM_AUTHORIZATION_EXPIRED
         || code == PF_PROBLEM_SETTINGS_INVALID || code == PF_PROBLEM_NO_SECRET;
}

static void
set_next_check (PfEntry *entry, gint64 time)
{
  PfFigures figures = *pf_account_get_figures (entry->account);

  if (figures.next_check == time)
    return;
  figures.next_check = time;
  pf_account_set_figures (entry->account, &figures);
}

void
pf_entry_unplan (PfEntry *entry)
{
  g_clear_pointer (&entry->date, pf_date_remove);
}

void
pf_entry_plan_none (PfEntry *entry)
{
  pf_entry_unplan (entry);
  set_next_check (entry, 0);
}

void
pf_entry_on_date (gpointer item, gpointer user_data)
{
  PfEntry *entry = item;

  entry->date = NULL;
  pf_entry_due (entry);
}

void
pf_entry_plan_in (PfEntry *entry, guint milliseconds)
{
  pf_entry_unplan (entry);
  if (entry->schedule->stopped)
    return;
  entry->date = pf_agenda_add (entry->schedule->agenda, milliseconds, entry);
  set_next_check (entry, g_get_real_time () + (gint64) milliseconds * 1000);
}

const PfProvider *
pf_entry_provider (PfEntry *entry)
{
  const PfSettings *settings = pf_account_get_settings (entry->account);

  return pf_providers_lookup (settings->server, settings->protocol);
}

void
pf_entry_plan_soon (PfEntry *entry, guint milliseconds)
{
  guint interval = pf_account_get_settings (entry->account)->interval;

  pf_entry_plan_in (
      entry, pf_soon_milliseconds (milliseconds, pf_entry_provider (entry)->log_in_gap, interval));
}

/* Who is told to come less often stays away for as long as that provider wants it. */
static guint
seconds_to_retry (PfEntry *entry, const GError *problem)
{
  const PfProvider *provider = pf_entry_provider (entry);
  guint seconds = pf_backoff_seconds (MAX (entry->failures, 1), g_random_double ());

  return pf_provider_is_busy (provider, problem->message) ? MAX (seconds, provider->pause)
                                                          : seconds;
}

void
pf_entry_plan (PfEntry *entry)
{
  const PfSettings *settings = pf_account_get_settings (entry->account);
  const GError *problem = pf_account_get_problem (entry->account);
  double random = g_random_double ();

  if (!settings->enabled || pf_account_is_broken (entry->account))
    pf_entry_plan_none (entry);
  else if (problem == NULL
           || pf_account_get_problem_class (entry->account) == PF_PROBLEM_CLASS_IDLE)
    pf_entry_plan_in (entry, pf_interval_seconds (settings->interval, random) * 1000);
  else if (pf_account_get_problem_class (entry->account) == PF_PROBLEM_CLASS_RETRYING)
    pf_entry_plan_soon (entry, seconds_to_retry (entry, problem) * 1000);
  else if (waits_for_person ((PfProblemCode) problem->code))
    pf_entry_plan_none (entry);
  else
    /* Its cause may go by itself: a certificate renewed, a user or a folder that is back. */
    pf_entry_plan_in (entry, pf_interval_seconds (settings->interval, random) * 1000);
}
