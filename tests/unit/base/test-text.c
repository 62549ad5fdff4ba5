/* Text from outside, made fit for a log line, a terminal, a label. */
#include "dbus-interfaces/text.h"

#include <string.h>

static void
test_texts (void)
{
  static const struct
  {
    const char *bytes, *printable, *ascii;
  } cases[] = {
    { "", "", "" },
    { "plain text", "plain text", "plain text" },
    { "a\r\nb\tc", "a\\x0d\\x0ab\\x09c", "a\\x0d\\x0ab\\x09c" },
    { "\x1b[31mred\x07\x7f", "\\x1b[31mred\\x07\\x7f", "\\x1b[31mred\\x07\\x7f" },
    { "Gr\xc3\xbc\xc3\x9f", "Gr\xc3\xbc\xc3\x9f", "Gr\\xc3\\xbc\\xc3\\x9f" },
    { "Gr\xfc\xdf", "Gr\\xfc\\xdf", "Gr\\xfc\\xdf" },
    /* C1: a terminal may take 9b for ESC [. */
    { "\xc2\x9b"
      "31m",
      "\\xc2\\x9b"
      "31m",
      "\\xc2\\x9b"
      "31m" },
    /* Bidirectional overrides, isolates and marks, line and paragraph separators, a byte order
     * mark. */
    { "a\xe2\x80\xae"
      "b\xe2\x81\xa6"
      "c\xe2\x80\x8e"
      "d",
      "abcd", "a\\xe2\\x80\\xaeb\\xe2\\x81\\xa6c\\xe2\\x80\\x8ed" },
    { "a\xe2\x80\xa8"
      "b\xe2\x80\xa9"
      "c\xef\xbb\xbf",
      "abc", "a\\xe2\\x80\\xa8b\\xe2\\x80\\xa9c\\xef\\xbb\\xbf" },
    /* Overlong, surrogate, beyond Unicode, cut short. */
    { "\xc0\xaf", "\\xc0\\xaf", "\\xc0\\xaf" },
    { "\xed\xa0\x80", "\\xed\\xa0\\x80", "\\xed\\xa0\\x80" },
    { "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", "\\xf4\\x90\\x80\\x80" },
    { "a\xe2\x82", "a\\xe2\\x82", "a\\xe2\\x82" },
    { "\xf0\x9f\x93\xac", "\xf0\x9f\x93\xac", "\\xf0\\x9f\\x93\\xac" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *printable = pf_text_printable (cases[i].bytes, -1, 0);
      g_autofree char *ascii = pf_text_ascii (cases[i].bytes, (gssize) strlen (cases[i].bytes), 0);

      g_assert_cmpstr (printable, ==, cases[i].printable);
      g_assert_cmpstr (ascii, ==, cases[i].ascii);
    }
}

static void
test_nul (void)
{
  g_autofree char *text = pf_text_printable ("a\0b", 3, 0);

  g_assert_cmpstr (text, ==, "a\\x00b");
}

static void
test_cut (void)
{
  g_autofree char *fits = pf_text_printable ("0123456", -1, 10);
  g_autofree char *exactly = pf_text_printable ("0123456789", -1, 10);
  g_autofree char *escape_fits = pf_text_printable ("012345\x01", -1, 10);
  g_autofree char *cut = pf_text_printable ("0123456789a", -1, 10);
  g_autofree char *character = pf_text_printable ("01234\xc3\xbc"
                                                  "67890",
                                                  -1, 9);
  g_autofree char *escape = pf_text_printable ("012345\x01xyz", -1, 10);

  g_assert_cmpstr (fits, ==, "0123456");
  g_assert_cmpstr (exactly, ==, "0123456789");
  g_assert_cmpstr (escape_fits, ==, "012345\\x01");
  g_assert_cmpstr (cut, ==, "0123456...");
  /* Neither in a character nor in an escape. */
  g_assert_cmpstr (character, ==, "01234...");
  g_assert_cmpstr (escape, ==, "012345...");
}

/* Whatever comes: valid UTF-8 of one line without control characters, as short as was asked. */
static void
test_noise (void)
{
  for (guint i = 0; i < 20000; i++)
    {
      char bytes[40];
      gsize length = (gsize) g_test_rand_int_range (0, sizeof bytes);
      gsize max = (gsize) g_test_rand_int_range (4, 60);
      g_autofree char *printable = NULL, *ascii = NULL;

      for (gsize j = 0; j < length; j++)
        bytes[j] = (char) (g_test_rand_bit () ? g_test_rand_int_range (0x20, 0x7f)
                                              : g_test_rand_int_range (0, 256));
      printable = pf_text_printable (bytes, (gssize) length, max);
      ascii = pf_text_ascii (bytes, (gssize) length, max);
      g_assert_cmpuint (strlen (printable), <=, max);
      g_assert_cmpuint (strlen (ascii), <=, max);
      g_assert_true (g_utf8_validate (printable, -1, NULL));
      for (const char *p = printable; *p != '\0'; p = g_utf8_next_char (p))
        g_assert_false (g_unichar_iscntrl (g_utf8_get_char (p)));
      for (const char *p = ascii; *p != '\0'; p++)
        g_assert_true (*p >= 0x20 && *p < 0x7f);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/text/texts", test_texts);
  g_test_add_func ("/text/nul", test_nul);
  g_test_add_func ("/text/cut", test_cut);
  g_test_add_func ("/text/noise", test_noise);
  return g_test_run ();
}
