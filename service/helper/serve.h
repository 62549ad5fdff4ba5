/* serve.h - one connection to the service: takes requests, starts a child for each user,
 * answers. */
#pragma once

#include "helper/policy.h"

/**
 * pf_serve:
 * @fd: a connected SEQPACKET socket
 *
 * Until the other end closes it, or sends what is no request. Then children that are still at work
 * are killed: whoever asked is gone, and asks again in doubt. Returns: FALSE after a packet that
 * was no request.
 */
gboolean pf_serve (int fd, PfPolicySource *source);
