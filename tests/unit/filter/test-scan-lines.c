/* What scanners found, in a message's header. Mutants: tests/mutants. */
#include "base/limits.h"
#include "filter/headers.h"

#include <string.h>

static PfRspamdAnswer *
parse (const char *json)
{
  g_autofree char *problem = NULL;
  PfRspamdAnswer *answer = pf_rspamd_answer_parse (json, strlen (json), &problem);

  g_assert_cmpstr (problem, ==, NULL);
  return answer;
}

/* (transfer full): the finished block behind our own last line. */
static char *
finish (const char *header, const PfScanLines *lines)
{
  PfTrace trace = { .host = "host.example", .scan = lines };
  GString *block = pf_headers_finish (header, strlen (header), &trace);
  const char *received = strstr (block->str, "Received: from unknown\n");
  const char *end = strstr (received, "+0000\n");
  char *rest = g_strdup (end + strlen ("+0000\n"));

  g_string_free (block, TRUE);
  return rest;
}

static void
check (const char *header, const PfScanLines *lines, const char *wanted)
{
  g_autofree char *rest = finish (header, lines);

  g_assert_cmpstr (rest, ==, wanted);
}

static void
check_lines (const PfScanLines *lines, const char *wanted)
{
  g_autoptr (GString) block = g_string_new (NULL);

  pf_scan_lines_append (block, lines);
  g_assert_cmpstr (block->str, ==, wanted);
}

static void
test_ours (void)
{
  g_autoptr (PfRspamdAnswer) answer =
      parse ("{\"action\":\"add header\",\"score\":7.3,\"required_score\":15,\"symbols\":"
             "{\"A\":{\"score\":5.25},\"B\":{\"score\":2.05},\"C\\nX: y\":{\"score\":0}}}");
  PfScanLines lines = { .answer = answer,
                        .spam = TRUE,
                        .virus_scanned = "ClamAV 1.4.6/27500 at host.example",
                        .virus_status = "Infected (Evil\nX-Forged: yes)" };

  check_lines (&lines, "X-Spam-Flag: YES\n"
                       "X-Spam-Level: *******\n"
                       "X-Spam-Status: Yes, score=7.30 required=15.00 action=\"add header\"\n"
                       "\ttests=[A=5.25, B=2.05, C\\x0aX: y=0.00]\n"
                       "X-Virus-Scanned: ClamAV 1.4.6/27500 at host.example\n"
                       "X-Virus-Status: Infected (Evil?X-Forged: yes)\n");
}

static void
test_no_spam (void)
{
  g_autoptr (PfRspamdAnswer) answer =
      parse ("{\"action\":\"no action\",\"score\":-1.5,\"required_score\":15}");
  PfScanLines lines = { .answer = answer };

  check_lines (&lines, "X-Spam-Status: No, score=-1.50 required=15.00 action=\"no action\" "
                       "tests=[]\n");
}

static void
test_wishes (void)
{
  g_autoptr (PfRspamdAnswer) answer = parse (
      "{\"action\":\"no action\",\"score\":0,\"required_score\":15,\"milter\":{\"add_headers\":{"
      "\"X-Late\":{\"value\":\"late\",\"order\":2},\"X-None\":\"none\","
      "\"X-First\":{\"value\":\"first\",\"order\":1},\"X-Spam-Flag\":\"NO\",\"To\":\"x\"}}}");
  PfScanLines lines = { .answer = answer };

  /* Fails when append_wishes() does not ask is_ours(): Rspamd would speak against the verdict. */
  check_lines (&lines, "X-Spam-Status: No, score=0.00 required=15.00 action=\"no action\" "
                       "tests=[]\n"
                       "X-First: first\nX-Late: late\nX-None: none\n");
}

static void
test_folding (void)
{
  g_autofree char *word = g_strnfill (901, 'w');
  g_autofree char *long_status = g_strjoin (" ", "a", word, NULL);
  g_autoptr (GString) block = g_string_new (NULL);
  PfScanLines lines = { .virus_status = long_status };
  g_autofree char *fine = g_strnfill (70, 'v');
  g_autofree char *three = g_strjoin (" ", fine, fine, "end", NULL);

  /* A line that cannot be folded is none. */
  pf_scan_lines_append (block, &lines);
  g_assert_cmpstr (block->str, ==, "");
  lines.virus_status = three;
  pf_scan_lines_append (block, &lines);
  g_assert_true (g_str_has_prefix (block->str, "X-Virus-Status: v"));
  g_assert_true (g_str_has_suffix (block->str, "v\n\tend\n")
                 || g_str_has_suffix (block->str, "v end\n"));
  g_assert_nonnull (strstr (block->str, "v\n\tv"));
}

/* Fails when append_wishes() does not look at the end. */
static void
test_bounded (void)
{
  GString *json = g_string_new (
      "{\"action\":\"no action\",\"score\":0,\"required_score\":15,\"milter\":{\"add_headers\":{");
  g_autoptr (PfRspamdAnswer) answer = NULL;
  PfScanLines lines = { 0 };
  g_autoptr (GString) block = g_string_new (NULL);

  for (guint i = 0; i < 50; i++)
    {
      g_string_append_printf (json, "%s\"X-%u\":\"", i > 0 ? "," : "", i);
      for (guint j = 0; j < 400; j++)
        g_string_append (json, "12345678 ");
      g_string_append_c (json, '"');
    }
  g_string_append (json, "}}}");
  answer = parse (json->str);
  g_string_free (json, TRUE);
  lines.answer = answer;
  pf_scan_lines_append (block, &lines);
  g_assert_cmpuint (block->len, <=, PF_LIMIT_SCAN_LINES);
  g_assert_cmpuint (block->len, >, PF_LIMIT_SCAN_LINES / 2);
}

static void
test_removals (void)
{
  static const char header[] = "X-A: 1\nX-B: 1\nx-a: 2\nX-C: 1\nX-A: 3\nX-C: 2\nFrom: a\n\n";
  g_autoptr (PfRspamdAnswer) answer = parse (
      "{\"action\":\"no action\",\"score\":0,\"required_score\":15,\"milter\":{\"remove_headers\":{"
      "\"X-A\":[1,-1],\"X-B\":5,\"X-C\":0,\"From\":0}}}");
  PfScanLines lines = { .answer = answer };

  check (header, &lines, "X-B: 1\nx-a: 2\nFrom: a\n\n");
}

static void
test_subject (void)
{
  PfScanLines lines = { .spam = TRUE, .subject_prefix = "***SPAM***" };
  PfScanLines foreign = { .spam = TRUE, .subject_prefix = "M\303\274ll:" };
  PfScanLines clean = { .subject_prefix = "***SPAM***" };

  check ("From: a\nSubject: Buy\n\tnow\nTo: b\n\n", &lines,
         "From: a\nSubject: ***SPAM*** Buy\n\tnow\nTo: b\n\n");
  check ("subject:=?utf-8?q?x?=\n\n", &lines, "Subject: ***SPAM*** =?utf-8?q?x?=\n\n");
  check ("From: a\n\n", &lines, "From: a\nSubject: ***SPAM***\n\n");
  check ("From: a", &lines, "From: a\nSubject: ***SPAM***\n");
  check ("Subject: a\nSubject: b\n\n", &lines, "Subject: ***SPAM*** a\nSubject: b\n\n");
  check ("Subject: a\n\n", &clean, "Subject: a\n\n");
  {
    g_autofree char *rest = finish ("Subject: a\n\n", &foreign);

    g_assert_true (g_str_has_prefix (rest, "Subject: =?"));
    g_assert_true (g_str_has_suffix (rest, "?= a\n\n"));
  }
}

static void
test_rewritten (void)
{
  g_autoptr (PfRspamdAnswer) answer =
      parse ("{\"action\":\"rewrite subject\",\"score\":9,\"required_score\":15,"
             "\"subject\":\"[spam] Buy\\nBcc: x\"}");
  PfScanLines lines = { .answer = answer, .spam = TRUE };
  g_autofree char *rest = finish ("Subject: Buy\nTo: b\n\n", &lines);

  g_assert_true (g_str_has_prefix (rest, "Subject: [spam] Buy"));
  g_assert_null (strstr (rest, "\nBcc"));
  g_assert_true (g_str_has_suffix (rest, "\nTo: b\n\n"));
}

int
main (int argc, char **argv)
{
  g_setenv ("TZ", "UTC", TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/filter/scan-lines/ours", test_ours);
  g_test_add_func ("/filter/scan-lines/no-spam", test_no_spam);
  g_test_add_func ("/filter/scan-lines/wishes", test_wishes);
  g_test_add_func ("/filter/scan-lines/folding", test_folding);
  g_test_add_func ("/filter/scan-lines/bounded", test_bounded);
  g_test_add_func ("/filter/scan-lines/removals", test_removals);
  g_test_add_func ("/filter/scan-lines/subject", test_subject);
  g_test_add_func ("/filter/scan-lines/rewritten", test_rewritten);
  return g_test_run ();
}
