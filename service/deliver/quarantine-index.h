/* quarantine-index.h - what is held back, in memory: found by id, listed newest first, counted for
 * each recipient. Pure. */
#pragma once

#include "deliver/quarantine-item.h"

typedef struct _PfQuarantineIndex PfQuarantineIndex;

PfQuarantineIndex *pf_quarantine_index_new  (void);
void               pf_quarantine_index_free (PfQuarantineIndex *self);
/* @item: (transfer full): takes the place of one of the same id. */
void               pf_quarantine_index_put  (PfQuarantineIndex *self, PfQuarantineItem *item);
/* Newest first, as the index has them: for a worker, so that merging is quick. */
void               pf_quarantine_items_sort (GPtrArray *items);
/* The same for many at a time. @items: (transfer full) (element-type PfQuarantineItem), each one
 * stolen from the array; those whose id is there already are dropped. */
void               pf_quarantine_index_merge (PfQuarantineIndex *self, GPtrArray *items);
gboolean           pf_quarantine_index_remove (PfQuarantineIndex *self, const char *id);
/* (nullable): as long as it is there. */
const PfQuarantineItem *pf_quarantine_index_lookup (PfQuarantineIndex *self, const char *id);
/* (transfer none) (element-type PfQuarantineItem): newest first. */
GPtrArray         *pf_quarantine_index_list (PfQuarantineIndex *self);
/* @recipient: (nullable): NULL for all. */
guint              pf_quarantine_index_count (PfQuarantineIndex *self, const char *recipient);
/* (transfer container) (element-type utf8): who has something. */
GPtrArray         *pf_quarantine_index_recipients (PfQuarantineIndex *self);

/* Which items are asked for. Texts are NULL, and times 0, where it does not matter. */
typedef struct
{
  const char *recipient; /* whose */
  const char *account;   /* address, in whatever case */
  const char *verdict;
  const char *sender;    /* an address, or a domain with its subdomains */
  guint64 since, before; /* us */
} PfQuarantineFilter;

gboolean           pf_quarantine_filter_takes (const PfQuarantineFilter *filter,
                                               const PfQuarantineItem *item);
/**
 * pf_quarantine_index_query:
 * @total: (out): how many there are, wherever the page begins
 *
 * (transfer container) (element-type PfQuarantineItem): at most @limit from @offset on, newest
 * first.
 */
GPtrArray         *pf_quarantine_index_query (PfQuarantineIndex *self,
                                              const PfQuarantineFilter *filter, guint offset,
                                              guint limit, guint *total);
