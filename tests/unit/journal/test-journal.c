/* The journal: what was acknowledged is there again, whoever killed whom; what failed is undone
 * alone. */
#include "journal/journal.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ACCOUNT "Anna@Example.org"

typedef struct
{
  char *folder, *path;
  PfJournal *journal;
  GMainLoop *loop;
  GAsyncResult *result;
} Fixture;

static void
open_journal (Fixture *f)
{
  g_autoptr (GError) error = NULL;

  f->journal = pf_journal_open (f->path, &error);
  g_assert_no_error (error);
}

static void
setup (Fixture *f, gconstpointer unused)
{
  f->folder = g_dir_make_tmp ("journal-XXXXXX", NULL);
  f->path = g_build_filename (f->folder, "journal.db", NULL);
  f->loop = g_main_loop_new (NULL, FALSE);
  open_journal (f);
}

static void
close_journal (Fixture *f)
{
  pf_journal_close (f->journal);
  g_clear_object (&f->journal);
}

static void
teardown (Fixture *f, gconstpointer unused)
{
  static const char *const endings[] = { "", "-wal", "-shm" };

  if (f->journal != NULL)
    close_journal (f);
  for (guint i = 0; i < G_N_ELEMENTS (endings); i++)
    {
      g_autofree char *path = g_strconcat (f->path, endings[i], NULL);

      g_unlink (path);
    }
  g_rmdir (f->folder);
  g_main_loop_unref (f->loop);
  g_free (f->folder);
  g_free (f->path);
}

static void
on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fixture *f = user_data;

  f->result = g_object_ref (result);
  g_main_loop_quit (f->loop);
}

static GAsyncResult *
wait_for_answer (Fixture *f)
{
  g_main_loop_run (f->loop);
  return g_steal_pointer (&f->result);
}

static PfRow *
row_new (const char *uid, PfRowState state)
{
  PfRow *row = g_new0 (PfRow, 1);

  row->folder = g_strdup ("INBOX");
  row->uidvalidity = 7;
  row->uid = g_strdup (uid);
  row->size = 5000000000;
  row->digest = g_strdup ("d");
  row->reason = g_strdup ("");
  row->state = state;
  row->time = 42;
  row->deliveries = g_ptr_array_new_with_free_func ((GDestroyNotify) pf_row_delivery_free);
  g_ptr_array_add (row->deliveries, pf_row_delivery_new ("alice", g_strdup ("id")));
  return row;
}

static gboolean
put (Fixture *f, GPtrArray *rows, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  pf_journal_put_async (f->journal, ACCOUNT, rows, NULL, on_answer, f);
  result = wait_for_answer (f);
  return pf_journal_put_finish (f->journal, result, error);
}

static GPtrArray *
load (Fixture *f)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GPtrArray *rows;

  pf_journal_load_async (f->journal, ACCOUNT, on_answer, f);
  result = wait_for_answer (f);
  rows = pf_journal_load_finish (f->journal, result, &error);
  g_assert_no_error (error);
  return rows;
}

static void
test_rows_come_back (Fixture *f, gconstpointer unused)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify) pf_row_free);
  g_autoptr (GPtrArray) loaded = NULL;
  PfRow *row;

  g_ptr_array_add (rows, row_new ("1", PF_ROW_INTENT));
  g_assert_true (put (f, rows, NULL));
  g_assert_cmpint (((PfRow *) rows->pdata[0])->id, >, 0);
  close_journal (f);
  open_journal (f);
  loaded = load (f);
  g_assert_cmpuint (loaded->len, ==, 1);
  row = loaded->pdata[0];
  g_assert_cmpstr (row->uid, ==, "1");
  g_assert_cmpuint (row->uidvalidity, ==, 7);
  g_assert_cmpuint (row->size, ==, 5000000000);
  g_assert_cmpint (row->state, ==, PF_ROW_INTENT);
  g_assert_cmpuint (row->deliveries->len, ==, 1);
  g_assert_cmpstr (((PfRowDelivery *) row->deliveries->pdata[0])->delivery_id, ==, "id");
}

static void
test_a_row_is_changed_by_its_name (Fixture *f, gconstpointer unused)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify) pf_row_free);
  g_autoptr (GPtrArray) loaded = NULL;

  g_ptr_array_add (rows, row_new ("1", PF_ROW_INTENT));
  g_assert_true (put (f, rows, NULL));
  g_ptr_array_add (rows, row_new ("1", PF_ROW_DELIVERED));
  g_ptr_array_remove_index (rows, 0);
  g_assert_true (put (f, rows, NULL));
  loaded = load (f);
  g_assert_cmpuint (loaded->len, ==, 1);
  g_assert_cmpint (((PfRow *) loaded->pdata[0])->state, ==, PF_ROW_DELIVERED);
}

/* Two rows cannot have one name: nothing of that put stands, the next one works. Mutant: COMMIT in
 * place of ROLLBACK in try_batch(). */
static void
test_what_fails_is_undone_alone (Fixture *f, gconstpointer unused)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify) pf_row_free);
  g_autoptr (GPtrArray) clash = g_ptr_array_new_with_free_func ((GDestroyNotify) pf_row_free);
  g_autoptr (GPtrArray) loaded = NULL;
  g_autoptr (GError) error = NULL;
  PfRow *second;

  g_ptr_array_add (rows, row_new ("1", PF_ROW_DELIVERED));
  g_ptr_array_add (rows, row_new ("2", PF_ROW_DELIVERED));
  g_assert_true (put (f, rows, NULL));
  g_ptr_array_add (clash, row_new ("3", PF_ROW_DELIVERED));
  second = pf_row_copy (rows->pdata[1]);
  g_free (second->uid);
  second->uid = g_strdup ("1");
  g_ptr_array_add (clash, second);
  g_assert_false (put (f, clash, &error));
  g_assert_nonnull (error);
  loaded = load (f);
  g_assert_cmpuint (loaded->len, ==, 2);
}

static void
test_accounts_are_apart_and_can_be_forgotten (Fixture *f, gconstpointer unused)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify) pf_row_free);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) loaded = NULL;

  g_ptr_array_add (rows, row_new ("1", PF_ROW_DELIVERED));
  g_assert_true (put (f, rows, NULL));
  pf_journal_forget_async (f->journal, "anna@example.org", on_answer, f);
  result = wait_for_answer (f);
  g_assert_true (pf_journal_forget_finish (f->journal, result, NULL));
  loaded = load (f);
  g_assert_cmpuint (loaded->len, ==, 0);
}

static void
record (Fixture *f, PfOutcome outcome, const char *account)
{
  PfEvent *event = pf_event_new (PF_EVENT_MESSAGE, account);

  event->outcome = outcome;
  event->size = 100;
  event->subject = g_strdup ("caf\xe9\n\x1b[2J");
  pf_journal_record (f->journal, event);
}

static GVariant *
query (Fixture *f, const char *const *accounts, const char *filter)
{
  g_autoptr (GAsyncResult) result = NULL;

  pf_journal_query_async (f->journal, accounts,
                          g_variant_parse (G_VARIANT_TYPE_VARDICT, filter, NULL, NULL, NULL),
                          on_answer, f);
  result = wait_for_answer (f);
  return pf_journal_query_finish (f->journal, result, NULL);
}

static void
test_events_are_filtered_and_made_readable (Fixture *f, gconstpointer unused)
{
  static const char *const bob[] = { "bob@example.org", NULL };
  g_autoptr (GVariant) all = NULL, junk = NULL, others = NULL, one = NULL, entry = NULL;
  const char *subject;

  record (f, PF_OUTCOME_DELIVERED, ACCOUNT);
  record (f, PF_OUTCOME_JUNKED, ACCOUNT);
  all = query (f, NULL, "{}");
  g_assert_cmpuint (g_variant_n_children (all), ==, 2);
  junk = query (f, NULL, "{'Outcome': <'junked'>, 'Account': <'anna@example.org'>}");
  g_assert_cmpuint (g_variant_n_children (junk), ==, 1);
  others = query (f, bob, "{}");
  g_assert_cmpuint (g_variant_n_children (others), ==, 0);
  one = query (f, NULL, "{'Limit': <uint32 1>}");
  g_assert_cmpuint (g_variant_n_children (one), ==, 1);
  entry = g_variant_get_child_value (one, 0);
  g_assert_true (g_variant_lookup (entry, "Subject", "&s", &subject));
  g_assert_cmpstr (subject, ==, "caf\\xe9\\x0a\\x1b[2J");
}

static void
test_statistics (Fixture *f, gconstpointer unused)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GVariant) rows = NULL, row = NULL;
  guint delivered = 0, junked = 0;
  guint64 octets = 0;

  record (f, PF_OUTCOME_DELIVERED, ACCOUNT);
  record (f, PF_OUTCOME_DELIVERED, ACCOUNT);
  record (f, PF_OUTCOME_JUNKED, ACCOUNT);
  record (f, PF_OUTCOME_DEFERRED, ACCOUNT);
  pf_journal_statistics_async (f->journal, NULL, g_variant_new ("a{sv}", NULL), on_answer, f);
  result = wait_for_answer (f);
  rows = pf_journal_statistics_finish (f->journal, result, NULL);
  g_assert_cmpuint (g_variant_n_children (rows), ==, 1);
  row = g_variant_get_child_value (rows, 0);
  g_assert_true (g_variant_lookup (row, "Delivered", "u", &delivered));
  g_assert_true (g_variant_lookup (row, "Junked", "u", &junked));
  g_assert_true (g_variant_lookup (row, "Octets", "t", &octets));
  g_assert_cmpuint (delivered, ==, 2);
  g_assert_cmpuint (junked, ==, 1);
  g_assert_cmpuint (octets, ==, 300);
}

/* What was acknowledged survives SIGKILL right after. */
static void
test_acknowledged_rows_survive_a_kill (void)
{
  Fixture f = { 0 };
  pid_t child;
  int status;
  g_autoptr (GPtrArray) loaded = NULL;

  f.folder = g_dir_make_tmp ("journal-XXXXXX", NULL);
  f.path = g_build_filename (f.folder, "journal.db", NULL);
  child = fork ();
  if (child == 0)
    {
      g_autoptr (GPtrArray) rows = g_ptr_array_new ();

      f.loop = g_main_loop_new (NULL, FALSE);
      open_journal (&f);
      for (guint i = 0; i < 50; i++)
        {
          g_autofree char *uid = g_strdup_printf ("%u", i);

          g_ptr_array_set_size (rows, 0);
          g_ptr_array_add (rows, row_new (uid, PF_ROW_DELIVERED));
          if (!put (&f, rows, NULL))
            _exit (1);
        }
      raise (SIGKILL);
    }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFSIGNALED (status));
  f.loop = g_main_loop_new (NULL, FALSE);
  open_journal (&f);
  loaded = load (&f);
  g_assert_cmpuint (loaded->len, ==, 50);
  teardown (&f, NULL);
}

static void
test_a_damaged_file_is_named_and_left (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *after = NULL;

  close_journal (f);
  g_assert_true (g_file_set_contents (
      f->path, "this is no database, but somebody's only copy of something", -1, NULL));
  g_assert_null (pf_journal_open (f->path, &error));
  g_assert_nonnull (strstr (error->message, f->path));
  g_assert_true (g_file_get_contents (f->path, &after, NULL, NULL));
  g_assert_true (g_str_has_prefix (after, "this is no database"));
}

#define ADD(name, function) g_test_add (name, Fixture, NULL, setup, function, teardown)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  /* First: it forks, and no thread runs yet. */
  g_test_add_func ("/journal/kill", test_acknowledged_rows_survive_a_kill);
  ADD ("/journal/rows", test_rows_come_back);
  ADD ("/journal/by-name", test_a_row_is_changed_by_its_name);
  ADD ("/journal/undone-alone", test_what_fails_is_undone_alone);
  ADD ("/journal/forgotten", test_accounts_are_apart_and_can_be_forgotten);
  ADD ("/journal/events", test_events_are_filtered_and_made_readable);
  ADD ("/journal/statistics", test_statistics);
  ADD ("/journal/damaged", test_a_damaged_file_is_named_and_left);
  return g_test_run ();
}
