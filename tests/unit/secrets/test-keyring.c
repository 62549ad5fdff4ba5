/* The keyring file: nothing wrong is ever taken for right, and nothing is overwritten that cannot be read. */
#include "secrets/keyring-file.h"
#include "secrets/master-key.h"

#include "base/problem.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

typedef struct
{
  char *folder, *path;
  PfSecret *key;
} Fixture;

static void
setup (Fixture *f, gconstpointer unused)
{
  f->folder = g_dir_make_tmp ("keyring-XXXXXX", NULL);
  f->path = g_build_filename (f->folder, "keyring", NULL);
  f->key = pf_secret_new ("0123456789abcdef0123456789abcdef", 32);
}

static void
teardown (Fixture *f, gconstpointer unused)
{
  g_autofree char *master = g_build_filename (f->folder, "master.key", NULL);

  g_unlink (f->path);
  g_unlink (master);
  g_rmdir (f->folder);
  g_free (f->folder);
  g_free (f->path);
  pf_secret_unref (f->key);
}

static PfKeyring *
open_keyring (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  PfKeyring *keyring = pf_keyring_open (f->path, f->key, &error);

  g_assert_no_error (error);
  return keyring;
}

static void
store (PfKeyring *keyring, const char *name, const char *text)
{
  g_autoptr (PfSecret) secret = pf_secret_new (text, strlen (text));
  g_autoptr (GError) error = NULL;

  g_assert_true (pf_keyring_store (keyring, name, secret, &error));
  g_assert_no_error (error);
}

static void
assert_secret (PfKeyring *keyring, const char *name, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PfSecret) secret = pf_keyring_lookup (keyring, name, &error);

  g_assert_no_error (error);
  if (text == NULL)
    g_assert_null (secret);
  else
    g_assert_cmpstr (pf_secret_peek (secret, NULL), ==, text);
}

static void
test_stored_and_found_again (Fixture *f, gconstpointer unused)
{
  g_autoptr (PfKeyring) keyring = open_keyring (f);
  g_autoptr (PfKeyring) again = NULL;
  struct stat status;
  gboolean removed;

  store (keyring, "a", "one");
  store (keyring, "b", "two");
  store (keyring, "a", "three");
  again = open_keyring (f);
  assert_secret (again, "a", "three");
  assert_secret (again, "b", "two");
  assert_secret (again, "c", NULL);
  g_assert_cmpint (g_stat (f->path, &status), ==, 0);
  g_assert_cmpuint (status.st_mode & 0777, ==, 0600);
  g_assert_true (pf_keyring_remove (again, "a", &removed, NULL));
  g_assert_true (removed);
  assert_secret (again, "a", NULL);
}

static void
test_nothing_in_clear (Fixture *f, gconstpointer unused)
{
  g_autoptr (PfKeyring) keyring = open_keyring (f);
  g_autofree char *data = NULL;
  gsize length;

  store (keyring, "a", "correct horse battery staple");
  g_assert_true (g_file_get_contents (f->path, &data, &length, NULL));
  g_assert_null (memmem (data, length, "correct horse", strlen ("correct horse")));
}

static void
assert_refused (Fixture *f, PfSecret *key, const char *data, gsize length)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PfKeyring) keyring = NULL;
  g_autofree char *after = NULL;
  gsize after_length;

  g_assert_true (g_file_set_contents (f->path, data, (gssize) length, NULL));
  keyring = pf_keyring_open (f->path, key, &error);
  g_assert_null (keyring);
  g_assert_error (error, PF_PROBLEM, PF_PROBLEM_SECRETS_UNAVAILABLE);
  g_assert_nonnull (strstr (error->message, f->path));
  g_assert_true (g_file_get_contents (f->path, &after, &after_length, NULL));
  g_assert_cmpmem (after, after_length, data, length);
}

/* Mutant: in parse(), do not compare the HMAC. */
static void
test_every_flipped_octet_and_every_cut_is_seen (Fixture *f, gconstpointer unused)
{
  g_autofree char *data = NULL;
  gsize length;

  {
    g_autoptr (PfKeyring) keyring = open_keyring (f);

    store (keyring, "a", "one");
    store (keyring, "b", "two");
  }
  g_assert_true (g_file_get_contents (f->path, &data, &length, NULL));
  for (gsize i = 0; i < length; i++)
    {
      assert_refused (f, f->key, data, i);
      data[i] ^= 1;
      assert_refused (f, f->key, data, length);
      data[i] ^= 1;
    }
  g_assert_true (g_file_set_contents (f->path, data, (gssize) length, NULL));
  {
    g_autoptr (PfKeyring) keyring = open_keyring (f);

    assert_secret (keyring, "b", "two");
  }
}

static void
test_a_wrong_key_is_an_error (Fixture *f, gconstpointer unused)
{
  g_autoptr (PfSecret) other = pf_secret_new ("0123456789abcdef0123456789abcdeF", 32);
  g_autofree char *data = NULL;
  gsize length;

  {
    g_autoptr (PfKeyring) keyring = open_keyring (f);

    store (keyring, "a", "one");
  }
  g_assert_true (g_file_get_contents (f->path, &data, &length, NULL));
  assert_refused (f, other, data, length);
}

static void
test_the_master_key_is_made_once (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PfSecret) first = pf_master_key_load (NULL, f->folder, &error);
  g_autoptr (PfSecret) second = pf_master_key_load (f->folder, f->folder, &error);
  g_autofree char *path = g_build_filename (f->folder, "master.key", NULL);

  g_assert_no_error (error);
  g_assert_cmpmem (pf_secret_peek (first, NULL), 32, pf_secret_peek (second, NULL), 32);
  g_unlink (path);
  g_assert_true (g_file_set_contents (f->path, "something", -1, NULL));
  g_assert_null (pf_master_key_load (NULL, f->folder, &error));
  g_assert_error (error, PF_PROBLEM, PF_PROBLEM_SECRETS_UNAVAILABLE);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
}

#define ADD(name, function) g_test_add (name, Fixture, NULL, setup, function, teardown)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/keyring/stored", test_stored_and_found_again);
  ADD ("/keyring/nothing-in-clear", test_nothing_in_clear);
  ADD ("/keyring/damage", test_every_flipped_octet_and_every_cut_is_seen);
  ADD ("/keyring/wrong-key", test_a_wrong_key_is_an_error);
  ADD ("/keyring/master-key", test_the_master_key_is_made_once);
  return g_test_run ();
}
