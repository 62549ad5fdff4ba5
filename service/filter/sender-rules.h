/* sender-rules.h - whom an administrator lets in or keeps out, by who sends (DESIGN 8): pure.
 *
 * Entries are addresses, or domains with all that lies below them. They are compared with the
 * envelope sender and with every mailbox of every From field: none hides behind another.
 */
#pragma once

#include "filter/rspamd-answer.h"

typedef struct
{
  char *envelope_sender; /* (nullable): not known; "" is the null sender */
  char **from;           /* the addresses of all From fields; ends in NULL */
} PfSenders;

/* (transfer full): @envelope_sender is copied. */
PfSenders *pf_senders_read (const char *header, gsize length, const char *envelope_sender);
void       pf_senders_free (PfSenders *self);

/* (nullable) (transfer none): the entry of @list that fits one of @senders: kept out. */
const char *pf_senders_find_blocked (const PfSenders *self, char *const *list);

/**
 * pf_senders_find_allowed:
 * @answer: (nullable): what Rspamd found about SPF, DKIM and DMARC
 *
 * One sender that is let in is enough, the envelope's, or the one mailbox of the one From field.
 * Nobody is, where a proof fails: whoever can forge a name is not who it says.
 * Returns: (nullable) (transfer none): the entry of @list
 */
const char *pf_senders_find_allowed (const PfSenders *self, char *const *list,
                                     const PfRspamdAnswer *answer);

/* (nullable) (transfer none): the entry of @list that is @address or above its domain. */
const char *pf_sender_rule_find (char *const *list, const char *address);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfSenders, pf_senders_free)
