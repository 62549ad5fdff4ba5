/* One message from its octets to a descriptor. */
#include "base/limits.h"
#include "base/problem.h"
#include "deliver/body.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* @input in pieces of @piece octets. */
static PfBody *
make (const char *input, gsize length, gsize piece)
{
  PfBody *body = pf_body_new (g_get_tmp_dir ());

  for (gsize at = 0; at < length; at += piece)
    g_assert_true (
        pf_body_write (body, (const guint8 *) input + at, MIN (piece, length - at), NULL));
  g_assert_true (pf_body_end (body, NULL));
  g_assert_cmpuint (pf_body_get_received (body), ==, length);
  return body;
}

/* (transfer full): what the descriptor gives from its position on. */
static GString *
contents (PfBody *body)
{
  GString *text = g_string_new (NULL);
  char buffer[4096];
  int fd = pf_body_get_fd (body);
  ssize_t n;

  while ((n = read (fd, buffer, sizeof buffer)) > 0)
    g_string_append_len (text, buffer, n);
  g_assert_cmpuint (text->len, ==, pf_body_get_length (body));
  return text;
}

static void
check (const char *input,
       gsize length,
       const char *header,
       gsize header_length,
       const char *rest,
       gsize rest_length)
{
  for (gsize piece = 1; piece <= length + 1; piece++)
    {
      g_autoptr (PfBody) body = make (input, length, piece);
      gsize found_length;
      const char *found = pf_body_get_header (body, &found_length);
      GString *text;

      g_assert_cmpmem (found, found_length, header, header_length);
      g_assert_true (pf_body_finish (body, "X: y\n", 5, NULL));
      text = contents (body);
      g_assert_cmpmem (text->str, 5, "X: y\n", 5);
      g_assert_cmpmem (text->str + 5, text->len - 5, rest, rest_length);
      g_string_free (text, TRUE);
    }
}

#define CHECK(INPUT, HEADER, REST)                                                                 \
  check (INPUT, sizeof INPUT - 1, HEADER, sizeof HEADER - 1, REST, sizeof REST - 1)

static void
test_split (void)
{
  CHECK ("A: b\r\nC: d\r\n\r\nbody\r\n", "A: b\nC: d\n\n", "body\n");
  CHECK ("A: b\nC: d\n\nbody", "A: b\nC: d\n\n", "body");
  CHECK ("A: b\r\n folded\r\n\tmore\r\n\r\n\r\nx", "A: b\n folded\n\tmore\n\n", "\nx");
  CHECK ("", "", "");
  CHECK ("\r\n", "\n", "");
  CHECK ("\r\nA: b\r\n", "\n", "A: b\n");
  CHECK ("A: b\r\n", "A: b\n", "");
  CHECK ("A: b", "A: b", "");
  CHECK ("no field at all\r\nA: b\r\n\r\n", "", "no field at all\nA: b\n\n");
  CHECK ("no line end", "", "no line end");
  CHECK (" A: b\r\n", "", " A: b\n");
  CHECK ("A: b\r\nno field\r\nC: d\r\n", "A: b\n", "no field\nC: d\n");
  CHECK ("A: b\r\nno field", "A: b\n", "no field");
  CHECK ("A: b\r\n \r\nC: d\r\n\r\n", "A: b\n \nC: d\n\n", "");
  CHECK ("From x Thu Jan 1 10:00:00\r\nA: b\r\n\r\nc", "From x Thu Jan 1 10:00:00\nA: b\n\n", "c");
  CHECK (">From x\r\nno field\r\n", ">From x\n", "no field\n");
}

static void
test_octets (void)
{
  CHECK ("A: b\r\n\r\na\rb\r\r\nc\0d\r\n\r", "A: b\n\n", "a\rb\r\nc\0d\n\r");
  CHECK ("A: b\rc\r\n\0: d\r\n\r\n", "A: b\rc\n", "\0: d\n\n");
  CHECK ("A: b\r\r\n\r\nx", "A: b\r\n\n", "x");
  CHECK ("A: b\r\n\r\n\xff\xfe", "A: b\n\n", "\xff\xfe");
}

static void
test_8bit (void)
{
  g_autoptr (PfBody) no = make ("A: b\n\nc", 7, 7), header = make ("A: \xff\n\nc", 7, 7),
                     rest = make ("A: b\n\n\x80", 7, 7);

  g_assert_false (pf_body_is_8bit (no));
  g_assert_true (pf_body_is_8bit (header));
  g_assert_true (pf_body_is_8bit (rest));
}

/* --- Digest ----------------------------------------------------------------------------------- */

static void
compare (const char *a, const char *b, gboolean same)
{
  g_autoptr (PfBody) first = make (a, strlen (a), 3), second = make (b, strlen (b), 1000);

  g_assert_cmpuint (strlen (pf_body_get_digest (first)), ==, 64);
  if (same)
    g_assert_cmpstr (pf_body_get_digest (first), ==, pf_body_get_digest (second));
  else
    g_assert_cmpstr (pf_body_get_digest (first), !=, pf_body_get_digest (second));
}

static void
test_digest (void)
{
  const char *base = "From: a\r\nSubject: b c\r\n\r\nbody\r\n";

  compare (base, base, TRUE);
  compare (base, "From: a\nSubject: b c\n\nbody\n", TRUE);
  compare (base, "From: a\r\nSubject:  b\r\n\tc  \r\n\r\nbody", TRUE);
  compare (base, "from: a\r\nSUBJECT : b c\r\n\r\nbody\r\n\r\n\r\n", TRUE);
  compare (base,
           "Status: RO\r\nFrom: a\r\nX-UID: 5\r\nSubject: b c\r\nX-Status: A\r\n"
           "X-UIDL: x\r\nX-Keywords:\r\n"
           "X-IMAPbase: 1 2\r\nX-IMAP: 3\r\n\r\nbody\r\n",
           TRUE);
  compare (base, "From x Thu\r\nFrom: a\r\nSubject: b c\r\n\r\nbody\r\n", TRUE);
  compare (base, "From: a\r\nSubject: bc\r\n\r\nbody\r\n", FALSE);
  compare (base, "From: a\r\nSubject: b c\r\n\r\nbody \r\n", FALSE);
  compare (base, "From: a\r\nSubject: b c\r\n\r\nbo\r\ndy\r\n", FALSE);
  compare (base, "From: a\r\nSubject: b c\r\n\r\n\r\nbody\r\n", FALSE);
  compare (base, "Subject: b c\r\nFrom: a\r\n\r\nbody\r\n", FALSE);
  compare ("A: b\n\nStatus: RO\n", "A: b\n\n", FALSE);
  compare ("A: b\n\na\n\n\nb", "A: b\n\na\n\nb", FALSE);
}

/* --- Sizes ------------------------------------------------------------------------------------ */

static void
fill (GString *text, gsize length)
{
  while (text->len < length)
    g_string_append_printf (text, "%060u\n", g_random_int ());
}

/* From memory into a file on the way, and the same octets come out. */
static void
test_large (void)
{
  GString *input = g_string_new ("A: b\n\n"), *text;
  g_autoptr (PfBody) body = NULL;
  struct stat status;

  fill (input, 5 * PF_MIB);
  body = make (input->str, input->len, 7777);
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *header = g_strnfill (1 + i * 5000, 'h');

      g_assert_true (pf_body_finish (body, header, strlen (header), NULL));
      text = contents (body);
      g_assert_cmpmem (text->str, strlen (header), header, strlen (header));
      g_assert_cmpmem (text->str + strlen (header), text->len - strlen (header), input->str + 6,
                       input->len - 6);
      g_string_free (text, TRUE);
    }
  g_assert_cmpint (fstat (pf_body_get_fd (body), &status), ==, 0);
  g_assert_cmpuint (status.st_nlink, ==, 0);
  g_string_free (input, TRUE);
}

static void
test_header_too_large (void)
{
  GString *input = g_string_new (NULL), *text;
  g_autoptr (PfBody) body = NULL;
  gsize length;
  const char *header;

  while (input->len < 3 * PF_MIB)
    g_string_append_printf (input, "X-%u: y\n\tfolded\n", (guint) input->len);
  g_string_append (input, "\nbody\n");
  body = make (input->str, input->len, 1000);
  header = pf_body_get_header (body, &length);
  g_assert_cmpuint (length, <=, PF_LIMIT_HEADER_BLOCK);
  g_assert_cmpuint (length, >, PF_LIMIT_HEADER_BLOCK / 2);
  g_assert_cmpmem (header, length, input->str, length);
  g_assert_cmpint (input->str[length], ==, 'X'); /* no field is cut in two */
  g_assert_true (pf_body_finish (body, header, length, NULL));
  text = contents (body);
  g_assert_cmpmem (text->str, text->len, input->str, input->len);
  g_string_free (text, TRUE);
  g_string_free (input, TRUE);
}

/* One line without end, one octet at a time: in linear time. Fails (hangs) when `searched` does not
 * move on in look_for_end(). */
static void
test_endless_line (void)
{
  g_autoptr (PfBody) body = pf_body_new (g_get_tmp_dir ());
  gsize length;

  for (guint i = 0; i < 2 * PF_MIB; i++)
    g_assert_true (pf_body_write (body, (const guint8 *) "x", 1, NULL));
  g_assert_true (pf_body_end (body, NULL));
  pf_body_get_header (body, &length);
  g_assert_cmpuint (length, ==, 0);
  g_assert_true (pf_body_finish (body, "A: b\n\n", 6, NULL));
  g_assert_cmpuint (pf_body_get_length (body), ==, 2 * PF_MIB + 6);
}

static void
test_finish_too_large (void)
{
  g_autoptr (PfBody) body = make ("A: b\n\nc", 7, 7);
  g_autofree char *large = g_strnfill (6 + PF_LIMIT_TRACE_BLOCK + 1, 'x');
  g_autoptr (GError) error = NULL;

  g_assert_true (pf_body_finish (body, large, 6 + PF_LIMIT_TRACE_BLOCK, NULL));
  g_assert_false (pf_body_finish (body, large, strlen (large), &error));
  g_assert_error (error, PF_PROBLEM, PF_PROBLEM_DELIVERY_DEFERRED);
}

static void
test_no_spool (void)
{
  g_autoptr (PfBody) body = pf_body_new ("/nonexistent/spool");
  g_autofree char *piece = g_strnfill (PF_MIB, 'x');
  g_autoptr (GError) error = NULL;
  gboolean ok = pf_body_write (body, (const guint8 *) "A: b\n\n", 6, &error);

  for (guint i = 0; ok && i < 3; i++)
    ok = pf_body_write (body, (const guint8 *) piece, PF_MIB, &error);
  g_assert_false (ok);
  g_assert_error (error, PF_PROBLEM, PF_PROBLEM_DELIVERY_DEFERRED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/body/split", test_split);
  g_test_add_func ("/body/octets", test_octets);
  g_test_add_func ("/body/8bit", test_8bit);
  g_test_add_func ("/body/digest", test_digest);
  g_test_add_func ("/body/large", test_large);
  g_test_add_func ("/body/header-too-large", test_header_too_large);
  g_test_add_func ("/body/endless-line", test_endless_line);
  g_test_add_func ("/body/finish-too-large", test_finish_too_large);
  g_test_add_func ("/body/no-spool", test_no_spool);
  return g_test_run ();
}
