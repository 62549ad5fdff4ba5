#include "base/log.h"
#include "base/problem.h"
#include "scratch.h"
#include "wait.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <libsecret/secret.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define A "a@example.org"
#define B "b@example.org"
#define KEY "0123456789abcdef0123456789abcdef"

/* Each kind of each address is one secret, however the address is written. */
static void
test_kinds (Scratch *scratch, gconstpointer unused)
{
  g_autoptr (PfSecrets) secrets = pf_secrets_new (scratch->folder, NULL);

  assert_secret (secrets, A, PF_SECRET_PASSWORD, NULL);
  g_assert_no_error (store_now (secrets, "A@Example.org", PF_SECRET_PASSWORD, "p\xc3\xa4ss word"));
  g_assert_no_error (store_now (secrets, A, PF_SECRET_REFRESH_TOKEN, "token"));
  g_assert_no_error (store_now (secrets, B, PF_SECRET_PASSWORD, "other"));
  assert_secret (secrets, A, PF_SECRET_PASSWORD, "p\xc3\xa4ss word");
  assert_secret (secrets, A, PF_SECRET_REFRESH_TOKEN, "token");
  g_assert_no_error (store_now (secrets, A, PF_SECRET_PASSWORD, "changed"));
  assert_secret (secrets, "a@EXAMPLE.org", PF_SECRET_PASSWORD, "changed");
  g_assert_no_error (clear_now (secrets, "A@example.org"));
  assert_secret (secrets, A, PF_SECRET_PASSWORD, NULL);
  assert_secret (secrets, A, PF_SECRET_REFRESH_TOKEN, NULL);
  assert_secret (secrets, B, PF_SECRET_PASSWORD, "other");
  g_assert_no_error (clear_now (secrets, A));
  g_assert_true (g_file_test (scratch->path, G_FILE_TEST_EXISTS));
}

static void
test_nicks (Scratch *scratch, gconstpointer unused)
{
  PfSecretKind kind = PF_SECRET_PASSWORD;

  g_assert_cmpstr (pf_secret_kind_nick (PF_SECRET_PASSWORD), ==, "password");
  g_assert_true (pf_secret_kind_from_nick ("refresh-token", &kind));
  g_assert_cmpint (kind, ==, PF_SECRET_REFRESH_TOKEN);
  g_assert_false (pf_secret_kind_from_nick ("Password", &kind));
}

static void
test_needed (Scratch *scratch, gconstpointer unused)
{
  const struct
  {
    const char *authentication;
    PfSecretKind kind;
  } rows[] = { { "auto", PF_SECRET_PASSWORD },
               { "SCRAM-SHA-256", PF_SECRET_PASSWORD },
               { "oauth2", PF_SECRET_REFRESH_TOKEN } };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      PfSettings settings = { .authentication = (char *) rows[i].authentication };

      g_assert_cmpint (pf_secret_kind_needed (&settings), ==, rows[i].kind);
    }
}

/* A new service finds what the old one stored. */
static void
test_restart (Scratch *scratch, gconstpointer unused)
{
  g_autoptr (PfSecrets) secrets = pf_secrets_new (scratch->folder, NULL), again = NULL;

  g_assert_no_error (store_now (secrets, A, PF_SECRET_PASSWORD, "kept"));
  again = pf_secrets_new (scratch->folder, NULL);
  assert_secret (again, A, PF_SECRET_PASSWORD, "kept");
}

static void
on_stored (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (pf_secrets_store_finish (PF_SECRETS (source), result, &error));
  g_assert_no_error (error);
  waiting_one (user_data);
}

/* Asked for at once: all are kept. (libsecret's own file backend keeps one of ten.) */
static void
test_parallel (Scratch *scratch, gconstpointer unused)
{
  g_autoptr (PfSecrets) secrets = pf_secrets_new (scratch->folder, NULL), again = NULL;
  Waiting waiting = { 0 };

  for (guint i = 0; i < 50; i++)
    {
      g_autofree char *address = g_strdup_printf ("%u@example.org", i);
      g_autoptr (PfSecret) secret = pf_secret_new (address, strlen (address));

      pf_secrets_store_async (secrets, address, PF_SECRET_PASSWORD, secret, on_stored, &waiting);
    }
  wait_for (&waiting, 50);
  again = pf_secrets_new (scratch->folder, NULL);
  for (guint i = 0; i < 50; i++)
    {
      g_autofree char *address = g_strdup_printf ("%u@example.org", i);

      assert_secret (again, address, PF_SECRET_PASSWORD, address);
    }
}

/* (transfer full): what pf_secrets_new() says to the log. */
static char *
log_of_start (Scratch *scratch, PfSecrets **secrets)
{
  g_autofree char *log = g_build_filename (scratch->folder, "log", NULL);
  g_autofree char *target = g_strconcat ("file:", log, NULL);
  char *text = NULL;

  g_assert_true (pf_log_open (target, "test", NULL));
  *secrets = pf_secrets_new (scratch->folder, NULL);
  g_assert_true (pf_log_open ("stderr", "test", NULL));
  g_assert_true (g_file_get_contents (log, &text, NULL, NULL));
  return text;
}

/* With another key the service starts, says so, gives nothing, takes nothing, touches nothing; and
 * goes on without a restart once the key is back. */
static void
test_wrong_key (Scratch *scratch, gconstpointer unused)
{
  g_autofree char *key = g_build_filename (scratch->folder, "master.key", NULL);
  g_autofree char *good = NULL, *before = NULL, *after = NULL, *log = NULL, *text = NULL;
  g_autoptr (PfSecrets) secrets = pf_secrets_new (scratch->folder, NULL), again = NULL;
  gsize length, before_length, after_length;

  g_assert_no_error (store_now (secrets, A, PF_SECRET_PASSWORD, "kept"));
  g_assert_true (g_file_get_contents (key, &good, &length, NULL));
  g_assert_true (g_file_get_contents (scratch->path, &before, &before_length, NULL));
  scratch_write (key, KEY, 32);
  log = log_of_start (scratch, &again);
  g_assert_nonnull (strstr (log, "another master key"));
  g_assert_nonnull (strstr (log, scratch->path));
  assert_unavailable (lookup_now (again, A, PF_SECRET_PASSWORD, &text), "*another master key*");
  assert_unavailable (store_now (again, A, PF_SECRET_PASSWORD, "new"), "*another master key*");
  assert_unavailable (clear_now (again, A), "*another master key*");
  g_assert_true (g_file_get_contents (scratch->path, &after, &after_length, NULL));
  g_assert_cmpmem (before, before_length, after, after_length);
  scratch_write (key, good, length);
  assert_secret (again, A, PF_SECRET_PASSWORD, "kept");
}

/* The first start makes the key, and says nothing. */
static void
test_first_start (Scratch *scratch, gconstpointer unused)
{
  g_autofree char *key = g_build_filename (scratch->folder, "master.key", NULL);
  g_autoptr (PfSecrets) secrets = NULL;
  g_autofree char *log = log_of_start (scratch, &secrets);

  g_assert_cmpstr (log, ==, "");
  g_assert_true (g_file_test (key, G_FILE_TEST_EXISTS));
  g_assert_false (g_file_test (scratch->path, G_FILE_TEST_EXISTS));
}

static void
test_damaged (Scratch *scratch, gconstpointer unused)
{
  g_autofree char *key = g_build_filename (scratch->folder, "master.key", NULL);
  g_autofree char *log = NULL, *text = NULL;
  g_autoptr (PfSecrets) secrets = NULL;

  scratch_write (key, KEY, 32);
  scratch_write (scratch->path, "PFKEYRNG", 8);
  log = log_of_start (scratch, &secrets);
  g_assert_nonnull (strstr (log, "damaged"));
  assert_unavailable (lookup_now (secrets, A, PF_SECRET_PASSWORD, &text), "*damaged*");
}

/* --- libsecret itself ------------------------------------------------------------------------- */

static void
on_search (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GList **) user_data = secret_password_search_finish (result, NULL);
}

static void
on_value (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(SecretValue **) user_data =
      secret_retrievable_retrieve_secret_finish (SECRET_RETRIEVABLE (source), result, NULL);
}

static gboolean
is_set (gpointer user_data)
{
  gpointer **pair = user_data;

  if (*pair[1] != NULL)
    g_main_loop_quit ((GMainLoop *) pair[0]);
  return G_SOURCE_CONTINUE;
}

static void
wait_until_set (gpointer *place)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  gpointer pair[] = { loop, place };
  guint timer = g_timeout_add (1, is_set, pair);

  g_main_loop_run (loop);
  g_source_remove (timer);
}

/* Other programs' view of the backend: libsecret's search. */
static void
test_search (Scratch *scratch, gconstpointer unused)
{
  static const SecretSchema schema = { "org.postferry1.Account",
                                       SECRET_SCHEMA_NONE,
                                       { { "address", SECRET_SCHEMA_ATTRIBUTE_STRING },
                                         { "kind", SECRET_SCHEMA_ATTRIBUTE_STRING },
                                         { NULL, 0 } } };
  g_autoptr (PfSecrets) secrets = pf_secrets_new (scratch->folder, NULL);
  g_autoptr (GHashTable) attributes = NULL;
  g_autofree char *label = NULL;
  SecretValue *value = NULL;
  GList *items = NULL;

  g_assert_no_error (store_now (secrets, A, PF_SECRET_PASSWORD, "of a"));
  g_assert_no_error (store_now (secrets, B, PF_SECRET_PASSWORD, "of b"));
  secret_password_search (&schema, SECRET_SEARCH_ALL, NULL, on_search, &items, "address", B, NULL);
  wait_until_set ((gpointer *) &items);
  g_assert_cmpuint (g_list_length (items), ==, 1);
  attributes = secret_retrievable_get_attributes (items->data);
  g_assert_cmpstr (g_hash_table_lookup (attributes, "kind"), ==, "password");
  label = secret_retrievable_get_label (items->data);
  g_assert_cmpstr (label, ==, "");
  g_assert_cmpuint (secret_retrievable_get_created (items->data), ==, 0);
  secret_retrievable_retrieve_secret (items->data, NULL, on_value, &value);
  wait_until_set ((gpointer *) &value);
  g_assert_cmpstr (secret_value_get_text (value), ==, "of b");
  secret_value_unref (value);
  g_list_free_full (items, g_object_unref);
}

/* --- A store that hangs ----------------------------------------------------------------------- */

typedef struct
{
  Waiting waiting;
  guint failed;
} Hanging;

static void
on_given_up (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Hanging *hanging = user_data;
  GError *error = NULL;

  g_assert_false (pf_secrets_store_finish (PF_SECRETS (source), result, &error));
  assert_unavailable (error, "*not answered within*");
  hanging->failed++;
  waiting_one (&hanging->waiting);
}

/* The keyring cannot be read and cannot be given up either (a pipe without a writer stands for a
 * disk that hangs): every call is answered in time, later calls work once it goes on, and what was
 * given up before its turn is not done then. Mutant: wait for the answer in on_timer(). */
static void
test_hangs (Scratch *scratch, gconstpointer unused)
{
  g_autoptr (PfSecrets) secrets = pf_secrets_new (scratch->folder, NULL);
  g_autofree char *text = NULL;
  Hanging hanging = { 0 };
  int fd;

  g_assert_cmpint (mkfifo (scratch->path, 0600), ==, 0);
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (PfSecret) secret = pf_secret_new ("late", 4);

      pf_secrets_store_async (secrets, A, PF_SECRET_PASSWORD, secret, on_given_up, &hanging);
    }
  wait_for (&hanging.waiting, 3);
  g_assert_cmpuint (hanging.failed, ==, 3);

  /* The one that hangs reads an empty file and fails. */
  fd = open (scratch->path, O_WRONLY | O_CLOEXEC);
  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (unlink (scratch->path), ==, 0);
  close (fd);
  assert_secret (secrets, A, PF_SECRET_PASSWORD, NULL);
  g_assert_no_error (store_now (secrets, A, PF_SECRET_PASSWORD, "in time"));
  assert_secret (secrets, A, PF_SECRET_PASSWORD, "in time");
}

int
main (int argc, char **argv)
{
  g_autofree char *folder = g_strdup ("/nonexistent");

  /* Whatever the environment says. Mutant: leave g_setenv() out of pf_secrets_prepare(). */
  g_setenv ("SECRET_BACKEND", "nonsense", TRUE);
  pf_secrets_prepare ("", FALSE, folder);
  g_test_init (&argc, &argv, NULL);
#define ADD(name)                                                                                  \
  g_test_add ("/secrets/facade/" #name, Scratch, "keyring", scratch_set_up, test_##name,           \
              scratch_tear_down)
  ADD (kinds);
  ADD (nicks);
  ADD (needed);
  ADD (restart);
  ADD (parallel);
  ADD (wrong_key);
  ADD (first_start);
  ADD (damaged);
  ADD (search);
  ADD (hangs);
  return g_test_run ();
}
