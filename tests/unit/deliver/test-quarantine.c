/* Mail held back: on the disk before anybody says so. */
#include "base/problem.h"
#include "deliver/quarantine.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#define ID "0123456789abcdef0123456789abcdef"

typedef struct
{
  char *directory, *message, *meta;
  PfBody *body;
  GAsyncResult *result;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->directory = g_dir_make_tmp ("pf-quarantine-XXXXXX", NULL);
  self->message = g_build_filename (self->directory, ID ".eml", NULL);
  self->meta = g_build_filename (self->directory, ID ".meta", NULL);
  self->body = pf_body_new (self->directory);
  pf_body_write (self->body, (const guint8 *) "A: b\r\n\r\nno line end", 19, NULL);
  pf_body_end (self->body, NULL);
  pf_body_finish (self->body, "X: y\n\n", 6, NULL);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_chmod (self->directory, 0700);
  g_remove (self->message);
  g_remove (self->meta);
  g_assert_cmpint (g_rmdir (self->directory), ==, 0); /* nothing else was left there */
  g_free (self->directory);
  g_free (self->message);
  g_free (self->meta);
  pf_body_unref (self->body);
}

static void
on_stored (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ((Fixture *) user_data)->result = g_object_ref (result);
}

static gboolean
store (Fixture *self, const char *id, const char *subject, GError **error)
{
  const PfQuarantineItem item = { .id = (char *) id,
                                  .account = (char *) "a@example.com",
                                  .recipient = (char *) "alice",
                                  .sender = (char *) "",
                                  .subject = (char *) subject,
                                  .verdict = (char *) "refused",
                                  .reason = (char *) "line one\nline two",
                                  .uid = (char *) "7",
                                  .time = 123,
                                  .size = 19,
                                  .score = 1.5,
                                  .symbols = (char *[]){ (char *) "A(1.0)", (char *) "B;C", NULL },
                                  .folder = (char *) "Lists/a",
                                  .message_id = (char *) "<m@example.com>",
                                  .unscanned = TRUE };
  gboolean ok;

  self->result = NULL;
  pf_quarantine_store_async (self->directory, self->body, &item, on_stored, self);
  while (self->result == NULL)
    g_main_context_iteration (NULL, TRUE);
  ok = pf_quarantine_store_finish (self->result, error);
  g_object_unref (self->result);
  return ok;
}

static void
test_store (Fixture *self, gconstpointer data)
{
  g_autofree char *text = NULL, *subject = NULL, *reason = NULL;
  g_autoptr (GKeyFile) meta = g_key_file_new ();
  struct stat status;

  g_assert_true (store (self, ID,
                        "Gr\xc3\xbc\xc3\x9f"
                        "e \xff",
                        NULL));
  g_assert_true (store (self, ID,
                        "Gr\xc3\xbc\xc3\x9f"
                        "e \xff",
                        NULL)); /* the same again is success */
  g_assert_true (g_file_get_contents (self->message, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "X: y\n\nno line end");
  g_assert_true (g_key_file_load_from_file (meta, self->meta, 0, NULL));
  subject = g_key_file_get_string (meta, "Message", "Subject", NULL);
  reason = g_key_file_get_string (meta, "Message", "Reason", NULL);
  g_assert_true (g_str_has_prefix (subject, "Gr\xc3\xbc\xc3\x9f"
                                            "e "));
  g_assert_cmpstr (reason, ==, "line one\nline two");
  g_assert_cmpint (g_key_file_get_int64 (meta, "Message", "Time", NULL), ==, 123);
  g_assert_cmpfloat (g_key_file_get_double (meta, "Message", "Score", NULL), ==, 1.5);
  g_assert_cmpint (stat (self->message, &status), ==, 0);
  g_assert_cmpuint (status.st_mode & 07777, ==, 0600);
  g_assert_cmpint (stat (self->meta, &status), ==, 0);
  g_assert_cmpuint (status.st_mode & 07777, ==, 0600);
}

/* What is written is what is read. */
static void
test_read (Fixture *self, gconstpointer data)
{
  g_autofree char *text = NULL;
  g_autoptr (PfQuarantineItem) item = NULL;
  g_autoptr (GError) error = NULL;
  gsize length;

  g_assert_true (store (self, ID, "a\\b; c", NULL));
  g_assert_true (g_file_get_contents (self->meta, &text, &length, NULL));
  item = pf_quarantine_item_from_text (ID, text, length, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (item->subject, ==, "a\\b; c");
  g_assert_cmpstr (item->account, ==, "a@example.com");
  g_assert_cmpstr (item->recipient, ==, "alice");
  g_assert_cmpstr (item->reason, ==, "line one\nline two");
  g_assert_cmpstr (item->folder, ==, "Lists/a");
  g_assert_cmpstr (item->message_id, ==, "<m@example.com>");
  g_assert_cmpstr (item->symbols[0], ==, "A(1.0)");
  g_assert_cmpstr (item->symbols[1], ==, "B;C");
  g_assert_null (item->symbols[2]);
  g_assert_true (item->unscanned);
  g_assert_false (item->seen);
  g_assert_cmpint (item->time, ==, 123);
  g_assert_cmpuint (item->size, ==, 19);
  g_assert_cmpint (item->release, ==, PF_RELEASE_NONE);
}

#define META(more) "[Message]\nId=" ID "\nAccount=a@x\nRecipient=alice\nVerdict=spam\n" more

/* Of files that a hand or a broken disk made. */
static void
test_damaged (void)
{
  static const struct
  {
    const char *text;
    const char *word; /* of the error; NULL where it is good */
  } rows[] = {
    { META ("Time=5\n"), NULL },
    { META ("Time=5\nRelease=intent\nSize=7\nUnknown=x\n"), NULL },
    { "", "Id" },
    { "nonsense", "key-value" },
    { "[Message]\nId=" ID "\n", "Account" },
    { META (""), "Time" },
    { META ("Time=-1\n"), "Time" },
    { META ("Time=soon\n"), "Time" },
    { META ("Time=5\nSize=big\n"), "Size" },
    { META ("Time=5\nScore=high\n"), "Score" },
    { META ("Time=5\nSeen=perhaps\n"), "Seen" },
    { META ("Time=5\nRelease=perhaps\n"), "Release" },
    { "[Message]\nId=00\nAccount=a@x\nRecipient=alice\nVerdict=spam\nTime=5\n", "Id" },
    { "[Message]\nId=" ID "\nAccount=a@x\nRecipient=\\q\nVerdict=spam\nTime=5\n", "Recipient" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      PfQuarantineItem *item =
          pf_quarantine_item_from_text (ID, rows[i].text, strlen (rows[i].text), &error);

      g_test_message ("%u: %s", i, error != NULL ? error->message : "good");
      g_assert_true ((item != NULL) == (rows[i].word == NULL));
      if (rows[i].word != NULL)
        g_assert_nonnull (strstr (error->message, rows[i].word));
      else
        pf_quarantine_item_free (item);
    }
}

/* Fails when pf_quarantine_item_is_recipients() leaves out the virus, what is unscanned, or takes
 * what it does not know. */
static void
test_whose (void)
{
  static const struct
  {
    const char *verdict;
    gboolean unscanned, own;
  } rows[] = {
    { "spam", FALSE, TRUE },      { "attachment", FALSE, TRUE }, { "sender", FALSE, TRUE },
    { "malformed", FALSE, TRUE }, { "refused", FALSE, TRUE },    { "virus", FALSE, FALSE },
    { "spam", TRUE, FALSE },      { "scanner", FALSE, FALSE },   { "Virus", FALSE, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      PfQuarantineItem item = { .verdict = (char *) rows[i].verdict,
                                .unscanned = rows[i].unscanned };

      g_assert_cmpint (pf_quarantine_item_is_recipients (&item), ==, rows[i].own);
    }
}

/* Fails when the check of the id is taken out of pf_quarantine_store_async(). */
static void
test_bad_id (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (store (self, "../../0123456789abcdef0123456789", "", &error));
  g_assert_error (error, PF_PROBLEM, PF_PROBLEM_DELIVERY_DEFERRED);
}

static void
test_no_folder (Fixture *self, gconstpointer data)
{
  g_autofree char *real = g_steal_pointer (&self->directory);
  g_autoptr (GError) error = NULL;

  self->directory = g_strdup ("/nonexistent/quarantine");
  g_assert_false (store (self, ID, "", &error));
  g_assert_error (error, PF_PROBLEM, PF_PROBLEM_DELIVERY_DEFERRED);
  g_free (self->directory);
  self->directory = g_steal_pointer (&real);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/quarantine/store", Fixture, NULL, set_up, test_store, tear_down);
  g_test_add ("/quarantine/read", Fixture, NULL, set_up, test_read, tear_down);
  g_test_add_func ("/quarantine/damaged", test_damaged);
  g_test_add_func ("/quarantine/whose", test_whose);
  g_test_add ("/quarantine/bad-id", Fixture, NULL, set_up, test_bad_id, tear_down);
  g_test_add ("/quarantine/no-folder", Fixture, NULL, set_up, test_no_folder, tear_down);
  return g_test_run ();
}
