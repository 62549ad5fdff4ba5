/* scanner-marks.h - which scanners of `auto` have ever answered (DESIGN 8): a mark for each in the
 * state folder, so that the absence of one that was there is a failure after a restart too.
 */
#pragma once

#include "filter/scanner.h"

typedef struct _PfScannerMarks PfScannerMarks;

/* @directory: STATE_DIRECTORY; the marks are `scanner-NAME` in it. */
PfScannerMarks *pf_scanner_marks_new  (const char *directory);
void            pf_scanner_marks_free (PfScannerMarks *self);
/* As the scanners' clients use it; lives as long as @self. */
PfScannerMemory pf_scanner_marks_memory (PfScannerMarks *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfScannerMarks, pf_scanner_marks_free)
