/* Columns, progress, help: what a terminal shows. */
#include "cli-client/help.h"
#include "cli-client/progress.h"
#include "cli-client/table.h"

static const PfColumn columns[] = { { "NAME", FALSE }, { "N", TRUE }, { "", FALSE } };

static PfTable *
sample (void)
{
  PfTable *table = pf_table_new (columns, G_N_ELEMENTS (columns));

  pf_table_add (table, PF_STYLE_PLAIN, "a");
  pf_table_add (table, PF_STYLE_PLAIN, "7");
  pf_table_add (table, PF_STYLE_PLAIN, "");
  pf_table_add (table, PF_STYLE_BAD, "日本");
  pf_table_add (table, PF_STYLE_PLAIN, "1234");
  pf_table_add (table, PF_STYLE_PLAIN, "x");
  return table;
}

static void
test_table (void)
{
  g_autoptr (PfTable) table = sample ();
  g_autofree char *with = pf_table_to_text (table, TRUE, FALSE);
  g_autofree char *without = pf_table_to_text (table, FALSE, FALSE);
  g_autofree char *colored = pf_table_to_text (table, FALSE, TRUE);

  g_assert_cmpstr (with, ==, "NAME     N\na        7\n日本  1234  x\n");
  g_assert_cmpstr (without, ==, "a        7\n日本  1234  x\n");
  g_assert_cmpstr (colored, ==, "a        7\n\033[31m日本\033[0m  1234  x\n");
}

/* Safety: without pf_text_printable() in pf_table_add() a sender writes to the terminal. */
static void
test_table_hostile (void)
{
  static const PfColumn one[] = { { "X", FALSE } };
  g_autoptr (PfTable) table = pf_table_new (one, 1);
  g_autofree char *text = NULL;

  pf_table_add (table, PF_STYLE_PLAIN, "a\033]0;x\007\nb\xff\xe2\x80\xae");
  text = pf_table_to_text (table, FALSE, FALSE);
  g_assert_cmpstr (text, ==, "a\\x1b]0;x\\x07\\x0ab\\xff\n");
}

static void
test_width (void)
{
  g_assert_cmpuint (pf_text_width (""), ==, 0);
  g_assert_cmpuint (pf_text_width ("abc"), ==, 3);
  g_assert_cmpuint (pf_text_width ("ü"), ==, 1);
  g_assert_cmpuint (pf_text_width ("u\xcc\x88"), ==, 1);
  g_assert_cmpuint (pf_text_width ("日本"), ==, 4);
}

static void
test_progress (void)
{
  static const struct
  {
    guint64 done, total;
    guint columns;
    const char *line;
  } table[] = {
    { 0, 0, 80, "x: y 1 of 2" },
    { 0, 100, 80, "x: y [                              ]   0% 1 of 2" },
    { 50, 100, 80, "x: y [###############               ]  50% 1 of 2" },
    { 200, 100, 80, "x: y [##############################] 100% 1 of 2" },
    { 50, 100, 30, "x: y [#####      ]  50% 1 of 2" },
    { 50, 100, 20, "x: y  50% 1 of 2" },
    { 50, 100, 5, "x: y " },
    { G_MAXUINT64, G_MAXUINT64, 20, "x: y 100% 1 of 2" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autofree char *line =
          pf_progress_line ("x: y", table[i].done, table[i].total, "1 of 2", table[i].columns);

      g_assert_cmpuint (pf_text_width (line), <=, table[i].columns);
      g_assert_cmpstr (line, ==, table[i].line);
    }
}

/* Help fits on 80 columns, and every command has its own. */
static void
test_help (void)
{
  g_autofree char *overview = pf_help_overview ();
  guint n_commands;
  const PfCommand *command = pf_commands (&n_commands);

  for (; n_commands > 0; command++, n_commands--)
    {
      g_autofree char *text = pf_help_command (command);
      g_autofree char *both = g_strconcat (overview, text, NULL);
      g_auto (GStrv) lines = g_strsplit (both, "\n", -1);

      for (char **line = lines; *line != NULL; line++)
        g_assert_cmpuint (pf_text_width (*line), <=, 80);
      if (command->hidden)
        continue;
      g_assert_nonnull (strstr (overview, command->name));
      g_assert_cmpuint (strlen (command->help), >, 20);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/table/layout", test_table);
  g_test_add_func ("/cli/table/hostile", test_table_hostile);
  g_test_add_func ("/cli/table/width", test_width);
  g_test_add_func ("/cli/progress", test_progress);
  g_test_add_func ("/cli/help", test_help);
  return g_test_run ();
}
