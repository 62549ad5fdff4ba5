/* envelope.h - who handed a fetched message to the provider: the connection that it came by,
 * recovered from what the provider wrote about it (specs 06 section 7). Pure. */
#pragma once

#include "accounts/account.h"
#include "filter/borders.h"

/* All texts are printable ASCII without line ends, at most 257 octets: safe as values of HTTP
 * headers. NULL is "not known"; nothing is ever guessed, and no address is one that the Internet
 * does not route. */
typedef struct
{
  char *ip;
  char *helo;
  char *hostname;  /* reverse name */
  char *mail_from; /* "" is the null sender */
  char *recipient;
  PfEnvelopeSeen seen;
  const char *why;      /* a static sentence, for --explain */
  const char *provider; /* as in borders.conf, or "" */
} PfEnvelope;

typedef struct
{
  const char *server;  /* the account's server, as it is called in the settings */
  const char *address; /* the account's address */
  const char *const
      *trusted_relays; /* (nullable): names (with what lies below them) and networks */
  const PfBorders *borders;
} PfEnvelopeSource;

/**
 * pf_envelope_recover:
 *
 * Reads @header from its top, and not a line further than the first one that tells of a host which
 * is neither the provider's nor trusted. What stands below that line was sent by that host.
 * Returns: (transfer full)
 */
PfEnvelope *pf_envelope_recover (const char *header, gsize length, const PfEnvelopeSource *source);
void pf_envelope_free (PfEnvelope *envelope);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfEnvelope, pf_envelope_free)
