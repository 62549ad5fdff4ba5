#include "protocol/header.h"

#include <string.h>

typedef struct
{
  const char *text;
  gsize length; /* of the header; G_MAXSIZE: all of it, no end seen */
  gboolean separated;
} Case;

static const Case cases[] = {
  { "A: b\r\n\r\nbody", 8, TRUE },
  { "A: b\n\nbody", 6, TRUE },
  { "A: b\r\n\nbody", 7, TRUE },
  { "A: b\n\r\nbody", 7, TRUE },
  { "\r\nbody", 2, TRUE },
  { "\nbody", 1, TRUE },
  { "\n", 1, TRUE },
  { "A: b\r\n folded\r\n\tmore\r\nC : d\r\n\r\n", 31, TRUE },
  /* A line of blanks continues the field: it is not the end. */
  { "A: b\r\n \r\nC: d\r\n\r\n", 17, TRUE },
  { "A:\n\n", 4, TRUE },
  /* A line that is no field ends the block before it. */
  { "A: b\r\nno field\r\nC: d\r\n\r\n", 6, FALSE },
  { "A: b\nx\n\n", 5, FALSE },
  { "<html>\n", 0, FALSE },
  { "From ann Mon Jan 1\nA: b\n\n", 0, FALSE },
  { " folded first\nA: b\n\n", 0, FALSE },
  { ": no name\n\n", 0, FALSE },
  { "A b: c\n\n", 0, FALSE },
  { "A\x01: c\n\n", 0, FALSE },
  { "\xc3\xbc: c\n\n", 0, FALSE },
  { "A\t \t: b\n\n", 9, TRUE },
  /* A lone CR ends no line. */
  { "A: b\r\rC\r: d\n\n", 13, TRUE },
  { "\r\r\n", 0, FALSE },
  /* No end yet. */
  { "", G_MAXSIZE, FALSE },
  { "A: b", G_MAXSIZE, FALSE },
  { "A: b\r", G_MAXSIZE, FALSE },
  { "A: b\r\n", G_MAXSIZE, FALSE },
  { "A: b\r\n\r", G_MAXSIZE, FALSE },
  { "A: b\n no field", G_MAXSIZE, FALSE },
};

static void
test_length (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      gsize all = strlen (cases[i].text), length;
      gboolean complete;

      length = pf_header_length (cases[i].text, all, &complete);
      g_assert_cmpint (complete, ==, cases[i].length != G_MAXSIZE);
      g_assert_cmpuint (length, ==, complete ? cases[i].length : all);
      if (complete)
        g_assert_cmpint (pf_header_separated (cases[i].text, length), ==, cases[i].separated);
    }
}

/* Whoever is fed in pieces sees no end before there is one, and then the same. */
static void
test_growing (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    for (gsize part = 0; part <= strlen (cases[i].text); part++)
      {
        /* Memory of its own, so that reading beyond is found out. */
        g_autofree char *copy = g_memdup2 (cases[i].text, part);
        gboolean complete;
        gsize length = pf_header_length (copy, part, &complete);

        g_assert_cmpuint (length, <=, part);
        if (complete)
          g_assert_cmpuint (length, ==, cases[i].length);
      }
}

static void
test_fields (void)
{
  static const char text[] = "Received: from a\r\n\tby b\r\nSUBJECT \t: x: y\nEmpty:\nNo end: here";
  PfHeaderIter iter;
  PfHeaderField field;
  g_autofree char *received = NULL, *subject = NULL, *last = NULL;

  pf_header_iter_init (&iter, text, strlen (text));
  g_assert_true (pf_header_iter_next (&iter, &field));
  g_assert_true (field.start == text);
  g_assert_cmpuint (field.length, ==, strlen ("Received: from a\r\n\tby b\r\n"));
  g_assert_cmpuint (field.name_length, ==, strlen ("Received"));
  g_assert_cmpuint (field.value_length, ==, strlen (" from a\r\n\tby b\r\n"));
  g_assert_true (pf_header_field_is (&field, "rEcEiVeD"));
  g_assert_false (pf_header_field_is (&field, "Receive"));
  g_assert_false (pf_header_field_is (&field, "Received-SPF"));
  received = pf_header_field_unfold (&field);
  g_assert_cmpstr (received, ==, "from a\tby b");

  g_assert_true (pf_header_iter_next (&iter, &field));
  g_assert_cmpuint (field.name_length, ==, strlen ("Subject"));
  g_assert_true (pf_header_field_is (&field, "Subject"));
  subject = pf_header_field_unfold (&field);
  g_assert_cmpstr (subject, ==, "x: y");

  g_assert_true (pf_header_iter_next (&iter, &field));
  g_assert_cmpuint (field.value_length, ==, 1);
  last = pf_header_field_unfold (&field);
  g_assert_cmpstr (last, ==, "");
  g_assert_false (pf_header_iter_next (&iter, &field)); /* "No end" is no name */
  g_assert_false (pf_header_iter_next (&iter, &field));
}

static void
test_last_without_end (void)
{
  static const char text[] = "A: b\r\n c\r\n d";
  PfHeaderIter iter;
  PfHeaderField field;
  g_autofree char *copy = g_memdup2 (text, strlen (text));
  g_autofree char *value = NULL;

  pf_header_iter_init (&iter, copy, strlen (text));
  g_assert_true (pf_header_iter_next (&iter, &field));
  g_assert_cmpuint (field.length, ==, strlen (text));
  value = pf_header_field_unfold (&field);
  g_assert_cmpstr (value, ==, "b c d");
  g_assert_false (pf_header_iter_next (&iter, &field));
}

/* A NUL must not hide what is behind it from those who read the value as a string. Product change
 * that fails this: unfold() without its replacement of NUL. */
static void
test_nul (void)
{
  static const char text[] = "From: good@example.org\0<evil@example.net>\r\n\r\n";
  g_autofree char *value = pf_header_lookup (text, sizeof text - 1, "from");

  g_assert_cmpstr (value, ==, "good@example.org <evil@example.net>");
}

static void
test_lookup (void)
{
  static const char text[] = "A: 1\nB: 2\nb: 3\n\nC: 4\n";
  gboolean complete;
  gsize length = pf_header_length (text, strlen (text), &complete);
  g_autofree char *b = pf_header_lookup (text, length, "b");
  g_autofree char *c = pf_header_lookup (text, length, "C");
  g_autofree char *all = pf_header_lookup (text, strlen (text), "C");
  g_autofree char *none = pf_header_lookup (text, 0, "A");

  g_assert_cmpstr (b, ==, "2");
  g_assert_null (c);
  g_assert_null (all); /* nothing behind the empty line is a field */
  g_assert_null (none);
}

/* Fields and what ends the block make up the block, octet for octet. */
static void
test_whole (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      gboolean complete;
      gsize length = pf_header_length (cases[i].text, strlen (cases[i].text), &complete);
      gsize sum = 0;
      PfHeaderIter iter;
      PfHeaderField field;

      if (!complete)
        continue;
      pf_header_iter_init (&iter, cases[i].text, length);
      while (pf_header_iter_next (&iter, &field))
        {
          g_assert_true (field.start == cases[i].text + sum);
          g_assert_true (field.value + field.value_length == field.start + field.length);
          sum += field.length;
        }
      g_assert_cmpuint (length - sum, <=, 2);
      g_assert_cmpint (length > sum, ==, cases[i].separated);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/header/length", test_length);
  g_test_add_func ("/header/growing", test_growing);
  g_test_add_func ("/header/fields", test_fields);
  g_test_add_func ("/header/last-without-end", test_last_without_end);
  g_test_add_func ("/header/nul", test_nul);
  g_test_add_func ("/header/lookup", test_lookup);
  g_test_add_func ("/header/whole", test_whole);
  return g_test_run ();
}
