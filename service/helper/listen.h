/* listen.h - started by its socket (systemd): takes connections of one peer, each served by a
 * process of its own. */
#pragma once

#include "helper/policy.h"

#include <sys/types.h>

/* TRUE when the other end of @fd is a process of @peer. */
gboolean pf_listen_is_peer (int fd, uid_t peer);

/* Serves until nobody was connected for PF_LIMIT_HELPER_IDLE_SECONDS. Returns: an exit status. */
int pf_listen (int fd, uid_t peer, PfPolicySource *source);
