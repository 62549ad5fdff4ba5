/* unpack.h - archives that libarchive reads, entry by entry. */
#pragma once

#include "archive/examination.h"
#include "archive/kinds.h"

typedef enum
{
  PF_UNPACK_SURE,    /* what cannot be read to its end is malformed */
  PF_UNPACK_DOUBTFUL /* perhaps it is no archive at all: only limits are */
} PfUnpackTrust;

void     pf_unpack (PfExamination *examination, const char *name, PfKind kind, const guint8 *data,
                    gsize length, PfUnpackTrust trust);
/* It ends in the directory of a zip, whatever it begins with. */
gboolean pf_unpack_has_zip_end (const guint8 *data, gsize length);
