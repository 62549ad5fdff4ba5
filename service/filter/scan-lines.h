/* scan-lines.h - what the scanners found and want, in a message's header (specs 12 sections 2 to
 * 4): pure, bytes to bytes.
 */
#pragma once

#include "filter/rspamd-answer.h"
#include "protocol/header.h"

/* Everything may be NULL where there is none. */
typedef struct
{
  const PfRspamdAnswer *answer;
  gboolean spam;              /* by the verdict: X-Spam-Flag, and the subject */
  const char *virus_scanned;  /* "ClamAV 1.4.6/27500 at host" */
  const char *virus_status;   /* "Clean", "Infected (NAME)", "Not scanned (WHY)" */
  const char *subject_prefix; /* UTF-8, of spam */
} PfScanLines;

/* Our fields, and those that Rspamd wants added: in the order that it wants. At most
 * PF_LIMIT_SCAN_LINES octets. */
void pf_scan_lines_append (GString *block, const PfScanLines *lines);

/* The fields that Rspamd wants taken out: one pass over a header. */
typedef struct _PfScanRemovals PfScanRemovals;

/* (transfer full) (nullable): NULL when it wants none. */
PfScanRemovals *pf_scan_removals_new   (const PfScanLines *lines, const char *header, gsize length);
/* TRUE when this field goes. Call it for each field, in their order. */
gboolean        pf_scan_removals_fit   (PfScanRemovals *self, const PfHeaderField *field);
void            pf_scan_removals_free  (PfScanRemovals *self);

/* TRUE when the subject is to be another one. */
gboolean pf_scan_lines_change_subject (const PfScanLines *lines);
/* The Subject field as it is to be. @field: (nullable): the one that stands there. */
void     pf_scan_lines_append_subject (GString *block, const PfScanLines *lines,
                                       const PfHeaderField *field);
