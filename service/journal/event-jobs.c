#include "base/local-time.h"
#include "journal/jobs.h"

/* Events deleted in one transaction: others wait behind it. */
#define PRUNE_SLICE 1000

static gboolean
count (PfDatabase *database, const PfEvent *event, const char *account, GError **error)
{
  g_autoptr (GDateTime) time = pf_local_time (event->time / G_USEC_PER_SEC, 0);
  g_autofree char *day = time != NULL ? g_date_time_format (time, "%Y-%m-%d") : NULL;
  gboolean delivered = event->outcome == PF_OUTCOME_DELIVERED;
  gboolean junked = event->outcome == PF_OUTCOME_JUNKED;
  /* What the target refuses for good is kept in quarantine. */
  gboolean held = event->outcome == PF_OUTCOME_QUARANTINED || event->outcome == PF_OUTCOME_REFUSED;

  if (event->kind != PF_EVENT_MESSAGE || account == NULL || day == NULL
      || !(delivered || junked || held))
    return TRUE;
  return pf_database_run (
      database, error,
      "INSERT INTO statistic (day, account, delivered, junked, quarantined, octets)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
      " ON CONFLICT (day, account) DO UPDATE SET delivered = delivered + excluded.delivered,"
      " junked = junked + excluded.junked, quarantined = quarantined + excluded.quarantined,"
      " octets = octets + excluded.octets",
      "ssiiii", day, account, (gint64) delivered, (gint64) junked, (gint64) held,
      (gint64) event->size);
}

gboolean
pf_job_record (PfDatabase *database, gpointer data, gpointer *result, GError **error)
{
  PfEvent *event = data;
  g_autofree char *account = event->account != NULL ? pf_address_fold (event->account) : NULL;

  return pf_database_run (
             database, error,
             "INSERT INTO event (time, kind, outcome, account, caller, uid, message_id, sender,"
             " subject, verdict, reason, size, score)"
             " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
             "iiittttttttid", event->time, (gint64) event->kind, (gint64) event->outcome, account,
             event->caller, event->uid, event->message_id, event->sender, event->subject,
             event->verdict, event->reason, (gint64) event->size, event->score)
         && count (database, event, account, error);
}

gboolean
pf_job_prune (PfDatabase *database, gpointer before, gpointer *more, GError **error)
{
  if (!pf_database_run (database, error,
                        "DELETE FROM event WHERE id IN"
                        " (SELECT id FROM event WHERE time < ?1 ORDER BY time LIMIT ?2)",
                        "ii", *(gint64 *) before, (gint64) PRUNE_SLICE))
    return FALSE;
  *more = GINT_TO_POINTER (pf_database_changes (database) == PRUNE_SLICE);
  return TRUE;
}
