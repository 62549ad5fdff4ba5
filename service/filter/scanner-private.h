/* scanner-private.h - what the two clients share inside. */
#pragma once

#include "filter/scanner.h"

typedef struct
{
  const char *name; /* "rspamd", "clamd" */
  gboolean automatic;
  gboolean known; /* has answered, now or in an earlier life of the service */
  PfScannerMemory memory;
  guint timeout;
  guint64 max_size;
  gint64 absent_until; /* monotonic, us: it was looked for in vain just before */
  PfScannerHealth health;
} PfScannerState;

void pf_scanner_state_init  (PfScannerState *self, const char *name,
                             const PfScannerOptions *options);
void pf_scanner_state_clear (PfScannerState *self);

/* It sent a whole answer, whatever that says. */
void pf_scanner_note_answer  (PfScannerState *self);
void pf_scanner_note_failure (PfScannerState *self, PfScanReason reason, const char *text);
/* @version: (nullable): what it calls itself, as it came. */
void pf_scanner_note_version (PfScannerState *self, const char *version, gint64 signatures);

/* TRUE where a message would be sent: not `off`, and not looked for in vain just before. */
gboolean pf_scanner_is_asked (const PfScannerState *self);
/* (transfer full) (nullable): of a message that is not sent at all. */
PfScanResult *pf_scanner_skip (const PfScannerState *self, const PfScanSource *source);
/* (transfer full): of trouble, noted in the health. A scanner that could not be connected to and is
 * `auto` and never answered is absent, unless @there says that something is. */
PfScanResult *pf_scanner_trouble (PfScannerState *self, PfScanReason reason, const char *text,
                                  gboolean there);
/* (transfer full): @name and @text are copied, NULL is "". */
PfScanResult *pf_scan_result_new (PfScanStatus status, PfScanReason reason, const char *name,
                                  const char *text);

/* Messages wait for their turn here, without a clock. */
typedef struct
{
  guint limit, running;
  GQueue waiting;               /* of GTask */
  void (*start) (GTask *task);  /* (transfer full): ends with pf_scan_queue_done() */
} PfScanQueue;

void pf_scan_queue_init (PfScanQueue *self, guint limit, void (*start) (GTask *task));
/* @task: (transfer full). One that was cancelled when its turn comes is not begun. */
void pf_scan_queue_push (PfScanQueue *self, GTask *task);
/* One has ended. */
void pf_scan_queue_done (PfScanQueue *self);
