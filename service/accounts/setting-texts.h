/* setting-texts.h - texts with a form of their own: addresses, hosts, users, folders. Pure. */
#pragma once

#include "accounts/field.h"

/* HOST:PORT or [ADDRESS]:PORT; @refusal gets the code when it is not. */
gboolean pf_is_host_and_port (const char *text, PfRefusal *refusal);

/* Each is a PfReadText (accounts/field.h). */

/* One '@', a local part without quotes, a domain; an account's file name must fit. */
char *pf_read_account_address (const char *text, PfRefusal *refusal);
/* Host name (kept in its ASCII form, without a final dot) or IPv4 or IPv6 address (kept without
 * brackets). */
char *pf_read_host (const char *text, PfRefusal *refusal);
/* Kept as SASL writes it: SCRAM-SHA-256; `auto`, `user` and `oauth2` in lower case. */
char *pf_read_authentication (const char *text, PfRefusal *refusal);
/* The name of a file in oauth2.d. */
char *pf_read_provider (const char *text, PfRefusal *refusal);
char *pf_read_local_user (const char *text, PfRefusal *refusal);
/* An item of Folders. */
char *pf_read_folder_pattern (const char *text, PfRefusal *refusal);
/* A folder to deliver into: parts separated by '/'. */
char *pf_read_target_folder (const char *text, PfRefusal *refusal);
/* Address or domain. */
char *pf_read_sender (const char *text, PfRefusal *refusal);
/* A pin (kept as sha256: and 64 lower-case digits) or an absolute path. */
char *pf_read_certificate (const char *text, PfRefusal *refusal);
/* Host, address or network. */
char *pf_read_relay (const char *text, PfRefusal *refusal);
char *pf_read_envelope_header (const char *text, PfRefusal *refusal);
/* ADDRESS=USER, *@DOMAIN=USER or *@DOMAIN=*. */
char *pf_read_recipient (const char *text, PfRefusal *refusal);
/* socks5://HOST:PORT or http://HOST:PORT, no password in it. */
char *pf_read_proxy (const char *text, PfRefusal *refusal);
