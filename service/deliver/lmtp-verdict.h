/* lmtp-verdict.h - what an LMTP server's answers mean for a delivery, and how a recipient is
 * written. Pure. */
#pragma once

#include "deliver/target.h"
#include "protocol/lmtp.h"

/**
 * pf_lmtp_judge:
 * @command: MAIL, RCPT, DATA or MESSAGE
 * @enhanced: "5.1.1", or "" where the server gave none
 *
 * Returns: what the delivery comes to. DONE for any good answer.
 */
PfDeliveryResult pf_lmtp_judge (PfLmtpCommand command, guint status, const char *enhanced);

/* (transfer full): "alice", or with a @detail "alice+Junk" and "alice+Junk@example.com". */
char *pf_lmtp_recipient (const char *user, const char *detail);

/**
 * pf_lmtp_parse_target:
 * @target: "lmtp:unix:/path", "lmtp:host:port" or "lmtp:[::1]:24"
 * @host: (out) (transfer full): name, address, or the socket's path
 *
 * Returns: FALSE when @target is none of these.
 */
gboolean pf_lmtp_parse_target (const char *target, char **host, guint16 *port);
