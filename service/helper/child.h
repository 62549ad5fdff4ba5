/* child.h - the process that becomes the user, does one user's records, and ends. */
#pragma once

#include "helper/maildir.h"

/**
 * pf_child_run:
 * @mails: all of one user
 * @report: where the troubles are written, one PfTrouble for each mail in their order
 *
 * In a forked child: closes every descriptor but those given, becomes the user, acts, ends the
 * process.
 */
G_NORETURN void pf_child_run (PfMail *mails, gsize n, const PfPolicy *policy, int report,
                              pid_t parent);
