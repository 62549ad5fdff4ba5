/* office.h - Office's compound files: macros, passwords, and the files inside. */
#pragma once

#include "archive/examination.h"

void pf_office_examine (PfExamination *examination, const char *name, const guint8 *data,
                        gsize length);
