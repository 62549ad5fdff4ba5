/* helper-turns.h - whose records may go to the helper now.
 *
 * A home that hangs must hold up nobody else: one user has one packet under way, and a second one
 * that is written while the first waits for the disk. The second goes only where a delivery
 * succeeded before: of two processes of which one has just made the folder, the other could not
 * know whether that is on the disk yet.
 */
#pragma once

#include "helper/request.h"

typedef struct _PfHelperTurns PfHelperTurns;

PfHelperTurns *pf_helper_turns_new  (void);
void           pf_helper_turns_free (PfHelperTurns *self);

/* @waiting: how many records wait in all: a second packet is worth it from half of one on. */
gboolean pf_helper_turns_may_send (PfHelperTurns *self, const PfRequestRecord *record,
                                   guint waiting);
void     pf_helper_turns_sent     (PfHelperTurns *self, const PfRequestRecord *record);
/* @code: a PfHelperCode. */
void     pf_helper_turns_answered (PfHelperTurns *self, const PfRequestRecord *record,
                                   guint32 code);
/* The helper is gone: nothing is under way any more. */
void     pf_helper_turns_lost     (PfHelperTurns *self);
