/* help.h - help for people: from the tables of commands and options. */
#pragma once

#include "cli-client/commands.h"

/* (transfer full): the list of commands. */
char *pf_help_overview (void);
/* (transfer full): one command. */
char *pf_help_command (const PfCommand *command);
/* An error that names the word, and what may be meant. Returns FALSE. */
gboolean pf_help_unknown (const char *word, GError **error);
