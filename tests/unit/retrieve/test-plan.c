/* What a check does with each message: tables over plan.c and ledger.c. */
#include "retrieve/plan.h"

#include <string.h>

#define NOW (1000 * G_TIME_SPAN_DAY)

static PfRow *
row_new (const char *uid, guint32 uidvalidity, guint64 size, PfRowState state, const char *digest)
{
  static gint64 last_id;
  PfRow *row = g_new0 (PfRow, 1);

  row->id = ++last_id;
  row->folder = g_strdup ("");
  row->uid = g_strdup (uid);
  row->uidvalidity = uidvalidity;
  row->size = size;
  row->state = state;
  row->digest = g_strdup (digest);
  row->reason = g_strdup ("");
  row->time = NOW - G_TIME_SPAN_DAY;
  return row;
}

typedef struct
{
  PfLedger *ledger;
  PfListing *listing;
  GPtrArray *rows;
  PfSettings settings;
  PfPlanInput input;
  GPtrArray *items;
} Fixture;

static void
setup (Fixture *f, gconstpointer unused)
{
  memset (f, 0, sizeof *f);
  f->rows = g_ptr_array_new_with_free_func ((GDestroyNotify) pf_row_free);
  f->listing = g_new0 (PfListing, 1);
  f->listing->folder = g_strdup ("");
  f->listing->has_uids = TRUE;
  f->listing->complete = TRUE;
  f->listing->may_remove = TRUE;
  f->listing->messages = g_ptr_array_new_with_free_func ((GDestroyNotify) pf_listed_free);
  f->input.settings = &f->settings;
  f->input.max_size = 1000;
  f->input.limit = G_MAXUINT;
  f->input.now = NOW;
}

static void
teardown (Fixture *f, gconstpointer unused)
{
  g_clear_pointer (&f->items, g_ptr_array_unref);
  pf_listing_free (f->listing);
  pf_ledger_free (f->ledger);
}

static void
list (Fixture *f, const char *uid, guint64 size)
{
  PfListed *listed = g_new0 (PfListed, 1);

  for (guint i = 0; i < f->listing->messages->len; i++)
    if (strcmp (((PfListed *) f->listing->messages->pdata[i])->uid, uid) == 0)
      listed->occurrence++;
  listed->uid = g_strdup (uid);
  listed->number = f->listing->messages->len + 1;
  listed->size = size;
  g_ptr_array_add (f->listing->messages, listed);
}

static void
plan (Fixture *f)
{
  f->ledger = pf_ledger_new (f->rows);
  f->items = pf_plan_make (f->ledger, f->listing, &f->input);
}

static PfPlanItem *
item (Fixture *f, guint32 number)
{
  for (guint i = 0; i < f->items->len; i++)
    if (((PfPlanItem *) f->items->pdata[i])->listed->number == number)
      return f->items->pdata[i];
  g_assert_not_reached ();
}

static void
test_new_and_known (Fixture *f, gconstpointer unused)
{
  g_ptr_array_add (f->rows, row_new ("a", 0, 10, PF_ROW_DELIVERED, "d1"));
  g_ptr_array_add (f->rows, row_new ("b", 0, 10, PF_ROW_KNOWN, ""));
  g_ptr_array_add (f->rows, row_new ("c", 0, 10, PF_ROW_INTENT, "d3"));
  list (f, "a", 10);
  list (f, "b", 10);
  list (f, "c", 10);
  list (f, "d", 10);
  plan (f);
  g_assert_cmpint (item (f, 1)->action, ==, PF_PLAN_KNOWN);
  g_assert_cmpint (item (f, 2)->action, ==, PF_PLAN_KNOWN);
  g_assert_cmpint (item (f, 3)->action, ==, PF_PLAN_FETCH);
  g_assert_cmpint (item (f, 4)->action, ==, PF_PLAN_FETCH);
}

/* Mutant: in plan_item(), take a known name for the message whatever its size. */
static void
test_other_size_under_a_known_name_is_verified_not_removed (Fixture *f, gconstpointer unused)
{
  f->settings.remove = PF_REMOVE_AFTER_DELIVERY;
  g_ptr_array_add (f->rows, row_new ("1", 0, 10, PF_ROW_DELIVERED, "d1"));
  list (f, "1", 11);
  plan (f);
  g_assert_cmpint (item (f, 1)->action, ==, PF_PLAN_VERIFY);
  g_assert_false (item (f, 1)->remove);
  g_assert_false (pf_ledger_is_taken (f->ledger, f->rows->pdata[0]));
}

static void
test_removal_by_policy (Fixture *f, gconstpointer unused)
{
  PfRow *fresh = row_new ("new", 0, 10, PF_ROW_DELIVERED, "d1");
  PfRow *old = row_new ("old", 0, 10, PF_ROW_DELIVERED, "d2");
  PfRow *kept = row_new ("kept", 0, 10, PF_ROW_DELIVERED, "d3");

  old->time = NOW - 8 * G_TIME_SPAN_DAY;
  kept->time = 1;
  kept->keep = TRUE;
  g_assert_false (pf_plan_removal_due (&f->settings, old, NOW));
  f->settings.remove = PF_REMOVE_AFTER_DAYS;
  f->settings.remove_after_days = 7;
  g_assert_false (pf_plan_removal_due (&f->settings, fresh, NOW));
  g_assert_true (pf_plan_removal_due (&f->settings, old, NOW));
  f->settings.remove = PF_REMOVE_AFTER_DELIVERY;
  g_assert_true (pf_plan_removal_due (&f->settings, fresh, NOW));
  g_assert_false (pf_plan_removal_due (&f->settings, kept, NOW));
  pf_row_free (fresh);
  pf_row_free (old);
  pf_row_free (kept);
  plan (f);
}

/* Mutant: in plan_item(), remove whatever the listing's may_remove says. */
static void
test_nothing_is_removed_where_nothing_may_be (Fixture *f, gconstpointer unused)
{
  f->settings.remove = PF_REMOVE_AFTER_DELIVERY;
  f->listing->may_remove = FALSE;
  g_ptr_array_add (f->rows, row_new ("a", 0, 10, PF_ROW_DELIVERED, "d1"));
  list (f, "a", 10);
  plan (f);
  g_assert_cmpint (item (f, 1)->action, ==, PF_PLAN_KNOWN);
  g_assert_false (item (f, 1)->remove);
}

/* Mutant: in apply_limit(), count what has no name. */
static void
test_what_is_always_verified_starves_nothing (Fixture *f, gconstpointer unused)
{
  f->input.limit = 1;
  list (f, "", 10);
  list (f, "", 10);
  list (f, "same", 10);
  list (f, "same", 10);
  list (f, "new", 10);
  list (f, "newer", 10);
  plan (f);
  for (guint32 number = 1; number <= 4; number++)
    g_assert_cmpint (item (f, number)->action, ==, PF_PLAN_VERIFY);
  g_assert_cmpint (item (f, 5)->action, ==, PF_PLAN_FETCH);
  g_assert_cmpint (item (f, 6)->action, ==, PF_PLAN_LATER);
}

/* Mutant: let was_delivered() say yes to PF_ROW_KNOWN. */
static void
test_never_removes_what_it_did_not_deliver (Fixture *f, gconstpointer unused)
{
  static const PfRowState states[] = { PF_ROW_KNOWN, PF_ROW_INTENT, PF_ROW_SET_ASIDE,
                                       PF_ROW_FAILED };

  f->settings.remove = PF_REMOVE_AFTER_DELIVERY;
  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    {
      PfRow *row = row_new ("x", 0, 10, states[i], "");

      row->time = 1;
      g_assert_false (pf_plan_removal_due (&f->settings, row, NOW));
      pf_row_free (row);
    }
  g_assert_false (pf_plan_removal_due (&f->settings, NULL, NOW));
  plan (f);
}

static void
test_renumbered_uidvalidity (Fixture *f, gconstpointer unused)
{
  PfRow *claimed, *twin;

  f->listing->uidvalidity = 7;
  g_ptr_array_add (f->rows, row_new ("1", 6, 10, PF_ROW_DELIVERED, "same"));
  g_ptr_array_add (f->rows, row_new ("2", 6, 10, PF_ROW_DELIVERED, "same"));
  list (f, "1", 10);
  list (f, "2", 10);
  list (f, "3", 10);
  plan (f);
  g_assert_cmpint (item (f, 1)->action, ==, PF_PLAN_VERIFY);
  g_assert_cmpint (item (f, 3)->action, ==, PF_PLAN_VERIFY);
  /* Real identical copies survive: two rows stand for two messages, the third is new. */
  claimed = pf_ledger_claim (f->ledger, "", "same");
  twin = pf_ledger_claim (f->ledger, "", "same");
  g_assert_nonnull (claimed);
  g_assert_nonnull (twin);
  g_assert_true (claimed != twin);
  g_assert_null (pf_ledger_claim (f->ledger, "", "same"));
  g_assert_null (pf_ledger_claim (f->ledger, "", "other"));
}

/* Mutant: pf_ledger_reserve() that only looks: two copies under way get one delivery id, and one of
 * them is lost. */
static void
test_copies_under_way_have_names_of_their_own (Fixture *f, gconstpointer unused)
{
  g_ptr_array_add (f->rows, row_new ("#d", 0, 10, PF_ROW_DELIVERED, "d"));
  f->ledger = pf_ledger_new (f->rows);
  g_assert_false (pf_ledger_reserve (f->ledger, "", 0, "#d", 0));
  g_assert_true (pf_ledger_reserve (f->ledger, "", 0, "#d", 1));
  g_assert_false (pf_ledger_reserve (f->ledger, "", 0, "#d", 1));
  g_assert_true (pf_ledger_reserve (f->ledger, "", 0, "#d", 2));
}

/* Mutant: without pf_ledger_rename_folder() in run.c all mail comes again when Protocol=
 * changes. */
static void
test_another_protocol (Fixture *f, gconstpointer unused)
{
  PfRow *row = row_new ("uidl", 0, 10, PF_ROW_DELIVERED, "same");

  f->listing->uidvalidity = 7;
  g_free (f->listing->folder);
  f->listing->folder = g_strdup ("INBOX");
  g_ptr_array_add (f->rows, row);
  list (f, "1", 10);
  f->ledger = pf_ledger_new (f->rows);
  pf_ledger_rename_folder (f->ledger, "", "INBOX");
  g_assert_null (pf_ledger_find (f->ledger, "", 0, "uidl", 0));
  g_assert_true (pf_ledger_find (f->ledger, "INBOX", 0, "uidl", 0) == row);
  f->items = pf_plan_make (f->ledger, f->listing, &f->input);
  g_assert_cmpint (item (f, 1)->action, ==, PF_PLAN_VERIFY);
  g_assert_true (pf_ledger_claim (f->ledger, "INBOX", "same") == row);
}

static void
test_renumbered_uidls (Fixture *f, gconstpointer unused)
{
  for (guint i = 0; i < 4; i++)
    {
      g_autofree char *uid = g_strdup_printf ("old%u", i);
      g_autofree char *digest = g_strdup_printf ("d%u", i);

      g_ptr_array_add (f->rows, row_new (uid, 0, 10, PF_ROW_DELIVERED, digest));
    }
  list (f, "old0", 10);
  list (f, "new1", 10);
  plan (f);
  g_assert_cmpint (item (f, 1)->action, ==, PF_PLAN_KNOWN);
  g_assert_cmpint (item (f, 2)->action, ==, PF_PLAN_VERIFY);
}

static void
test_a_few_vanished_is_no_renumbering (Fixture *f, gconstpointer unused)
{
  g_ptr_array_add (f->rows, row_new ("a", 0, 10, PF_ROW_DELIVERED, "d1"));
  g_ptr_array_add (f->rows, row_new ("b", 0, 10, PF_ROW_DELIVERED, "d2"));
  g_ptr_array_add (f->rows, row_new ("c", 0, 10, PF_ROW_GONE, "d3"));
  list (f, "a", 10);
  list (f, "d", 10);
  plan (f);
  g_assert_cmpint (item (f, 2)->action, ==, PF_PLAN_FETCH);
}

static void
test_initial_new (Fixture *f, gconstpointer unused)
{
  f->settings.initial = PF_INITIAL_NEW;
  f->input.first = TRUE;
  list (f, "a", 10);
  plan (f);
  g_assert_cmpint (item (f, 1)->action, ==, PF_PLAN_RECORD);
}

static void
test_initial_new_without_uidl (Fixture *f, gconstpointer unused)
{
  f->settings.initial = PF_INITIAL_NEW;
  f->input.first = TRUE;
  f->listing->has_uids = FALSE;
  list (f, "", 10);
  plan (f);
  g_assert_cmpint (item (f, 1)->action, ==, PF_PLAN_LEARN);
}

static void
test_without_uidl_all_is_verified (Fixture *f, gconstpointer unused)
{
  f->listing->has_uids = FALSE;
  g_ptr_array_add (f->rows, row_new ("#d1", 0, 10, PF_ROW_DELIVERED, "d1"));
  list (f, "", 10);
  list (f, "", 20);
  plan (f);
  g_assert_cmpint (item (f, 1)->action, ==, PF_PLAN_VERIFY);
  g_assert_cmpint (item (f, 2)->action, ==, PF_PLAN_VERIFY);
}

static void
test_large_stuck_and_later (Fixture *f, gconstpointer unused)
{
  PfRow *stuck = row_new ("stuck", 0, 10, PF_ROW_SET_ASIDE, "");

  stuck->time = NOW - G_TIME_SPAN_HOUR;
  g_ptr_array_add (f->rows, stuck);
  f->input.limit = 1;
  list (f, "large", 1001);
  list (f, "stuck", 10);
  list (f, "first", 10);
  list (f, "second", 10);
  plan (f);
  g_assert_cmpint (item (f, 1)->action, ==, PF_PLAN_LARGE);
  g_assert_cmpint (item (f, 2)->action, ==, PF_PLAN_STUCK);
  g_assert_cmpint (item (f, 3)->action, ==, PF_PLAN_FETCH);
  g_assert_cmpint (item (f, 4)->action, ==, PF_PLAN_LATER);
}

static void
test_a_person_frees_what_was_set_aside (Fixture *f, gconstpointer unused)
{
  PfRow *stuck = row_new ("stuck", 0, 10, PF_ROW_SET_ASIDE, "");

  stuck->time = NOW - G_TIME_SPAN_HOUR;
  g_ptr_array_add (f->rows, stuck);
  f->input.by_person = TRUE;
  list (f, "stuck", 10);
  plan (f);
  g_assert_cmpint (item (f, 1)->action, ==, PF_PLAN_FETCH);
}

static void
test_what_failed_comes_last (Fixture *f, gconstpointer unused)
{
  PfRow *failed = row_new ("bad", 0, 10, PF_ROW_FAILED, "");

  failed->failures = 2;
  g_ptr_array_add (f->rows, failed);
  list (f, "bad", 10);
  list (f, "good", 10);
  plan (f);
  g_assert_cmpstr (((PfPlanItem *) f->items->pdata[0])->listed->uid, ==, "good");
  g_assert_cmpstr (((PfPlanItem *) f->items->pdata[1])->listed->uid, ==, "bad");
}

/* Mutant: let name_is_shared() say no: what another client leaves of two is taken for the delivered
 * one and removed. */
static void
test_same_uidl_twice (Fixture *f, gconstpointer unused)
{
  g_ptr_array_add (f->rows, row_new ("twin", 0, 10, PF_ROW_DELIVERED, "d1"));
  list (f, "twin", 10);
  list (f, "twin", 10);
  plan (f);
  g_assert_cmpint (item (f, 1)->action, ==, PF_PLAN_VERIFY);
  g_assert_cmpint (item (f, 2)->action, ==, PF_PLAN_VERIFY);
}

static void
test_one_of_two_with_one_uidl_is_left (Fixture *f, gconstpointer unused)
{
  PfRow *second = row_new ("twin", 0, 10, PF_ROW_FAILED, "");

  f->settings.remove = PF_REMOVE_AFTER_DELIVERY;
  second->occurrence = 1;
  g_ptr_array_add (f->rows, row_new ("twin", 0, 10, PF_ROW_DELIVERED, "d1"));
  g_ptr_array_add (f->rows, second);
  list (f, "twin", 10);
  plan (f);
  g_assert_cmpint (item (f, 1)->action, ==, PF_PLAN_VERIFY);
  g_assert_false (item (f, 1)->remove);
}

/* Mutant: take PF_ROW_GONE for the same message in name_is_doubtful(): a new one under an old name
 * is removed unread. */
static void
test_a_name_that_was_removed_comes_again (Fixture *f, gconstpointer unused)
{
  f->settings.remove = PF_REMOVE_AFTER_DELIVERY;
  g_ptr_array_add (f->rows, row_new ("1", 0, 10, PF_ROW_GONE, "d1"));
  list (f, "1", 10);
  plan (f);
  g_assert_cmpint (item (f, 1)->action, ==, PF_PLAN_VERIFY);
  g_assert_false (item (f, 1)->remove);
}

/* Mutant: without is_recorded_one() mail that lay there before the account is fetched and removed
 * once its header grew. */
static void
test_what_was_there_before_may_grow (Fixture *f, gconstpointer unused)
{
  f->settings.remove = PF_REMOVE_AFTER_DELIVERY;
  g_ptr_array_add (f->rows, row_new ("long-enough", 0, 100, PF_ROW_KNOWN, ""));
  g_ptr_array_add (f->rows, row_new ("1", 0, 100, PF_ROW_KNOWN, ""));
  list (f, "long-enough", 155);
  list (f, "1", 155);
  plan (f);
  g_assert_cmpint (item (f, 1)->action, ==, PF_PLAN_RECORD);
  g_assert_cmpint (item (f, 2)->action, ==, PF_PLAN_VERIFY);
}

static void
test_renumbered_what_was_there_before_may_grow (Fixture *f, gconstpointer unused)
{
  PfRow *row = row_new ("1", 6, 100, PF_ROW_KNOWN, "");

  row->time = 5 * G_USEC_PER_SEC;
  g_ptr_array_add (f->rows, row);
  f->listing->uidvalidity = 7;
  list (f, "1", 155);
  ((PfListed *) f->listing->messages->pdata[0])->date = 5;
  list (f, "2", 155);
  ((PfListed *) f->listing->messages->pdata[1])->date = 6;
  plan (f);
  g_assert_cmpint (item (f, 1)->action, ==, PF_PLAN_RECORD);
  g_assert_cmpint (item (f, 2)->action, ==, PF_PLAN_VERIFY);
}

static void
test_a_mark_of_ours_is_taken_back (Fixture *f, gconstpointer unused)
{
  PfRow *row = row_new ("a", 0, 10, PF_ROW_DELIVERED, "d1");

  row->marked = TRUE;
  g_ptr_array_add (f->rows, row);
  list (f, "a", 10);
  ((PfListed *) f->listing->messages->pdata[0])->deleted = TRUE;
  plan (f);
  g_assert_true (item (f, 1)->take_back);
  g_assert_false (item (f, 1)->remove);
}

#define ADD(name, function) g_test_add (name, Fixture, NULL, setup, function, teardown)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/plan/new-and-known", test_new_and_known);
  ADD ("/plan/other-size", test_other_size_under_a_known_name_is_verified_not_removed);
  ADD ("/plan/removal-by-policy", test_removal_by_policy);
  ADD ("/plan/may-not-remove", test_nothing_is_removed_where_nothing_may_be);
  ADD ("/plan/always-verified", test_what_is_always_verified_starves_nothing);
  ADD ("/plan/never-removes-undelivered", test_never_removes_what_it_did_not_deliver);
  ADD ("/plan/renumbered-uidvalidity", test_renumbered_uidvalidity);
  ADD ("/plan/copies-under-way", test_copies_under_way_have_names_of_their_own);
  ADD ("/plan/another-protocol", test_another_protocol);
  ADD ("/plan/renumbered-uidls", test_renumbered_uidls);
  ADD ("/plan/few-vanished", test_a_few_vanished_is_no_renumbering);
  ADD ("/plan/initial-new", test_initial_new);
  ADD ("/plan/initial-new-without-uidl", test_initial_new_without_uidl);
  ADD ("/plan/without-uidl", test_without_uidl_all_is_verified);
  ADD ("/plan/large-stuck-later", test_large_stuck_and_later);
  ADD ("/plan/person-frees", test_a_person_frees_what_was_set_aside);
  ADD ("/plan/failed-last", test_what_failed_comes_last);
  ADD ("/plan/same-uidl-twice", test_same_uidl_twice);
  ADD ("/plan/one-of-two-with-one-uidl-is-left", test_one_of_two_with_one_uidl_is_left);
  ADD ("/plan/a-name-that-was-removed-comes-again", test_a_name_that_was_removed_comes_again);
  ADD ("/plan/what-was-there-before-may-grow", test_what_was_there_before_may_grow);
  ADD ("/plan/renumbered-what-was-there-before-may-grow",
       test_renumbered_what_was_there_before_may_grow);
  ADD ("/plan/take-back", test_a_mark_of_ours_is_taken_back);
  return g_test_run ();
}
