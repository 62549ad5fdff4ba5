/* supervisor.h - started as root without systemd: the first process stays root and only supervises
 * (DESIGN 2). */
#pragma once

#include "directories.h"

/**
 * pf_supervise:
 * @user: whom the daemon runs as
 *
 * Gives the three folders to @user, starts the daemon as that user for good, and postferry-deliver
 * on a socket pair whenever the daemon asks for one. They end together.
 * Returns: the exit status for main().
 */
int pf_supervise (const PfDirectories *directories, const char *user);
