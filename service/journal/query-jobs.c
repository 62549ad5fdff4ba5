#include "journal/jobs.h"

#include "base/limits.h"
#include "dbus-interfaces/text.h"

#define DEFAULT_ENTRIES 100
#define DEFAULT_DAYS 30

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
add_time (GString *sql, GVariant *filter, const char *key, const char *operator)
{
  guint64 time;

  if (g_variant_lookup (filter, key, "t", &time))
    g_string_append_printf (sql, " AND time %s %" G_GUINT64_FORMAT, operator,
                            MIN (time, (guint64) G_MAXINT64));
}

/* Each kind once, however often it was asked for. */
static void
add_kinds (GString *sql, GVariant *filter)
{
  g_autofree const char **names = NULL;
  gboolean wanted[PF_EVENT_N] = { FALSE };
  PfEventKind kind;

  if (!g_variant_lookup (filter, "Events", "^a&s", &names))
    return;
  for (guint i = 0; names[i] != NULL; i++)
    if (pf_event_kind_from_nick (names[i], &kind))
      wanted[kind] = TRUE;
  g_string_append (sql, " AND kind IN (-1");
  for (guint i = 0; i < PF_EVENT_N; i++)
    if (wanted[i])
      g_string_append_printf (sql, ",%u", i);
  g_string_append_c (sql, ')');
}

static void
add_outcome (GString *sql, GVariant *filter)
{
  const char *name = NULL;
  PfOutcome outcome;

  if (g_variant_lookup (filter, "Outcome", "&s", &name))
    g_string_append_printf (sql, " AND outcome = %d",
                            pf_outcome_from_nick (name, &outcome) ? (int) outcome : -1);
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

/* All rows of the answer, each made by @read (floating). */
static gboolean
collect (PfDatabase *database,
         sqlite3_stmt *statement,
         GVariant *(*read) (sqlite3_stmt *),
         gpointer *result,
         GError **error)
{
  g_auto (GVariantBuilder) rows = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  gboolean more;

  do
    {
      if (!pf_database_step (database, statement, &more, error))
        return FALSE;
      if (more)
        g_variant_builder_add_value (&rows, read (statement));
    }
  while (more);
  *result = g_variant_ref_sink (g_variant_builder_end (&rows));
  return TRUE;
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
  g_autoptr (GString) sql =
      g_string_new ("SELECT time, kind, outcome, account, caller, uid, message_id, sender, subject,"
                    " verdict, reason, size, score FROM event WHERE 1");
  g_autoptr (sqlite3_stmt) statement = NULL;
  guint limit = DEFAULT_ENTRIES;

  add_accounts (sql, texts, job);
  add_kinds (sql, job->filter);
  add_outcome (sql, job->filter);
  add_time (sql, job->filter, "Since", ">=");
  add_time (sql, job->filter, "Before", "<");
  g_variant_lookup (job->filter, "Limit", "u", &limit);
  g_string_append_printf (sql, " ORDER BY time DESC, id DESC LIMIT %u",
                          MIN (limit, PF_LIMIT_LOG_ENTRIES));
  statement = prepare_once (database, sql->str, texts, error);
  return statement != NULL && collect (database, statement, read_event, result, error);
}

static GVariant *
read_statistic (sqlite3_stmt *statement)
{
  g_autofree char *day = pf_database_text (statement, 0);
  g_autofree char *address = pf_database_text (statement, 1);
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "Day", "s", day);
  g_variant_dict_insert_value (
      &dict, "Account",
      g_variant_new_take_string (pf_text_printable (address, -1, PF_LIMIT_EVENT_TEXT)));
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
  g_autoptr (sqlite3_stmt) statement = NULL;
  guint days = DEFAULT_DAYS;

  g_variant_lookup (job->filter, "Days", "u", &days);
  first = g_date_time_add_days (now, -(int) MIN (days, PF_LIMIT_STATISTICS_DAYS));
  g_ptr_array_add (texts, g_date_time_format (first, "%Y-%m-%d"));
  add_accounts (sql, texts, job);
  g_string_append_printf (sql, " ORDER BY day DESC, account LIMIT %u", PF_LIMIT_STATISTICS_ROWS);
  statement = prepare_once (database, sql->str, texts, error);
  return statement != NULL && collect (database, statement, read_statistic, result, error);
}
