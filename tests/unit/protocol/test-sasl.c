#include "protocol/sasl.h"

#include "scram-server.h"

#include <string.h>

/* --- Choosing --------------------------------------------------------------------------------- */

static void
test_choose (void)
{
  static const struct
  {
    const char *offered, *wanted;
    gboolean clear;
    const char *chosen;
  } cases[] = {
    { "PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256", "auto", TRUE, "SCRAM-SHA-256" },
    { "PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1", "auto", TRUE, "SCRAM-SHA-1" },
    { "PLAIN LOGIN CRAM-MD5", "auto", TRUE, "CRAM-MD5" },
    { "LOGIN PLAIN", "auto", TRUE, "PLAIN" },
    { "LOGIN", "AUTO", TRUE, "LOGIN" },
    { "login plain", "auto", TRUE, "PLAIN" },
    /* A password goes in the clear only where that is allowed. */
    { "LOGIN PLAIN", "auto", FALSE, NULL },
    { "LOGIN PLAIN", "plain", FALSE, NULL },
    { "LOGIN PLAIN CRAM-MD5", "auto", FALSE, "CRAM-MD5" },
    /* Never what was not offered or not wanted, nor a part of a name. */
    { "SCRAM-SHA-256 PLAIN", "plain", TRUE, "PLAIN" },
    { "PLAIN", "scram-sha-256", TRUE, NULL },
    { "SCRAM-SHA-256-PLUS PLAIN-CLIENTTOKEN XLOGIN", "auto", TRUE, NULL },
    { "SCRAM-SHA-256 PLAIN", "user", TRUE, NULL },
    { "SCRAM-SHA-256 PLAIN", "", TRUE, NULL },
    { "", "auto", TRUE, NULL },
    { "  \t ", "auto", TRUE, NULL },
    { "GSSAPI\tNTLM  PLAIN", "auto", TRUE, "PLAIN" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpstr (pf_sasl_choose (cases[i].offered, cases[i].wanted, cases[i].clear), ==,
                     cases[i].chosen);
}

/* --- Help ------------------------------------------------------------------------------------- */

static PfSasl *
start (const char *mechanism, const char *user, const char *password)
{
  PfSasl *sasl = pf_sasl_new (mechanism, "imap", "mail.example.org", user, password);

  g_assert_nonnull (sasl);
  return sasl;
}

/* (transfer full): what is sent for @challenge (octets, NULL for none), decoded. */
static char *
step (PfSasl *sasl, const char *challenge, PfSaslResult result)
{
  g_autofree char *base64 =
      challenge != NULL ? g_base64_encode ((const guchar *) challenge, strlen (challenge)) : NULL;
  g_autofree guchar *decoded = NULL;
  char *out = NULL, *text;
  gsize length = 0;

  g_assert_cmpint (pf_sasl_step (sasl, base64, &out), ==, result);
  if (result == PF_SASL_FAILED)
    {
      g_assert_null (out);
      g_assert_false (pf_sasl_is_complete (sasl));
      return NULL;
    }
  decoded = g_base64_decode (out, &length);
  text = g_strndup ((const char *) decoded, length);
  pf_sasl_free_text (out);
  return text;
}

static void
assert_step (PfSasl *sasl, const char *challenge, PfSaslResult result, const char *answer)
{
  g_autofree char *text = step (sasl, challenge, result);

  g_assert_cmpstr (text, ==, answer);
}

static void
assert_raw_step (PfSasl *sasl, const char *base64, PfSaslResult result, const char *answer)
{
  char *out = NULL;

  g_assert_cmpint (pf_sasl_step (sasl, base64, &out), ==, result);
  g_assert_cmpstr (out, ==, answer);
  pf_sasl_free_text (out);
}

/* --- Mechanisms without proof ----------------------------------------------------------------- */

static void
test_plain (void)
{
  g_autoptr (PfSasl) sasl = start ("PLAIN", "tim", "tanstaaftanstaaf");

  g_assert_true (pf_sasl_has_initial (sasl));
  g_assert_false (pf_sasl_is_complete (sasl));
  assert_raw_step (sasl, NULL, PF_SASL_DONE, "AHRpbQB0YW5zdGFhZnRhbnN0YWFm");
  g_assert_true (pf_sasl_is_complete (sasl));
  /* An empty last word is answered, anything else ends it, and for good. */
  assert_raw_step (sasl, "", PF_SASL_DONE, "");
  assert_raw_step (sasl, "bW9yZQ==", PF_SASL_FAILED, NULL);
  g_assert_false (pf_sasl_is_complete (sasl));
  assert_raw_step (sasl, "", PF_SASL_FAILED, NULL);
}

static void
test_login (void)
{
  g_autoptr (PfSasl) sasl = start ("LOGIN", "tim", "tanstaaftanstaaf");

  g_assert_false (pf_sasl_has_initial (sasl));
  assert_step (sasl, "Username:", PF_SASL_CONTINUE, "tim");
  g_assert_false (pf_sasl_is_complete (sasl));
  assert_step (sasl, "Password:", PF_SASL_DONE, "tanstaaftanstaaf");
  g_assert_true (pf_sasl_is_complete (sasl));
}

/* RFC 2195 section 2. */
static void
test_cram_md5 (void)
{
  g_autoptr (PfSasl) sasl = start ("CRAM-MD5", "tim", "tanstaaftanstaaf");

  g_assert_false (pf_sasl_has_initial (sasl));
  assert_step (sasl, "<1896.697170952@postoffice.reston.mci.net>", PF_SASL_DONE,
               "tim b913a602c7eda7a495b4e6e7334d3890");
  g_assert_true (pf_sasl_is_complete (sasl));
}

/* --- SCRAM ------------------------------------------------------------------------------------ */

/* The server of this test against the vectors of RFC 5802 section 5 and RFC 7677 section 3. */
static void
test_vectors (void)
{
  static const struct
  {
    GChecksumType hash;
    const char *salt, *message, *proof, *signature;
  } vectors[] = {
    { G_CHECKSUM_SHA1, "QSXCR+Q6sek8bf92",
      "n=user,r=fyko+d2lbbFgONRv9qkxdawL,"
      "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096,"
      "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j",
      "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=", "rmF9pqV8S7suAoZWja4dJRkFsKQ=" },
    { G_CHECKSUM_SHA256, "W22ZaJ0SNY7soEsUEjb6gQ==",
      "n=user,r=rOprNGfwEbeRWgbNEkqO,"
      "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
      "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
      "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
      "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_autofree char *proof = NULL, *signature = NULL;

      scram_compute (vectors[i].hash, "pencil", vectors[i].salt, 4096, vectors[i].message, &proof,
                     &signature);
      g_assert_cmpstr (proof, ==, vectors[i].proof);
      g_assert_cmpstr (signature, ==, vectors[i].signature);
    }
}

typedef struct
{
  PfSasl *sasl;
  char *first; /* of the client, without the header */
  char *nonce; /* both parts */
  char *signature;
} Exchange;

static GChecksumType
hash_of (const char *mechanism)
{
  return strcmp (mechanism, "SCRAM-SHA-1") == 0 ? G_CHECKSUM_SHA1 : G_CHECKSUM_SHA256;
}

static void
exchange_begin (Exchange *exchange, const char *mechanism)
{
  g_autofree char *first = NULL;

  exchange->sasl = start (mechanism, "us=er,", "pencil");
  g_assert_true (pf_sasl_has_initial (exchange->sasl));
  first = step (exchange->sasl, NULL, PF_SASL_CONTINUE);
  g_assert_true (g_str_has_prefix (first, "n,,n=us=3Der=2C,r="));
  exchange->first = g_strdup (first + 3);
  exchange->nonce = g_strconcat (strstr (first, ",r=") + 3, "server", NULL);
  exchange->signature = NULL;
}

/* Up to the client's proof, which must be right. */
static void
exchange_prove (Exchange *exchange, const char *mechanism)
{
  static const char salt[] = "QSXCR+Q6sek8bf92";
  g_autofree char *server = g_strdup_printf ("r=%s,s=%s,i=4096", exchange->nonce, salt);
  g_autofree char *bare = g_strdup_printf ("c=biws,r=%s", exchange->nonce);
  g_autofree char *message = g_strdup_printf ("%s,%s,%s", exchange->first, server, bare);
  g_autofree char *proof = NULL, *expected = NULL, *final = NULL;

  scram_compute (hash_of (mechanism), "pencil", salt, 4096, message, &proof, &exchange->signature);
  expected = g_strdup_printf ("%s,p=%s", bare, proof);
  final = step (exchange->sasl, server, PF_SASL_CONTINUE);
  g_assert_cmpstr (final, ==, expected);
  g_assert_false (pf_sasl_is_complete (exchange->sasl));
}

/* What fails it: pf_sasl_set_key() without its gsasl_property_set(): libgsasl would stretch the
 * password in the main loop. */
static void
test_key_from_outside (void)
{
  static const guint8 wrong[32] = { 1 };
  PfSasl *sasl = start ("SCRAM-SHA-256", "user", "pencil");
  PfSasl *plain = start ("PLAIN", "user", "pencil");
  g_autofree char *first = step (sasl, NULL, PF_SASL_CONTINUE);
  g_autofree char *server =
      g_strdup_printf ("r=%sserver,s=QSXCR+Q6sek8bf92,i=4096", strstr (first, ",r=") + 3);
  g_autofree char *challenge = g_base64_encode ((const guchar *) server, strlen (server));
  g_autofree char *message =
      g_strdup_printf ("%s,%s,c=biws,r=%sserver", first + 3, server, strstr (first, ",r=") + 3);
  g_autofree char *proof = NULL, *signature = NULL, *final = NULL;
  PfSaslStretch stretch = { 0 };

  g_assert_false (pf_sasl_wants_key (plain, challenge, &stretch));
  g_assert_false (pf_sasl_wants_key (sasl, "dj1hYmNk", &stretch));
  g_assert_false (pf_sasl_wants_key (sasl, "???", &stretch));
  g_assert_true (pf_sasl_wants_key (sasl, challenge, &stretch));
  g_assert_true (stretch.sha256);
  g_assert_cmpstr (stretch.password, ==, "pencil");
  g_assert_cmpuint (stretch.salt_length, ==, 12);
  g_assert_cmpuint (stretch.iterations, ==, 4096);
  pf_sasl_stretch_clear (&stretch);
  pf_sasl_set_key (sasl, wrong, sizeof wrong);
  final = step (sasl, server, PF_SASL_CONTINUE);
  scram_compute (G_CHECKSUM_SHA256, "pencil", "QSXCR+Q6sek8bf92", 4096, message, &proof,
                 &signature);
  g_assert_true (g_str_has_prefix (final, "c=biws,r="));
  g_assert_null (strstr (final, proof));
  pf_sasl_free (sasl);
  pf_sasl_free (plain);
}

static void
exchange_end (Exchange *exchange)
{
  pf_sasl_free (exchange->sasl);
  g_free (exchange->first);
  g_free (exchange->nonce);
  g_free (exchange->signature);
}

static void
test_scram (gconstpointer data)
{
  g_autofree char *final = NULL;
  Exchange exchange;

  exchange_begin (&exchange, data);
  exchange_prove (&exchange, data);
  final = g_strdup_printf ("v=%s", exchange.signature);
  assert_step (exchange.sasl, final, PF_SASL_DONE, "");
  g_assert_true (pf_sasl_is_complete (exchange.sasl));
  exchange_end (&exchange);
}

/* What a server that does not know the password may say instead of its proof. A true answer "OK"
 * right then is no log-in: pf_sasl_is_complete() is FALSE before (exchange_prove) and after.
 * Product change that fails this: is_complete() returning TRUE. */
static void
test_scram_without_proof (gconstpointer data)
{
  static const char *const finals[] = { "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
                                        "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
                                        "v=",
                                        "v",
                                        "",
                                        "e=other-error",
                                        "e=invalid-proof",
                                        "x=1",
                                        "v=AAAA,v=AAAA" };

  for (guint i = 0; i < G_N_ELEMENTS (finals); i++)
    {
      Exchange exchange;

      exchange_begin (&exchange, data);
      exchange_prove (&exchange, data);
      assert_step (exchange.sasl, finals[i], PF_SASL_FAILED, NULL);
      /* Nor may it try again with the right one. */
      {
        g_autofree char *right = g_strdup_printf ("v=%s", exchange.signature);

        assert_step (exchange.sasl, right, PF_SASL_FAILED, NULL);
      }
      exchange_end (&exchange);
    }
}

/* First messages of a server that must not get a proof. %s is the client's nonce. */
static void
test_scram_hostile_first (gconstpointer data)
{
  static const char *const firsts[] = {
    "r=%sx,s=QSXCR+Q6sek8bf92,i=999",
    "r=%sx,s=QSXCR+Q6sek8bf92,i=1",
    "r=%sx,s=QSXCR+Q6sek8bf92,i=0",
    "r=%sx,s=QSXCR+Q6sek8bf92,i=-1",
    "r=%sx,s=QSXCR+Q6sek8bf92,i=1000001",
    "r=%sx,s=QSXCR+Q6sek8bf92,i=4294967297",
    "r=%sx,s=QSXCR+Q6sek8bf92,i=18446744073709551617",
    "r=%sx,s=QSXCR+Q6sek8bf92,i=4096x",
    "r=%sx,s=QSXCR+Q6sek8bf92,i= 4096",
    "r=%sx,s=QSXCR+Q6sek8bf92,i=",
    "r=%sx,s=QSXCR+Q6sek8bf92,i=4096,i=1",
    "r=%sx,s=QSXCR+Q6sek8bf92",
    "r=%sx,i=4096",
    "s=QSXCR+Q6sek8bf92,i=4096",
    "r=another,s=QSXCR+Q6sek8bf92,i=4096",
    "r=,s=QSXCR+Q6sek8bf92,i=4096",
    "m=ext,r=%sx,s=QSXCR+Q6sek8bf92,i=4096",
    "e=other-error",
    "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
    "",
    "%%s%%s%%n",
  };

  for (guint i = 0; i < G_N_ELEMENTS (firsts); i++)
    {
      g_auto (GStrv) parts = NULL;
      g_autofree char *first = NULL, *nonce = NULL;
      Exchange exchange;

      exchange_begin (&exchange, data);
      nonce = g_strndup (exchange.nonce, strlen (exchange.nonce) - strlen ("server"));
      parts = g_strsplit (firsts[i], "%s", 2);
      first = g_strjoinv (nonce, parts);
      assert_step (exchange.sasl, first, PF_SASL_FAILED, NULL);
      exchange_end (&exchange);
    }
}

/* The bounds themselves are within. */
static void
test_scram_bounds (void)
{
  static const char *const iterations[] = { "1000", "1000000" };

  for (guint i = 0; i < G_N_ELEMENTS (iterations); i++)
    {
      g_autofree char *first = NULL, *final = NULL;
      Exchange exchange;

      exchange_begin (&exchange, "SCRAM-SHA-1");
      first = g_strdup_printf ("r=%s,s=QSXCR+Q6sek8bf92,i=%s", exchange.nonce, iterations[i]);
      final = step (exchange.sasl, first, PF_SASL_CONTINUE);
      g_assert_nonnull (final);
      exchange_end (&exchange);
    }
}

/* --- Hostile wire ----------------------------------------------------------------------------- */

static void
test_hostile_base64 (void)
{
  g_autofree char *long_one = g_strnfill (12 * 1024 + 4, 'A');
  const char *const bad[] = { "*",    "A",     "AA",   "AAA",       "AA==AA==", "A A A A ",
                              "AAA=", "AAAA=", "====", "Username:", "AAAA\n",   "\xff\xff\xff\xff",
                              "=",    long_one };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (PfSasl) sasl = start ("SCRAM-SHA-256", "user", "pencil");
      g_autofree char *first = step (sasl, NULL, PF_SASL_CONTINUE);

      assert_raw_step (sasl, bad[i], PF_SASL_FAILED, NULL);
    }
}

/* Any challenge does for CRAM-MD5, up to the limit. */
static void
test_long_challenge (void)
{
  g_autofree char *longest = g_strnfill (12 * 1024, 'A');
  g_autofree char *longer = g_strnfill (12 * 1024 + 4, 'A');
  g_autoptr (PfSasl) patient = start ("CRAM-MD5", "user", "pencil");
  g_autoptr (PfSasl) sasl = start ("CRAM-MD5", "user", "pencil");
  char *out = NULL;

  g_assert_cmpint (pf_sasl_step (patient, longest, &out), ==, PF_SASL_DONE);
  pf_sasl_free_text (out);
  assert_raw_step (sasl, longer, PF_SASL_FAILED, NULL);
}

/* What stands behind a NUL would be seen by one reader and not by the other. */
static void
test_nul (void)
{
  g_autoptr (PfSasl) sasl = start ("SCRAM-SHA-1", "user", "pencil");
  g_autofree char *first = step (sasl, NULL, PF_SASL_CONTINUE);
  g_autofree char *nonce = g_strdup (strstr (first, "r="));
  g_autofree char *server = g_strdup_printf ("%sx,s=QSXCR+Q6sek8bf92,i=4096", nonce);
  g_autofree char *base64 = g_base64_encode ((const guchar *) server, strlen (server) + 1);

  assert_raw_step (sasl, base64, PF_SASL_FAILED, NULL);
}

static void
test_new (void)
{
  static const struct
  {
    const char *mechanism, *user, *password;
    gboolean made;
  } cases[] = {
    { "PLAIN", "user", "pass\xffword", TRUE }, /* as it is: many servers prepare nothing */
    { "LOGIN", "user", "", TRUE },
    { "SCRAM-SHA-256", "J\xc3\xbcrgen", "p\xc3\xa4ss", TRUE },
    { "SCRAM-SHA-256", "user", "pass\xffword", FALSE }, /* not UTF-8 */
    { "SCRAM-SHA-1",
      "us\x07"
      "er",
      "password", FALSE }, /* SASLprep forbids controls */
    { "CRAM-MD5", "user", "pass\xffword", FALSE },
    { "PLAIN", "", "password", FALSE },
    { "GSSAPI", "user", "password", FALSE },
    { "plain", "user", "password", FALSE },
    { "", "user", "password", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (PfSasl) sasl =
          pf_sasl_new (cases[i].mechanism, "pop", "host", cases[i].user, cases[i].password);

      g_assert_cmpint (sasl != NULL, ==, cases[i].made);
    }
  pf_sasl_free (NULL);
  pf_sasl_free_text (NULL);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *name;
    GTestDataFunc run;
  } scram[] = { { "right", test_scram },
                { "without-proof", test_scram_without_proof },
                { "hostile-first", test_scram_hostile_first } };
  static const char *const mechanisms[] = { "SCRAM-SHA-1", "SCRAM-SHA-256" };

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sasl/choose", test_choose);
  g_test_add_func ("/sasl/new", test_new);
  g_test_add_func ("/sasl/plain", test_plain);
  g_test_add_func ("/sasl/login", test_login);
  g_test_add_func ("/sasl/cram-md5", test_cram_md5);
  g_test_add_func ("/sasl/key", test_key_from_outside);
  g_test_add_func ("/sasl/vectors", test_vectors);
  g_test_add_func ("/sasl/bounds", test_scram_bounds);
  g_test_add_func ("/sasl/hostile-base64", test_hostile_base64);
  g_test_add_func ("/sasl/long-challenge", test_long_challenge);
  g_test_add_func ("/sasl/nul", test_nul);
  for (guint i = 0; i < G_N_ELEMENTS (mechanisms); i++)
    for (guint j = 0; j < G_N_ELEMENTS (scram); j++)
      {
        g_autofree char *path = g_strdup_printf ("/sasl/%s/%s", mechanisms[i], scram[j].name);

        g_test_add_data_func (path, mechanisms[i], scram[j].run);
      }
  return g_test_run ();
}
