#include "fuzz.h"
#include "protocol/sasl.h"

#include <string.h>

/* The first octet chooses the mechanism, each line is a challenge. Nobody proves to know the
 * password by chance, so a SCRAM log-in is never complete. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static const char *const names[] = { "SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN",
                                       "LOGIN" };
  const char *name = names[size > 0 ? data[0] % G_N_ELEMENTS (names) : 0];
  g_autofree char *text = size > 1 ? g_strndup ((const char *) data + 1, size - 1) : g_strdup ("");
  g_auto (GStrv) lines = g_strsplit (text, "\n", 20);
  g_autoptr (PfSasl) sasl = pf_sasl_new (name, "imap", "mail.example.org", "user", "pencil");
  char *out = NULL;

  g_assert_nonnull (sasl);
  if (pf_sasl_has_initial (sasl))
    {
      g_assert_cmpint (pf_sasl_step (sasl, NULL, &out), !=, PF_SASL_FAILED);
      pf_sasl_free_text (out);
    }
  for (guint i = 0; lines[i] != NULL; i++)
    {
      PfSaslResult result = pf_sasl_step (sasl, lines[i], &out);

      g_assert_cmpint (result == PF_SASL_FAILED, ==, out == NULL);
      g_assert_true (result != PF_SASL_FAILED || !pf_sasl_is_complete (sasl));
      pf_sasl_free_text (out);
    }
  g_assert_false (g_str_has_prefix (name, "SCRAM-") && pf_sasl_is_complete (sasl));
  return 0;
}
