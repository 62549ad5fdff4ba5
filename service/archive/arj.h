/* arj.h - ARJ, which is recognised and not unpacked: names, and whether it needs a password. */
#pragma once

#include "archive/examination.h"

void pf_arj_examine (PfExamination *examination, const char *name, const guint8 *data,
                     gsize length);
