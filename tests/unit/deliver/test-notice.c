/* The mail that tells what is held back: whatever stood in the mail, it is one line of text. */
#include "deliver/notice.h"

#include <gmime/gmime.h>
#include <string.h>

#define ID "0123456789abcdef0123456789abcdef"

static const PfNotice plain = { .id = ID,
                                .host = "mx.example.org",
                                .recipient = "alice",
                                .time = 1762164000,
                                .days = 30 };

static char *
header_of (const PfNotice *notice)
{
  return g_string_free (pf_notice_header (notice), FALSE);
}

/* As a reader sees it. */
static char *
text_of (const PfNotice *notice)
{
  GString *body = pf_notice_body (notice);
  char *text = g_malloc (body->len + 1);
  GMimeEncoding state;
  gsize length;

  for (char **lines = g_strsplit (body->str, "\n", -1), **line = lines; lines != NULL; line++)
    if (*line == NULL)
      {
        g_strfreev (lines);
        break;
      }
    else
      g_assert_cmpuint (strlen (*line), <=, 76);
  g_assert_true (g_str_is_ascii (body->str));
  g_mime_encoding_init_decode (&state, GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
  length = g_mime_encoding_step (&state, body->str, body->len, text);
  text[length] = '\0';
  g_string_free (body, TRUE);
  return text;
}

static void
test_header (void)
{
  PfNotice notice = plain;
  g_autofree char *header = NULL;

  notice.total = 3;
  header = header_of (&notice);
  g_assert_cmpstr (header, ==,
                   "X-Postferry-Id: " ID "\n"
                   "From: Postferry <postferry@mx.example.org>\n"
                   "To: <alice@mx.example.org>\n"
                   "Subject: 3 messages held back\n"
                   "Date: Mon, 3 Nov 2025 10:00:00 +0000\n"
                   "Message-ID: <" ID ".quarantine@mx.example.org>\n"
                   "Auto-Submitted: auto-generated\n"
                   "MIME-Version: 1.0\n"
                   "Content-Type: text/plain; charset=utf-8\n"
                   "Content-Transfer-Encoding: quoted-printable\n\n");
}

/* Fails when append_name() writes any octet as it is. */
static void
test_names (void)
{
  static const struct
  {
    const char *host, *recipient, *to;
  } rows[] = {
    { "mx", "anna@example.org", "To: <anna@example.org>\n" },
    { "mx\nX: y", "alice", "To: <alice@mx-X--y>\n" },
    { "mx", "a>\nBcc: <b", "To: <a--Bcc---b@mx>\n" },
    { "mx", "a b@c@d", "To: <a-b-c@d>\n" },
    { "mx", "J\xc3\xbcrgen", "To: <J--rgen@mx>\n" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      PfNotice notice = plain;
      g_autofree char *header = NULL;
      g_auto (GStrv) lines = NULL;

      notice.host = rows[i].host;
      notice.recipient = rows[i].recipient;
      header = header_of (&notice);
      lines = g_strsplit (header, "\n", -1);
      g_assert_nonnull (strstr (header, rows[i].to));
      g_assert_cmpuint (g_strv_length (lines), ==, 12);
    }
}

/* Fails when append_item() takes a text without pf_text_printable(). */
static void
test_hostile (void)
{
  PfQuarantineItem spam = { .id = (char *) ID,
                            .sender = (char *) "x\n\nFrom: root",
                            .subject = (char *) "\xe2\x80\xae"
                                                "a\r\n.\r\nb \xff",
                            .verdict = (char *) "spam",
                            .reason = (char *) "line one\nline two",
                            .time = 1762164000000000 };
  PfQuarantineItem virus = { .id = (char *) ID,
                             .sender = (char *) "",
                             .subject = (char *) "",
                             .verdict = (char *) "virus",
                             .reason = (char *) "" };
  const PfQuarantineItem *items[] = { &spam, &virus };
  PfNotice notice = plain;
  g_autofree char *text = NULL;

  notice.items = items;
  notice.n_items = 2;
  notice.total = 5;
  text = text_of (&notice);
  g_test_message ("%s", text);
  g_assert_nonnull (strstr (text, "    from:    x\\x0a\\x0aFrom: root\n"));
  g_assert_nonnull (strstr (text, "    subject: a\\x0d\\x0a.\\x0d\\x0ab \\xff\n"));
  g_assert_nonnull (strstr (text, "    reason:  line one\\x0aline two\n"));
  g_assert_nonnull (strstr (text, "... and 3 more.\n"));
  g_assert_nonnull (strstr (text, "    from:    nobody\n"));
  /* Of the virus alone. */
  g_assert_nonnull (strstr (text, "administrator alone"));
  g_assert_null (strstr (strstr (text, "administrator alone") + 1, "administrator alone"));
  g_assert_true (strstr (text, "administrator alone") > strstr (text, "virus"));
}

static void
test_long (void)
{
  g_autofree char *long_text = g_strnfill (100000, 'x');
  PfQuarantineItem item = { .id = (char *) ID,
                            .sender = long_text,
                            .subject = long_text,
                            .verdict = (char *) "spam",
                            .reason = long_text };
  const PfQuarantineItem *items[] = { &item };
  PfNotice notice = plain;
  g_autofree char *text = NULL;

  notice.items = items;
  notice.n_items = notice.total = 1;
  text = text_of (&notice);
  g_assert_cmpuint (strlen (text), <, 3000);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/notice/header", test_header);
  g_test_add_func ("/notice/names", test_names);
  g_test_add_func ("/notice/hostile", test_hostile);
  g_test_add_func ("/notice/long", test_long);
  return g_test_run ();
}
