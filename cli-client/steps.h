/* steps.h - the steps of a test, told as they are done. */
#pragma once

#include "cli-client/checks.h"
#include "cli-client/output.h"

/**
 * pf_steps_run:
 * @checks: made before the call that started the test
 * @path: the Check of kind test
 * @address: what it is about
 * @told: print the steps to @output
 *
 * Waits for its end. Returns: (transfer none): the Check, owned by @checks; NULL with an error.
 */
PfChecked *pf_steps_run (PfChecks *checks,
                         const char *path,
                         const char *address,
                         PfOutput *output,
                         gboolean told,
                         GError **error);

/* TRUE when it succeeded; else the problem's code and sentence, owned by @check, "" where it
 * tells none. */
gboolean pf_steps_succeeded (PfChecked *check, const char **code, const char **text);
