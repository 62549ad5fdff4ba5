/* examination.h - one message that is being looked into: what is wanted, what was found, and how
 * much may still be done. */
#pragma once

#include "filter/attachment-classes.h"

#include "protocol/mime.h"

/* Where the findings go; names and texts are one line of UTF-8 each. */
typedef void (*PfFound) (PfAttachmentClass class, const char *name, const char *path,
                         const char *detail, gpointer user_data);

typedef struct
{
  guint32 wanted; /* bits of classes */
  const char *const *extensions;
  gboolean names_only;
  guint64 length; /* of the message */
  PfFound found;
  gpointer user_data;
} PfExaminationOptions;

typedef struct _PfExamination PfExamination;

PfExamination *pf_examination_new  (const PfExaminationOptions *options);
void           pf_examination_free (PfExamination *self);
gboolean       pf_examination_is_names_only (PfExamination *self);

/* --- Findings --------------------------------------------------------------------------------- */

/* A file's name, of which each class is found that is wanted. */
void pf_examination_name (PfExamination *self, const char *name);
/* Told once for each class, name and place, and only where it is wanted. */
void pf_examination_find (PfExamination *self, PfAttachmentClass class, const char *name);
/* @what: a sentence: what cannot be read, or is beyond which limit. */
void pf_examination_malformed (PfExamination *self, const char *name, const char *what);

/* --- Limits ----------------------------------------------------------------------------------- */

/* FALSE: a limit was passed, and told; nothing is looked into any more. */
gboolean pf_examination_goes_on (PfExamination *self);
/**
 * pf_examination_enter:
 * @name: what is opened
 * @packed: its octets
 *
 * Returns: FALSE where that would be too deep, and pf_examination_leave() must not be called
 */
gboolean pf_examination_enter (PfExamination *self, const char *name, gsize packed);
void     pf_examination_leave (PfExamination *self);
/* How many that are open: 0 in the message itself. */
guint    pf_examination_depth (PfExamination *self);
/* One entry more. */
gboolean pf_examination_entry (PfExamination *self);
/* So many octets came out of what is open. */
gboolean pf_examination_unpacked (PfExamination *self, gsize octets);
/* So many will come out of the innermost archive, as it says itself. */
gboolean pf_examination_announced (PfExamination *self, guint64 octets);
/* Where the budget stands; the same archive read in another way has the same budget again. */
typedef struct
{
  guint entries;
  guint64 unpacked;
} PfExaminationMark;

PfExaminationMark pf_examination_mark (PfExamination *self);
void     pf_examination_rewind (PfExamination *self, const PfExaminationMark *mark);
/* So many octets are kept in memory, or are no more. FALSE: there is no room, nothing was added. */
gboolean pf_examination_hold (PfExamination *self, gsize octets);
void     pf_examination_release (PfExamination *self, gsize octets);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfExamination, pf_examination_free)
