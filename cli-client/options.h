/* options.h - everything that may stand on the command line behind a hyphen. */
#pragma once

#include <glib.h>

typedef struct
{
  gboolean json, no_legend, no_pager, yes, session, help, version;
  char *color;
  char *password_file;
  gboolean no_test, no_wait, explain, learn, allow_sender;
  char *since;
  int lines;
  char **arguments; /* what is no option */
} PfOptions;

/* What a command takes beside the options that go everywhere: bits. */
typedef enum
{
  PF_TAKES_NOTHING = 0,
  PF_TAKES_PASSWORD_FILE = 1 << 0,
  PF_TAKES_NO_TEST = 1 << 1,
  PF_TAKES_NO_WAIT = 1 << 2,
  PF_TAKES_EXPLAIN = 1 << 3,
  PF_TAKES_SINCE = 1 << 4,
  PF_TAKES_LINES = 1 << 5,
  PF_TAKES_RELEASE = 1 << 6
} PfTakes;

typedef struct
{
  const char *name;
  char letter; /* 0 for none */
  GOptionArg kind;
  gsize offset;      /* in PfOptions */
  const char *value; /* (nullable): its name in help */
  const char *summary;
  PfTakes needs; /* PF_TAKES_NOTHING: goes everywhere */
} PfOption;

const PfOption *pf_options (guint *n_options);

/**
 * pf_options_parse:
 * @takes: of the command
 * @until_command: stop at the first word that is no option, and leave it and what follows in @argv
 *
 * Without @until_command the words that are no options go to `arguments`, and must be UTF-8.
 */
gboolean pf_options_parse (PfOptions *self,
                           int *argc,
                           char ***argv,
                           PfTakes takes,
                           gboolean until_command,
                           GError **error);
void pf_options_clear (PfOptions *self);
