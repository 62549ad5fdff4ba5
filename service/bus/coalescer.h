/* coalescer.h - many changes, few tellings: each thing that changed is handed on once, at most so
 * often. */
#pragma once

#include <glib.h>

typedef struct _PfCoalescer PfCoalescer;
typedef void (*PfCoalescerFunc) (gpointer item, gpointer user_data);

/* @func runs for each item on the main loop, no sooner than @interval_ms after the last round; the
 * first change is handed on at once. */
PfCoalescer *pf_coalescer_new  (guint interval_ms, PfCoalescerFunc func, gpointer user_data);
void         pf_coalescer_free (PfCoalescer *self);
/* @item has changed; it must be dropped before it dies. */
void         pf_coalescer_add  (PfCoalescer *self, gpointer item);
/* Nothing more about @item. */
void         pf_coalescer_drop (PfCoalescer *self, gpointer item);
