/* quarantine-folder.h - the folder of the quarantine: ID.eml and ID.meta for each message. All of
 * it blocks: for worker threads. */
#pragma once

#include "deliver/quarantine-item.h"

/* What the folder holds. */
typedef struct
{
  GPtrArray *items;    /* of PfQuarantineItem: those not known before, whole */
  GHashTable *present; /* set of ids that have both files */
  GHashTable *damaged; /* id -> what is wrong with its meta */
} PfQuarantineScan;

void              pf_quarantine_scan_free (PfQuarantineScan *self);
/**
 * pf_quarantine_folder_scan:
 * @known: (nullable): set of ids whose files need not be read
 *
 * What is neither ID.eml nor ID.meta is left alone; so is a message without the other file.
 *
 * Returns: (transfer full) (nullable): NULL with G_IO_ERROR where the folder cannot be read.
 */
PfQuarantineScan *pf_quarantine_folder_scan (const char *directory, GHashTable *known,
                                             GError **error);
/* Writes ID.meta anew, durably. Errors: G_IO_ERROR. */
gboolean          pf_quarantine_folder_note   (const char *directory, const PfQuarantineItem *item,
                                               GError **error);
/* For good: all messages first, then what was known of them, so that one that is cut off is seen
 * and finished by pf_quarantine_folder_tidy(). */
gboolean          pf_quarantine_folder_remove (const char *directory, const char *const *ids,
                                               GError **error);
/* A descriptor of ID.eml for reading, -1 with G_IO_ERROR. */
int               pf_quarantine_folder_open   (const char *directory, const char *id,
                                               GError **error);
/* Takes away each ID.meta without a message, whose removal was cut off; and what a crash left of a
 * message that was being stored, or of one that was removed, before @before (unix seconds). */
void              pf_quarantine_folder_tidy   (const char *directory, gint64 before);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfQuarantineScan, pf_quarantine_scan_free)
