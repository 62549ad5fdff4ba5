/* Secrets in memory: octets as they were, and nothing left of them afterwards. */
#include "base/secret.h"

#include <malloc.h>
#include <string.h>

static void
test_octets (void)
{
  static const char octets[] = "a\0b\xff";
  g_autoptr (PfSecret) secret = pf_secret_new (octets, 4);
  g_autoptr (PfSecret) empty = pf_secret_new (NULL, 0);
  gsize length = 99;
  const char *data = pf_secret_peek (secret, &length);

  g_assert_cmpmem (data, length, octets, 4);
  /* For libraries that want one. */
  g_assert_cmpint (data[4], ==, '\0');
  g_assert_cmpstr (pf_secret_peek (empty, &length), ==, "");
  g_assert_cmpuint (length, ==, 0);
}

static void
test_references (void)
{
  PfSecret *secret = pf_secret_new ("open sesame", 11);
  PfSecret *again = pf_secret_ref (secret);

  g_assert_true (secret == again);
  pf_secret_unref (secret);
  g_assert_cmpstr (pf_secret_peek (again, NULL), ==, "open sesame");
  pf_secret_unref (again);
  pf_secret_unref (NULL);
}

static void
test_wipe (void)
{
  char buffer[16] = "open sesame";
  static const char zeros[sizeof buffer];

  pf_secret_wipe (buffer, sizeof buffer);
  g_assert_cmpmem (buffer, sizeof buffer, zeros, sizeof zeros);
  pf_secret_free_string (NULL);
  pf_secret_free_string (g_strdup ("open sesame"));
}

/* free() is looked at from within: what it gets must hold nothing of the secret any more.
 * AddressSanitizer has a free() of its own. */
#ifndef __SANITIZE_ADDRESS__
#define MARK "correct horse battery staple"

static gboolean watching, seen;

static void
look (const void *memory)
{
  gsize size = memory != NULL ? malloc_usable_size ((void *) memory) : 0;

  if (watching && size > 0 && memmem (memory, size, MARK, strlen (MARK)) != NULL)
    seen = TRUE;
}

extern void __libc_free (void *memory);
void free (void *memory);

void
free (void *memory)
{
  look (memory);
  __libc_free (memory);
}

static void
test_nothing_left (void)
{
  PfSecret *secret = pf_secret_new (MARK, strlen (MARK));
  char *string = g_strdup (MARK);

  watching = TRUE;
  /* Leaving the wiping out of pf_secret_unref() or pf_secret_free_string() makes this fail. */
  pf_secret_unref (secret);
  pf_secret_free_string (string);
  g_assert_false (seen);
  /* The test sees what it looks for. */
  g_free (g_strdup (MARK));
  g_assert_true (seen);
  watching = FALSE;
}
#else
static void
test_nothing_left (void)
{
  g_test_skip ("AddressSanitizer has a free() of its own");
}
#endif

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/secret/octets", test_octets);
  g_test_add_func ("/secret/references", test_references);
  g_test_add_func ("/secret/wipe", test_wipe);
  g_test_add_func ("/secret/nothing-left", test_nothing_left);
  return g_test_run ();
}
