/* Rspamd's answer: what is read from a good one, and that anything else is none. */
#include "filter/rspamd-answer.h"

#include "base/limits.h"

#include <string.h>

static PfRspamdAnswer *
parse (const char *text)
{
  g_autofree char *problem = NULL;

  return pf_rspamd_answer_parse (text, strlen (text), &problem);
}

static void
test_whole (void)
{
  g_autoptr (PfRspamdAnswer) answer = parse (
      "{\"is_skipped\":false,\"score\":7.25,\"required_score\":15,\"action\":\"rewrite subject\","
      "\"symbols\":{\"SMALL\":{\"name\":\"SMALL\",\"score\":0.5},"
      "\"BIG\":{\"score\":-6,\"description\":\"what\\nit is\",\"options\":[\"a\",7,\"b\"]}},"
      "\"messages\":{\"smtp_message\":\"Try again\"},\"urls\":[],\"message-id\":\"a@b\","
      "\"subject\":\"*** x\\r\\nBcc: y\",\"dkim-signature\":\"v=1\",\"milter\":{"
      "\"add_headers\":{\"X-One\":{\"value\":\"a\\r\\n\\tb\",\"order\":2},\"X-Two\":\"plain\","
      "\"X-Many\":[{\"value\":\"1\"},{\"value\":\"2\"}],\"Subject\":\"no\",\"X-Postferry-Id\":\"no\","
      "\"ARC-Seal\":{\"value\":\"i=1\"},\"X-Bad Name\":\"no\",\"X-Wrong\":{\"value\":7},"
      "\"authentication-results\":\"here\",\"X-Octets\":\"\\u00e9\\u0007\"},"
      "\"remove_headers\":{\"X-Old\":0,\"X-Some\":[1,-1],\"Received\":0,\"X-Text\":\"1\"}}}");
  const PfRspamdHeader *header;
  const PfRspamdSymbol *symbol;

  g_assert_nonnull (answer);
  g_assert_cmpint (answer->action, ==, PF_RSPAMD_REWRITE_SUBJECT);
  g_assert_true (answer->has_score);
  g_assert_cmpfloat (answer->score, ==, 7.25);
  g_assert_cmpfloat (answer->required_score, ==, 15);
  g_assert_cmpstr (answer->message, ==, "Try again");
  g_assert_null (strchr (answer->subject, '\n'));
  g_assert_cmpuint (answer->symbols->len, ==, 2);
  symbol = answer->symbols->pdata[0];
  g_assert_cmpstr (symbol->name, ==, "BIG");
  g_assert_cmpfloat (symbol->score, ==, -6);
  g_assert_null (strchr (symbol->description, '\n'));
  g_assert_cmpstr (symbol->options, ==, "a, b");
  g_assert_cmpuint (answer->add_headers->len, ==, 7);
  header = answer->add_headers->pdata[0];
  g_assert_cmpstr (header->name, ==, "X-One");
  g_assert_cmpstr (header->value, ==, "a b");
  g_assert_cmpint (header->order, ==, 2);
  header = answer->add_headers->pdata[6];
  g_assert_cmpstr (header->value, ==, "???");
  g_assert_cmpuint (answer->remove_headers->len, ==, 3);
}

static void
test_actions (void)
{
  static const struct
  {
    const char *text;
    PfRspamdAction action;
  } rows[] = {
    { "no action", PF_RSPAMD_NO_ACTION },
    { "greylist", PF_RSPAMD_GREYLIST },
    { "add header", PF_RSPAMD_ADD_HEADER },
    { "rewrite subject", PF_RSPAMD_REWRITE_SUBJECT },
    { "soft reject", PF_RSPAMD_SOFT_REJECT },
    { "reject", PF_RSPAMD_REJECT },
    { "discard", PF_RSPAMD_DISCARD },
    { "quarantine", PF_RSPAMD_QUARANTINE },
    { "Reject", PF_RSPAMD_UNKNOWN },
    { "no action ", PF_RSPAMD_UNKNOWN },
    { "", PF_RSPAMD_UNKNOWN },
    { "banana", PF_RSPAMD_UNKNOWN },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text =
          g_strdup_printf ("{\"action\":\"%s\",\"subject\":\"s\"}", rows[i].text);
      g_autoptr (PfRspamdAnswer) answer = parse (text);

      g_assert_nonnull (answer);
      g_assert_cmpint (answer->action, ==, rows[i].action);
      g_assert_cmpstr (answer->action_text, ==, rows[i].text);
      g_assert_false (answer->has_score);
      g_assert_cmpstr (answer->subject, ==, rows[i].action == PF_RSPAMD_REWRITE_SUBJECT ? "s" : "");
    }
}

/* What may be missing, null, or Lua's idea of an empty table. */
static void
test_lenient (void)
{
  static const char *const rows[] = {
    "{\"action\":\"reject\"}",
    " \r\n{\"action\":\"reject\"}\n",
    "{\"action\":\"reject\",\"score\":null,\"symbols\":null,\"milter\":null}",
    "{\"action\":\"reject\",\"symbols\":[],\"milter\":[],\"messages\":[],\"subject\":[]}",
    "{\"action\":\"reject\",\"symbols\":{\"A\":{}},\"milter\":{\"add_headers\":[]}}",
    "{\"action\":\"reject\",\"milter\":7,\"is_skipped\":\"yes\",\"new\":[{\"a\":[1,2]}]}",
    "{\"action\":\"reject\",\"symbols\":{\"A\":{\"options\":[\"\xff\xfe\"]}}}",
    "{\"action\":\"reject\",\"x\":\"{[\\\"\\\\\"}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (PfRspamdAnswer) answer = parse (rows[i]);

      g_test_message ("%s", rows[i]);
      g_assert_nonnull (answer);
      g_assert_cmpint (answer->action, ==, PF_RSPAMD_REJECT);
    }
}

static void
test_refused (void)
{
  static const char *const rows[] = {
    "",
    "   ",
    "null",
    "7",
    "\"no action\"",
    "[]",
    "[{\"action\":\"no action\"}]",
    "{}",
    "{\"action\":null}",
    "{\"action\":7}",
    "{\"action\":[\"no action\"]}",
    "{\"action\":{\"no action\":1}}",
    "{\"action\":\"no action\",\"score\":\"5\"}",
    "{\"action\":\"no action\",\"score\":[]}",
    "{\"action\":\"no action\",\"score\":true}",
    "{\"action\":\"no action\",\"score\":1e999}",
    "{\"action\":\"no action\",\"required_score\":{}}",
    "{\"action\":\"no action\",\"symbols\":7}",
    "{\"action\":\"no action\",\"symbols\":[1]}",
    "{\"action\":\"no action\",\"symbols\":{\"A\":7}}",
    "{\"action\":\"no action\",\"symbols\":{\"A\":{\"score\":\"high\"}}}",
    "{\"error\":\"out of order\"}",
    "{\"action\":\"no action\",\"error\":\"out of order\"}",
    "{\"action\":\"no action\"",
    "{\"action\":\"no action\"}}",
    "{\"action\":\"no action\"}{\"action\":\"reject\"}",
    "{\"action\":\"no action\"} x",
    "{\"action\":\"no action\"} // done",
    "/* hello */ {\"action\":\"no action\"}",
    "var a = {\"action\":\"no action\"};",
    "{\"action\":\"no action\"]",
    "{\"action\" \"no action\"}",
    "{\"action\":\"no action",
    "{'action':'no action'}",
    "{action:\"no action\"}",
    "<html>no action</html>",
    "\xef\xbb\xbf{\"action\":\"no action\"}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *problem = NULL;
      g_autoptr (PfRspamdAnswer) answer =
          pf_rspamd_answer_parse (rows[i], strlen (rows[i]), &problem);

      g_test_message ("%s: %s", rows[i], problem);
      g_assert_null (answer);
      g_assert_nonnull (problem);
    }
}

/* Half an answer is none, wherever it ends; nor is one with a NUL in it. */
static void
test_halves (void)
{
  static const char whole[] =
      "{\"score\":1.5,\"action\":\"no action\",\"symbols\":{\"A\":{\"score\":1,"
      "\"options\":[\"x\\\"y\"]}},\"milter\":{}}";

  for (gsize length = 0; length < strlen (whole); length++)
    {
      g_autofree char *half = g_strndup (whole, length);
      g_autofree char *holed = g_memdup2 (whole, sizeof whole);
      g_autofree char *problem = NULL, *other = NULL;

      g_assert_null (pf_rspamd_answer_parse (half, length, &problem));
      holed[length] = '\0';
      g_assert_null (pf_rspamd_answer_parse (holed, strlen (whole), &other));
    }
}

static char *
repeat (const char *head, const char *text, guint times, const char *tail)
{
  GString *all = g_string_new (head);

  for (guint i = 0; i < times; i++)
    g_string_append (all, text);
  g_string_append (all, tail);
  return g_string_free (all, FALSE);
}

static void
test_limits (void)
{
  g_autofree char *deep = repeat ("{\"action\":\"reject\",\"x\":", "[", 1000000, "");
  g_autofree char *many =
      repeat ("{\"action\":\"reject\",\"x\":[0", ",0", PF_LIMIT_RSPAMD_VALUES, "]}");
  g_autoptr (GString) wide = g_string_new ("{\"action\":\"reject\",\"symbols\":{");
  g_autoptr (PfRspamdAnswer) answer = NULL;

  g_assert_null (parse (deep));
  g_assert_null (parse (many));
  for (guint i = 0; i < PF_LIMIT_RSPAMD_SYMBOLS * 3; i++)
    g_string_append_printf (wide, "%s\"S%u\":{\"score\":%u}", i > 0 ? "," : "", i, i);
  g_string_append (wide, "}}");
  answer = parse (wide->str);
  g_assert_cmpuint (answer->symbols->len, ==, PF_LIMIT_RSPAMD_SYMBOLS);
  g_assert_cmpuint (answer->n_symbols, ==, PF_LIMIT_RSPAMD_SYMBOLS * 3);
  g_assert_cmpfloat (((PfRspamdSymbol *) answer->symbols->pdata[0])->score, ==,
                     PF_LIMIT_RSPAMD_SYMBOLS * 3 - 1);
}

static void
test_allowed (void)
{
  static const char *const yes[] = { "X-Spam", "x-anything", "ARC-Seal", "Authentication-Results" };
  static const char *const no[] = { "Subject",
                                    "From",
                                    "Received",
                                    "DKIM-Signature",
                                    "X-Postferry",
                                    "x-postferry-Scan",
                                    "",
                                    "X-A:",
                                    "X-A\r\nBcc",
                                    "X A",
                                    "Authentication-Results-Old" };

  for (guint i = 0; i < G_N_ELEMENTS (yes); i++)
    g_assert_true (pf_rspamd_header_is_allowed (yes[i]));
  for (guint i = 0; i < G_N_ELEMENTS (no); i++)
    g_assert_false (pf_rspamd_header_is_allowed (no[i]));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rspamd-answer/whole", test_whole);
  g_test_add_func ("/rspamd-answer/actions", test_actions);
  g_test_add_func ("/rspamd-answer/lenient", test_lenient);
  g_test_add_func ("/rspamd-answer/refused", test_refused);
  g_test_add_func ("/rspamd-answer/halves", test_halves);
  g_test_add_func ("/rspamd-answer/limits", test_limits);
  g_test_add_func ("/rspamd-answer/allowed", test_allowed);
  return g_test_run ();
}
