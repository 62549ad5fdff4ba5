/* rspamd-request.h - what Rspamd is told about a message beside its octets: pure (specs 06 section
 * 2). */
#pragma once

#include <libsoup/soup.h>

/* How the message came to the provider (filter/envelope.h). NULL: not known. A value that cannot be
 * told safely counts as not known. */
typedef struct
{
  const char *ip;       /* the address of the host that handed it over; with or without brackets */
  const char *helo;     /* told only with an IP */
  const char *hostname; /* its verified reverse name; told only with an IP */
  const char *from;     /* envelope sender, "" for <> */
  const char *const *recipients; /* (nullable): the addresses at the provider */
  const char *deliver_to;        /* the local user */
  const char *queue_id;          /* stands in Rspamd's log */
} PfScanEnvelope;

/* Puts it into @headers, with greylisting off. Without an IP Rspamd would take the topmost
 * Received, which is the provider's own host: then the tests that need one are off too (rbl, spf,
 * dmarc, hfilter). `User` is never sent: Rspamd would take the sender for one of its own. */
void pf_rspamd_put_request (SoupMessageHeaders *headers, const PfScanEnvelope *envelope);
/* Deliver-To alone, for learning; nothing for NULL. */
void pf_rspamd_put_user    (SoupMessageHeaders *headers, const char *deliver_to);
