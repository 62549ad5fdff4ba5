/* commands.h - the table of commands, and what each of them works with. */
#pragma once

#include "cli-client/client.h"
#include "cli-client/exit-codes.h"
#include "cli-client/options.h"
#include "cli-client/output.h"

typedef struct
{
  const PfOptions *options;
  PfOutput *output;
  PfClient *client; /* (nullable): pf_cli_client() connects */
} PfCli;

/* Connects at the first call. NULL with an error where the service is not to be reached. */
PfClient *pf_cli_client (PfCli *cli, GError **error);

/* @arguments: (array zero-terminated=1): checked against the table's least and most. What it
 * returns counts only without error. */
typedef PfExit (*PfCommandFunc) (PfCli *cli, const char *const *arguments, GError **error);

typedef struct
{
  const char *name;
  const char *arguments; /* as help writes them */
  const char *summary;
  const char *help;  /* paragraphs of at most 80 columns */
  guint least, most; /* arguments */
  PfTakes takes;
  gboolean hidden;
  PfCommandFunc run;
} PfCommand;

const PfCommand *pf_commands (guint *n_commands);
/* (nullable) */
const PfCommand *pf_command_find (const char *name);

PfExit pf_command_status (PfCli *cli, const char *const *arguments, GError **error);
PfExit pf_command_list (PfCli *cli, const char *const *arguments, GError **error);
PfExit pf_command_show (PfCli *cli, const char *const *arguments, GError **error);
PfExit pf_command_add (PfCli *cli, const char *const *arguments, GError **error);
PfExit pf_command_set (PfCli *cli, const char *const *arguments, GError **error);
PfExit pf_command_enable (PfCli *cli, const char *const *arguments, GError **error);
PfExit pf_command_disable (PfCli *cli, const char *const *arguments, GError **error);
PfExit pf_command_remove (PfCli *cli, const char *const *arguments, GError **error);
PfExit pf_command_password (PfCli *cli, const char *const *arguments, GError **error);
PfExit pf_command_test (PfCli *cli, const char *const *arguments, GError **error);
PfExit pf_command_check (PfCli *cli, const char *const *arguments, GError **error);
PfExit pf_command_monitor (PfCli *cli, const char *const *arguments, GError **error);
PfExit pf_command_log (PfCli *cli, const char *const *arguments, GError **error);
PfExit pf_command_filter (PfCli *cli, const char *const *arguments, GError **error);
PfExit pf_command_quarantine (PfCli *cli, const char *const *arguments, GError **error);
PfExit pf_command_help (PfCli *cli, const char *const *arguments, GError **error);
PfExit pf_command_complete (PfCli *cli, const char *const *arguments, GError **error);
