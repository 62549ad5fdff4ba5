/* event.h - one thing that happened: a log line, a journald record, a row of GetLog, a Logged
 * signal. */
#pragma once

#include <gio/gio.h>

typedef enum
{
  PF_EVENT_STARTED,
  PF_EVENT_CHECK,
  PF_EVENT_MESSAGE,
  PF_EVENT_REMOVED,
  PF_EVENT_PROBLEM,
  PF_EVENT_MENDED,
  PF_EVENT_ADDED,
  PF_EVENT_CHANGED,
  PF_EVENT_DELETED,
  PF_EVENT_SECRET,
  PF_EVENT_FILTER,
  PF_EVENT_QUARANTINE,
  PF_EVENT_N
} PfEventKind;

typedef enum
{
  PF_OUTCOME_NONE,
  PF_OUTCOME_DELIVERED,
  PF_OUTCOME_JUNKED,
  PF_OUTCOME_QUARANTINED,
  PF_OUTCOME_DEFERRED,
  PF_OUTCOME_SKIPPED,
  PF_OUTCOME_REFUSED,
  PF_OUTCOME_N
} PfOutcome;

/* Strings may be NULL; those from outside are kept as they came (valid UTF-8 where they go to D-Bus
 * is made there). */
typedef struct
{
  gint64 time; /* us; 0 becomes now */
  PfEventKind kind;
  PfOutcome outcome;
  char *account; /* address */
  char *caller;  /* "root", "alice", or NULL for the service itself */
  char *uid;     /* POP3 UIDL, or FOLDER/UIDVALIDITY/UID */
  char *message_id;
  char *sender;
  char *subject;
  char *verdict;
  char *reason;  /* the sentence */
  guint64 size;
  double score;
} PfEvent;

PfEvent    *pf_event_new       (PfEventKind kind, const char *account);
void        pf_event_free      (PfEvent *self);
const char *pf_event_kind_nick (PfEventKind kind);
const char *pf_outcome_nick    (PfOutcome outcome);
gboolean    pf_event_kind_from_nick (const char *nick, PfEventKind *kind);
gboolean    pf_outcome_from_nick (const char *nick, PfOutcome *outcome);
/* a{sv} with the keys of DESIGN 5, empty ones left out; floating. */
GVariant   *pf_event_to_vardict (const PfEvent *self);
/* (transfer full): one line of ASCII that can be searched, never with a subject:
 * `ACCOUNT: message, uid=7, msgid=<...>, from=<...>, size=921, verdict=deliver, status=delivered`,
 * `ACCOUNT: problem, code=timed-out (SENTENCE)`, `ACCOUNT: changed, by=alice (KEYS)`. What came
 * from outside cannot look like a field of its own. */
char       *pf_event_to_line    (const PfEvent *self);
/* Writes it to the log (base/log.h) with journald fields POSTFERRY_EVENT, POSTFERRY_ACCOUNT ... */
void        pf_event_log        (const PfEvent *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfEvent, pf_event_free)
