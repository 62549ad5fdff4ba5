/* command.h - handing messages to a mail delivery command of the administrator's choice. In a child
 * only, as the user. */
#pragma once

#include "helper/maildir.h"

/* (transfer full): @command with %u as the user's name and %% as %. Pure. */
char       **pf_command_expand (char *const *command, const char *user);
/* What a command's end means: @status of waitpid(). Pure. */
PfHelperCode pf_command_judge  (int status);

/* Runs the command with the message as its input, and waits for its end. */
void     pf_command_deliver (PfMail *mail, const PfPolicy *policy, const PfIdentity *identity);
gboolean pf_command_probe   (const PfPolicy *policy, const PfIdentity *identity,
                             PfTrouble *trouble);
