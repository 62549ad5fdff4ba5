/* tnef.h - winmail.dat ([MS-OXTNEF]): names and contents of the files in it. */
#pragma once

#include "archive/examination.h"

void pf_tnef_examine (PfExamination *examination, const char *name, const guint8 *data,
                      gsize length);
