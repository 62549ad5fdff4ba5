#include "config.h"

#include "cli-client/commands.h"
#include "cli-client/failure.h"
#include "cli-client/help.h"
#include "cli-client/i18n.h"
#include "cli-client/json.h"
#include "cli-client/terminal.h"
#include "dbus-interfaces/text.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

/* --- Errors ----------------------------------------------------------------------------------- */

static void
report_json (const GError *failure)
{
  JsonObject *outer = json_object_new (), *inner = json_object_new ();
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), outer);
  g_autofree char *text = NULL;

  json_object_set_string_member (inner, "code", pf_failure_code ((PfFailure) failure->code));
  json_object_set_string_member (inner, "message", failure->message);
  json_object_set_object_member (outer, "error", inner);
  json_object_unref (outer);
  text = pf_json_text (node, FALSE);
  fprintf (stderr, "%s\n", text);
}

/* Several faults come as several lines. */
static void
report_text (const char *command, const GError *failure)
{
  g_auto (GStrv) lines = g_strsplit (failure->message, "\n", -1);

  fputs ("postferry: ", stderr);
  if (command != NULL)
    fprintf (stderr, "%s: ", command);
  for (char **line = lines; *line != NULL; line++)
    {
      g_autofree char *readable = pf_text_printable (*line, -1, 0);

      fprintf (stderr, "%s%s\n", line == lines ? "" : "  ", readable);
    }
  if (g_error_matches (failure, PF_FAILURE, PF_FAILURE_AUTHORIZATION_REQUIRED))
    fputs (_ ("  Run it on a terminal, where you can be asked for your password, or as root.\n"),
           stderr);
}

/* Takes @error. */
static PfExit
report (const char *command, gboolean json, GError *error)
{
  g_autoptr (GError) failure = pf_failure_take (error);

  if (json)
    report_json (failure);
  else
    report_text (command, failure);
  return pf_failure_exit ((PfFailure) failure->code);
}

/* --- Commands --------------------------------------------------------------------------------- */

static gboolean
check_count (const PfCommand *command, const char *const *arguments, GError **error)
{
  guint count = g_strv_length ((char **) arguments);

  if (count >= command->least && count <= command->most)
    return TRUE;
  if (count < command->least)
    return pf_usage (error, _ ("more is needed: postferry %s %s"), command->name,
                     command->arguments);
  return pf_usage (error, _ ("“%s” is too much: postferry %s%s%s"), arguments[command->most],
                   command->name, *command->arguments != '\0' ? " " : "", command->arguments);
}

static PfExit
run (const PfCommand *command, const PfOptions *options, GError **error)
{
  static const char *const none[] = { NULL };
  const char *const *arguments =
      options->arguments != NULL ? (const char *const *) options->arguments : none;
  PfOutput output = { 0 };
  PfCli cli = { .options = options, .output = &output };
  PfExit status;

  if (!pf_output_init (&output, options, error) || !check_count (command, arguments, error))
    return PF_EXIT_USAGE;
  status = command->run (&cli, arguments, error);
  g_clear_pointer (&cli.client, pf_client_free);
  return pf_output_finish (&output, status);
}

static PfExit
show_help (const PfCommand *command)
{
  g_autofree char *text = command != NULL ? pf_help_command (command) : pf_help_overview ();

  fputs (text, stdout);
  return PF_EXIT_DONE;
}

/* The words of a command line that is being typed are no options of ours. */
static gboolean
parse_rest (PfOptions *options, const PfCommand *command, int argc, char **argv, GError **error)
{
  if (!command->hidden)
    return pf_options_parse (options, &argc, &argv, command->takes, FALSE, error);
  options->arguments = g_strdupv (argv + 1);
  return TRUE;
}

static PfExit
dispatch (PfOptions *options, int argc, char **argv, const char **name, GError **error)
{
  const PfCommand *command = pf_command_find ("status");

  if (!pf_options_parse (options, &argc, &argv, PF_TAKES_NOTHING, TRUE, error))
    return PF_EXIT_USAGE;
  if (argc > 1)
    {
      /* What is left begins with the command, after "--" where one stood there. */
      if (g_str_equal (argv[1], "--") && argc > 2)
        argv++, argc--;
      command = pf_command_find (argv[1]);
      if (command == NULL)
        {
          pf_help_unknown (argv[1], error);
          return PF_EXIT_USAGE;
        }
      *name = command->name;
      if (!parse_rest (options, command, argc - 1, argv + 1, error))
        return PF_EXIT_USAGE;
    }
  if (options->help)
    return show_help (argc > 1 ? command : NULL);
  if (options->version)
    {
      printf ("postferry %s\n", PF_VERSION);
      return PF_EXIT_DONE;
    }
  return run (command, options, error);
}

/* Also when the options cannot be parsed, a program gets its error as it asked for it. */
static gboolean
wants_json (char **argv)
{
  for (; *argv != NULL && !g_str_equal (*argv, "--"); argv++)
    if (g_str_equal (*argv, "--json"))
      return TRUE;
  return FALSE;
}

int
main (int argc, char **argv)
{
  g_autofree char **words = g_memdup2 (argv, sizeof (char *) * (gsize) (argc + 1));
  const char *name = NULL;
  GError *error = NULL;
  PfOptions options = { 0 };
  gboolean json = wants_json (argv);
  PfExit status;

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, PF_DATADIR "/locale");
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  pf_terminal_guard ();
  /* The parser takes words out of the vector that it is given. */
  status = dispatch (&options, argc, words, &name, &error);
  if (error != NULL)
    status = report (name, json, error);
  pf_options_clear (&options);
  return (int) status;
}
