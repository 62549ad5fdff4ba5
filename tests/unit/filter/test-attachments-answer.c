/* The answer of the program that looks into attachments: whole, or none. */
#include "filter/attachments-answer.h"

#include <string.h>

#define FOUND "found\texecutables\ta.exe\to.zip/i.zip\t\n"

static const struct
{
  const char *text;
  PfAttachmentAnswer answer;
  guint findings;
} cases[] = {
  { "", PF_ATTACHMENT_ANSWER_NONE, 0 },
  { "begun", PF_ATTACHMENT_ANSWER_BROKEN, 0 },
  { "begun\n", PF_ATTACHMENT_ANSWER_BROKEN, 0 },
  { "begun\nend", PF_ATTACHMENT_ANSWER_BROKEN, 0 },
  { "begun\nend\n", PF_ATTACHMENT_ANSWER_WHOLE, 0 },
  { "begun\nend\nend\n", PF_ATTACHMENT_ANSWER_BROKEN, 0 },
  { "end\n", PF_ATTACHMENT_ANSWER_BROKEN, 0 },
  { "begun\nunreadable\n", PF_ATTACHMENT_ANSWER_UNREADABLE, 0 },
  { "begun\n" FOUND "end\n", PF_ATTACHMENT_ANSWER_WHOLE, 1 },
  { "begun\n" FOUND FOUND "end\n", PF_ATTACHMENT_ANSWER_WHOLE, 2 },
  { "begun\n" FOUND, PF_ATTACHMENT_ANSWER_BROKEN, 0 },
  { "begun\nfound\tviruses\ta\tb\t\nend\n", PF_ATTACHMENT_ANSWER_BROKEN, 0 },
  { "begun\nfound\texecutables\ta\tb\nend\n", PF_ATTACHMENT_ANSWER_BROKEN, 0 },
  { "begun\nfound\texecutables\ta\tb\tc\td\nend\n", PF_ATTACHMENT_ANSWER_BROKEN, 0 },
  { "begun\nlost\texecutables\ta\tb\t\nend\n", PF_ATTACHMENT_ANSWER_BROKEN, 0 },
  { "begun\n\nend\n", PF_ATTACHMENT_ANSWER_BROKEN, 0 },
};

static void
test_table (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (PfAttachmentResult) result = pf_attachment_result_new ();

      g_test_message ("%s", cases[i].text);
      g_assert_cmpuint (pf_attachment_answer_read (cases[i].text, strlen (cases[i].text), result),
                        ==, cases[i].answer);
      if (cases[i].answer == PF_ATTACHMENT_ANSWER_WHOLE)
        g_assert_cmpuint (result->findings->len, ==, cases[i].findings);
    }
}

static void
test_hostile (void)
{
  static const char nul[] = "begun\n\0\nend\n";
  g_autoptr (PfAttachmentResult) result = pf_attachment_result_new ();
  g_autoptr (GString) many = g_string_new ("begun\n");
  const PfAttachmentFinding *finding;

  g_assert_cmpuint (pf_attachment_answer_read (nul, sizeof nul - 1, result), ==,
                    PF_ATTACHMENT_ANSWER_BROKEN);
  for (guint i = 0; i < 1000; i++)
    g_string_append (many, FOUND);
  g_string_append (many, "end\n");
  g_assert_cmpuint (pf_attachment_answer_read (many->str, many->len, result), ==,
                    PF_ATTACHMENT_ANSWER_BROKEN);
  g_ptr_array_set_size (result->findings, 0);
  /* It is shown to people, whatever the process has become. */
  pf_attachment_result_add (result, PF_ATTACHMENT_EXECUTABLE, "\033[2J\xff", "\u202e", "");
  finding = g_ptr_array_index (result->findings, 0);
  g_assert_cmpstr (finding->name, ==, "\\x1b[2J\\xff");
  g_assert_cmpstr (finding->path, ==, "");
}

static void
test_text (void)
{
  g_autoptr (PfAttachmentResult) result = pf_attachment_result_new ();
  g_autofree char *none = pf_attachment_result_text (result);
  g_autofree char *one = NULL;
  g_autofree char *worse = NULL;

  g_assert_null (none);
  pf_attachment_result_add (result, PF_ATTACHMENT_EXECUTABLE, "a.exe", "o.zip/i.zip", "");
  one = pf_attachment_result_text (result);
  g_assert_cmpstr (one, ==, "executables: a.exe in o.zip/i.zip");
  g_assert_false (result->malformed);
  pf_attachment_result_add (result, PF_ATTACHMENT_MALFORMED, "", "", "why");
  worse = pf_attachment_result_text (result);
  g_assert_cmpstr (worse, ==, "malformed: a file without a name (why)");
  g_assert_true (result->malformed);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/attachments-answer/table", test_table);
  g_test_add_func ("/attachments-answer/hostile", test_hostile);
  g_test_add_func ("/attachments-answer/text", test_text);
  return g_test_run ();
}
