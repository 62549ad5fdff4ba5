#include "bench.h"

#define A "a@example.org"
#define B "b@example.org"

static PfRow *
full_row (void)
{
  PfRow *row = row_new ("Sent/\xc3\xa9", 4294967295u, "4294967295", PF_ROW_INTENT);
  PfRowDelivery *first = pf_row_delivery_new ("alice", g_strdup ("id-1"));

  row->occurrence = 3;
  row->size = 5ull << 32;
  g_free (row->digest);
  row->digest = g_strdup ("00ff");
  row->outcome = PF_OUTCOME_JUNKED;
  row->time = 1700000000123456;
  row->failures = 4;
  g_free (row->reason);
  row->reason = g_strdup ("no\xff room");
  row->keep = TRUE;
  row->marked = TRUE;
  row->deliveries = g_ptr_array_new_with_free_func ((GDestroyNotify) pf_row_delivery_free);
  first->done = TRUE;
  first->outcome = PF_OUTCOME_QUARANTINED;
  g_ptr_array_add (row->deliveries, first);
  g_ptr_array_add (row->deliveries, pf_row_delivery_new ("bob", g_strdup ("id-2")));
  return row;
}

static void
assert_equal_rows (const PfRow *one, const PfRow *other)
{
  g_assert_cmpint (one->id, ==, other->id);
  g_assert_cmpstr (one->folder, ==, other->folder);
  g_assert_cmpuint (one->uidvalidity, ==, other->uidvalidity);
  g_assert_cmpstr (one->uid, ==, other->uid);
  g_assert_cmpuint (one->occurrence, ==, other->occurrence);
  g_assert_cmpuint (one->size, ==, other->size);
  g_assert_cmpstr (one->digest, ==, other->digest);
  g_assert_cmpint (one->state, ==, other->state);
  g_assert_cmpint (one->outcome, ==, other->outcome);
  g_assert_cmpint (one->time, ==, other->time);
  g_assert_cmpuint (one->failures, ==, other->failures);
  g_assert_cmpstr (one->reason, ==, other->reason);
  g_assert_cmpint (one->keep, ==, other->keep);
  g_assert_cmpint (one->marked, ==, other->marked);
}

static void
assert_equal_deliveries (GPtrArray *one, GPtrArray *other)
{
  g_assert_cmpuint (one->len, ==, other->len);
  for (guint i = 0; i < one->len; i++)
    {
      const PfRowDelivery *a = one->pdata[i], *b = other->pdata[i];

      g_assert_cmpstr (a->recipient, ==, b->recipient);
      g_assert_cmpstr (a->delivery_id, ==, b->delivery_id);
      g_assert_cmpint (a->done, ==, b->done);
      g_assert_cmpint (a->outcome, ==, b->outcome);
    }
}

/* Every field comes back, over a restart too. */
static void
test_round_trip (Bench *bench, gconstpointer unused)
{
  g_autoptr (PfRow) row = full_row ();

  bench_put_row (bench, A, row, NULL);
  g_assert_cmpint (row->id, !=, 0);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GPtrArray) rows = bench_load (bench, A, NULL);
      const PfRow *loaded = rows->pdata[0];

      g_assert_cmpuint (rows->len, ==, 1);
      assert_equal_rows (loaded, row);
      assert_equal_deliveries (loaded->deliveries, row->deliveries);
      bench_reopen (bench);
    }
}

/* An address is one account, however it is written; another one's rows are another's. */
static void
test_accounts_apart (Bench *bench, gconstpointer unused)
{
  g_autoptr (PfRow) one = row_new ("", 0, "same", PF_ROW_DELIVERED);
  g_autoptr (PfRow) other = row_new ("", 0, "same", PF_ROW_KNOWN);
  g_autoptr (GPtrArray) of_a = NULL, of_b = NULL, of_nobody = NULL;

  bench_put_row (bench, "A@Example.ORG", one, NULL);
  bench_put_row (bench, B, other, NULL);
  of_a = bench_load (bench, A, NULL);
  of_b = bench_load (bench, "B@example.org", NULL);
  of_nobody = bench_load (bench, "c@example.org", NULL);
  g_assert_cmpuint (of_a->len, ==, 1);
  g_assert_cmpint (((PfRow *) of_a->pdata[0])->state, ==, PF_ROW_DELIVERED);
  g_assert_cmpuint (of_b->len, ==, 1);
  g_assert_cmpint (((PfRow *) of_b->pdata[0])->state, ==, PF_ROW_KNOWN);
  g_assert_cmpuint (of_nobody->len, ==, 0);
}

/* Without an id a row is found by its name: no second row of one message. */
static void
test_matched_by_name (Bench *bench, gconstpointer unused)
{
  g_autoptr (PfRow) row = row_new ("INBOX", 7, "1", PF_ROW_INTENT);
  g_autoptr (PfRow) again = row_new ("INBOX", 7, "1", PF_ROW_DELIVERED);
  g_autoptr (PfRow) second = row_new ("INBOX", 7, "1", PF_ROW_FAILED);
  g_autoptr (GPtrArray) rows = NULL;

  second->occurrence = 1;
  bench_put_row (bench, A, row, NULL);
  bench_put_row (bench, A, again, NULL);
  bench_put_row (bench, A, second, NULL);
  rows = bench_load (bench, A, NULL);
  g_assert_cmpuint (rows->len, ==, 2);
  g_assert_cmpint (again->id, ==, row->id);
  g_assert_cmpint (second->id, !=, row->id);
  g_assert_cmpint (row_find (rows, "1")->state, ==, PF_ROW_DELIVERED);
}

/* Deliveries are stored where they are given, kept where not, loaded while they matter. */
static void
test_deliveries (Bench *bench, gconstpointer unused)
{
  g_autoptr (PfRow) row = full_row ();
  g_autoptr (GPtrArray) in_doubt = NULL, delivered = NULL, failed = NULL;
  GPtrArray *deliveries = g_ptr_array_ref (row->deliveries);

  bench_put_row (bench, A, row, NULL);
  g_clear_pointer (&row->deliveries, g_ptr_array_unref);
  row->failures++;
  bench_put_row (bench, A, row, NULL);
  in_doubt = bench_load (bench, A, NULL);
  assert_equal_deliveries (((PfRow *) in_doubt->pdata[0])->deliveries, deliveries);

  row->state = PF_ROW_DELIVERED;
  bench_put_row (bench, A, row, NULL);
  delivered = bench_load (bench, A, NULL);
  g_assert_null (((PfRow *) delivered->pdata[0])->deliveries);

  row->state = PF_ROW_FAILED;
  row->deliveries = deliveries;
  g_ptr_array_set_size (deliveries, 1);
  bench_put_row (bench, A, row, NULL);
  failed = bench_load (bench, A, NULL);
  assert_equal_deliveries (((PfRow *) failed->pdata[0])->deliveries, deliveries);
}

/* Renumbered by the provider: the messages of one step exchange their names. Mutant: leave out
 * make_room() in update_row(). */
static void
test_exchanged_names (Bench *bench, gconstpointer unused)
{
  g_autoptr (GPtrArray) rows = rows_new (), loaded = NULL;
  PfRow *fresh = row_new ("", 0, "1", PF_ROW_FAILED);

  for (guint i = 1; i <= 3; i++)
    {
      g_autofree char *uid = g_strdup_printf ("%u", i);
      PfRow *row = row_new ("", 0, uid, PF_ROW_DELIVERED);

      row->size = i;
      g_ptr_array_add (rows, row);
    }
  bench_put (bench, A, rows, NULL, NULL);
  /* 1 -> 2, 2 -> 3, 3 -> 4, and a new 1, told first. */
  for (guint i = 0; i < 3; i++)
    {
      PfRow *row = rows->pdata[i];

      g_free (row->uid);
      row->uid = g_strdup_printf ("%u", i + 2);
    }
  fresh->size = 99;
  g_ptr_array_insert (rows, 0, fresh);
  bench_put (bench, A, rows, NULL, NULL);
  loaded = bench_load (bench, A, NULL);
  g_assert_cmpuint (loaded->len, ==, 4);
  g_assert_cmpuint (row_find (loaded, "1")->size, ==, 99);
  g_assert_cmpint (row_find (loaded, "1")->id, ==, fresh->id);
  for (guint i = 1; i <= 3; i++)
    {
      g_autofree char *uid = g_strdup_printf ("%u", i + 1);

      g_assert_cmpuint (row_find (loaded, uid)->size, ==, i);
    }
}

/* Who has the name and is not told of is of a message that is gone: kept, under another name. */
static void
test_name_taken (Bench *bench, gconstpointer unused)
{
  g_autoptr (PfRow) holder = row_new ("", 0, "x", PF_ROW_DELIVERED);
  g_autoptr (PfRow) row = row_new ("", 0, "y", PF_ROW_DELIVERED);
  g_autoptr (GPtrArray) rows = NULL;
  g_autofree char *aside = NULL;

  bench_put_row (bench, A, holder, NULL);
  bench_put_row (bench, A, row, NULL);
  g_free (row->uid);
  row->uid = g_strdup ("x");
  bench_put_row (bench, A, row, NULL);
  rows = bench_load (bench, A, NULL);
  aside = g_strdup_printf ("~%" G_GINT64_FORMAT, holder->id);
  g_assert_cmpuint (rows->len, ==, 2);
  g_assert_cmpint (row_find (rows, "x")->id, ==, row->id);
  g_assert_cmpint (row_find (rows, aside)->id, ==, holder->id);
}

/* A check still runs while its account is removed: what it puts is stored again, and never in the
 * row of somebody else that came to have the same id. Mutant: leave AUTOINCREMENT and
 * `AND account = ?1` out. */
static void
test_forgotten_meanwhile (Bench *bench, gconstpointer unused)
{
  g_autoptr (PfRow) stale = row_new ("", 0, "mine", PF_ROW_INTENT);
  g_autoptr (PfRow) other = row_new ("", 0, "theirs", PF_ROW_KNOWN);
  g_autoptr (GPtrArray) of_a = NULL, of_b = NULL;

  bench_put_row (bench, A, stale, NULL);
  bench_forget (bench, A);
  bench_put_row (bench, B, other, NULL);
  stale->state = PF_ROW_DELIVERED;
  bench_put_row (bench, A, stale, NULL);
  of_a = bench_load (bench, A, NULL);
  of_b = bench_load (bench, B, NULL);
  g_assert_cmpuint (of_a->len, ==, 1);
  g_assert_cmpint (row_find (of_a, "mine")->id, ==, stale->id);
  g_assert_cmpuint (of_b->len, ==, 1);
  g_assert_cmpint (row_find (of_b, "theirs")->state, ==, PF_ROW_KNOWN);
}

/* One bad row: none of the array is stored, nor are the figures. */
static void
test_put_is_atomic (Bench *bench, gconstpointer unused)
{
  g_autoptr (GPtrArray) rows = rows_new (), loaded = NULL;
  g_autoptr (GError) error = NULL;
  PfRow *bad = row_new ("", 0, "2", PF_ROW_DELIVERED);

  g_ptr_array_add (rows, row_new ("", 0, "1", PF_ROW_DELIVERED));
  g_ptr_array_add (rows, bad);
  g_clear_pointer (&bad->digest, g_free); /* NOT NULL in the table */
  g_assert_false (bench_put (bench, A, rows, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, bench->path));
  loaded = bench_load (bench, A, NULL);
  g_assert_cmpuint (loaded->len, ==, 0);
  g_assert_cmpint (((PfRow *) rows->pdata[0])->id, ==, 0);
}

/* (nullable) */
static const PfFolderState *
find_state (GPtrArray *states, const char *name)
{
  for (guint i = 0; i < states->len; i++)
    if (g_str_equal (((PfFolderState *) states->pdata[i])->name, name))
      return states->pdata[i];
  g_error ("no folder %s", name);
}

static void
test_folders (Bench *bench, gconstpointer unused)
{
  g_autoptr (GPtrArray) none = bench_folders (bench, A), states = NULL, of_b = NULL;

  g_assert_cmpuint (none->len, ==, 0);
  bench_folder_seen (bench, A, "INBOX");
  bench_folder_seen (bench, A, "Lists/\xc3\xa9");
  bench_folder_seen (bench, A, "INBOX");
  states = bench_folders (bench, "A@EXAMPLE.org");
  of_b = bench_folders (bench, B);
  g_assert_cmpuint (states->len, ==, 2);
  g_assert_cmpuint (find_state (states, "INBOX")->next_uid, ==, 0);
  g_assert_cmpstr (find_state (states, "INBOX")->wanted, ==, "");
  g_assert_nonnull (find_state (states, "Lists/\xc3\xa9"));
  g_assert_cmpuint (of_b->len, ==, 0);
}

/* All of it survives, at the ends of the ranges too; being seen again changes nothing. */
static void
test_settled_folder (Bench *bench, gconstpointer unused)
{
  g_autoptr (PfFolderState) state = pf_folder_state_new ("INBOX");
  g_autoptr (GPtrArray) states = NULL;
  const PfFolderState *found;

  bench_folder_seen (bench, A, "INBOX");
  state->next_uid = G_MAXUINT32;
  state->uidvalidity = G_MAXUINT32 - 1;
  state->uidnext = G_MAXUINT32 - 2;
  state->messages = G_MAXUINT32 - 3;
  state->highestmodseq = G_MAXINT64;
  state->listed = G_MAXINT64 - 1;
  state->due = G_MAXINT64 - 2;
  g_free (state->wanted);
  state->wanted = g_strdup ("abc");
  pf_journal_put_folder (bench->journal, "A@example.org", state);
  bench_folder_seen (bench, A, "INBOX");
  bench_reopen (bench);
  states = bench_folders (bench, A);
  g_assert_cmpuint (states->len, ==, 1);
  found = states->pdata[0];
  g_assert_cmpuint (found->next_uid, ==, state->next_uid);
  g_assert_cmpuint (found->uidvalidity, ==, state->uidvalidity);
  g_assert_cmpuint (found->uidnext, ==, state->uidnext);
  g_assert_cmpuint (found->messages, ==, state->messages);
  g_assert_cmpuint (found->highestmodseq, ==, state->highestmodseq);
  g_assert_cmpint (found->listed, ==, state->listed);
  g_assert_cmpint (found->due, ==, state->due);
  g_assert_cmpstr (found->wanted, ==, "abc");
}

/* A check that ends late must not make an account that was added anew believe that it has seen all.
 * Fails when pf_job_put_folder() inserts. */
static void
test_settled_after_forgetting (Bench *bench, gconstpointer unused)
{
  g_autoptr (PfFolderState) state = pf_folder_state_new ("INBOX");
  g_autoptr (PfRow) row = full_row ();
  g_autoptr (GPtrArray) states = NULL;

  bench_folder_seen (bench, A, "INBOX");
  bench_forget (bench, A);
  bench_put_row (bench, A, row, NULL);
  state->next_uid = 5;
  pf_journal_put_folder (bench->journal, A, state);
  states = bench_folders (bench, A);
  g_assert_cmpuint (states->len, ==, 0);
}

static void
test_forget (Bench *bench, gconstpointer unused)
{
  g_autoptr (PfRow) mine = full_row (), theirs = full_row ();
  g_autoptr (GPtrArray) of_a = NULL, of_b = NULL;
  g_autoptr (GPtrArray) folders = NULL;

  bench_put_row (bench, A, mine, NULL);
  bench_put_row (bench, B, theirs, NULL);
  bench_folder_seen (bench, A, "INBOX");
  bench_forget (bench, "A@example.org");
  bench_forget (bench, "never@example.org");
  of_a = bench_load (bench, A, NULL);
  of_b = bench_load (bench, B, NULL);
  folders = bench_folders (bench, A);
  g_assert_cmpuint (of_a->len, ==, 0);
  g_assert_cmpuint (folders->len, ==, 0);
  g_assert_cmpuint (of_b->len, ==, 1);
  assert_equal_deliveries (((PfRow *) of_b->pdata[0])->deliveries, theirs->deliveries);
}

/* --- A large mailbox -------------------------------------------------------------------------- */

static void
test_many (Bench *bench, gconstpointer unused)
{
  g_autoptr (GPtrArray) rows = rows_new (), loaded = NULL;
  gint64 start;

  for (guint i = 0; i < 50000; i++)
    {
      g_autofree char *uid = g_strdup_printf ("%u", i);
      PfRow *row = row_new ("INBOX", 1, uid, i % 100 == 0 ? PF_ROW_FAILED : PF_ROW_DELIVERED);

      row->size = i;
      g_free (row->digest);
      row->digest = g_strdup ("6ca13d52ca70c883e0f0bb101e425a89e8624de51db2d2392593af6a84118090");
      g_ptr_array_add (rows, row);
    }
  start = g_get_monotonic_time ();
  bench_put (bench, A, rows, NULL, NULL);
  g_test_message ("put: %" G_GINT64_FORMAT " us", g_get_monotonic_time () - start);
  start = g_get_monotonic_time ();
  loaded = bench_load (bench, A, NULL);
  g_test_message ("load: %" G_GINT64_FORMAT " us", g_get_monotonic_time () - start);
  g_assert_cmpuint (loaded->len, ==, 50000);
  for (guint i = 0; i < 50000; i += 4999)
    assert_equal_rows (row_find (loaded, ((PfRow *) rows->pdata[i])->uid), rows->pdata[i]);
}

/* --- Figures ---------------------------------------------------------------------------------- */

static PfAccount *
account_new (const char *address)
{
  g_autoptr (GPtrArray) faults =
      g_ptr_array_new_with_free_func ((GDestroyNotify) pf_settings_fault_free);
  g_autofree char *text = g_strdup_printf (
      "{'Address': <'%s'>, 'Server': <'pop.example.org'>, 'LocalUser': <'alice'>}", address);
  g_autoptr (GVariant) values = g_variant_parse (G_VARIANT_TYPE_VARDICT, text, NULL, NULL, NULL);
  PfSettings *settings = pf_settings_from_vardict (NULL, values, faults);
  PfAccount *account;

  g_assert_nonnull (settings);
  account = pf_account_new (settings);
  pf_settings_unref (settings);
  return account;
}

static void
restore (Bench *bench, PfAccount *account)
{
  g_autoptr (GPtrArray) accounts = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;

  g_ptr_array_add (accounts, account);
  bench_reopen (bench);
  g_assert_true (pf_journal_restore (bench->journal, accounts, &error));
  g_assert_no_error (error);
}

/* Figures go with the rows; counters never go back; problem and refusals come back too. */
static void
test_figures (Bench *bench, gconstpointer unused)
{
  g_autoptr (GPtrArray) rows = rows_new ();
  g_autoptr (PfAccount) account = account_new ("A@Example.org"), restored = NULL, other = NULL;
  g_autoptr (GError) problem =
      g_error_new (PF_PROBLEM, PF_PROBLEM_CREDENTIALS_REJECTED, "The server says no");
  PfFigures figures = *pf_account_get_figures (account);
  const PfFigures *found;

  figures.last_check = 11;
  figures.last_success = 10;
  figures.delivered = 5;
  figures.junked = 4;
  figures.quarantined = 3;
  figures.octets_fetched = 6ull << 32;
  figures.on_server = 2;
  g_ptr_array_add (rows, row_new ("", 0, "1", PF_ROW_DELIVERED));
  bench_put (bench, A, rows, &figures, NULL);
  pf_account_set_figures (account, &figures);
  pf_account_set_problem (account, problem, NULL);
  pf_journal_save_account (bench->journal, account);
  figures.delivered = 1;
  bench_put (bench, A, rows, &figures, NULL);

  restored = account_new (A);
  restore (bench, restored);
  found = pf_account_get_figures (restored);
  g_assert_cmpint (found->last_check, ==, 11);
  g_assert_cmpint (found->last_success, ==, 10);
  g_assert_cmpuint (found->delivered, ==, 5);
  g_assert_cmpuint (found->junked, ==, 4);
  g_assert_cmpuint (found->quarantined, ==, 3);
  g_assert_cmpuint (found->octets_fetched, ==, 6ull << 32);
  g_assert_cmpuint (found->on_server, ==, 2);
  g_assert_cmpuint (pf_account_get_refusals (restored), ==, 1);
  g_assert_error (pf_account_get_problem (restored), PF_PROBLEM, PF_PROBLEM_CREDENTIALS_REJECTED);
  g_assert_cmpstr (pf_account_get_problem (restored)->message, ==, problem->message);
  g_assert_cmpint (pf_account_get_problem_since (restored), ==,
                   pf_account_get_problem_since (account));

  /* Mended, and an account that was never saved. */
  pf_account_set_problem (account, NULL, NULL);
  pf_journal_save_account (bench->journal, account);
  g_clear_object (&restored);
  restored = account_new (A);
  restore (bench, restored);
  g_assert_null (pf_account_get_problem (restored));
  other = account_new (B);
  restore (bench, other);
  g_assert_cmpuint (pf_account_get_figures (other)->delivered, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name)                                                                                  \
  g_test_add ("/journal/ledger/" #name, Bench, NULL, bench_set_up, test_##name, bench_tear_down)
  ADD (round_trip);
  ADD (accounts_apart);
  ADD (matched_by_name);
  ADD (deliveries);
  ADD (exchanged_names);
  ADD (name_taken);
  ADD (forgotten_meanwhile);
  ADD (put_is_atomic);
  ADD (folders);
  ADD (settled_folder);
  ADD (settled_after_forgetting);
  ADD (forget);
  ADD (many);
  ADD (figures);
  return g_test_run ();
}
