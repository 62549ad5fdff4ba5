/* text.h - making text from outside fit to be read: in a log, on a terminal, in a label. */
#pragma once

#include <glib.h>

/**
 * pf_text_printable:
 * @bytes: octets from anywhere, any encoding, may hold NUL
 * @length: how many, or -1 when NUL-terminated
 * @max: most octets of the answer; longer text is cut at a character and ends in "..."; 0 for no
 *   bound
 *
 * Returns: (transfer full): valid UTF-8 of one line. Octets that are not UTF-8 and control
 * characters come out as \xNN, bidirectional controls and line separators are dropped.
 */
char *pf_text_printable (const char *bytes, gssize length, gsize max);

/* The same for logs: every octet outside printable ASCII comes out as \xNN. */
char *pf_text_ascii     (const char *bytes, gssize length, gsize max);
