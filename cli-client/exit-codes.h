/* exit-codes.h - what the exit status tells (DESIGN 9). */
#pragma once

#include <glib.h>

typedef enum
{
  PF_EXIT_DONE = 0,
  PF_EXIT_FAILED = 1,
  PF_EXIT_USAGE = 2,
  PF_EXIT_TIMED_OUT = 3,
  PF_EXIT_UNKNOWN_ACCOUNT = 4,
  PF_EXIT_SERVICE = 5,
  PF_EXIT_PERMISSION = 6,
  PF_EXIT_LOGIN = 7,
  PF_EXIT_NETWORK = 8,
  PF_EXIT_EXISTS = 9,
  PF_EXIT_ATTENTION = 10,
  PF_EXIT_INTERRUPTED = 130
} PfExit;

/**
 * pf_exit_of_problem:
 * @code: (nullable): an account's problem: "credentials-rejected" and so on; empty or NULL for none
 *
 * Returns: 7, 8, 3 or 10 for a problem, 0 for none.
 */
PfExit pf_exit_of_problem (const char *code);

/* Of two accounts' statuses the one that is told: the first of 7, 8, 3, 10, 1, 0. */
PfExit pf_exit_worse (PfExit a, PfExit b);
