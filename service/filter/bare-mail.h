/* bare-mail.h - mail that is nothing but text: it needs no process to be looked into. */
#pragma once

#include "filter/scanner.h"

/* TRUE when it is certain that nothing can be found in the message: short, no part with a name,
 * every part plain text, HTML or a multipart, and no octet in any of them, decoded, that does not
 * stand in text. Every archive and program has such octets; a document may be XML alone, and is
 * opened by its name or type. Blocks for as long as reading
 * PF_LIMIT_BARE_MAIL octets of the spool takes. */
gboolean pf_mail_is_bare (const PfScanSource *source);
