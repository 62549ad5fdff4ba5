#include "base/limits.h"
#include "bench.h"

#include <string.h>

#define A "a@example.org"
#define B "b@example.org"

static PfEvent *
event_new (PfEventKind kind, const char *account, gint64 time, const char *reason)
{
  PfEvent *event = pf_event_new (kind, account);

  event->time = time;
  event->reason = g_strdup (reason);
  return event;
}

static void
record_message (Bench *bench, const char *account, gint64 time, PfOutcome outcome, const char *id)
{
  PfEvent *event = event_new (PF_EVENT_MESSAGE, account, time, id);

  event->outcome = outcome;
  event->size = 100;
  pf_journal_record (bench->journal, event);
}

/* "one two": the entries' reasons. */
static char *
reasons (Bench *bench, const char *const *accounts, const char *filter)
{
  g_autoptr (GVariant) entries = bench_query (bench, accounts, filter);
  g_autoptr (GString) text = g_string_new (NULL);

  for (gsize i = 0; i < g_variant_n_children (entries); i++)
    {
      g_autoptr (GVariant) entry = g_variant_get_child_value (entries, i);
      const char *reason = "?";

      g_variant_lookup (entry, "Reason", "&s", &reason);
      g_string_append_printf (text, "%s%s", i > 0 ? " " : "", reason);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
assert_log (Bench *bench, const char *const *accounts, const char *filter, const char *expected)
{
  g_autofree char *found = reasons (bench, accounts, filter);

  g_assert_cmpstr (found, ==, expected);
}

/* --- GetLog ----------------------------------------------------------------------------------- */

static void
record_some (Bench *bench)
{
  pf_journal_record (bench->journal, event_new (PF_EVENT_STARTED, NULL, 100, "started"));
  record_message (bench, A, 200, PF_OUTCOME_DELIVERED, "a1");
  record_message (bench, B, 300, PF_OUTCOME_JUNKED, "b1");
  pf_journal_record (bench->journal, event_new (PF_EVENT_PROBLEM, "A@Example.org", 400, "a2"));
  pf_journal_record (bench->journal, event_new (PF_EVENT_CHECK, B, 400, "b2"));
  record_message (bench, A, 500, PF_OUTCOME_REFUSED, "a3");
}

static void
test_filters (Bench *bench, gconstpointer unused)
{
  static const char *const only_a[] = { "A@example.org", NULL };
  static const char *const both[] = { A, B, NULL };
  static const char *const nobody[] = { NULL };

  record_some (bench);
  assert_log (bench, NULL, "@a{sv} {}", "a3 b2 a2 b1 a1 started");
  /* What one may see: never what belongs to no account. */
  assert_log (bench, both, "@a{sv} {}", "a3 b2 a2 b1 a1");
  assert_log (bench, only_a, "@a{sv} {}", "a3 a2 a1");
  assert_log (bench, nobody, "@a{sv} {}", "");
  assert_log (bench, only_a, "{'Account': <'b@example.org'>}", "");
  assert_log (bench, NULL, "{'Account': <'B@EXAMPLE.org'>}", "b2 b1");
  assert_log (bench, both, "{'Account': <'a@example.org'>}", "a3 a2 a1");
  assert_log (bench, NULL, "{'Events': <['problem', 'started', 'problem']>}", "a2 started");
  assert_log (bench, NULL, "{'Events': <@as []>}", "");
  assert_log (bench, NULL, "{'Outcome': <'junked'>}", "b1");
  assert_log (bench, NULL, "{'Since': <@t 300>, 'Before': <@t 500>}", "b2 a2 b1");
  assert_log (bench, NULL, "{'Since': <@t 18446744073709551615>}", "");
  assert_log (bench, NULL, "{'Before': <@t 18446744073709551615>, 'Limit': <@u 2>}", "a3 b2");
  assert_log (bench, only_a, "{'Events': <['message']>, 'Outcome': <'delivered'>}", "a1");
  /* Words of a filter are never SQL. */
  assert_log (bench, NULL, "{'Account': <\"x' OR '1'='1\">}", "");
}

static gsize
count (Bench *bench, const char *filter)
{
  g_autoptr (GVariant) entries = bench_query (bench, NULL, filter);

  return g_variant_n_children (entries);
}

static void
test_limits (Bench *bench, gconstpointer unused)
{
  for (guint i = 0; i < PF_LIMIT_LOG_ENTRIES + 100; i++)
    record_message (bench, A, 1000 + i, PF_OUTCOME_DELIVERED, "x");
  g_assert_cmpuint (count (bench, "@a{sv} {}"), ==, 100);
  g_assert_cmpuint (count (bench, "{'Limit': <@u 1>}"), ==, 1);
  g_assert_cmpuint (count (bench, "{'Limit': <@u 4294967295>}"), ==, PF_LIMIT_LOG_ENTRIES);
}

/* Every key of an entry comes back as the signal told it, over a restart too. */
static void
on_recorded (PfJournal *journal, gpointer event, gpointer user_data)
{
  GVariant **told = user_data;

  g_assert_null (*told);
  *told = g_variant_ref_sink (pf_event_to_vardict (event));
}

static void
test_round_trip (Bench *bench, gconstpointer unused)
{
  PfEvent *event = event_new (PF_EVENT_MESSAGE, A, 0, "because");
  g_autoptr (GVariant) told = NULL, entries = NULL, entry = NULL;
  const char *keys[] = { "Time",    "Event",  "Account", "Caller", "Outcome", "Uid",   "MessageId",
                         "Subject", "Sender", "Size",    "Score",  "Verdict", "Reason" };

  event->outcome = PF_OUTCOME_SKIPPED;
  event->caller = g_strdup ("alice");
  event->uid = g_strdup ("INBOX/7/12");
  event->message_id = g_strdup ("<1@x>");
  event->sender = g_strdup ("a\xc3\xa4@x");
  event->subject = g_strdup ("\xf0\x9f\x98\x80");
  event->verdict = g_strdup ("spam");
  event->size = 5ull << 32;
  event->score = -1.5;
  g_signal_connect (bench->journal, "recorded", G_CALLBACK (on_recorded), &told);
  pf_journal_record (bench->journal, event);
  g_assert_nonnull (told); /* before it is stored */
  bench_reopen (bench);
  entries = bench_query (bench, NULL, "@a{sv} {}");
  entry = g_variant_get_child_value (entries, 0);
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      g_autoptr (GVariant) one = g_variant_lookup_value (told, keys[i], NULL);
      g_autoptr (GVariant) other = g_variant_lookup_value (entry, keys[i], NULL);

      g_assert_nonnull (one);
      g_assert_nonnull (other);
      g_assert_true (g_variant_equal (one, other));
    }
  g_assert_cmpuint (g_variant_n_children (entry), ==, G_N_ELEMENTS (keys));
}

/* Octets from outside that are no text, and too many of them. */
static void
test_hostile (Bench *bench, gconstpointer unused)
{
  PfEvent *event = event_new (PF_EVENT_MESSAGE, A, 0, "x");
  g_autoptr (GVariant) entries = NULL, entry = NULL;
  const char *sender, *subject, *id;

  event->sender = g_strdup ("\xff\x1b[31m\xe2\x80\xae");
  event->subject = g_strnfill (1 << 20, 'x');
  event->message_id = g_strnfill (PF_LIMIT_EVENT_TEXT - 3, 'y');
  pf_journal_record (bench->journal, event);
  entries = bench_query (bench, NULL, "@a{sv} {}");
  entry = g_variant_get_child_value (entries, 0);
  g_assert_true (g_variant_lookup (entry, "Sender", "&s", &sender));
  g_assert_cmpstr (sender, ==, "\\xff\\x1b[31m");
  g_assert_true (g_variant_lookup (entry, "Subject", "&s", &subject));
  g_assert_cmpuint (strlen (subject), ==, PF_LIMIT_EVENT_TEXT);
  g_assert_true (g_str_has_suffix (subject, "..."));
  g_assert_true (g_variant_lookup (entry, "MessageId", "&s", &id));
  g_assert_true (g_str_has_suffix (id, "yyyy"));
}

/* --- GetStatistics ---------------------------------------------------------------------------- */

static gint64
local_noon (gint days_ago)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autoptr (GDateTime) noon =
      g_date_time_new_local (g_date_time_get_year (now), g_date_time_get_month (now),
                             g_date_time_get_day_of_month (now), 12, 0, 0);
  g_autoptr (GDateTime) then = g_date_time_add_days (noon, -days_ago);

  return g_date_time_to_unix (then) * G_USEC_PER_SEC;
}

/* "-DAYS ACCOUNT delivered/junked/quarantined/octets; ..." */
static char *
statistics (Bench *bench, const char *const *accounts, const char *filter)
{
  g_autoptr (GVariant) rows = bench_statistics (bench, accounts, filter);
  GString *text = g_string_new (NULL);
  GVariantIter iter;
  GVariant *row;

  g_variant_iter_init (&iter, rows);
  while ((row = g_variant_iter_next_value (&iter)) != NULL)
    {
      const char *day = "", *account = "";
      guint delivered = 99, junked = 99, quarantined = 99;
      guint64 octets = 99;
      guint ago = 0;

      g_assert_true (g_variant_lookup (row, "Day", "&s", &day));
      g_assert_true (g_variant_lookup (row, "Account", "&s", &account));
      g_assert_true (g_variant_lookup (row, "Delivered", "u", &delivered));
      g_assert_true (g_variant_lookup (row, "Junked", "u", &junked));
      g_assert_true (g_variant_lookup (row, "Quarantined", "u", &quarantined));
      g_assert_true (g_variant_lookup (row, "Octets", "t", &octets));
      for (; ago < 100; ago++)
        {
          g_autoptr (GDateTime) time =
              g_date_time_new_from_unix_local (local_noon ((int) ago) / G_USEC_PER_SEC);
          g_autofree char *name = g_date_time_format (time, "%Y-%m-%d");

          if (g_str_equal (name, day))
            break;
        }
      g_string_append_printf (text, "-%u %c %u/%u/%u/%" G_GUINT64_FORMAT "; ", ago, *account,
                              delivered, junked, quarantined, octets);
      g_variant_unref (row);
    }
  return g_string_free (text, FALSE);
}

static void
assert_statistics (Bench *bench,
                   const char *const *accounts,
                   const char *filter,
                   const char *expected)
{
  g_autofree char *found = statistics (bench, accounts, filter);

  g_assert_cmpstr (found, ==, expected);
}

static void
test_statistics (Bench *bench, gconstpointer unused)
{
  static const char *const only_b[] = { B, NULL };

  record_message (bench, A, local_noon (0), PF_OUTCOME_DELIVERED, "x");
  record_message (bench, "A@Example.org", local_noon (0), PF_OUTCOME_DELIVERED, "x");
  record_message (bench, A, local_noon (0), PF_OUTCOME_JUNKED, "x");
  record_message (bench, A, local_noon (0), PF_OUTCOME_QUARANTINED, "x");
  record_message (bench, A, local_noon (0), PF_OUTCOME_REFUSED, "x"); /* kept in quarantine */
  record_message (bench, A, local_noon (0), PF_OUTCOME_DEFERRED, "x");
  record_message (bench, A, local_noon (0), PF_OUTCOME_SKIPPED, "x");
  record_message (bench, NULL, local_noon (0), PF_OUTCOME_DELIVERED, "x");
  pf_journal_record (bench->journal, event_new (PF_EVENT_CHECK, A, local_noon (0), "x"));
  record_message (bench, B, local_noon (1), PF_OUTCOME_JUNKED, "x");
  record_message (bench, A, local_noon (40), PF_OUTCOME_JUNKED, "x");
  assert_statistics (bench, NULL, "@a{sv} {}", "-0 a 2/1/2/500; -1 b 0/1/0/100; ");
  assert_statistics (bench, NULL, "{'Days': <@u 1>}", "-0 a 2/1/2/500; ");
  assert_statistics (bench, NULL, "{'Days': <@u 60>, 'Account': <'A@example.org'>}",
                     "-0 a 2/1/2/500; -40 a 0/1/0/100; ");
  assert_statistics (bench, only_b, "{'Days': <@u 60>}", "-1 b 0/1/0/100; ");
  /* Whoever adds the address next does not see them. */
  bench_forget (bench, "B@example.org");
  assert_statistics (bench, NULL, "{'Days': <@u 2>}", "-0 a 2/1/2/500; ");
}

/* --- KeepDays --------------------------------------------------------------------------------- */

static void
test_prune (Bench *bench, gconstpointer unused)
{
  gint64 now = g_get_real_time ();
  gboolean pruned = FALSE;

  for (guint i = 0; i < 2500; i++)
    record_message (bench, A, now - 8 * G_TIME_SPAN_DAY - i, PF_OUTCOME_DELIVERED, "old");
  record_message (bench, A, now - 6 * G_TIME_SPAN_DAY, PF_OUTCOME_DELIVERED, "young");
  pf_journal_set_keep_days (bench->journal, 7);
  for (guint i = 0; i < 1000 && !pruned; i++)
    pruned = count (bench, "{'Limit': <@u 1000>}") == 1;
  g_assert_true (pruned);
  assert_log (bench, NULL, "@a{sv} {}", "young");
}

/* --- Lines ------------------------------------------------------------------------------------ */

static void
assert_line (PfEvent *event, const char *expected)
{
  g_autoptr (PfEvent) owned = event;
  g_autofree char *line = pf_event_to_line (owned);

  g_assert_cmpstr (line, ==, expected);
}

static void
test_lines (void)
{
  PfEvent *event = event_new (PF_EVENT_MESSAGE, A, 0, "250 2.0.0 Saved");

  event->outcome = PF_OUTCOME_DELIVERED;
  event->uid = g_strdup ("My Mail/7/12");
  event->message_id = g_strdup ("<1@x>");
  event->sender = g_strdup ("bob@x");
  event->subject = g_strdup ("never shown");
  event->verdict = g_strdup ("deliver");
  event->size = 921;
  event->score = 5.25;
  assert_line (event, "a@example.org: message, uid=My\\x20Mail/7/12, msgid=<1@x>, from=<bob@x>,"
                      " size=921, score=5.2, verdict=deliver, status=delivered (250 2.0.0 Saved)");
  event = event_new (PF_EVENT_MESSAGE, A, 0, NULL);
  event->sender = g_strdup ("");
  assert_line (event, "a@example.org: message, from=<>");
  event = event_new (PF_EVENT_PROBLEM, A, 0, "The server says no");
  event->verdict = g_strdup ("credentials-rejected");
  assert_line (event, "a@example.org: problem, code=credentials-rejected (The server says no)");
  event = event_new (PF_EVENT_CHANGED, A, 0, "Server, Port");
  event->caller = g_strdup ("alice");
  assert_line (event, "a@example.org: changed, by=alice (Server, Port)");
  event = event_new (PF_EVENT_CHECK, A, 0, "2 delivered");
  event->size = 7;
  assert_line (event, "a@example.org: check, octets=7 (2 delivered)");
  assert_line (event_new (PF_EVENT_STARTED, NULL, 0, "version 1"), "started (version 1)");
  assert_line (event_new (PF_EVENT_MENDED, A, 0, "works again"),
               "a@example.org: mended (works again)");
}

/* One line of ASCII, and nothing in it that looks like a field but is none. Mutant: append text
 * without as_word(). */
static void
test_hostile_lines (void)
{
  g_autoptr (PfEvent) event = event_new (PF_EVENT_MESSAGE, A, 0, "\xc3\xa4\nNov 1 fake: line");
  g_autofree char *line = NULL;

  event->uid = g_strdup ("1, status=delivered");
  event->message_id = g_strdup ("<x>, status=delivered (ok)\n");
  event->sender = g_strnfill (5000, '\xff');
  event->outcome = PF_OUTCOME_DEFERRED;
  line = pf_event_to_line (event);
  g_assert_null (strstr (line, "status=delivered"));
  g_assert_nonnull (strstr (line, ", status=deferred "));
  g_assert_cmpuint (strlen (line), <, 2000);
  for (const char *p = line; *p != '\0'; p++)
    g_assert_true (*p >= 0x20 && *p < 0x7f);
}

static void
test_nicks (void)
{
  PfEventKind kind;
  PfOutcome outcome;

  for (guint i = 0; i < PF_EVENT_N; i++)
    g_assert_true (pf_event_kind_from_nick (pf_event_kind_nick (i), &kind) && kind == i);
  for (guint i = 1; i < PF_OUTCOME_N; i++)
    g_assert_true (pf_outcome_from_nick (pf_outcome_nick (i), &outcome) && outcome == i);
  g_assert_false (pf_outcome_from_nick ("", &outcome));
  g_assert_false (pf_event_kind_from_nick ("Message", &kind));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name)                                                                                  \
  g_test_add ("/journal/events/" #name, Bench, NULL, bench_set_up, test_##name, bench_tear_down)
  ADD (filters);
  ADD (limits);
  ADD (round_trip);
  ADD (hostile);
  ADD (statistics);
  ADD (prune);
  g_test_add_func ("/journal/events/lines", test_lines);
  g_test_add_func ("/journal/events/hostile-lines", test_hostile_lines);
  g_test_add_func ("/journal/events/nicks", test_nicks);
  return g_test_run ();
}
