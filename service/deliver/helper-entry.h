/* helper-entry.h - one probe or delivery on its way to the helper, and what its answers mean. */
#pragma once

#include "deliver/target.h"
#include "helper/request.h"

typedef struct
{
  GTask *task; /* NULL: nobody waits for the answer any more */
  PfRequestRecord record;
  PfBody *body; /* NULL for a probe */
  GSource *cancel;
} PfHelperEntry;

void  pf_helper_entry_free (PfHelperEntry *entry);
/* (transfer full) */
char *pf_helper_entry_id   (const PfHelperEntry *entry);

/**
 * pf_helper_entry_end:
 * @entry: (transfer full)
 * @text: (transfer full): a sentence
 *
 * Tells whoever waits.
 */
void pf_helper_entry_end    (PfHelperEntry *entry, PfDeliveryResult result, char *text);
/* The same by @code, a PfHelperCode or what the helper says instead. @entry: (transfer full) */
void pf_helper_entry_answer (PfHelperEntry *entry, guint32 code);

/* Sends @n records in one packet, and their bodies' descriptors with it, never waiting. Returns: as
 * sendmsg(). */
gssize pf_helper_entries_send (int fd, const PfHelperEntry *const *entries, guint n);
