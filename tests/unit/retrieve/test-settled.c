/* When a folder may be asked for what is new alone: tables over settled.c and plan.c. Each guard
 * that is left out loses mail or leaves it at the provider: tests/mutants takes each away. */
#include "retrieve/settled.h"

#include <string.h>

#define NOW (1000 * G_TIME_SPAN_DAY)

typedef struct
{
  PfFolderState *state;
  PfLedger *ledger;
  PfListing *listing;
  PfSettings settings;
  GPtrArray *plan;
} Fixture;

static PfRow *
row_new (guint32 uid, guint32 uidvalidity, PfRowState state)
{
  PfRow *row = g_new0 (PfRow, 1);

  row->folder = g_strdup ("INBOX");
  row->uid = g_strdup_printf ("%u", uid);
  row->uidvalidity = uidvalidity;
  row->size = 10;
  row->state = state;
  row->digest = g_strdup ("d");
  row->reason = g_strdup ("");
  row->time = NOW - G_TIME_SPAN_DAY;
  return row;
}

static PfRow *
know (Fixture *f, guint32 uid, guint32 uidvalidity, PfRowState state)
{
  PfRow *row = row_new (uid, uidvalidity, state);

  pf_ledger_add (f->ledger, row);
  return row;
}

static PfListed *
list (Fixture *f, guint32 uid)
{
  PfListed *listed = g_new0 (PfListed, 1);

  listed->number = uid;
  listed->uid = g_strdup_printf ("%u", uid);
  listed->size = 10;
  g_ptr_array_add (f->listing->messages, listed);
  return listed;
}

/* A message of the listing that the check has dealt with. */
static PfPlanItem *
done (Fixture *f, guint32 uid, PfPlanAction action, PfRow *row)
{
  PfPlanItem *item = g_new0 (PfPlanItem, 1);

  item->listed = list (f, uid);
  item->action = action;
  item->row = row;
  g_ptr_array_add (f->plan, item);
  return item;
}

static void
setup (Fixture *f, gconstpointer unused)
{
  memset (f, 0, sizeof *f);
  f->ledger = pf_ledger_new (g_ptr_array_new_with_free_func ((GDestroyNotify) pf_row_free));
  f->state = pf_folder_state_new ("INBOX");
  f->state->next_uid = 50;
  f->state->uidvalidity = 9;
  f->state->uidnext = 50;
  f->state->messages = 2;
  f->state->highestmodseq = 100;
  f->state->listed = NOW - G_TIME_SPAN_HOUR;
  g_free (f->state->wanted);
  f->state->wanted = g_strdup ("w");
  f->listing = g_new0 (PfListing, 1);
  f->listing->folder = g_strdup ("INBOX");
  f->listing->uidvalidity = 9;
  f->listing->has_uids = f->listing->complete = f->listing->may_remove = TRUE;
  f->listing->uidnext = 60;
  f->listing->highestmodseq = 200;
  f->listing->messages = g_ptr_array_new_with_free_func ((GDestroyNotify) pf_listed_free);
  f->plan = g_ptr_array_new_with_free_func (g_free);
}

static void
teardown (Fixture *f, gconstpointer unused)
{
  g_ptr_array_unref (f->plan);
  pf_listing_free (f->listing);
  pf_ledger_free (f->ledger);
  pf_folder_state_free (f->state);
}

static gboolean
holds (Fixture *f)
{
  return pf_settled_holds (f->state, f->ledger, "w", NOW);
}

static PfFolderState *
make (Fixture *f, const PfFolderState *before)
{
  return pf_settled_make (before, f->listing, f->plan, &f->settings, "w", NOW);
}

/* --- Does it hold? ---------------------------------------------------------------------------- */

static void
test_holds (Fixture *f, gconstpointer unused)
{
  know (f, 40, 9, PF_ROW_DELIVERED);
  know (f, 41, 9, PF_ROW_KNOWN);
  know (f, 42, 9, PF_ROW_GONE);
  know (f, 7, 8, PF_ROW_GONE);
  /* New ones are listed, whatever became of them. */
  know (f, 50, 9, PF_ROW_INTENT);
  know (f, 51, 9, PF_ROW_FAILED);
  g_assert_true (holds (f));
}

static void
test_never_settled (Fixture *f, gconstpointer unused)
{
  f->state->next_uid = 0;
  g_assert_false (holds (f));
}

static void
test_other_settings (Fixture *f, gconstpointer unused)
{
  g_assert_false (pf_settled_holds (f->state, f->ledger, "other", NOW));
}

static void
test_once_a_day_at_least (Fixture *f, gconstpointer unused)
{
  f->state->listed = NOW - G_TIME_SPAN_DAY;
  g_assert_false (holds (f));
  f->state->listed = NOW + 1; /* the clock was set back */
  g_assert_false (holds (f));
}

static void
test_removal_due (Fixture *f, gconstpointer unused)
{
  f->state->due = NOW + 1;
  g_assert_true (holds (f));
  f->state->due = NOW;
  g_assert_false (holds (f));
}

static void
test_something_open (Fixture *f, gconstpointer unused)
{
  static const PfRowState open[] = { PF_ROW_INTENT, PF_ROW_FAILED, PF_ROW_SET_ASIDE };
  PfRow *row = know (f, 49, 9, PF_ROW_DELIVERED);

  for (guint i = 0; i < G_N_ELEMENTS (open); i++)
    {
      row->state = open[i];
      g_assert_false (holds (f));
    }
  row->state = PF_ROW_DELIVERED;
  g_assert_true (holds (f));
  row->marked = TRUE;
  g_assert_false (holds (f));
}

/* A row without a UID of its own may be any message's. */
static void
test_something_open_without_a_name (Fixture *f, gconstpointer unused)
{
  PfRow *row = row_new (49, 9, PF_ROW_FAILED);

  g_free (row->uid);
  row->uid = g_strdup ("~17");
  pf_ledger_add (f->ledger, row);
  g_assert_false (holds (f));
}

static void
test_something_of_before_a_renumbering (Fixture *f, gconstpointer unused)
{
  know (f, 3, 8, PF_ROW_DELIVERED);
  g_assert_false (holds (f));
}

static void
test_another_folder_does_not_matter (Fixture *f, gconstpointer unused)
{
  PfRow *row = row_new (3, 8, PF_ROW_FAILED);

  g_free (row->folder);
  row->folder = g_strdup ("Lists");
  pf_ledger_add (f->ledger, row);
  g_assert_true (holds (f));
}

/* @change: (nullable): what differs, "Key", "Value" */
static PfSettings *
settings_with (const char *const change[2])
{
  g_autoptr (GPtrArray) faults =
      g_ptr_array_new_with_free_func ((GDestroyNotify) pf_settings_fault_free);
  g_autoptr (GVariant) given = NULL;
  GVariantDict values;
  PfSettings *settings;

  g_variant_dict_init (&values, NULL);
  g_variant_dict_insert (&values, "Address", "s", "c@example.net");
  g_variant_dict_insert (&values, "Server", "s", "mail.example.net");
  g_variant_dict_insert (&values, "LocalUser", "s", "alice");
  g_variant_dict_insert (&values, "Protocol", "s", "imap");
  if (change != NULL)
    g_variant_dict_insert (&values, change[0], "s", change[1]);
  given = g_variant_ref_sink (g_variant_dict_end (&values));
  settings = pf_settings_from_vardict (NULL, given, faults);
  for (guint i = 0; i < faults->len; i++)
    g_error ("%s", ((PfSettingsFault *) faults->pdata[i])->text);
  return settings;
}

/* Whatever has a say in what is fetched or removed. */
static void
test_what_is_wanted (void)
{
  static const char *const changes[][2] = {
    { "Folders", "INBOX;Lists" },      { "Initial", "new" },       { "MaxMessageSize", "1000" },
    { "Remove", "after-delivery" },    { "RemoveAfterDays", "9" }, { "Protocol", "pop3" },
    { "MaxMessagesPerCheck", "7" },    { "LocalUser", "bob" },     { "UserName", "dave" },
    { "Server", "other.example.net" }, { "KeepSeen", "false" },
  };
  g_autoptr (PfSettings) plain = settings_with (NULL), same = settings_with (NULL);
  g_autofree char *wanted = pf_settled_wanted (plain, 5000);
  g_autofree char *again = pf_settled_wanted (same, 5000);
  g_autofree char *smaller = pf_settled_wanted (plain, 4999);

  g_assert_cmpstr (wanted, ==, again);
  g_assert_cmpstr (wanted, !=, smaller);
  for (guint i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      g_autoptr (PfSettings) changed = settings_with (changes[i]);
      g_autofree char *other = pf_settled_wanted (changed, 5000);

      g_test_message ("%s", changes[i][0]);
      g_assert_cmpstr (wanted, !=, other);
    }
}

/* --- Is all settled? -------------------------------------------------------------------------- */

static void
test_all_settled (Fixture *f, gconstpointer unused)
{
  g_autoptr (PfFolderState) after = NULL;

  done (f, 40, PF_PLAN_KNOWN, know (f, 40, 9, PF_ROW_DELIVERED));
  done (f, 41, PF_PLAN_RECORD, NULL);
  done (f, 45, PF_PLAN_FETCH, know (f, 45, 9, PF_ROW_DELIVERED));
  done (f, 43, PF_PLAN_VERIFY, know (f, 43, 9, PF_ROW_KNOWN));
  after = make (f, NULL);
  g_assert_nonnull (after);
  g_assert_cmpstr (after->name, ==, "INBOX");
  g_assert_cmpuint (after->next_uid, ==, 46);
  g_assert_cmpuint (after->uidvalidity, ==, 9);
  g_assert_cmpuint (after->uidnext, ==, 60);
  g_assert_cmpuint (after->messages, ==, 4);
  g_assert_cmpuint (after->highestmodseq, ==, 200);
  g_assert_cmpint (after->listed, ==, NOW);
  g_assert_cmpint (after->due, ==, 0);
  g_assert_cmpstr (after->wanted, ==, "w");
}

static void
test_nothing_there (Fixture *f, gconstpointer unused)
{
  g_autoptr (PfFolderState) after = make (f, NULL);

  g_assert_cmpuint (after->next_uid, ==, 1);
  g_assert_cmpuint (after->messages, ==, 0);
}

/* UIDNEXT is what the server says; what was seen is what counts. */
static void
test_uidnext_is_not_believed (Fixture *f, gconstpointer unused)
{
  g_autoptr (PfFolderState) after = NULL;

  f->listing->uidnext = G_MAXUINT32;
  done (f, 40, PF_PLAN_KNOWN, know (f, 40, 9, PF_ROW_DELIVERED));
  after = make (f, NULL);
  g_assert_cmpuint (after->next_uid, ==, 41);
}

static void
assert_one_is_open (PfPlanAction action, PfRowState state, gboolean has_row)
{
  Fixture f;

  setup (&f, NULL);
  done (&f, 40, PF_PLAN_KNOWN, know (&f, 40, 9, PF_ROW_DELIVERED));
  done (&f, 41, action, has_row ? know (&f, 41, 9, state) : NULL);
  g_assert_null (make (&f, NULL));
  teardown (&f, NULL);
}

static void
test_one_is_open (void)
{
  static const PfPlanAction left[] = { PF_PLAN_LARGE, PF_PLAN_STUCK, PF_PLAN_LATER, PF_PLAN_LEARN };
  static const PfRowState open[] = { PF_ROW_INTENT, PF_ROW_FAILED, PF_ROW_SET_ASIDE };

  for (guint i = 0; i < G_N_ELEMENTS (left); i++)
    {
      assert_one_is_open (left[i], PF_ROW_DELIVERED, TRUE);
      assert_one_is_open (left[i], PF_ROW_DELIVERED, FALSE);
    }
  for (guint i = 0; i < G_N_ELEMENTS (open); i++)
    {
      assert_one_is_open (PF_PLAN_FETCH, open[i], TRUE);
      assert_one_is_open (PF_PLAN_VERIFY, open[i], TRUE);
    }
  /* It was gone when it was asked for, or so the server said. */
  assert_one_is_open (PF_PLAN_FETCH, PF_ROW_DELIVERED, FALSE);
}

static void
test_marked (Fixture *f, gconstpointer unused)
{
  PfRow *row = know (f, 40, 9, PF_ROW_DELIVERED);

  row->marked = TRUE;
  done (f, 40, PF_PLAN_KNOWN, row);
  g_assert_null (make (f, NULL));
}

static void
test_not_all_listed (Fixture *f, gconstpointer unused)
{
  f->listing->complete = FALSE;
  g_assert_null (make (f, NULL));
}

static void
test_no_identity (Fixture *f, gconstpointer unused)
{
  f->listing->uidvalidity = 0;
  g_assert_null (make (f, NULL));
}

static void
test_no_uid_after_the_last (Fixture *f, gconstpointer unused)
{
  done (f, G_MAXUINT32, PF_PLAN_KNOWN, know (f, G_MAXUINT32, 9, PF_ROW_DELIVERED));
  g_assert_null (make (f, NULL));
}

static void
test_not_removed (Fixture *f, gconstpointer unused)
{
  f->settings.remove = PF_REMOVE_AFTER_DELIVERY;
  done (f, 40, PF_PLAN_KNOWN, know (f, 40, 9, PF_ROW_DELIVERED))->remove = TRUE;
  g_assert_null (make (f, NULL));
}

static void
test_removed (Fixture *f, gconstpointer unused)
{
  g_autoptr (PfFolderState) after = NULL;

  f->settings.remove = PF_REMOVE_AFTER_DELIVERY;
  done (f, 40, PF_PLAN_KNOWN, know (f, 40, 9, PF_ROW_GONE))->remove = TRUE;
  after = make (f, NULL);
  g_assert_cmpuint (after->messages, ==, 0);
  g_assert_cmpuint (after->next_uid, ==, 41);
  g_assert_cmpint (after->due, ==, 0);
}

/* The first that is due calls for a listing. */
static void
test_to_be_removed_later (Fixture *f, gconstpointer unused)
{
  g_autoptr (PfFolderState) after = NULL;
  PfRow *late = know (f, 40, 9, PF_ROW_DELIVERED), *kept = know (f, 42, 9, PF_ROW_DELIVERED);
  PfRow *early = know (f, 41, 9, PF_ROW_DELIVERED);

  f->settings.remove = PF_REMOVE_AFTER_DAYS;
  f->settings.remove_after_days = 7;
  late->time = NOW;
  kept->keep = TRUE;
  kept->time = 1;
  done (f, 40, PF_PLAN_KNOWN, late);
  done (f, 41, PF_PLAN_KNOWN, early);
  done (f, 42, PF_PLAN_KNOWN, kept);
  after = make (f, NULL);
  g_assert_cmpint (after->due, ==, early->time + 7 * G_TIME_SPAN_DAY);
}

/* --- What is new ------------------------------------------------------------------------------ */

static void
test_new_ones (Fixture *f, gconstpointer unused)
{
  g_autoptr (PfFolderState) after = NULL;

  f->settings.remove = PF_REMOVE_AFTER_DAYS;
  f->settings.remove_after_days = 7;
  f->state->due = NOW + G_TIME_SPAN_DAY;
  f->listing->from = 50;
  f->listing->unlisted = 2;
  done (f, 55, PF_PLAN_FETCH, know (f, 55, 9, PF_ROW_DELIVERED));
  after = make (f, f->state);
  g_assert_cmpuint (after->next_uid, ==, 56);
  g_assert_cmpuint (after->messages, ==, 3);
  /* Of the old ones it is known from before. */
  g_assert_cmpint (after->listed, ==, f->state->listed);
  g_assert_cmpint (after->due, ==, f->state->due);
  g_assert_true (pf_settled_differs (f->state, after));
}

static void
test_nothing_new (Fixture *f, gconstpointer unused)
{
  g_autoptr (PfFolderState) after = NULL;

  f->listing->from = 50;
  f->listing->unlisted = 2;
  after = make (f, f->state);
  g_assert_cmpuint (after->next_uid, ==, 50);
  g_assert_cmpuint (after->messages, ==, 2);
  g_assert_false (pf_settled_differs (f->state, after));
}

/* A new copy of a message that is there already is a message, even after a renumbering. */
static void
test_unlisted_rows_are_taken (Fixture *f, gconstpointer unused)
{
  PfPlanInput input = {
    .settings = &f->settings, .max_size = 1000, .limit = G_MAXUINT, .now = NOW
  };
  g_autoptr (PfLedger) ledger = NULL;
  g_autoptr (GPtrArray) items = NULL;
  GPtrArray *rows = g_ptr_array_new_with_free_func ((GDestroyNotify) pf_row_free);

  g_ptr_array_add (rows, row_new (40, 9, PF_ROW_DELIVERED));
  g_ptr_array_add (rows, row_new (7, 8, PF_ROW_GONE));
  ledger = pf_ledger_new (rows);
  f->listing->from = 50;
  f->listing->unlisted = 1;
  list (f, 50);
  items = pf_plan_make (ledger, f->listing, &input);
  g_assert_cmpint (((PfPlanItem *) items->pdata[0])->action, ==, PF_PLAN_VERIFY);
  g_assert_true (pf_ledger_is_taken (ledger, rows->pdata[0]));
  g_assert_false (pf_ledger_is_taken (ledger, rows->pdata[1]));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name) g_test_add ("/settled/" #name, Fixture, NULL, setup, test_##name, teardown)
  ADD (holds);
  ADD (never_settled);
  ADD (other_settings);
  ADD (once_a_day_at_least);
  ADD (removal_due);
  ADD (something_open);
  ADD (something_open_without_a_name);
  ADD (something_of_before_a_renumbering);
  ADD (another_folder_does_not_matter);
  g_test_add_func ("/settled/what-is-wanted", test_what_is_wanted);
  ADD (all_settled);
  ADD (nothing_there);
  ADD (uidnext_is_not_believed);
  g_test_add_func ("/settled/one-is-open", test_one_is_open);
  ADD (marked);
  ADD (not_all_listed);
  ADD (no_identity);
  ADD (no_uid_after_the_last);
  ADD (not_removed);
  ADD (removed);
  ADD (to_be_removed_later);
  ADD (new_ones);
  ADD (nothing_new);
  ADD (unlisted_rows_are_taken);
  return g_test_run ();
}
