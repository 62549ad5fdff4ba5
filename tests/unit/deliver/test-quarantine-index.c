/* What is held back, in memory: against a plain list, by chance; and the folder that it is read
 * from. */
#include "deliver/quarantine-folder.h"
#include "deliver/quarantine-index.h"

#include <glib/gstdio.h>
#include <string.h>

static PfQuarantineItem *
make_item (guint id, const char *recipient, gint64 time)
{
  PfQuarantineItem item = { .recipient = (char *) recipient,
                            .account = (char *) "a@example.org",
                            .verdict = (char *) "spam",
                            .time = time };
  g_autofree char *name = g_strdup_printf ("%032x", id);

  item.id = name;
  return pf_quarantine_item_copy (&item);
}

static void
assert_sorted (PfQuarantineIndex *index)
{
  GPtrArray *list = pf_quarantine_index_list (index);

  for (guint i = 1; i < list->len; i++)
    {
      const PfQuarantineItem *a = list->pdata[i - 1], *b = list->pdata[i];

      g_assert_true (a->time > b->time || (a->time == b->time && strcmp (a->id, b->id) < 0));
    }
}

/* Fails when place_of() is off by one, or count() is forgotten. */
static void
test_by_chance (void)
{
  static const char *const users[] = { "alice", "bob", "carol" };
  PfQuarantineIndex *index = pf_quarantine_index_new ();
  int owner[64];

  memset (owner, -1, sizeof owner);
  for (guint i = 0; i < 20000; i++)
    {
      guint id = (guint) g_test_rand_int_range (0, G_N_ELEMENTS (owner));
      g_autofree char *name = g_strdup_printf ("%032x", id);

      if (g_test_rand_bit ())
        {
          owner[id] = g_test_rand_int_range (0, G_N_ELEMENTS (users));
          pf_quarantine_index_put (index,
                                   make_item (id, users[owner[id]], g_test_rand_int_range (1, 5)));
        }
      else
        {
          g_assert_cmpint (pf_quarantine_index_remove (index, name), ==, owner[id] >= 0);
          owner[id] = -1;
        }
      g_assert_true ((pf_quarantine_index_lookup (index, name) != NULL) == (owner[id] >= 0));
    }
  assert_sorted (index);
  for (guint user = 0; user < G_N_ELEMENTS (users); user++)
    {
      guint wanted = 0;

      for (guint i = 0; i < G_N_ELEMENTS (owner); i++)
        wanted += owner[i] == (int) user;
      g_assert_cmpuint (pf_quarantine_index_count (index, users[user]), ==, wanted);
    }
  pf_quarantine_index_free (index);
}

static void
test_merge (void)
{
  PfQuarantineIndex *index = pf_quarantine_index_new ();
  g_autoptr (GPtrArray) items =
      g_ptr_array_new_with_free_func ((GDestroyNotify) pf_quarantine_item_free);

  pf_quarantine_index_put (index, make_item (5, "alice", 50));
  for (guint i = 0; i < 1000; i++)
    g_ptr_array_add (items, make_item (i, "bob", (gint64) (i * 7919 % 1000) + 1));
  pf_quarantine_index_merge (index, items);
  assert_sorted (index);
  g_assert_cmpuint (pf_quarantine_index_count (index, NULL), ==, 1000);
  /* What was there stays. */
  g_assert_cmpuint (pf_quarantine_index_count (index, "alice"), ==, 1);
  g_assert_cmpuint (pf_quarantine_index_recipients (index)->len, ==, 2);
  pf_quarantine_index_free (index);
}

static void
test_pages (void)
{
  PfQuarantineIndex *index = pf_quarantine_index_new ();
  const PfQuarantineFilter filter = { .recipient = "bob", .since = 10, .before = 20 };
  g_autoptr (GPtrArray) page = NULL, behind = NULL;
  guint total;

  for (guint i = 1; i <= 100; i++)
    pf_quarantine_index_put (index, make_item (i, i % 2 == 0 ? "bob" : "alice", i));
  page = pf_quarantine_index_query (index, &filter, 1, 2, &total);
  g_assert_cmpuint (total, ==, 5);
  g_assert_cmpuint (page->len, ==, 2);
  g_assert_cmpint (((PfQuarantineItem *) page->pdata[0])->time, ==, 16);
  g_assert_cmpint (((PfQuarantineItem *) page->pdata[1])->time, ==, 14);
  behind = pf_quarantine_index_query (index, &filter, 5, 2, &total);
  g_assert_cmpuint (behind->len, ==, 0);
  g_assert_cmpuint (total, ==, 5);
  pf_quarantine_index_free (index);
}

/* --- The folder ------------------------------------------------------------------------------- */

static void
put_file (const char *folder, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static gboolean
has_file (const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

#define A "0000000000000000000000000000000a"
#define B "0000000000000000000000000000000b"
#define C "0000000000000000000000000000000c"
#define META(id) "[Message]\nId=" id "\nAccount=a@x\nRecipient=alice\nVerdict=spam\nTime=5\n"

/* Fails when pf_quarantine_folder_tidy() takes a message without meta whatever its age, or leaves a
 * meta without message. */
static void
test_folder (void)
{
  g_autofree char *folder = g_dir_make_tmp ("pf-quarantine-XXXXXX", NULL);
  g_autoptr (PfQuarantineScan) scan = NULL, again = NULL;
  g_autoptr (GError) error = NULL;
  const char *const ids[] = { A, NULL };
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  put_file (folder, A ".eml", "x");
  put_file (folder, A ".meta", META (A));
  put_file (folder, B ".meta", META (B));
  put_file (folder, C ".eml", "x");
  put_file (folder, C ".eml.new", "x");
  put_file (folder, "README", "x");
  put_file (folder, "0000000000000000000000000000000A.eml", "x");
  scan = pf_quarantine_folder_scan (folder, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (scan->items->len, ==, 1);
  g_assert_cmpuint (g_hash_table_size (scan->present), ==, 1);
  g_assert_cmpuint (g_hash_table_size (scan->damaged), ==, 0);
  again = pf_quarantine_folder_scan (folder, scan->present, &error);
  g_assert_cmpuint (again->items->len, ==, 0);

  pf_quarantine_folder_tidy (folder, now - 100);
  g_assert_true (has_file (folder, A ".eml") && has_file (folder, A ".meta"));
  g_assert_false (has_file (folder, B ".meta"));
  g_assert_true (has_file (folder, C ".eml") && has_file (folder, C ".eml.new"));
  pf_quarantine_folder_tidy (folder, now + 100);
  g_assert_true (has_file (folder, A ".eml") && has_file (folder, "README"));
  g_assert_false (has_file (folder, C ".eml") || has_file (folder, C ".eml.new"));

  g_assert_true (pf_quarantine_folder_remove (folder, ids, &error));
  g_assert_false (has_file (folder, A ".eml") || has_file (folder, A ".meta"));
  g_assert_true (pf_quarantine_folder_remove (folder, ids, &error)); /* the same again is success */
  g_assert_cmpint (pf_quarantine_folder_open (folder, A, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/quarantine-index/by-chance", test_by_chance);
  g_test_add_func ("/quarantine-index/merge", test_merge);
  g_test_add_func ("/quarantine-index/pages", test_pages);
  g_test_add_func ("/quarantine-index/folder", test_folder);
  return g_test_run ();
}
