#include "cli-client/help.h"

#include "cli-client/failure.h"
#include "cli-client/i18n.h"
#include "dbus-interfaces/suggest.h"
#include "cli-client/table.h"
#include "dbus-interfaces/text.h"

static void
append_columns (GString *out, PfTable *table)
{
  g_autofree char *text = pf_table_to_text (table, FALSE, FALSE);

  g_string_append (out, text);
}

static void
add_row (PfTable *table, const char *left, const char *right)
{
  g_autofree char *indented = g_strconcat ("  ", left, NULL);

  pf_table_add (table, PF_STYLE_PLAIN, indented);
  pf_table_add (table, PF_STYLE_PLAIN, right);
}

/* The options that need one of @takes; PF_TAKES_NOTHING for those that go everywhere. */
static void
append_options (GString *out, const char *title, PfTakes takes)
{
  static const PfColumn columns[] = { { "", FALSE }, { "", FALSE } };
  g_autoptr (PfTable) table = pf_table_new (columns, G_N_ELEMENTS (columns));
  guint n_options, shown = 0;
  const PfOption *option = pf_options (&n_options);

  for (; n_options > 0; option++, n_options--)
    {
      g_autofree char *name = NULL;
      char letter[] = { '-', option->letter, ',', ' ', '\0' };

      if (takes == PF_TAKES_NOTHING ? option->needs != PF_TAKES_NOTHING
                                    : (option->needs & takes) == 0)
        continue;
      name = g_strconcat (option->letter != 0 ? letter : "    ", "--", option->name,
                          option->value != NULL ? "=" : "",
                          option->value != NULL ? option->value : "", NULL);
      add_row (table, name, _ (option->summary));
      shown++;
    }
  if (shown == 0)
    return;
  g_string_append_printf (out, "\n%s\n", title);
  append_columns (out, table);
}

char *
pf_help_overview (void)
{
  static const PfColumn columns[] = { { "", FALSE }, { "", FALSE } };
  g_autoptr (PfTable) table = pf_table_new (columns, G_N_ELEMENTS (columns));
  GString *out = g_string_new (_ ("postferry COMMAND [ARGUMENT...] [OPTION...]\n\n"
                                  "Fetches mail from POP3 and IMAP accounts for local users.\n"));
  guint n_commands;
  const PfCommand *command = pf_commands (&n_commands);

  for (; n_commands > 0; command++, n_commands--)
    {
      g_autofree char *usage = g_strconcat (command->name, *command->arguments != '\0' ? " " : "",
                                            command->arguments, NULL);

      if (!command->hidden)
        add_row (table, usage, _ (command->summary));
    }
  g_string_append_printf (out, "\n%s\n", _ ("Commands"));
  append_columns (out, table);
  append_options (out, _ ("Options everywhere"), PF_TAKES_NOTHING);
  g_string_append (out, _ ("\npostferry help COMMAND tells more. Manual: postferry(1), settings:\n"
                           "postferry.account(5).\n"));
  return g_string_free (out, FALSE);
}

char *
pf_help_command (const PfCommand *command)
{
  GString *out = g_string_new (NULL);

  g_string_append_printf (out, "postferry %s%s%s%s\n\n%s", command->name,
                          *command->arguments != '\0' ? " " : "", command->arguments,
                          command->takes != PF_TAKES_NOTHING ? _ (" [OPTION...]") : "",
                          _ (command->help));
  if (command->takes != PF_TAKES_NOTHING)
    append_options (out, _ ("Options"), command->takes);
  append_options (out, _ ("Options everywhere"), PF_TAKES_NOTHING);
  return g_string_free (out, FALSE);
}

gboolean
pf_help_unknown (const char *word, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  g_autofree char *shown = pf_text_printable (word, -1, 60);
  g_autofree char *list = NULL;
  guint n_commands;
  const PfCommand *command = pf_commands (&n_commands);
  const char *near;

  for (; n_commands > 0; command++, n_commands--)
    if (!command->hidden)
      g_ptr_array_add (names, (gpointer) command->name);
  g_ptr_array_add (names, NULL);
  near = pf_suggest (word, (const char *const *) names->pdata);
  if (near != NULL)
    return pf_usage (error, _ ("There is no command “%s”; did you mean %s?"), shown, near);
  list = g_strjoinv (", ", (char **) names->pdata);
  return pf_usage (error, _ ("There is no command “%s”. There are: %s"), shown, list);
}

PfExit
pf_command_help (PfCli *cli, const char *const *arguments, GError **error)
{
  const PfCommand *command = *arguments != NULL ? pf_command_find (*arguments) : NULL;
  g_autofree char *text = NULL;

  if (*arguments != NULL && command == NULL)
    {
      pf_help_unknown (*arguments, error);
      return PF_EXIT_USAGE;
    }
  text = command != NULL ? pf_help_command (command) : pf_help_overview ();
  pf_output_print (cli->output, "%s", text);
  return PF_EXIT_DONE;
}
