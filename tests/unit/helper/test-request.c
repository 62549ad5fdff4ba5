/* The packets that reach the privileged process: whatever is not exactly a request is none. */
#include "helper/request.h"

#include <string.h>

#define ID "0123456789abcdef0123456789abcdef"

static void
fill (PfRequestRecord *record, PfRequestOperation operation)
{
  g_assert_true (pf_request_record_fill (record, operation, ID, "alice",
                                         operation == PF_REQUEST_DELIVER ? "Junk" : ""));
  if (operation == PF_REQUEST_DELIVER)
    record->length = 100;
}

/* Nothing is left of what was there: only @text is wrong. */
static void
put (char *field, gsize size, const char *text)
{
  memset (field, 0, size);
  memcpy (field, text, strlen (text));
}

static const char *
parse (const PfRequestRecord *records, gsize n, gsize n_fds)
{
  gsize found = 0;
  const char *why = pf_request_parse ((const guint8 *) records, n * sizeof *records, n_fds, &found);

  if (why == NULL)
    g_assert_cmpuint (found, ==, n);
  return why;
}

static void
test_good (void)
{
  PfRequestRecord records[PF_LIMIT_HELPER_BATCH];

  for (gsize i = 0; i < G_N_ELEMENTS (records); i++)
    fill (&records[i], i % 2 == 0 ? PF_REQUEST_DELIVER : PF_REQUEST_PROBE);
  records[0].flags = PF_REQUEST_IN_DOUBT | PF_REQUEST_SEEN;
  records[0].date = -1;
  g_assert_null (parse (records, G_N_ELEMENTS (records), G_N_ELEMENTS (records) / 2));
  g_assert_null (parse (records, 1, 1));
}

/* Each row breaks one octet or number of a good record. Fails when the check that it names is taken
 * out of check_record(). */
static void
test_broken (void)
{
  PfRequestRecord record;

#define BROKEN(CHANGE)                                                                             \
  fill (&record, PF_REQUEST_DELIVER);                                                              \
  CHANGE;                                                                                          \
  g_assert_nonnull (parse (&record, 1, 1))
  BROKEN (record.version = 2);
  BROKEN (record.reserved = 1);
  BROKEN (record.operation = 0);
  BROKEN (record.operation = 3);
  BROKEN (record.flags = 4);
  BROKEN (record.length = G_MAXUINT64);
  BROKEN (record.id[0] = 'A');
  BROKEN (record.id[31] = 'g');
  BROKEN (record.id[5] = '\0');
  BROKEN (record.id[5] = '/');
  BROKEN (record.user[0] = '\0');
  BROKEN (record.user[2] = '/');
  BROKEN (record.user[2] = '\n');
  BROKEN (record.user[2] = (char) 0xff);
  BROKEN (record.user[100] = 'x');
  BROKEN (memset (record.user, 'a', sizeof record.user));
  BROKEN (put (record.user, sizeof record.user, "-x"));
  BROKEN (put (record.user, sizeof record.user, ".."));
  BROKEN (put (record.user, sizeof record.user, "a:b"));
  BROKEN (put (record.folder, sizeof record.folder, ".."));
  BROKEN (put (record.folder, sizeof record.folder, "a/../b"));
  BROKEN (put (record.folder, sizeof record.folder, "a/.hidden"));
  BROKEN (put (record.folder, sizeof record.folder, "/a"));
  BROKEN (put (record.folder, sizeof record.folder, "a/"));
  BROKEN (put (record.folder, sizeof record.folder, "a//b"));
  BROKEN (put (record.folder, sizeof record.folder, "~a"));
  BROKEN (put (record.folder, sizeof record.folder, "a\tb"));
  BROKEN (put (record.folder, sizeof record.folder,
               "a\xc2\x85"
               "b"));
  BROKEN (put (record.folder, sizeof record.folder,
               "a\xc0\xaf"
               "b"));
  BROKEN (record.folder[PF_REQUEST_FOLDER_SIZE - 1] = 'x');
  BROKEN (memset (record.folder, 'a', sizeof record.folder));
#undef BROKEN
}

static void
test_broken_probe (void)
{
  PfRequestRecord record;

#define BROKEN(CHANGE)                                                                             \
  fill (&record, PF_REQUEST_PROBE);                                                                \
  CHANGE;                                                                                          \
  g_assert_nonnull (parse (&record, 1, 0))
  BROKEN (record.flags = PF_REQUEST_SEEN);
  BROKEN (record.length = 1);
  BROKEN (record.date = 1);
  BROKEN (put (record.folder, sizeof record.folder, "Junk"));
#undef BROKEN
}

static void
test_numbers (void)
{
  g_autofree PfRequestRecord *records = g_new (PfRequestRecord, PF_LIMIT_HELPER_BATCH + 1);
  gsize n;

  for (gsize i = 0; i <= PF_LIMIT_HELPER_BATCH; i++)
    fill (&records[i], PF_REQUEST_DELIVER);
  g_assert_nonnull (parse (records, 0, 0));
  g_assert_nonnull (parse (records, PF_LIMIT_HELPER_BATCH + 1, PF_LIMIT_HELPER_BATCH + 1));
  g_assert_nonnull (parse (records, 2, 1));
  g_assert_nonnull (parse (records, 2, 3));
  g_assert_nonnull (pf_request_parse ((guint8 *) records, sizeof *records - 1, 1, &n));
  g_assert_nonnull (pf_request_parse ((guint8 *) records, sizeof *records + 1, 1, &n));
}

/* Random octets and random changes: never a crash (run under the sanitizers), and what passes holds
 * only good fields. */
static void
test_random (void)
{
  PfRequestRecord records[3];

  for (guint round = 0; round < 200000; round++)
    {
      gsize n = 1 + round % 3, found;

      for (gsize i = 0; i < n; i++)
        fill (&records[i], PF_REQUEST_DELIVER);
      for (guint i = 0; i < 1 + round % 4; i++)
        ((guint8 *) records)[g_random_int_range (0, (int) (n * sizeof *records))] =
            (guint8) g_random_int ();
      if (pf_request_parse ((guint8 *) records, n * sizeof *records, n, &found) != NULL)
        continue;
      for (gsize i = 0; i < n; i++)
        {
          g_assert_true (pf_request_id_is_valid (records[i].id));
          g_assert_true (pf_request_user_is_valid (records[i].user));
          g_assert_true (pf_request_folder_is_valid (records[i].folder));
        }
    }
}

static void
test_fill_refuses (void)
{
  PfRequestRecord record;
  g_autofree char *lengthy = g_strnfill (PF_REQUEST_USER_SIZE, 'a');

  g_assert_false (pf_request_record_fill (&record, PF_REQUEST_DELIVER, ID, lengthy, ""));
  g_assert_false (pf_request_record_fill (&record, PF_REQUEST_DELIVER, ID, "a/b", ""));
  g_assert_false (pf_request_record_fill (&record, PF_REQUEST_DELIVER, ID, "alice", "a.b"));
  g_assert_false (pf_request_record_fill (&record, PF_REQUEST_DELIVER, "short", "alice", ""));
}

static void
test_answers (void)
{
  g_assert_cmpuint (pf_request_count_answers (0), ==, 0);
  g_assert_cmpuint (pf_request_count_answers (sizeof (PfRequestAnswer) - 1), ==, 0);
  g_assert_cmpuint (pf_request_count_answers (2 * sizeof (PfRequestAnswer)), ==, 2);
  g_assert_cmpuint (pf_request_count_answers (PF_REQUEST_ANSWERS_SIZE), ==, PF_LIMIT_HELPER_BATCH);
  g_assert_cmpuint (pf_request_count_answers (PF_REQUEST_ANSWERS_SIZE + sizeof (PfRequestAnswer)),
                    ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/request/good", test_good);
  g_test_add_func ("/request/broken", test_broken);
  g_test_add_func ("/request/broken-probe", test_broken_probe);
  g_test_add_func ("/request/numbers", test_numbers);
  g_test_add_func ("/request/random", test_random);
  g_test_add_func ("/request/fill-refuses", test_fill_refuses);
  g_test_add_func ("/request/answers", test_answers);
  return g_test_run ();
}
