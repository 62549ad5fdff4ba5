/* bare-mail.h - mail that is nothing but text: it needs no process to be looked into. */
#pragma once

#include "filter/scanner.h"

/* TRUE when it is certain that nothing can be found in the message: short, no part with a name,
 * every part text or a multipart, and no octet in any of them, decoded, that does not stand in
 * text. Every archive, program and document has such octets. Blocks for as long as reading
 * PF_LIMIT_BARE_MAIL octets of the spool takes. */
gboolean pf_mail_is_bare (const PfScanSource *source);
