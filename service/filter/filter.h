/* filter.h - all that is found in a message, and what becomes of it (DESIGN 8): the envelope, the
 * scanners and the attachments side by side, the sender rules, the verdict.
 */
#pragma once

#include "accounts/service-settings.h"
#include "accounts/settings.h"
#include "filter/attachments.h"
#include "filter/clamd.h"
#include "filter/envelope.h"
#include "filter/rspamd.h"
#include "filter/scan-lines.h"
#include "filter/verdict.h"

#define PF_TYPE_FILTER (pf_filter_get_type ())
G_DECLARE_FINAL_TYPE (PfFilter, pf_filter, PF, FILTER, GObject)

/* @settings: a reference is taken. */
PfFilter *pf_filter_new (const PfServiceSettings *settings, const PfScannerMemory *memory);
/* From now on; what is under way ends by the settings that it began with. */
void      pf_filter_set_settings (PfFilter *self, const PfServiceSettings *settings);
/* (transfer none): for their health, their probes, and for learning. Another one after
 * pf_filter_set_settings(). */
PfClamdClient *pf_filter_get_clamd  (PfFilter *self);
PfRspamd      *pf_filter_get_rspamd (PfFilter *self);
/* TRUE when a mail of @account would be read by anybody; else a job's source may be without a
 * descriptor. */
gboolean       pf_filter_reads_mail (PfFilter *self, const PfSettings *account);

/* One message. Everything is the caller's, and must live until the end. */
typedef struct
{
  const PfSettings *account;
  const char *user;      /* the local user whom it is for */
  const char *queue_id;  /* for Rspamd's log */
  PfScanSource source;   /* as it was fetched, without any line of ours; fd -1: nobody is to read */
  const char *header;
  gsize header_length;
  gint64 waiting_since;  /* unix seconds: since when a scanner's trouble holds it up; 0: not yet */
} PfFilterJob;

typedef struct
{
  PfEnvelope *envelope;
  PfScanResult *virus, *spam; /* (nullable): not asked */
  PfAttachmentResult *attachments; /* (nullable): not looked into, or that could not be done */
  PfFindings findings;        /* its texts are of this structure */
  PfVerdict verdict;          /* the same */
  PfScanLines lines;          /* the same: what the message's header is to tell */
  gboolean scanner_down;      /* a scanner that is to be asked cannot be connected to */
  char *virus_text, *spam_text, *sender_text, *attachment_text;
  char *virus_scanned, *virus_status, *subject_prefix;
} PfFiltered;

void        pf_filter_async  (PfFilter *self, const PfFilterJob *job, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data);
/* (transfer full) (nullable): NULL with G_IO_ERROR_CANCELLED only. */
PfFiltered *pf_filter_finish (PfFilter *self, GAsyncResult *result, GError **error);
void        pf_filtered_free (PfFiltered *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfFiltered, pf_filtered_free)
