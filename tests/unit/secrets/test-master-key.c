#include "base/problem.h"
#include "scratch.h"
#include "secrets/master-key.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static PfSecret *
load_good (const char *credentials, const char *state)
{
  g_autoptr (GError) error = NULL;
  PfSecret *key = pf_master_key_load (credentials, state, &error);

  g_assert_no_error (error);
  return key;
}

static void
assert_refused (const char *credentials, const char *state, const char *file, const char *pattern)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (pf_master_key_load (credentials, state, &error));
  g_assert_error (error, PF_PROBLEM, PF_PROBLEM_SECRETS_UNAVAILABLE);
  g_assert_nonnull (strstr (error->message, file));
  if (!g_pattern_match_simple (pattern, error->message))
    g_error ("%s: not %s", error->message, pattern);
}

static void
assert_octets (PfSecret *key, const char *octets, gsize length)
{
  gsize found_length;
  const char *found = pf_secret_peek (key, &found_length);

  g_assert_cmpmem (found, found_length, octets, length);
}

/* At the first start, once, for nobody else to read. */
static void
test_made (Scratch *scratch, gconstpointer unused)
{
  g_autoptr (PfSecret) key = load_good (NULL, scratch->folder);
  g_autoptr (PfSecret) again = load_good (NULL, scratch->folder);
  struct stat status;
  gsize length;
  const char *octets = pf_secret_peek (key, &length);

  g_assert_cmpuint (length, ==, 32);
  assert_octets (again, octets, length);
  g_assert_cmpint (stat (scratch->path, &status), ==, 0);
  g_assert_cmpuint (status.st_mode & 0777, ==, 0600);
  g_assert_cmpuint (scratch_count (scratch), ==, 1);
}

/* The credential of systemd comes first, and nothing is made beside it. */
static void
test_credential (Scratch *scratch, gconstpointer unused)
{
  g_autofree char *credential = g_build_filename (scratch->folder, "postferry.key", NULL);
  g_autoptr (PfSecret) key = NULL, longer = NULL;

  scratch_write (credential, "0123456789abcdef0123456789abcdef", 32);
  key = load_good (scratch->folder, scratch->folder);
  assert_octets (key, "0123456789abcdef0123456789abcdef", 32);
  g_assert_cmpuint (scratch_count (scratch), ==, 1);
  scratch_write (scratch->path, "fedcba9876543210fedcba9876543210", 32);
  /* All of a longer one counts. */
  scratch_write (credential, "0123456789abcdef0123456789abcdef\n", 33);
  longer = load_good (scratch->folder, scratch->folder);
  assert_octets (longer, "0123456789abcdef0123456789abcdef\n", 33);
}

/* A folder of credentials without this one. */
static void
test_no_credential (Scratch *scratch, gconstpointer unused)
{
  g_autofree char *nowhere = g_build_filename (scratch->folder, "nowhere", NULL);
  g_autoptr (PfSecret) key = load_good (nowhere, scratch->folder);

  g_assert_true (g_file_test (scratch->path, G_FILE_TEST_EXISTS));
}

static void
test_bad (Scratch *scratch, gconstpointer unused)
{
  g_autofree char *large = g_strnfill (5000, 'x');
  g_autofree char *credential = g_build_filename (scratch->folder, "postferry.key", NULL);

  scratch_write (scratch->path, "short", 5);
  assert_refused (NULL, scratch->folder, scratch->path, "*5 octets*");
  scratch_write (scratch->path, large, 5000);
  assert_refused (NULL, scratch->folder, scratch->path, "*5000 octets*");
  scratch_write (scratch->path, "", 0);
  assert_refused (NULL, scratch->folder, scratch->path, "*0 octets*");
  g_assert_cmpint (mkdir (credential, 0700), ==, 0);
  assert_refused (scratch->folder, scratch->folder, credential, "*cannot be read*");
}

/* A keyring without its key: no other key is made, it would never open. Mutant: make_key() without
 * asking for the keyring. */
static void
test_lost (Scratch *scratch, gconstpointer unused)
{
  g_autofree char *keyring = g_build_filename (scratch->folder, "keyring", NULL);

  scratch_write (keyring, "whatever", 8);
  assert_refused (NULL, scratch->folder, keyring, "*missing*restore the key*");
  g_assert_false (g_file_test (scratch->path, G_FILE_TEST_EXISTS));
  /* Its disk is not mounted yet. */
  g_assert_cmpint (unlink (keyring), ==, 0);
  g_assert_cmpint (symlink ("/nowhere/keyring", keyring), ==, 0);
  assert_refused (NULL, scratch->folder, keyring, "*missing*");
  g_assert_cmpint (unlink (keyring), ==, 0);
  g_assert_cmpint (symlink ("/nowhere/master.key", scratch->path), ==, 0);
  assert_refused (NULL, scratch->folder, scratch->path, "*missing*");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name)                                                                                  \
  g_test_add ("/secrets/master-key/" #name, Scratch, "master.key", scratch_set_up, test_##name,    \
              scratch_tear_down)
  ADD (made);
  ADD (credential);
  ADD (no_credential);
  ADD (bad);
  ADD (lost);
  return g_test_run ();
}
