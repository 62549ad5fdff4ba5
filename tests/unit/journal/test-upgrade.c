#include "bench.h"

#include <glib/gstdio.h>
#include <sqlite3.h>

#define A "a@example.org"

/* Version 1 as it was released, with an account that has checked. */
static const char version_1[] =
    "CREATE TABLE account (id INTEGER PRIMARY KEY AUTOINCREMENT, address TEXT NOT NULL UNIQUE,"
    " added INTEGER NOT NULL DEFAULT 0, last_check INTEGER NOT NULL DEFAULT 0,"
    " last_success INTEGER NOT NULL DEFAULT 0, delivered INTEGER NOT NULL DEFAULT 0,"
    " junked INTEGER NOT NULL DEFAULT 0, quarantined INTEGER NOT NULL DEFAULT 0,"
    " octets INTEGER NOT NULL DEFAULT 0, on_server INTEGER NOT NULL DEFAULT 0,"
    " problem TEXT, problem_text TEXT, problem_since INTEGER NOT NULL DEFAULT 0,"
    " refusals INTEGER NOT NULL DEFAULT 0);"
    "CREATE TABLE message (id INTEGER PRIMARY KEY AUTOINCREMENT, account INTEGER NOT NULL,"
    " folder TEXT NOT NULL, uidvalidity INTEGER NOT NULL, uid TEXT NOT NULL,"
    " occurrence INTEGER NOT NULL, size INTEGER NOT NULL, digest TEXT NOT NULL,"
    " state INTEGER NOT NULL, outcome INTEGER NOT NULL, time INTEGER NOT NULL,"
    " failures INTEGER NOT NULL, reason TEXT NOT NULL, keep INTEGER NOT NULL,"
    " marked INTEGER NOT NULL, vanished INTEGER NOT NULL DEFAULT 0,"
    " UNIQUE (account, folder, uidvalidity, uid, occurrence));"
    "CREATE TABLE delivery (message INTEGER NOT NULL, position INTEGER NOT NULL,"
    " recipient TEXT NOT NULL, delivery_id TEXT NOT NULL, done INTEGER NOT NULL,"
    " outcome INTEGER NOT NULL, PRIMARY KEY (message, position)) WITHOUT ROWID;"
    "CREATE TABLE folder (account INTEGER NOT NULL, name TEXT NOT NULL,"
    " PRIMARY KEY (account, name)) WITHOUT ROWID;"
    "CREATE TABLE event (id INTEGER PRIMARY KEY, time INTEGER NOT NULL, kind INTEGER NOT NULL,"
    " outcome INTEGER NOT NULL, account TEXT, caller TEXT, uid TEXT, message_id TEXT, sender TEXT,"
    " subject TEXT, verdict TEXT, reason TEXT, size INTEGER NOT NULL, score REAL NOT NULL);"
    "CREATE INDEX event_time ON event (time);"
    "CREATE INDEX event_account ON event (account, time);"
    "CREATE INDEX event_kind ON event (account, kind, time);"
    "CREATE TABLE statistic (day TEXT NOT NULL, account TEXT NOT NULL, delivered INTEGER NOT NULL,"
    " junked INTEGER NOT NULL, quarantined INTEGER NOT NULL, octets INTEGER NOT NULL,"
    " PRIMARY KEY (day, account)) WITHOUT ROWID;"
    "INSERT INTO account (id, address, added, delivered) VALUES (7, 'a@example.org', 5, 2);"
    "INSERT INTO message (id, account, folder, uidvalidity, uid, occurrence, size, digest, state,"
    " outcome, time, failures, reason, keep, marked) VALUES"
    " (1, 7, 'INBOX', 9, '41', 0, 100, 'd1', 2, 0, 11, 0, '', 0, 0),"
    " (2, 7, 'INBOX', 9, '42', 0, 200, '', 5, 0, 12, 1, 'too large', 0, 0);"
    "INSERT INTO delivery (message, position, recipient, delivery_id, done, outcome)"
    " VALUES (2, 0, 'alice', 'x', 0, 0);"
    "INSERT INTO folder (account, name) VALUES (7, 'INBOX'), (7, 'Lists');"
    "INSERT INTO event (time, kind, outcome, account, size, score) VALUES (1, 1, 0, 'a', 0, 0);"
    "INSERT INTO statistic VALUES ('2026-01-02', 'a@example.org', 1, 2, 3, 4);"
    "PRAGMA user_version = 1;";

static void
make_old (Bench *bench)
{
  sqlite3 *sqlite;

  bench_close (bench);
  g_assert_cmpint (g_unlink (bench->path), ==, 0);
  g_assert_cmpint (sqlite3_open (bench->path, &sqlite), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (sqlite, version_1, NULL, NULL, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_close (sqlite), ==, SQLITE_OK);
}

/* Nothing is lost on the way, and no folder counts as settled that never was. */
static void
test_from_1 (Bench *bench, gconstpointer unused)
{
  g_autoptr (GPtrArray) rows = NULL, states = NULL, again = NULL;
  g_autoptr (PfFolderState) settled = pf_folder_state_new ("INBOX");
  const PfRow *row;

  make_old (bench);
  bench_reopen (bench);
  rows = bench_load (bench, A, NULL);
  g_assert_cmpuint (rows->len, ==, 2);
  row = row_find (rows, "41");
  g_assert_cmpint (row->state, ==, PF_ROW_DELIVERED);
  g_assert_cmpuint (row->uidvalidity, ==, 9);
  g_assert_cmpuint (row_find (rows, "42")->deliveries->len, ==, 1);
  states = bench_folders (bench, A);
  g_assert_cmpuint (states->len, ==, 2);
  for (guint i = 0; i < states->len; i++)
    {
      g_assert_cmpuint (((PfFolderState *) states->pdata[i])->next_uid, ==, 0);
      g_assert_cmpstr (((PfFolderState *) states->pdata[i])->wanted, ==, "");
    }
  settled->next_uid = 43;
  pf_journal_put_folder (bench->journal, A, settled);
  /* A second opening changes nothing more. */
  bench_reopen (bench);
  again = bench_folders (bench, A);
  g_assert_cmpuint (again->len, ==, 2);
  g_assert_cmpuint (((PfFolderState *) again->pdata[0])->next_uid
                        + ((PfFolderState *) again->pdata[1])->next_uid,
                    ==, 43);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/journal/upgrade/from-1", Bench, NULL, bench_set_up, test_from_1, bench_tear_down);
  return g_test_run ();
}
