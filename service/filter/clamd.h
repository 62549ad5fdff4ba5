/* clamd.h - clamd's client: messages streamed from their descriptor (INSTREAM), several at a time
 * (DESIGN 8, specs 07). */
#pragma once

#include "filter/scanner.h"

#define PF_TYPE_CLAMD_CLIENT (pf_clamd_client_get_type ())
G_DECLARE_FINAL_TYPE (PfClamdClient, pf_clamd_client, PF, CLAMD_CLIENT, GObject)

/* @options->address: "unix:/path", "tcp:host:port", "off", or "auto" (PF_CLAMD_SOCKET; a socket
 * that is there but may not be used is trouble even so). */
PfClamdClient *pf_clamd_client_new (const PfScannerOptions *options);

#define PF_CLAMD_SOCKET "/run/clamav/clamd.ctl"

/**
 * pf_clamd_client_scan_async:
 *
 * At most PF_LIMIT_CLAMD_SCANS at a time; the others wait, without a clock. A clamd that cannot be
 * connected to though it has answered before, or that accepts the connection and is silent, is
 * given time to start or to read its signatures anew (options: patience), once: when that was in
 * vain, messages wait for no more than `timeout` until it answers again.
 */
void          pf_clamd_client_scan_async  (PfClamdClient *self, const PfScanSource *source,
                                           GCancellable *cancellable, GAsyncReadyCallback callback,
                                           gpointer user_data);
/* (transfer full) (nullable): NULL with G_IO_ERROR_CANCELLED only. */
PfScanResult *pf_clamd_client_scan_finish (PfClamdClient *self, GAsyncResult *result,
                                           GError **error);

/* Asks for the version: one connection, within `timeout`. The result's status is CLEAN when it
 * answered; see pf_clamd_client_get_health(). */
void          pf_clamd_client_probe_async  (PfClamdClient *self, GCancellable *cancellable,
                                            GAsyncReadyCallback callback, gpointer user_data);
PfScanResult *pf_clamd_client_probe_finish (PfClamdClient *self, GAsyncResult *result,
                                            GError **error);

const PfScannerHealth *pf_clamd_client_get_health (PfClamdClient *self);
/* FALSE where no message would be sent: it is off, or was looked for in vain just before. */
gboolean               pf_clamd_client_is_asked   (PfClamdClient *self);

/* Pure: the time in a VERSION answer, "ClamAV 1.4.6/27500/Mon Jan 1 10:00:00 2026", which is
 * clamd's local time; unix seconds, 0 without. @version: (out) (transfer full): without the
 * time. */
gint64 pf_clamd_read_version (const char *text, char **version);
