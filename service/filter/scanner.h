/* scanner.h - what the clients of the scanners (rspamd.h, clamd.h) have in common: what they are
 * given, what they answer, and how they are (FilterPolicy.Status()).
 *
 * A scanner that could not be asked, or whose answer is not a whole answer, is trouble with a named
 * reason, and never a verdict (DESIGN 8).
 */
#pragma once

#include <gio/gio.h>

/* A message as it was fetched, in a descriptor: @length octets from @offset on. Read with pread(),
 * so that several scanners may read one descriptor; it must stay open, and its octets the same,
 * until the scan has ended. */
typedef struct
{
  int fd;
  guint64 offset, length;
} PfScanSource;

typedef enum
{
  PF_SCAN_CLEAN,   /* a whole answer: nothing was found */
  PF_SCAN_FOUND,   /* a whole answer: spam of some degree, or a virus */
  PF_SCAN_SKIPPED, /* not asked, as it should be */
  PF_SCAN_TROUBLE  /* the message waits: DeferHours */
} PfScanStatus;

typedef enum
{
  PF_SCAN_NO_REASON,

  /* Of PF_SCAN_SKIPPED. With OFF and ABSENT there is no such scanner; with TOO_LARGE the message
   * counts as not scanned. */
  PF_SCAN_OFF,
  PF_SCAN_ABSENT,    /* `auto`, and it never answered so far */
  PF_SCAN_TOO_LARGE, /* beyond MaxScanSize or the scanner's own limit */
  PF_SCAN_EMPTY,     /* no octets: Rspamd answers anything to that */

  /* Of PF_SCAN_TROUBLE. */
  PF_SCAN_UNREACHABLE,
  PF_SCAN_TIMED_OUT,
  PF_SCAN_BROKEN_OFF,     /* half an answer, or none */
  PF_SCAN_UNTRUSTED,      /* TLS, the certificate */
  PF_SCAN_REDIRECTED,     /* not followed */
  PF_SCAN_REFUSED,        /* the scanner says that it cannot: HTTP status, clamd's ERROR */
  PF_SCAN_BAD_ANSWER,     /* grammar, wrong types, no action, out of turn */
  PF_SCAN_TOO_LONG,       /* an answer beyond our limits */
  PF_SCAN_SOFT_REJECTED,  /* Rspamd asks to come again: its answer is there */
  PF_SCAN_UNKNOWN_ACTION, /* its answer is there */
  PF_SCAN_UNREADABLE,     /* the message could not be read from the spool */
  PF_SCAN_N_REASONS
} PfScanReason;

typedef struct _PfRspamdAnswer PfRspamdAnswer;

typedef struct
{
  PfScanStatus status;
  PfScanReason reason;    /* of SKIPPED and TROUBLE */
  char *name;             /* of FOUND: the virus, or Rspamd's action; else "" */
  char *text;             /* of SKIPPED and TROUBLE: a sentence, fit to be read; else "" */
  PfRspamdAnswer *answer; /* Rspamd's, where it was whole; NULL from clamd */
} PfScanResult;

void        pf_scan_result_free (PfScanResult *self);
/* "timed-out" and so on: stable, for the log and the bus. */
const char *pf_scan_reason_nick (PfScanReason reason);

/* What `auto` remembers in the state (DESIGN 8): whether a scanner has ever answered. @scanner is
 * "rspamd" or "clamd". A NULL has_answered counts as "never". */
typedef struct
{
  gboolean (*has_answered) (const char *scanner, gpointer user_data);
  /* It has, for the first time since the service began. */
  void (*answered) (const char *scanner, gpointer user_data);
  gpointer user_data;
} PfScannerMemory;

typedef struct
{
  const char *address;     /* RspamdUrl, ClamdSocket; as validated by accounts/filter-policy.h */
  const char *controller;  /* RspamdControllerUrl; NULL where there is none */
  guint timeout;           /* seconds: Timeout */
  /* Seconds that clamd may be silent in all while it starts or reads its signatures anew:
   * PF_LIMIT_CLAMD_START_SECONDS. */
  guint patience;
  guint64 max_size;        /* octets: MaxScanSize */
  PfScannerMemory memory;
} PfScannerOptions;

/* For FilterPolicy.Status(). Texts are "" where not known, fit to be read. */
typedef struct
{
  gboolean configured; /* not `off` */
  gboolean reachable;  /* the last attempt brought an answer */
  gint64 answered, failed; /* unix seconds of the last one; 0: never */
  char *version;       /* "rspamd/3.4", "ClamAV 1.4.6/27500" */
  gint64 signatures;   /* unix seconds: clamd's signatures are of; 0: not known */
  PfScanReason reason; /* of the last failure */
  char *error;         /* a sentence; stays until the next answer */
} PfScannerHealth;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfScanResult, pf_scan_result_free)
