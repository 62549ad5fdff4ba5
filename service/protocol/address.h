/* address.h - mail addresses as they stand on the wire (RFC 5321 4.1.2) and in header fields (RFC 5322 3.4). */
#pragma once

#include <glib.h>

/* TRUE when @address ("" is the null sender) may be put between < and > in MAIL FROM or RCPT TO. */
gboolean pf_address_is_safe (const char *address);
/* (transfer full) (nullable): the address in the first <...> of @text, or the bare word where there are no brackets; "" for <>.
 * Source routes are dropped. NULL when it is none. */
char *pf_address_from_path (const char *text);
/* (transfer full) (nullable): address of the first mailbox of a From field's value; comments and display names dropped. */
char *pf_address_from_mailbox (const char *value);
