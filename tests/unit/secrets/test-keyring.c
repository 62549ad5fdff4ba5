#include "base/limits.h"
#include "base/problem.h"
#include "scratch.h"
#include "secrets/keyring-crypto.h"
#include "secrets/keyring-file.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECRET "correct horse battery staple"
#define NAME "org.postferry1.Account|address=a@example.org|kind=password"
#define OTHER "org.postferry1.Account|address=b@example.org|kind=password"

static PfSecret *
key_new (char octet)
{
  char octets[32];

  memset (octets, octet, sizeof octets);
  return pf_secret_new (octets, sizeof octets);
}

static PfKeyring *
open_good (const char *path)
{
  g_autoptr (PfSecret) key = key_new ('k');
  g_autoptr (GError) error = NULL;
  PfKeyring *keyring = pf_keyring_open (path, key, &error);

  g_assert_no_error (error);
  return keyring;
}

static void
assert_refused (const char *path, char key_octet, const char *pattern)
{
  g_autoptr (PfSecret) key = key_new (key_octet);
  g_autoptr (GError) error = NULL;
  g_autoptr (PfKeyring) keyring = pf_keyring_open (path, key, &error);

  g_assert_null (keyring);
  g_assert_error (error, PF_PROBLEM, PF_PROBLEM_SECRETS_UNAVAILABLE);
  g_assert_nonnull (strstr (error->message, path));
  if (pattern != NULL && !g_pattern_match_simple (pattern, error->message))
    g_error ("%s: not %s", error->message, pattern);
}

static void
put (PfKeyring *keyring, const char *name, const char *text)
{
  g_autoptr (PfSecret) secret = pf_secret_new (text, strlen (text));
  g_autoptr (GError) error = NULL;

  pf_keyring_store (keyring, name, secret, &error);
  g_assert_no_error (error);
}

/* NULL: there is none. */
static void
assert_has (PfKeyring *keyring, const char *name, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PfSecret) secret = pf_keyring_lookup (keyring, name, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (secret != NULL ? pf_secret_peek (secret, NULL) : NULL, ==, text);
}

/* --- What it is for --------------------------------------------------------------------------- */

static void
test_round_trip (Scratch *scratch, gconstpointer unused)
{
  g_autoptr (PfKeyring) keyring = open_good (scratch->path);
  g_autoptr (PfKeyring) again = NULL, third = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) names = NULL;
  gboolean removed;

  assert_has (keyring, NAME, NULL);
  g_assert_false (g_file_test (scratch->path, G_FILE_TEST_EXISTS));
  put (keyring, NAME, "old");
  put (keyring, OTHER, "another's");
  put (keyring, NAME, SECRET);
  put (keyring, "empty", "");
  assert_has (keyring, NAME, SECRET);

  again = open_good (scratch->path);
  assert_has (again, NAME, SECRET);
  assert_has (again, OTHER, "another's");
  assert_has (again, "empty", "");
  assert_has (again, "never", NULL);
  g_assert_true (pf_keyring_remove (again, NAME, &removed, &error));
  g_assert_true (removed);
  g_assert_true (pf_keyring_remove (again, NAME, &removed, &error));
  g_assert_false (removed);

  third = open_good (scratch->path);
  assert_has (third, NAME, NULL);
  assert_has (third, OTHER, "another's");
  names = pf_keyring_names (third);
  g_assert_cmpuint (g_strv_length (names), ==, 2);
  g_assert_cmpstr (names[0], ==, "empty");
  g_assert_cmpstr (names[1], ==, OTHER);
}

static void
test_limits (Scratch *scratch, gconstpointer unused)
{
  g_autoptr (PfKeyring) keyring = open_good (scratch->path), again = NULL;
  g_autofree char *large = g_strnfill (PF_LIMIT_SECRET + 1, 'x');
  g_autofree char *name = g_strnfill (PF_LIMIT_SECRET_NAME + 1, 'n');
  g_autoptr (PfSecret) too_large = pf_secret_new (large, PF_LIMIT_SECRET + 1);
  g_autoptr (GError) of_secret = NULL, of_name = NULL;

  large[PF_LIMIT_SECRET] = '\0';
  put (keyring, NAME, large);
  g_assert_false (pf_keyring_store (keyring, NAME, too_large, &of_secret));
  g_assert_error (of_secret, PF_PROBLEM, PF_PROBLEM_SECRETS_UNAVAILABLE);
  g_assert_false (pf_keyring_store (keyring, name, too_large, &of_name));
  g_assert_error (of_name, PF_PROBLEM, PF_PROBLEM_SECRETS_UNAVAILABLE);
  again = open_good (scratch->path);
  assert_has (again, NAME, large);
}

/* --- What is on the disk ---------------------------------------------------------------------- */

static guint
mode_of (const char *path)
{
  struct stat status;

  g_assert_cmpint (stat (path, &status), ==, 0);
  return status.st_mode & 0777;
}

static gboolean
contains (const char *data, gsize length, const char *text)
{
  return memmem (data, length, text, strlen (text)) != NULL;
}

/* No secret in the clear, nobody else may read it, nothing is left beside it. Mutant: 0600 to 0644
 * in pf_durable_write(). */
static void
test_on_disk (Scratch *scratch, gconstpointer unused)
{
  mode_t mask = umask (0);
  g_autoptr (PfKeyring) keyring = open_good (scratch->path);
  g_autofree char *data = NULL;
  gsize length;

  put (keyring, NAME, SECRET);
  g_assert_cmpuint (mode_of (scratch->path), ==, 0600);
  g_assert_cmpint (chmod (scratch->path, 0644), ==, 0);
  put (keyring, OTHER, SECRET);
  umask (mask);
  g_assert_cmpuint (mode_of (scratch->path), ==, 0600);
  g_assert_true (g_file_get_contents (scratch->path, &data, &length, NULL));
  g_assert_false (contains (data, length, "horse"));
  g_assert_cmpuint (scratch_count (scratch), ==, 1);
}

/* Two writings of one secret have nothing in common: a nonce is never used again. */
static void
test_fresh_nonce (Scratch *scratch, gconstpointer unused)
{
  g_autoptr (PfSecret) key = key_new ('k'), secret = pf_secret_new (SECRET, strlen (SECRET));
  const guint8 salt[PF_KEYRING_SALT] = { 0 };
  g_autoptr (GBytes) one = NULL, other = NULL;
  PfKeyringKeys keys;

  g_assert_true (pf_keyring_keys_derive (&keys, key, salt));
  one = pf_keyring_seal (&keys, NAME, secret);
  other = pf_keyring_seal (&keys, NAME, secret);
  g_assert_cmpint (
      memcmp (g_bytes_get_data (one, NULL), g_bytes_get_data (other, NULL), PF_KEYRING_NONCE), !=,
      0);
  g_assert_false (g_bytes_equal (one, other));
}

/* An item passed off as another's. Mutant: leave the name out of the authenticated data. */
static void
test_bound_to_name (Scratch *scratch, gconstpointer unused)
{
  g_autoptr (PfSecret) key = key_new ('k'), secret = pf_secret_new (SECRET, strlen (SECRET));
  const guint8 salt[PF_KEYRING_SALT] = { 0 };
  g_autoptr (PfSecret) own = NULL, others = NULL;
  g_autoptr (GBytes) sealed = NULL;
  PfKeyringKeys keys;

  g_assert_true (pf_keyring_keys_derive (&keys, key, salt));
  sealed = pf_keyring_seal (&keys, NAME, secret);
  own = pf_keyring_unseal (&keys, NAME, sealed);
  others = pf_keyring_unseal (&keys, OTHER, sealed);
  g_assert_cmpstr (pf_secret_peek (own, NULL), ==, SECRET);
  g_assert_null (others);
}

/* A secret that was cleared: what was sealed is in no file any more. */
static void
test_cleared (Scratch *scratch, gconstpointer unused)
{
  g_autoptr (PfKeyring) keyring = open_good (scratch->path);
  g_autofree char *before = NULL, *after = NULL;
  gsize before_length, after_length, start;
  gboolean removed;

  put (keyring, NAME, SECRET);
  g_assert_true (g_file_get_contents (scratch->path, &before, &before_length, NULL));
  g_assert_true (pf_keyring_remove (keyring, NAME, &removed, NULL));
  g_assert_true (g_file_get_contents (scratch->path, &after, &after_length, NULL));
  g_assert_cmpuint (scratch_count (scratch), ==, 1);
  g_assert_false (contains (after, after_length, NAME));
  /* The nonce and the ciphertext, 16 octets at a time. */
  start = before_length - 32 - 16 - strlen (SECRET) - 12;
  for (gsize at = start; at + 16 <= before_length - 32; at++)
    g_assert_null (memmem (after, after_length, before + at, 16));
}

/* --- What is wrong with it -------------------------------------------------------------------- */

/* Mutant: leave the check of the header out (then it is told as damage). */
static void
test_wrong_key (Scratch *scratch, gconstpointer unused)
{
  g_autoptr (PfKeyring) keyring = open_good (scratch->path);
  g_autoptr (PfKeyring) again = NULL;

  put (keyring, NAME, SECRET);
  assert_refused (scratch->path, 'x', "*another master key*");
  again = open_good (scratch->path);
  assert_has (again, NAME, SECRET);
}

/* Each octet matters: whatever is changed or missing, it is an error, and the file stays as it is.
 * Mutant: skip the comparison of the mark in parse(). */
static void
test_damaged (Scratch *scratch, gconstpointer unused)
{
  static const guint8 masks[] = { 0x01, 0x80, 0xff };
  g_autoptr (PfKeyring) keyring = open_good (scratch->path);
  g_autofree char *good = NULL, *bad = NULL, *found = NULL;
  gsize length, found_length;

  put (keyring, NAME, SECRET);
  put (keyring, OTHER, "another's");
  g_assert_true (g_file_get_contents (scratch->path, &good, &length, NULL));
  for (gsize cut = 0; cut < length; cut++)
    {
      scratch_write (scratch->path, good, cut);
      assert_refused (scratch->path, 'k', NULL);
    }
  for (gsize at = 0; at < length; at++)
    for (guint i = 0; i < G_N_ELEMENTS (masks); i++)
      {
        g_free (bad);
        bad = g_memdup2 (good, length);
        bad[at] ^= (char) masks[i];
        scratch_write (scratch->path, bad, length);
        assert_refused (scratch->path, 'k', NULL);
      }
  g_assert_true (g_file_get_contents (scratch->path, &found, &found_length, NULL));
  g_assert_cmpmem (found, found_length, bad, length);
  scratch_write (scratch->path, "", 0);
  assert_refused (scratch->path, 'k', "*damaged*");
  g_free (bad);
  bad = g_malloc (length + 1);
  memcpy (bad, good, length);
  bad[length] = 'x';
  scratch_write (scratch->path, bad, length + 1);
  assert_refused (scratch->path, 'k', "*damaged*");
}

/* An item that was there before, put in place of the present one of the same length. */
static void
test_older_item (Scratch *scratch, gconstpointer unused)
{
  g_autoptr (PfKeyring) keyring = open_good (scratch->path);
  g_autofree char *older = NULL, *newer = NULL;
  gsize length, same;

  put (keyring, NAME, "password-1");
  g_assert_true (g_file_get_contents (scratch->path, &older, &length, NULL));
  put (keyring, NAME, "password-2");
  g_assert_true (g_file_get_contents (scratch->path, &newer, &same, NULL));
  g_assert_cmpuint (length, ==, same);
  memcpy (newer + length - 32 - 38, older + length - 32 - 38, 38);
  scratch_write (scratch->path, newer, length);
  assert_refused (scratch->path, 'k', "*damaged*");
}

/* What never was a keyring, what is too large, what cannot be read, and a link to nowhere. */
static void
test_no_keyring (Scratch *scratch, gconstpointer unused)
{
  g_autofree char *elsewhere = g_build_filename (scratch->folder, "elsewhere", NULL);

  scratch_write (scratch->path, "[keyring]\n", 10);
  assert_refused (scratch->path, 'k', "*damaged*");
  g_assert_cmpint (truncate (scratch->path, (off_t) PF_LIMIT_KEYRING + 1), ==, 0);
  assert_refused (scratch->path, 'k', "*damaged*");
  g_assert_cmpint (unlink (scratch->path), ==, 0);
  g_assert_cmpint (mkdir (scratch->path, 0700), ==, 0);
  assert_refused (scratch->path, 'k', "*cannot be read*");
  g_assert_cmpint (rmdir (scratch->path), ==, 0);
  g_assert_cmpint (symlink (elsewhere, scratch->path), ==, 0);
  assert_refused (scratch->path, 'k', "*cannot be read*");
}

static void
test_newer_version (Scratch *scratch, gconstpointer unused)
{
  g_autoptr (PfKeyring) keyring = open_good (scratch->path);
  g_autofree char *data = NULL;
  gsize length;

  put (keyring, NAME, SECRET);
  g_assert_true (g_file_get_contents (scratch->path, &data, &length, NULL));
  data[11] = 2;
  scratch_write (scratch->path, data, length);
  assert_refused (scratch->path, 'k', "*newer service*");
}

/* --- What happens to it ----------------------------------------------------------------------- */

/* A full disk: the error names it, old secrets are kept, and it goes on when there is room. */
static void
test_full_disk (Scratch *scratch, gconstpointer unused)
{
  g_autofree char *path = NULL, *filler = NULL, *large = g_strnfill (20000, 'p');
  g_autoptr (PfSecret) secret = pf_secret_new (large, 20000);
  g_autoptr (PfKeyring) keyring = NULL, again = NULL;
  g_autoptr (GError) error = NULL;

  if (!scratch_mount (scratch, "64k"))
    return;
  path = g_build_filename (scratch->folder, "keyring", NULL);
  filler = g_build_filename (scratch->folder, "filler", NULL);
  keyring = open_good (path);
  put (keyring, NAME, SECRET);
  scratch_fill (filler);
  g_assert_false (pf_keyring_store (keyring, OTHER, secret, &error));
  g_assert_error (error, PF_PROBLEM, PF_PROBLEM_SECRETS_UNAVAILABLE);
  g_assert_nonnull (strstr (error->message, path));
  g_test_message ("%s", error->message);
  assert_has (keyring, OTHER, NULL);
  assert_has (keyring, NAME, SECRET);
  again = open_good (path);
  assert_has (again, NAME, SECRET);
  assert_has (again, OTHER, NULL);
  g_assert_cmpint (unlink (filler), ==, 0);
  g_assert_true (pf_keyring_store (keyring, OTHER, secret, NULL));
  assert_has (keyring, OTHER, large);
  g_assert_cmpuint (scratch_count (scratch), ==, 1);
}

/* The child stores 0, 1, 2 ..., and tells each through the pipe when it was stored. */
static void
store_for_ever (const char *path, int told)
{
  g_autoptr (PfKeyring) keyring = open_good (path);

  for (guint i = 0;; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      put (keyring, NAME, text);
      if (write (told, &i, sizeof i) != sizeof i)
        _exit (1);
    }
}

/* Killed at any moment: what was acknowledged is there, and the file can be read. Mutant: write the
 * file in place. */
static void
test_killed (Scratch *scratch, gconstpointer unused)
{
  for (guint round = 0; round < 40; round++)
    {
      g_autoptr (PfKeyring) keyring = NULL;
      g_autoptr (PfSecret) secret = NULL;
      int pipes[2], status;
      guint last = 0, next;
      pid_t child;

      g_assert_cmpint (pipe (pipes), ==, 0);
      child = fork ();
      g_assert_cmpint (child, >=, 0);
      if (child == 0)
        store_for_ever (scratch->path, pipes[1]);
      close (pipes[1]);
      for (guint i = 0; i < 3; i++)
        g_assert_cmpint (read (pipes[0], &last, sizeof last), ==, sizeof last);
      g_usleep ((gulong) g_random_int_range (0, 3000));
      kill (child, SIGKILL);
      g_assert_cmpint (waitpid (child, &status, 0), ==, child);
      while (read (pipes[0], &next, sizeof next) == sizeof next)
        last = next;
      close (pipes[0]);
      keyring = open_good (scratch->path);
      secret = pf_keyring_lookup (keyring, NAME, NULL);
      g_assert_nonnull (secret);
      g_assert_cmpuint (g_ascii_strtoull (pf_secret_peek (secret, NULL), NULL, 10), >=, last);
      g_assert_cmpuint (g_ascii_strtoull (pf_secret_peek (secret, NULL), NULL, 10), <=, last + 1);
      /* Nothing half-written stays. */
      g_assert_cmpuint (scratch_count (scratch), ==, 1);
    }
}

/* A half-written file goes; a copy that somebody made does not. */
static void
test_leftovers (Scratch *scratch, gconstpointer unused)
{
  g_autoptr (PfKeyring) keyring = open_good (scratch->path);
  g_autoptr (PfKeyring) again = NULL;
  g_autofree char *copy = g_strconcat (scratch->path, ".backup", NULL);
  g_autofree char *left = g_strconcat (scratch->path, ".new", NULL);
  g_autofree char *half = g_strconcat (scratch->path, ".new.A1B2C3", NULL);

  put (keyring, NAME, SECRET);
  scratch_write (copy, "copy", 4);
  scratch_write (left, "left", 4);
  scratch_write (half, "half", 4);
  assert_refused (scratch->path, 'x', NULL);
  g_assert_true (g_file_test (left, G_FILE_TEST_EXISTS));
  again = open_good (scratch->path);
  assert_has (again, NAME, SECRET);
  g_assert_false (g_file_test (left, G_FILE_TEST_EXISTS));
  g_assert_false (g_file_test (half, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test (copy, G_FILE_TEST_EXISTS));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name)                                                                                  \
  g_test_add ("/secrets/keyring/" #name, Scratch, "keyring", scratch_set_up, test_##name,          \
              scratch_tear_down)
  ADD (round_trip);
  ADD (limits);
  ADD (on_disk);
  ADD (fresh_nonce);
  ADD (bound_to_name);
  ADD (cleared);
  ADD (wrong_key);
  ADD (damaged);
  ADD (older_item);
  ADD (no_keyring);
  ADD (newer_version);
  ADD (full_disk);
  ADD (killed);
  ADD (leftovers);
  return g_test_run ();
}
