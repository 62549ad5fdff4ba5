/* The lines we put on top of a message and those we take out. */
#include "base/limits.h"
#include "filter/headers.h"
#include "protocol/header.h"

#include <string.h>

#define ID "0123456789abcdef0123456789abcdef"

static const PfTrace trace = {
  .return_path = "bob@example.net",
  .delivered_to = "alice",
  .account_hash = "cafe",
  .delivery_id = ID,
  .uid = "7/42",
  .host = "host.example",
  .peer_name = "imap.example.com",
  .peer_address = "192.0.2.1",
  .protocol = "IMAPS",
  .version = "1.0",
  .time = 1767261600, /* 2026-01-01 10:00:00 UTC */
};

#define OURS                                                                                       \
  "Return-Path: <bob@example.net>\n"                                                               \
  "Delivered-To: alice\n"                                                                          \
  "X-Postferry-Id: " ID "\n"                                                                       \
  "X-Postferry: host.example;\n\taccount=cafe;\n\tid=" ID ";\n\tuid=7/42\n"                        \
  "Received: from imap.example.com ([192.0.2.1])\n"                                                \
  "\tby host.example (postferry/1.0) with IMAPS\n"                                                 \
  "\tid " ID "\n"                                                                                  \
  "\tfor <alice>;\n"                                                                               \
  "\tThu, 1 Jan 2026 10:00:00 +0000\n"

static void
check (const char *header, const char *rest)
{
  GString *block = pf_headers_finish (header, strlen (header), &trace);
  g_autofree char *wanted = g_strconcat (OURS, rest, NULL);

  g_assert_cmpstr (block->str, ==, wanted);
  g_string_free (block, TRUE);
}

static void
test_finish (void)
{
  check ("From: a\nSubject: b\n\n", "From: a\nSubject: b\n\n");
  /* Nothing but the line ends and names that are to go is touched. */
  check ("X: \t a \n\tb  \nY:\n\n", "X: \t a \n\tb  \nY:\n\n");
  check ("Subject: no separator\n", "Subject: no separator\n");
  check ("Subject: no line end", "Subject: no line end");
  /* An empty header of its own, no header at all, an mbox line before either. */
  check ("\n", "\n");
  check ("", "\n");
  check ("From alice Thu Jan  1 10:00:00 2026\nFrom: a\n\n", "From: a\n\n");
  check (">From alice Thu Jan  1 10:00:00 2026\nFrom: a\n\n", "From: a\n\n");
  check ("From alice Thu Jan  1 10:00:00 2026\n", "\n");
}

static void
test_removed (void)
{
  check ("Return-Path: <x@y>\nA: b\nreturn-path : <x@y>\n\tmore\n\n", "A: b\n\n");
  check ("X-Spam-Flag: YES\nX-SPAM-STATUS: No\nX-Spamd-Bar: -\n"
         "X-Rspamd-Action: x\nX-Virus-Scanned: y\n\n",
         "\n");
  check ("X-Postferry: a\nX-Postferry-Id: b\nX-Postferry-Scan: skipped\nX-PostferryX: c\n\n", "\n");
  check ("X-Spam: kept\nX-Virus: kept\n\n", "X-Spam: kept\nX-Virus: kept\n\n");
  /* Only in the header block that was given, and only fields. */
  check ("A: b\n X-Spam-Flag: YES\n\n", "A: b\n X-Spam-Flag: YES\n\n");
}

static void
test_authentication_results (void)
{
  static const struct
  {
    const char *value;
    gboolean kept;
  } rows[] = {
    { "host.example; spf=pass", FALSE },
    { "HOST.Example; spf=pass", FALSE },
    { "(a comment) host.example 1; spf=pass", FALSE },
    { "\"host.example\"; spf=pass", FALSE },
    { "\n\thost.example;\n\tspf=pass", FALSE },
    { "mx.google.com 2; spf=pass", FALSE }, /* another version */
    { "mx.google.com 1x; spf=pass", FALSE },
    { "mx.google.com; spf=pass", TRUE },
    { "mx.google.com 1; spf=pass", TRUE },
    { "mx.google.com/1; spf=pass", TRUE },
    { "host.example.com; spf=pass", TRUE },
    { "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=a.example; dkim=pass",
      TRUE }, /* Outlook names nobody */
    { "", TRUE },
    { "(never ends", TRUE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *header =
          g_strdup_printf ("A: b\nAuthentication-Results: %s\n\n", rows[i].value);

      check (header, rows[i].kept ? header : "A: b\n\n");
    }
}

static void
test_delivered_to (void)
{
  check ("Delivered-To: alice\nDelivered-To: bob\ndelivered-to:  ALICE \n\n",
         "X-Original-Delivered-To: alice\nDelivered-To: bob\nX-Original-delivered-to:  ALICE \n\n");
}

/* The body keeps a gap of that size. Fails when the check of `room` is taken out of
 * append_original(). */
static void
test_bounded (void)
{
  GString *header = g_string_new (NULL);
  g_autofree char *longest = g_strnfill (100000, 'x');
  PfTrace large = { longest, longest, longest, longest, longest, longest,
                    longest, longest, longest, longest, TRUE,    0 };
  GString *block;

  for (guint i = 0; i < 40000; i++)
    g_string_append (header, "Delivered-To: alice\n");
  g_string_append (header, "\n");
  block = pf_headers_finish (header->str, header->len, &trace);
  g_assert_cmpuint (block->len, <=, header->len + PF_LIMIT_TRACE_BLOCK);
  g_string_free (block, TRUE);
  block = pf_headers_finish (header->str, header->len, &large);
  g_assert_cmpuint (block->len, <=, header->len + PF_LIMIT_TRACE_BLOCK);
  g_string_free (block, TRUE);
  g_string_free (header, TRUE);
}

/* What is put into our lines comes from servers and strangers. Fails when append_word() appends
 * text[i] as it is. */
static void
test_values_filtered (void)
{
  PfTrace hostile = trace;
  GString *block;
  gboolean complete;

  hostile.uid = "a\nX-Spam-Flag: NO\r\n;b";
  hostile.peer_name = "a (b\n\nc";
  hostile.return_path = "a>\nX: y";
  hostile.delivered_to = "al\nice";
  block = pf_headers_finish ("A: b\n\n", 6, &hostile);
  g_assert_null (strstr (block->str, "\nX-Spam-Flag"));
  g_assert_null (strstr (block->str, "\nX: y"));
  g_assert_null (strchr (block->str, '\r'));
  g_assert_cmpuint (pf_header_length (block->str, block->len, &complete), ==, block->len);
  g_assert_true (complete);
  g_string_free (block, TRUE);
}

static void
test_nothing_known (void)
{
  const PfTrace nothing = { 0 };
  GString *block = pf_headers_finish ("A: b\n\n", 6, &nothing);

  g_assert_cmpstr (block->str, ==,
                   "X-Postferry: localhost\n"
                   "Received: from unknown\n\tby localhost;\n\tThu, 1 Jan 1970 00:00:00 +0000\n"
                   "A: b\n\n");
  g_string_free (block, TRUE);
}

static void
test_lines_short (void)
{
  PfTrace large = trace;
  g_autofree char *uid = g_strnfill (300, 'u');
  GString *block;

  large.uid = uid;
  large.scan_skipped = TRUE;
  block = pf_headers_finish ("A: b\n\n", 6, &large);
  g_assert_nonnull (strstr (block->str, "X-Postferry-Scan: skipped\n"));
  for (const char *p = block->str; *p != '\0'; p = strchr (p, '\n') + 1)
    g_assert_cmpuint (strcspn (p, "\n"), <, 998);
  g_string_free (block, TRUE);
}

static void
test_sender (void)
{
  static const char *const rows[][2] = {
    { "Return-Path: <bob@example.net>\nReceived: from a\n\n", "bob@example.net" },
    { "Return-Path: <>\nReceived: from a (envelope-from <x@y>)\n\n", "" },
    { "Received: from inside\nX: y\nReturn-Path: <bob@example.net>\nReceived: from border\n\n",
      "bob@example.net" },
    /* Below all that servers wrote: the sender's own invention. */
    { "Received: from a\nReturn-Path: <forged@example.net>\nFrom: x\n\n", "" },
    { "Received: from a (envelope-from <bob@example.net>) by b\n\n", "bob@example.net" },
    { "Received-SPF: pass (x) client-ip=192.0.2.1; envelope-from=\"bob@example.net\"; helo=x\n\n",
      "bob@example.net" },
    { "Received-SPF: pass envelope-from=bob@example.net;\n\n", "bob@example.net" },
    { "From: bob@example.net\n\n", "" },
    { "Return-Path: <a b@example.net>\n\n", "" },
    { "From x Thu\nReturn-Path: bob@example.net\nReceived: x\n\n", "bob@example.net" },
    { "", "" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *sender = pf_headers_sender (rows[i][0], strlen (rows[i][0]));

      g_assert_cmpstr (sender, ==, rows[i][1]);
    }
}

static void
test_loop (void)
{
  static const char ours[] = "X: y\n" OURS "\n",
                    other[] = "X-Postferry: host.example;\n\taccount=beef\n\n";
  GString *header = g_string_new (NULL);

  g_assert_true (pf_headers_is_loop (ours, sizeof ours - 1, "HOST.example", "CAFE"));
  g_assert_false (pf_headers_is_loop (ours, sizeof ours - 1, "other.example", "cafe"));
  g_assert_false (pf_headers_is_loop (other, sizeof other - 1, "host.example", "cafe"));
  for (guint i = 0; i < PF_LIMIT_RECEIVED_FIELDS; i++)
    g_string_append (header, "Received: from x\n");
  g_assert_false (pf_headers_is_loop (header->str, header->len, "h", "c"));
  g_string_append (header, "received : from x\n");
  g_assert_true (pf_headers_is_loop (header->str, header->len, "h", "c"));
  g_string_free (header, TRUE);
}

static void
test_recipient (void)
{
  static const char header[] = "Delivered-To: Alice <alice@example.com>\n"
                               "Delivered-To: bob@example.com\nX-Original-To: x\n\n";
  g_autofree char *first = pf_headers_recipient (header, sizeof header - 1, "delivered-to");
  g_autofree char *bare = pf_headers_recipient (header, sizeof header - 1, "X-Original-To");

  g_assert_cmpstr (first, ==, "alice@example.com");
  g_assert_cmpstr (bare, ==, "x");
  g_assert_null (pf_headers_recipient (header, sizeof header - 1, "Envelope-To"));
}

static void
check_subject (const char *value, const char *wanted)
{
  g_autofree char *header = g_strdup_printf ("Subject: %s\n\n", value);
  g_autofree char *subject = pf_headers_subject (header, strlen (header));

  g_assert_cmpstr (subject, ==, wanted);
}

static void
test_subject (void)
{
  g_autofree char *lengthy = g_strnfill (100000, 'x'),
                  *header = g_strdup_printf ("Subject: %s\n\n", lengthy);
  g_autofree char *subject = pf_headers_subject (header, strlen (header));
  g_autofree char *none = pf_headers_subject ("A: b\n\n", 6);

  check_subject ("plain", "plain");
  check_subject ("=?UTF-8?Q?Gr=C3=BC=C3=9Fe?=", "Gr\xc3\xbc\xc3\x9f"
                                                "e");
  check_subject ("=?iso-8859-1?B?Z3L832U=?=\n\t=?utf-8?q?_x?=", "gr\xc3\xbc\xc3\x9f"
                                                                "e x");
  check_subject ("=?UTF-8?Q?broken", "=?UTF-8?Q?broken");
  check_subject ("=?no-such-charset?Q?a?=", "a");
  g_assert_cmpuint (strlen (subject), ==, 4096);
  g_assert_cmpstr (none, ==, "");
}

/* Anything at all: valid text, bounded, no crash (run under the sanitizers). */
static void
test_random (void)
{
  static const char alphabet[] =
      "\n\n\n \t:;<>()\"\\=?Received:Return-Path:Delivered-To:Subject:a1.@\xff\x00\r";
  char text[200];

  for (guint round = 0; round < 30000; round++)
    {
      gsize length = (gsize) g_random_int_range (0, sizeof text);
      GString *block;
      g_autofree char *sender = NULL, *subject = NULL, *recipient = NULL;

      for (gsize i = 0; i < length; i++)
        text[i] = alphabet[g_random_int_range (0, sizeof alphabet - 1)];
      block = pf_headers_finish (text, length, &trace);
      g_assert_cmpuint (block->len, <=, length + PF_LIMIT_TRACE_BLOCK);
      sender = pf_headers_sender (text, length);
      subject = pf_headers_subject (text, length);
      g_assert_true (g_utf8_validate (subject, -1, NULL));
      recipient = pf_headers_recipient (text, length, "Delivered-To");
      pf_headers_is_loop (text, length, "host", "hash");
      g_string_free (block, TRUE);
    }
}

int
main (int argc, char **argv)
{
  g_setenv ("TZ", "UTC", TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/headers/finish", test_finish);
  g_test_add_func ("/headers/removed", test_removed);
  g_test_add_func ("/headers/authentication-results", test_authentication_results);
  g_test_add_func ("/headers/delivered-to", test_delivered_to);
  g_test_add_func ("/headers/bounded", test_bounded);
  g_test_add_func ("/headers/values-filtered", test_values_filtered);
  g_test_add_func ("/headers/nothing-known", test_nothing_known);
  g_test_add_func ("/headers/lines-short", test_lines_short);
  g_test_add_func ("/headers/sender", test_sender);
  g_test_add_func ("/headers/loop", test_loop);
  g_test_add_func ("/headers/recipient", test_recipient);
  g_test_add_func ("/headers/subject", test_subject);
  g_test_add_func ("/headers/random", test_random);
  return g_test_run ();
}
