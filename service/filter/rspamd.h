/* rspamd.h - Rspamd's client: /checkv2 with the recovered envelope, several messages at a time, and
 * learning by its controller (DESIGN 8, specs 06). */
#pragma once

#include "filter/rspamd-answer.h"
#include "filter/scanner.h"

/* How the message came to the provider (filter/envelope.h). NULL: not known. A value that cannot be
 * told safely counts as not known. */
typedef struct
{
  const char *ip;       /* the address of the host that handed it over; with or without brackets */
  const char *helo;     /* told only with an IP */
  const char *hostname; /* its verified reverse name; told only with an IP */
  const char *from;     /* envelope sender, "" for <> */
  const char *const *recipients; /* (nullable): the addresses at the provider */
  const char *deliver_to;        /* the local user */
  const char *queue_id;          /* stands in Rspamd's log */
} PfScanEnvelope;

#define PF_TYPE_RSPAMD (pf_rspamd_get_type ())
G_DECLARE_FINAL_TYPE (PfRspamd, pf_rspamd, PF, RSPAMD, GObject)

/* What `auto` is. */
#define PF_RSPAMD_URL "http://127.0.0.1:11333"
#define PF_RSPAMD_CONTROLLER_URL "http://127.0.0.1:11334"

/* @options->address: "http://", "https://", "unix:/path", "off", or "auto"; @options->controller
 * the same, NULL for "off". */
PfRspamd *pf_rspamd_new (const PfScannerOptions *options);

/**
 * pf_rspamd_scan_async:
 * @source: the message as it was fetched, without any line of ours
 * @envelope: copied as needed
 *
 * At most PF_LIMIT_RSPAMD_SCANS at a time; the others wait, without a clock. MaxScanSize should not
 * be above Rspamd's max_message (50 MiB): beyond that Rspamd hangs up without a word, which is
 * trouble like any other.
 *
 * The result is CLEAN for `no action` and `greylist`, FOUND for `add header`, `rewrite subject`,
 * `reject`, `discard` and `quarantine`; `soft reject` and an action nobody knows are TROUBLE, with
 * the answer at hand. Anything but a whole answer is TROUBLE without one.
 */
void          pf_rspamd_scan_async  (PfRspamd *self, const PfScanSource *source,
                                     const PfScanEnvelope *envelope, GCancellable *cancellable,
                                     GAsyncReadyCallback callback, gpointer user_data);
/* (transfer full) (nullable): NULL with G_IO_ERROR_CANCELLED only. */
PfScanResult *pf_rspamd_scan_finish (PfRspamd *self, GAsyncResult *result, GError **error);

/* GET /ping, within `timeout`. CLEAN when it answered; see pf_rspamd_get_health(). */
void          pf_rspamd_probe_async  (PfRspamd *self, GCancellable *cancellable,
                                      GAsyncReadyCallback callback, gpointer user_data);
PfScanResult *pf_rspamd_probe_finish (PfRspamd *self, GAsyncResult *result, GError **error);

const PfScannerHealth *pf_rspamd_get_health (PfRspamd *self);
/* FALSE where no message would be sent: it is off, or was looked for in vain just before. */
gboolean               pf_rspamd_is_asked   (PfRspamd *self);

typedef enum
{
  PF_LEARN_SPAM,
  PF_LEARN_HAM
} PfLearnClass;

typedef enum
{
  PF_LEARN_DONE,
  PF_LEARN_KNOWN,      /* learned in that class before */
  PF_LEARN_IMPOSSIBLE  /* too few words, or Rspamd's conditions: nothing is wrong */
} PfLearnOutcome;

/* FALSE where it has no controller by the settings. */
gboolean pf_rspamd_can_learn    (PfRspamd *self);
/**
 * pf_rspamd_learn_async:
 * @source: the message as it was fetched, without any line of ours
 * @deliver_to: (nullable): the local user, for statistics of each user's own
 *
 * The controller trusts loopback addresses and unix sockets by its default; there is no password.
 */
void     pf_rspamd_learn_async  (PfRspamd *self, PfLearnClass class, const PfScanSource *source,
                                 const char *deliver_to, GCancellable *cancellable,
                                 GAsyncReadyCallback callback, gpointer user_data);
/* Errors: PF_PROBLEM_SCANNER_UNAVAILABLE, with a sentence; G_IO_ERROR_CANCELLED. */
gboolean pf_rspamd_learn_finish (PfRspamd *self, GAsyncResult *result, PfLearnOutcome *outcome,
                                 GError **error);
