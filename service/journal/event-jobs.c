#include "journal/jobs.h"

#include "base/limits.h"

#include <string.h>

#define DEFAULT_ENTRIES 100
#define DEFAULT_DAYS 30
/* Events deleted in one transaction: others wait behind it. */
#define PRUNE_SLICE 1000

/* --- Recording --------------------------------------------------------------------------------------------------------------- */

static gboolean
count (PfDatabase *database, const PfEvent *event, GError **error)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_local (event->time / G_USEC_PER_SEC);
  g_autofree char *day = g_date_time_format (time, "%Y-%m-%d");
  g_autofree char *account = NULL;
  gboolean delivered = event->outcome == PF_OUTCOME_DELIVERED,
           junked = event->outcome == PF_OUTCOME_JUNKED;
  gboolean held = event->outcome == PF_OUTCOME_QUARANTINED || event->outcome == PF_OUTCOME_REFUSED;

  if (event->kind != PF_EVENT_MESSAGE || !(delivered || junked || held))
    return TRUE;
  account = pf_address_fold (event->account);
  return pf_database_run (
      database, error,
      "INSERT INTO statistic (day, account, delivered, junked, quarantined, octets) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
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
             "INSERT INTO event (time, kind, outcome, account, caller, uid, message_id, sender, subject, verdict, reason, size, score)"
             " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
             "iiissssssssid", event->time, (gint64) event->kind, (gint64) event->outcome, account,
             event->caller, event->uid, event->message_id, event->sender, event->subject,
             event->verdict, event->reason, (gint64) event->size, event->score)
         && count (database, event, error);
}

/* --- Asking ------------------------------------------------------------------------------------------------------------------- */

void
pf_query_job_free (gpointer data)
{
  PfQueryJob *job = data;

  g_strfreev (job->accounts);
  g_variant_unref (job->filter);
  g_free (job);
}

/* " AND account IN (?,?)": the addresses are bound, never written into the text. */
static void
add_accounts (GString *sql, GPtrArray *texts, const PfQueryJob *job)
{
  const char *only = NULL;

  if (g_variant_lookup (job->filter, "Account", "&s", &only))
    {
      g_string_append (sql, " AND account = ?");
      g_ptr_array_add (texts, pf_address_fold (only));
    }
  if (job->accounts == NULL)
    return;
  g_string_append (sql, " AND account IN (");
  for (guint i = 0; job->accounts[i] != NULL; i++)
    {
      g_string_append (sql, i > 0 ? ",?" : "?");
      g_ptr_array_add (texts, pf_address_fold (job->accounts[i]));
    }
  g_string_append_c (sql, ')');
}

static void
add_kinds (GString *sql, GVariant *filter)
{
  g_autofree const char **names = NULL;
  const char *outcome_name = NULL;
  PfOutcome outcome;
  guint64 time;

  if (g_variant_lookup (filter, "Events", "^a&s", &names))
    {
      g_string_append (sql, " AND kind IN (-1");
      for (guint i = 0; names[i] != NULL; i++)
        {
          PfEventKind kind;

          if (pf_event_kind_from_nick (names[i], &kind))
            g_string_append_printf (sql, ",%d", (int) kind);
        }
      g_string_append_c (sql, ')');
    }
  if (g_variant_lookup (filter, "Outcome", "&s", &outcome_name))
    g_string_append_printf (sql, " AND outcome = %d",
                            pf_outcome_from_nick (outcome_name, &outcome) ? (int) outcome : -1);
  if (g_variant_lookup (filter, "Since", "t", &time))
    g_string_append_printf (sql, " AND time >= %" G_GUINT64_FORMAT,
                            MIN (time, (guint64) G_MAXINT64));
  if (g_variant_lookup (filter, "Before", "t", &time))
    g_string_append_printf (sql, " AND time < %" G_GUINT64_FORMAT,
                            MIN (time, (guint64) G_MAXINT64));
}

/* A statement of its own shape: not kept. */
static sqlite3_stmt *
prepare_once (PfDatabase *database, const char *sql, GPtrArray *texts, GError **error)
{
  sqlite3_stmt *statement = pf_database_prepare_once (database, sql, error);

  for (guint i = 0; statement != NULL && i < texts->len; i++)
    sqlite3_bind_text (statement, (int) i + 1, texts->pdata[i], -1, SQLITE_TRANSIENT);
  return statement;
}

static char *
nullable_text (sqlite3_stmt *statement, int column)
{
  return g_strdup ((const char *) sqlite3_column_text (statement, column));
}

static GVariant *
read_event (sqlite3_stmt *statement)
{
  g_autoptr (PfEvent) event =
      pf_event_new (CLAMP (sqlite3_column_int (statement, 1), 0, PF_EVENT_N - 1), NULL);

  event->time = sqlite3_column_int64 (statement, 0);
  event->outcome = CLAMP (sqlite3_column_int (statement, 2), 0, PF_OUTCOME_N - 1);
  event->account = nullable_text (statement, 3);
  event->caller = nullable_text (statement, 4);
  event->uid = nullable_text (statement, 5);
  event->message_id = nullable_text (statement, 6);
  event->sender = nullable_text (statement, 7);
  event->subject = nullable_text (statement, 8);
  event->verdict = nullable_text (statement, 9);
  event->reason = nullable_text (statement, 10);
  event->size = (guint64) sqlite3_column_int64 (statement, 11);
  event->score = sqlite3_column_double (statement, 12);
  return pf_event_to_vardict (event);
}

gboolean
pf_job_query (PfDatabase *database, gpointer data, gpointer *result, GError **error)
{
  PfQueryJob *job = data;
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GString) sql = g_string_new (
      "SELECT time, kind, outcome, account, caller, uid, message_id, sender, subject, verdict, reason, size, score"
      " FROM event WHERE 1");
  GVariantBuilder entries;
  guint limit = DEFAULT_ENTRIES;
  sqlite3_stmt *statement;
  gboolean more = FALSE;

  add_accounts (sql, texts, job);
  add_kinds (sql, job->filter);
  g_variant_lookup (job->filter, "Limit", "u", &limit);
  g_string_append_printf (sql, " ORDER BY time DESC, id DESC LIMIT %u",
                          MIN (limit, PF_LIMIT_LOG_ENTRIES));
  statement = prepare_once (database, sql->str, texts, error);
  if (statement == NULL)
    return FALSE;
  g_variant_builder_init (&entries, G_VARIANT_TYPE ("aa{sv}"));
  while (pf_database_step (database, statement, &more, error) && more)
    g_variant_builder_add_value (&entries, read_event (statement));
  sqlite3_finalize (statement);
  *result = g_variant_ref_sink (g_variant_builder_end (&entries));
  return !more;
}

static GVariant *
read_statistic (sqlite3_stmt *statement)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "Day", "s", (const char *) sqlite3_column_text (statement, 0));
  g_variant_dict_insert (&dict, "Account", "s", (const char *) sqlite3_column_text (statement, 1));
  g_variant_dict_insert (&dict, "Delivered", "u", (guint) sqlite3_column_int64 (statement, 2));
  g_variant_dict_insert (&dict, "Junked", "u", (guint) sqlite3_column_int64 (statement, 3));
  g_variant_dict_insert (&dict, "Quarantined", "u", (guint) sqlite3_column_int64 (statement, 4));
  g_variant_dict_insert (&dict, "Octets", "t", (guint64) sqlite3_column_int64 (statement, 5));
  return g_variant_dict_end (&dict);
}

gboolean
pf_job_statistics (PfDatabase *database, gpointer data, gpointer *result, GError **error)
{
  PfQueryJob *job = data;
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GString) sql = g_string_new (
      "SELECT day, account, delivered, junked, quarantined, octets FROM statistic WHERE day > ?");
  g_autoptr (GDateTime) now = g_date_time_new_now_local (), first = NULL;
  GVariantBuilder rows;
  guint days = DEFAULT_DAYS;
  sqlite3_stmt *statement;
  gboolean more = FALSE;

  g_variant_lookup (job->filter, "Days", "u", &days);
  first = g_date_time_add_days (now, -(int) MIN (days, 36500));
  g_ptr_array_add (texts, g_date_time_format (first, "%Y-%m-%d"));
  add_accounts (sql, texts, job);
  g_string_append (sql, " ORDER BY day DESC, account");
  statement = prepare_once (database, sql->str, texts, error);
  if (statement == NULL)
    return FALSE;
  g_variant_builder_init (&rows, G_VARIANT_TYPE ("aa{sv}"));
  while (pf_database_step (database, statement, &more, error) && more)
    g_variant_builder_add_value (&rows, read_statistic (statement));
  sqlite3_finalize (statement);
  *result = g_variant_ref_sink (g_variant_builder_end (&rows));
  return !more;
}

gboolean
pf_job_prune (PfDatabase *database, gpointer before, gpointer *result, GError **error)
{
  return pf_database_run (
      database, error,
      "DELETE FROM event WHERE id IN (SELECT id FROM event WHERE time < ?1 ORDER BY time LIMIT ?2)",
      "ii", *(gint64 *) before, (gint64) PRUNE_SLICE);
}
