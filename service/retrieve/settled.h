/* settled.h - folders of which all is settled: of those a check asks only for what is new. Pure.
 *
 * A message that is missed here is a message that never comes. So a folder counts as settled only
 * when each message of a complete listing was delivered, or is one that is never fetched; and it
 * stops to count when anything is not as it was.
 */
#pragma once

#include "retrieve/plan.h"

/* (transfer full): a digest of all settings that have a say in what is fetched and removed.
 * @max_size: the limit of the service and the account */
char    *pf_settled_wanted (const PfSettings *settings, guint64 max_size);

/* TRUE when a check may ask the folder for what is new alone. @wanted: by the settings of now;
 * @now: us */
gboolean pf_settled_holds  (const PfFolderState *state, PfLedger *ledger, const char *wanted,
                            gint64 now);

/**
 * pf_settled_make:
 * @before: (nullable): what @listing was made with
 * @plan: (element-type PfPlanItem): of @listing, carried out and committed
 * @wanted: by the settings that it was carried out with
 * @listed: us: when the listing was asked for
 *
 * Returns: (transfer full) (nullable): how the folder is now; NULL when not all of it is settled
 */
PfFolderState *pf_settled_make (const PfFolderState *before, const PfListing *listing,
                                GPtrArray *plan, const PfSettings *settings, const char *wanted,
                                gint64 listed);
/* TRUE when @after says more than @before (nullable), and is worth a write. */
gboolean pf_settled_differs (const PfFolderState *before, const PfFolderState *after);
