/* content.h - a file as it comes out of a message or an archive: kept as far as it must be, and
 * looked into when it is there as a whole. */
#pragma once

#include "archive/examination.h"

typedef struct _PfContent PfContent;

typedef enum
{
  PF_CONTENT_FILE,  /* of an archive */
  PF_CONTENT_PART,  /* of a message: uuencoded files in it were found already */
  PF_CONTENT_STREAM /* of an Office file: what cannot be read is no fault there */
} PfContentPlace;

PfContent *pf_content_new (PfExamination *examination, const char *name, PfContentPlace place);
void       pf_content_add (PfContent *self, const guint8 *data, gsize length);
/* It is all there: looks into it, and frees it. */
void       pf_content_end (PfContent *self);
void       pf_content_free (PfContent *self);

/* All at once. */
void pf_content_examine (PfExamination *examination, const char *name, PfContentPlace place,
                         const guint8 *data, gsize length);
