/* verdict.h - what becomes of a message, from all that was found in it: pure (DESIGN 8).
 *
 * A verdict never destroys by itself: discarding happens only where a setting says so.
 */
#pragma once

#include "accounts/filter-policy.h"

/* What one filter says. */
typedef enum
{
  PF_OPINION_NONE,    /* not asked: switched off, none there */
  PF_OPINION_CLEAN,
  PF_OPINION_FOUND,
  PF_OPINION_SKIPPED, /* too large: the message counts as not scanned */
  PF_OPINION_TROUBLE  /* could not be asked, or its answer is none */
} PfOpinion;

/* Rspamd's action, as far as it matters here. */
typedef enum
{
  PF_SPAM_NO_ACTION,
  PF_SPAM_ADD_HEADER, /* or rewrite subject */
  PF_SPAM_REJECT      /* or discard, quarantine */
} PfSpamAction;

/* Texts may be NULL where there is none; they are the caller's. */
typedef struct
{
  PfOpinion sender; /* FOUND: blocked */
  const char *sender_rule;
  /* and proven, or not to be proven: by the envelope, or an authenticated From */
  gboolean sender_allowed;
  gboolean recipient_allowed;
  PfOpinion attachments;
  const char *attachment_text;
  gboolean malformed; /* with attachments FOUND: an archive beyond a limit, or not to be read */
  PfOpinion virus;
  const char *virus_text;
  PfOpinion spam;
  PfSpamAction spam_action;
  double spam_score;
  const char *spam_text;
  gint64 waiting_since; /* unix seconds: since when a scanner's trouble holds it up; 0: not yet */
  gint64 now;           /* unix seconds */
} PfFindings;

typedef struct
{
  PfFilterAction action;
  const char *kind;      /* "", "spam", "virus", "attachment", "malformed", "sender", "scanner": static */
  const char *reason;    /* (nullable): one of the findings' texts */
  gboolean scan_skipped; /* delivered without having been looked through */
  gboolean spam;         /* of some degree: the subject's prefix, learning */
} PfVerdict;

/**
 * pf_verdict_decide:
 *
 * Of several findings the most severe counts: virus, attachment, sender, spam. What calls for
 * quarantine or discarding needs no scanner more; delivery, to Junk too, waits for all that were
 * to be asked, for DeferHours, and then for what OnScannerFailure says.
 *
 * An allowed sender or recipient is spared the sender rules and the spam filter, never the virus
 * scanner and the attachment rules.
 */
PfVerdict pf_verdict_decide (const PfFilterPolicy *policy, const PfFindings *findings);

/* TRUE when what waits for a scanner since @waiting_since (unix seconds, 0: not yet) has waited for
 * as long as DeferHours and OnScannerFailure let it. */
gboolean    pf_verdict_has_waited  (const PfFilterPolicy *policy, gint64 waiting_since, gint64 now);

/* "deliver", "junk", "quarantine", "defer", "discard". */
const char *pf_verdict_action_nick (PfFilterAction action);
