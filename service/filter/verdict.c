#include "filter/verdict.h"

#define SECONDS_AN_HOUR 3600

/* One finding as an action. */
static PfVerdict
verdict_of (PfFilterAction action, const char *kind, const char *reason)
{
  return (PfVerdict){ .action = action, .kind = kind, .reason = reason };
}

/* --- Spam ------------------------------------------------------------------------------------- */

typedef enum
{
  DEGREE_NONE,
  DEGREE_JUNK,
  DEGREE_QUARANTINE
} Degree;

/* Numbers of the policy stand in for Rspamd's actions, each for its own. */
static Degree
degree_of (const PfFilterPolicy *policy, const PfFindings *findings)
{
  gboolean high = policy->quarantine_score > 0 ? findings->spam_score >= policy->quarantine_score
                                               : findings->spam_action == PF_SPAM_REJECT;
  gboolean low = policy->junk_score > 0 ? findings->spam_score >= policy->junk_score
                                        : findings->spam_action >= PF_SPAM_ADD_HEADER;

  return high ? DEGREE_QUARANTINE : low ? DEGREE_JUNK : DEGREE_NONE;
}

/* Beyond QuarantineScore mail is held back, unless OnSpam is more severe or wants it delivered. */
static PfFilterAction
spam_action (const PfFilterPolicy *policy, Degree degree)
{
  if (degree == DEGREE_QUARANTINE && policy->on_spam == PF_ON_JUNK)
    return PF_ON_QUARANTINE;
  return policy->on_spam;
}

static gboolean
is_spared (const PfFindings *findings)
{
  return findings->sender_allowed || findings->recipient_allowed;
}

/* FALSE: Rspamd has nothing against it, or is not to be heard. */
static gboolean
judge_spam (const PfFilterPolicy *policy, const PfFindings *findings, PfVerdict *verdict)
{
  Degree degree;

  if (is_spared (findings)
      || (findings->spam != PF_OPINION_FOUND && findings->spam != PF_OPINION_CLEAN))
    return FALSE;
  degree = degree_of (policy, findings);
  if (degree == DEGREE_NONE)
    return FALSE;
  *verdict = verdict_of (spam_action (policy, degree), "spam", findings->spam_text);
  verdict->spam = TRUE;
  return TRUE;
}

/* --- All together ----------------------------------------------------------------------------- */

/* The first that was found, in the order of severity. */
static PfVerdict
judge (const PfFilterPolicy *policy, const PfFindings *findings)
{
  PfVerdict verdict = verdict_of (PF_ON_DELIVER, "", NULL);

  if (findings->virus == PF_OPINION_FOUND)
    return verdict_of (policy->on_virus, "virus", findings->virus_text);
  /* What nobody could look into to its end is held back, whatever the attachment rules are. */
  if (findings->attachments == PF_OPINION_FOUND && findings->malformed)
    return verdict_of (PF_ON_QUARANTINE, "malformed", findings->attachment_text);
  if (findings->attachments == PF_OPINION_FOUND)
    return verdict_of (policy->on_attachment, "attachment", findings->attachment_text);
  if (findings->sender == PF_OPINION_FOUND && !is_spared (findings))
    return verdict_of (policy->on_blocked_sender, "sender", findings->sender_rule);
  judge_spam (policy, findings, &verdict);
  return verdict;
}

static gboolean
is_held_up (const PfFindings *findings)
{
  return findings->virus == PF_OPINION_TROUBLE || findings->attachments == PF_OPINION_TROUBLE
         || (findings->spam == PF_OPINION_TROUBLE && !is_spared (findings));
}

static const char *
trouble_text (const PfFindings *findings)
{
  if (findings->virus == PF_OPINION_TROUBLE)
    return findings->virus_text;
  return findings->attachments == PF_OPINION_TROUBLE ? findings->attachment_text
                                                     : findings->spam_text;
}

gboolean
pf_verdict_has_waited (const PfFilterPolicy *policy, gint64 waiting_since, gint64 now)
{
  if (policy->on_scanner_failure == PF_ON_FAILURE_DEFER)
    return FALSE;
  /* A clock that was set back waits anew: rather later than unscanned. */
  return policy->defer_hours == 0
         || (waiting_since != 0
             && now - waiting_since >= (gint64) policy->defer_hours * SECONDS_AN_HOUR);
}

/* @verdict is what was found without the scanners that could not be asked. */
static PfVerdict
after_trouble (const PfFilterPolicy *policy, const PfFindings *findings, PfVerdict verdict)
{
  if (!pf_verdict_has_waited (policy, findings->waiting_since, findings->now))
    return verdict_of (PF_ON_DEFER, "scanner", trouble_text (findings));
  if (policy->on_scanner_failure == PF_ON_FAILURE_QUARANTINE)
    return verdict_of (PF_ON_QUARANTINE, "scanner", trouble_text (findings));
  verdict.scan_skipped = TRUE;
  return verdict;
}

PfVerdict
pf_verdict_decide (const PfFilterPolicy *policy, const PfFindings *findings)
{
  PfVerdict verdict = judge (policy, findings);
  gboolean settled = verdict.action == PF_ON_QUARANTINE || verdict.action == PF_ON_DISCARD
                     || verdict.action == PF_ON_DEFER;

  verdict.scan_skipped = findings->virus == PF_OPINION_SKIPPED
                         || findings->attachments == PF_OPINION_SKIPPED
                         || (findings->spam == PF_OPINION_SKIPPED && !is_spared (findings));
  if (!settled && is_held_up (findings))
    return after_trouble (policy, findings, verdict);
  return verdict;
}

const char *
pf_verdict_action_nick (PfFilterAction action)
{
  static const char *const nicks[] = { "deliver", "junk", "quarantine", "defer", "discard" };

  return nicks[action];
}
