/* clamd-scan.h - one connection to clamd: one command, its answer. */
#pragma once

#include "filter/scanner.h"
#include "net/endpoint.h"

typedef enum
{
  PF_CLAMD_SCAN_ANSWERED, /* @result */
  PF_CLAMD_SCAN_REFUSED,  /* no connection could be made: @text */
  PF_CLAMD_SCAN_FAILED    /* @result: trouble */
} PfClamdScanEnd;

typedef struct _PfClamdScan PfClamdScan;

/* Once; then the scan is over. @result: (transfer full) (nullable). @text: of REFUSED, and the
 * version. */
typedef void (*PfClamdScanDone) (PfClamdScan *scan, PfClamdScanEnd end, PfScanResult *result,
                                 const char *text, gpointer user_data);

/* @endpoint: (transfer full). @source: NULL asks for the version. @silence: seconds without a sign
 * of life. */
PfClamdScan *pf_clamd_scan_start (PfEndpoint *endpoint, const PfScanSource *source, guint silence,
                                  PfClamdScanDone done, gpointer user_data);
/* Ends it; safe within @done. Nothing is told after it. */
void         pf_clamd_scan_free  (PfClamdScan *self);
