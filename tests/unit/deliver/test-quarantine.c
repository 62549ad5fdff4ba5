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
                                  .score = 1.5 };
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
  g_test_add ("/quarantine/bad-id", Fixture, NULL, set_up, test_bad_id, tear_down);
  g_test_add ("/quarantine/no-folder", Fixture, NULL, set_up, test_no_folder, tear_down);
  return g_test_run ();
}
