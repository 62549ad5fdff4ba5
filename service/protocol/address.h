/* address.h - mail addresses as they stand on the wire (RFC 5321 4.1.2) and in header fields
 * (RFC 5322 3.4). Every text here may come from an enemy. */
#pragma once

#include <glib.h>

/* TRUE when @address ("" is the null sender) may be put between < and > in MAIL FROM or RCPT
 * TO: printable ASCII without < and >, blanks and quotation marks only as parts of a quoted
 * local part, at most 64 octets before the @ and 255 in all, nothing empty beside the @. The
 * domain may be missing. */
gboolean pf_address_is_safe (const char *address);
/* (transfer full) (nullable): the address in the first <...> of @text, or the bare word where
 * there are no brackets; "" for <>. Source routes are dropped. NULL when there is none that is
 * safe. */
char *pf_address_from_path (const char *text);
/* (transfer full) (nullable): address of the first mailbox of a From field's value; comments,
 * display names and groups' names dropped. It has an @; octets beyond ASCII may stand in it
 * (RFC 6532), so it is for comparing and showing, and safe to send only where
 * pf_address_is_safe() says so. */
char *pf_address_from_mailbox (const char *value);
