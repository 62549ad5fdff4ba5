/* rspamd-request.h - what Rspamd is told about a message beside its octets: pure (specs 06 section
 * 2). */
#pragma once

#include "filter/rspamd.h"

#include <libsoup/soup.h>

/* Puts it into @headers, with greylisting off. Without an IP Rspamd would take the topmost
 * Received, which is the provider's own host: then the tests that need one are off too (rbl, spf,
 * dmarc, hfilter). `User` is never sent: Rspamd would take the sender for one of its own. */
void pf_rspamd_put_request (SoupMessageHeaders *headers, const PfScanEnvelope *envelope);
/* Deliver-To alone, for learning; nothing for NULL. */
void pf_rspamd_put_user    (SoupMessageHeaders *headers, const char *deliver_to);
