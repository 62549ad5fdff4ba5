/* ledger.h - one account's rows of the journal in memory, found by name or by content. Pure. */
#pragma once

#include "journal/journal.h"

typedef struct _PfLedger PfLedger;

/* @rows: (transfer full) (element-type PfRow) */
PfLedger *pf_ledger_new  (GPtrArray *rows);
void      pf_ledger_free (PfLedger *self);

/* (nullable) (transfer none) */
PfRow    *pf_ledger_find (PfLedger *self, const char *folder, guint32 uidvalidity, const char *uid,
                          guint occurrence);
/* (transfer none) (element-type PfRow) */
GPtrArray *pf_ledger_rows (PfLedger *self);

/* A row stands for one message of the listing at most: taken once a session, so that real identical
 * copies survive. */
void      pf_ledger_take     (PfLedger *self, PfRow *row);
gboolean  pf_ledger_is_taken (PfLedger *self, const PfRow *row);

/**
 * pf_ledger_claim:
 * @digest: of a message that was fetched
 *
 * Takes a row of @folder that nothing in the listing stands for and that has this content: the
 * message was renumbered.
 * Returns: (nullable) (transfer none)
 */
PfRow    *pf_ledger_claim       (PfLedger *self, const char *folder, const char *digest);
/* The same for rows that were never fetched (PF_ROW_KNOWN): by size, and by the time of arrival
 * where both are known. */
PfRow    *pf_ledger_claim_known (PfLedger *self, const char *folder, guint64 size, gint64 time);
/* TRUE when a message with this content was delivered from another folder than @folder. */
gboolean  pf_ledger_has_elsewhere (PfLedger *self, const char *folder, const char *digest);
/* @row: (transfer full): a new one, or one that was changed in place and has a new name. */
void      pf_ledger_add         (PfLedger *self, PfRow *row);
/* The content of @row became known after it was added. */
void      pf_ledger_note_digest (PfLedger *self, PfRow *row);
/* Takes a name for a message that is under way and has no row yet: FALSE when a row or another
 * message has it. */
gboolean  pf_ledger_reserve    (PfLedger *self, const char *folder, guint32 uidvalidity,
                                const char *uid, guint occurrence);
/* The row got another name. */
void      pf_ledger_rename      (PfLedger *self, PfRow *row, guint32 uidvalidity, const char *uid,
                                 guint occurrence);
/* The same mailbox is called otherwise now: rows of folder @from are of folder @to. Their
 * UIDVALIDITY stays, so that their messages are recognised by content; what is recognised is
 * written to the journal then. */
void      pf_ledger_rename_folder (PfLedger *self, const char *from, const char *to);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfLedger, pf_ledger_free)
