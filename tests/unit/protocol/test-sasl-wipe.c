/* Passwords in memory that libgsasl gave back: this program's free() looks at all there is. */
#include "protocol/sasl.h"

#include <malloc.h>
#include <string.h>

static const char password[] = "tanstaaftanstaaf";
static const char token[] = "AHRpbQB0YW5zdGFhZnRhbnN0YWFm"; /* it in PLAIN's response, base64 */
static gboolean looking;
static guint leaks;

#ifndef __SANITIZE_ADDRESS__
void __libc_free (void *memory);

void
free (void *memory)
{
  if (memory != NULL && looking)
    {
      gsize size = malloc_usable_size (memory);

      if (memmem (memory, size, password, strlen (password)) != NULL
          || memmem (memory, size, token, strlen (token)) != NULL)
        leaks++;
    }
  __libc_free (memory);
}
#endif

/* Product changes that fail this: pf_sasl_free() without wipe_properties(); pf_sasl_free_text() or
 * free_gsasl_text() without its wiping. */
static void
test_plain (void)
{
  PfSasl *sasl;
  char *out = NULL;

#ifdef __SANITIZE_ADDRESS__
  g_test_skip ("the sanitizer's own free() is in the way");
  return;
#endif
  looking = TRUE;
  free (g_strdup (password));
  g_assert_cmpuint (leaks, ==, 1); /* so this test can see one */
  leaks = 0;
  sasl = pf_sasl_new ("PLAIN", "imap", "mail.example.org", "tim", password);
  g_assert_cmpint (pf_sasl_step (sasl, NULL, &out), ==, PF_SASL_DONE);
  g_assert_cmpstr (out, ==, token);
  pf_sasl_free_text (out);
  pf_sasl_free (sasl);
  looking = FALSE;
  g_assert_cmpuint (leaks, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sasl/wiped", test_plain);
  return g_test_run ();
}
