/* packed-in.h - what stands deflated in a file of another kind. */
#pragma once

#include "archive/examination.h"

/**
 * pf_packed_in_examine:
 * @name: of what it is in
 *
 * Inflates a zlib stream and looks into what comes out.
 *
 * Returns: FALSE where @data is none
 */
gboolean pf_packed_in_examine (PfExamination *examination, const char *name, const guint8 *data,
                               gsize length);
/* The macros of an Office document that was saved as text: "editdata.mso". */
void     pf_packed_in_examine_active_mime (PfExamination *examination, const char *name,
                                           const guint8 *data, gsize length);
