/* The beginning of a message on a terminal: nothing of it acts there. */
#include "cli-client/message-text.h"

#include <string.h>

static PfMessageText *
read_text (const char *text, gboolean whole)
{
  return pf_message_text_new (text, strlen (text), whole);
}

static void
test_parts (void)
{
  g_autoptr (PfMessageText) text =
      read_text ("From: a\r\nSubject:  b\n\tc\nX:\n\nline: one\n\n two", TRUE);

  g_assert_cmpuint (text->names->len, ==, 3);
  g_assert_cmpstr (text->names->pdata[1], ==, "Subject");
  g_assert_cmpstr (text->values->pdata[1], ==, "b c");
  g_assert_cmpstr (text->values->pdata[2], ==, "");
  g_assert_cmpuint (text->lines->len, ==, 3);
  g_assert_cmpstr (text->lines->pdata[0], ==, "line: one");
  g_assert_cmpstr (text->lines->pdata[2], ==, " two");
  g_assert_false (text->more);
}

/* Fails when a line is added without pf_text_printable(). */
static void
test_hostile (void)
{
  g_autofree char *folded = g_strnfill (100000, 'x');
  g_autoptr (GString) many = g_string_new (NULL);
  g_autoptr (PfMessageText) text =
      read_text ("A\x1b: \x1b[2J\n \x1b]0;t\x07\n\n\x9b\xff\x1b[31m", TRUE);
  g_autoptr (PfMessageText) none = read_text ("no header here\nnor here", TRUE);
  g_autoptr (PfMessageText) cut = read_text ("A: b\n\nhalf a li", FALSE);
  g_autoptr (PfMessageText) large = NULL;

  g_assert_cmpstr (text->names->pdata[0], ==, "A\\x1b");
  g_assert_cmpstr (text->values->pdata[0], ==, "\\x1b[2J \\x1b]0;t\\x07");
  g_assert_cmpstr (text->lines->pdata[0], ==, "\\x9b\\xff\\x1b[31m");
  g_assert_cmpuint (none->names->len, ==, 0);
  g_assert_cmpuint (none->lines->len, ==, 2);
  g_assert_cmpuint (cut->lines->len, ==, 0);
  g_assert_true (cut->more);
  for (guint i = 0; i < 1000; i++)
    g_string_append_printf (many, "A: %s\n %s\n", "b", i == 0 ? folded : "c");
  g_string_append (many, "\n");
  for (guint i = 0; i < 1000; i++)
    g_string_append (many, "line\n");
  large = read_text (many->str, TRUE);
  g_assert_cmpuint (large->names->len, ==, 200);
  g_assert_cmpuint (strlen (large->values->pdata[0]), <=, 1000);
  g_assert_cmpuint (large->lines->len, ==, 40);
  g_assert_true (large->more);
}

static void
test_empty (void)
{
  g_autoptr (PfMessageText) nothing = read_text ("", TRUE);
  g_autoptr (PfMessageText) blank = read_text ("\n", TRUE);
  g_autoptr (PfMessageText) folded = read_text (" x\n", TRUE);

  g_assert_cmpuint (nothing->lines->len + nothing->names->len, ==, 0);
  g_assert_cmpuint (blank->lines->len + blank->names->len, ==, 0);
  g_assert_cmpuint (folded->lines->len, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/message-text/parts", test_parts);
  g_test_add_func ("/cli/message-text/hostile", test_hostile);
  g_test_add_func ("/cli/message-text/empty", test_empty);
  return g_test_run ();
}
