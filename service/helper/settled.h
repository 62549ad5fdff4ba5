/* settled.h - which folders are known to be on the disk, since mail was delivered into them.
 *
 * A folder that is there may have been made by a child that was killed before it synced its name:
 * the first delivery into each syncs it, whoever made it, and only this memory spares it the next
 * ones. It ends with the helper.
 */
#pragma once

#include "helper/policy.h"
#include "helper/request.h"

typedef struct _PfSettled PfSettled;

PfSettled *pf_settled_new  (void);
void       pf_settled_free (PfSettled *self);
gboolean   pf_settled_has  (const PfSettled *self, const PfPolicy *policy,
                            const PfRequestRecord *record);
/* @done: the delivery of @record succeeded, into the mailbox that @policy names; else it is not
 * known any more what is there. */
void       pf_settled_note (PfSettled *self, const PfPolicy *policy, const PfRequestRecord *record,
                            gboolean done);
