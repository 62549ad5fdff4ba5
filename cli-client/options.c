#include "cli-client/options.h"

#include "cli-client/failure.h"
#include "cli-client/i18n.h"

#define AT(field) G_STRUCT_OFFSET (PfOptions, field)

static const PfOption options[] = {
  { "password-file", 0, G_OPTION_ARG_FILENAME, AT (password_file), "FILE",
    N_ ("read the password from FILE; - is standard input"), PF_TAKES_PASSWORD_FILE },
  { "no-test", 0, G_OPTION_ARG_NONE, AT (no_test), NULL, N_ ("store without trying it first"),
    PF_TAKES_NO_TEST },
  { "no-wait", 0, G_OPTION_ARG_NONE, AT (no_wait), NULL, N_ ("start it and return"),
    PF_TAKES_NO_WAIT },
  { "explain", 0, G_OPTION_ARG_NONE, AT (explain), NULL,
    N_ ("tell what would happen to each message, change nothing"), PF_TAKES_EXPLAIN },
  { "since", 0, G_OPTION_ARG_STRING, AT (since), "TIME",
    N_ ("no older than TIME: 2h, 7d, today, 2026-01-31 12:00"), PF_TAKES_SINCE },
  { "lines", 'n', G_OPTION_ARG_INT, AT (lines), "N", N_ ("the last N (100; all with --since)"),
    PF_TAKES_LINES },
  { "learn", 0, G_OPTION_ARG_NONE, AT (learn), NULL,
    N_ ("release: the spam filter learns that it is no spam"), PF_TAKES_RELEASE },
  { "allow-sender", 0, G_OPTION_ARG_NONE, AT (allow_sender), NULL,
    N_ ("release: let its sender in from now on"), PF_TAKES_RELEASE },
  { "json", 0, G_OPTION_ARG_NONE, AT (json), NULL, N_ ("answer in JSON, errors too"), 0 },
  { "no-legend", 0, G_OPTION_ARG_NONE, AT (no_legend), NULL, N_ ("tables without titles"), 0 },
  { "color", 0, G_OPTION_ARG_STRING, AT (color), "WHEN", N_ ("auto, always or never"), 0 },
  { "no-pager", 0, G_OPTION_ARG_NONE, AT (no_pager), NULL, N_ ("print long output as it is"), 0 },
  { "yes", 'y', G_OPTION_ARG_NONE, AT (yes), NULL, N_ ("do not ask whether to do it"), 0 },
  { "session", 0, G_OPTION_ARG_NONE, AT (session), NULL,
    N_ ("talk to the service on the session bus"), 0 },
  { "help", 'h', G_OPTION_ARG_NONE, AT (help), NULL, N_ ("show this help"), 0 },
  { "version", 0, G_OPTION_ARG_NONE, AT (version), NULL, N_ ("show the version"), 0 },
};

const PfOption *
pf_options (guint *n_options)
{
  *n_options = G_N_ELEMENTS (options);
  return options;
}

static void
fill_entries (PfOptions *self, PfTakes takes, GOptionEntry *entries)
{
  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    {
      const PfOption *option = &options[i];

      if (option->needs != PF_TAKES_NOTHING && (option->needs & takes) == 0)
        continue;
      *entries++ = (GOptionEntry){ option->name,
                                   option->letter,
                                   0,
                                   option->kind,
                                   G_STRUCT_MEMBER_P (self, option->offset),
                                   NULL,
                                   NULL };
    }
  *entries = (GOptionEntry) G_OPTION_ENTRY_NULL;
}

/* GOption converts strings from the locale's character set, which in "C" has no umlauts: words
 * are taken as octets. */
static gboolean
check_arguments (const PfOptions *self, GError **error)
{
  for (char **argument = self->arguments; argument != NULL && *argument != NULL; argument++)
    if (!g_utf8_validate (*argument, -1, NULL))
      return pf_usage (error, _ ("An argument is not UTF-8"));
  return TRUE;
}

gboolean
pf_options_parse (PfOptions *self,
                  int *argc,
                  char ***argv,
                  PfTakes takes,
                  gboolean until_command,
                  GError **error)
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autofree GOptionEntry *entries = g_new0 (GOptionEntry, G_N_ELEMENTS (options) + 1);
  const GOptionEntry rest[] = {
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &self->arguments, NULL, NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GError) wrong = NULL;

  fill_entries (self, takes, entries);
  g_option_context_set_help_enabled (context, FALSE);
  g_option_context_set_strict_posix (context, until_command);
  g_option_context_add_main_entries (context, entries, NULL);
  if (!until_command)
    g_option_context_add_main_entries (context, rest, NULL);
  if (!g_option_context_parse (context, argc, argv, &wrong))
    return pf_usage (error, "%s", wrong->message);
  return check_arguments (self, error);
}

void
pf_options_clear (PfOptions *self)
{
  g_free (self->color);
  g_free (self->password_file);
  g_free (self->since);
  g_strfreev (self->arguments);
}
