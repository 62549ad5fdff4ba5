/* check-private.h - a check's state, shared by the files that are it.
 *
 *   check.c     the object: properties, progress, result
 *   run.c       the order of a check: secret, probe, journal, connection, folders, end
 *   part.c      mailboxes that are shown part by part, one session each
 *   fetch.c     the window of messages under way
 *   message.c   one message: content known -> intent -> delivered
 *   judge.c     where the filter wants it: delivered, junk, quarantine, not now
 *   removal.c   what may go at the provider
 *   doctor.c    a test: the same way, told step by step, nothing changed
 *   explain.c   a dry run: what would happen to each message
 */
#pragma once

#include "accounts/providers.h"
#include "retrieve/check.h"
#include "retrieve/settled.h"
#include "retrieve/tally.h"

typedef enum
{
  PF_PHASE_CONNECTING,
  PF_PHASE_AUTHENTICATING,
  PF_PHASE_LISTING,
  PF_PHASE_FETCHING,
  PF_PHASE_REMOVING
} PfPhase;

struct _PfCheck
{
  GObject parent_instance;

  PfCheckParts parts;
  PfCheckKind kind;
  PfCheckState state;
  PfPhase phase;
  char *path;
  guint starter;
  PfAccount *account; /* NULL for a test of settings */
  const PfSettings *settings;
  const PfProvider *provider; /* what is known of it */
  char *account_hash;
  PfSecret *secret;
  gboolean by_person, explain;
  guint limit;

  guint messages_total, messages_done;
  guint64 octets_total, octets_done;
  PfTally tally;
  guint on_server;
  GError *problem;   /* what ended the check, or, when it did not, what there is to tell */
  gboolean failed;   /* the problem ended it */
  GVariant *problem_data;
  GPtrArray *steps;    /* (element-type GVariant): a{sv} each */
  GPtrArray *messages; /* (nullable) (element-type GVariant): of a dry run */

  GCancellable *cancellable;
  PfSession *session;
  PfLedger *ledger;
  GHashTable *folders_seen; /* name -> PfFolderState */
  char *wanted;             /* what pf_settled_wanted() made of the settings */
  GHashTable *recipients; /* user -> GINT: 1 known, -1 unknown */

  guint sessions;     /* that came to their end in this check */
  guint taken_before; /* messages, by those before this one */
  GPtrArray *folders;
  guint folder_index;
  PfListing *listing;
  gint64 listed_at; /* us: when the listing was asked for */
  GPtrArray *plan;
  guint next_item;
  guint fetching, in_flight; /* of the session; from RETR to the last commit */
  guint64 octets_fetching, octets_in_flight;
  guint uncommitted; /* fetched in this session and not delivered: POP3 must not QUIT */
  guint limit_left;
  gboolean labels;   /* a message may stand in several of the folders */
  gboolean more;     /* messages were left for the next check */
  gboolean stuck;    /* a listed message is set aside */
  GPtrArray *deferred; /* (nullable): of this folder, see blame.c */
  gboolean scanner_down; /* what it is to look at is not fetched in vain any more */
  GPtrArray *waiting;    /* (nullable) (element-type PfRow): left for it, to be stored */
  gboolean doubtful; /* what this session brought may be other names': verified next time */
  gboolean closing;
  guint in_use_tries, in_use_timer; /* until the mailbox is free */
  gboolean started;
};

/* check.c */
void pf_check_set_phase (PfCheck *self, PfPhase phase);
void pf_check_changed   (PfCheck *self);
/* Notes what is wrong without ending the check; the first one stays. Takes @problem. */
void pf_check_note      (PfCheck *self, GError *problem);
/* Ends the check as soon as what is under way is committed; nothing more is asked of the provider.
 * Takes @problem. */
void pf_check_fail      (PfCheck *self, GError *problem);
gboolean pf_check_is_over (PfCheck *self);
/* The last word: state, events, signal. */
void pf_check_finish    (PfCheck *self);
void pf_check_add_step  (PfCheck *self, const char *name, gboolean ok, const char *text,
                         const char *mend);
/* The account's figures as they would be with @delivered, @junked, @quarantined and @octets
 * more. */
PfFigures pf_check_figures (PfCheck *self, guint delivered, guint junked, guint quarantined,
                            guint64 octets);

/* run.c */
/* Everything of the folder's plan is committed. */
void pf_check_folder_done  (PfCheck *self);
/* Called when nothing is in flight any more after a failure. */
void pf_check_settle       (PfCheck *self);
void pf_check_setup_session (PfCheck *self);

/* The size of a row whose name may not be its message's: no listing tells it, so the name is
 * doubtful. */
#define PF_SIZE_DOUBTFUL ((guint64) G_MAXINT64)

/* part.c */
/* TRUE when the session that is over took something in of a mailbox that is shown part by part, so
 * that the next one may show more. */
gboolean pf_check_goes_on  (PfCheck *self);

/* fetch.c */
void pf_check_fetch_begin  (PfCheck *self);
/* The provider broke the protocol: what this session delivered is recognised by its content next
 * time, before anything is removed. */
void pf_check_doubt_fetched (PfCheck *self);
void pf_check_fetch_more   (PfCheck *self);
/* blame.c */
/* @item was not delivered, for a @reason that may be its own. Its row is adopted. */
void pf_check_defer        (PfCheck *self, PfPlanItem *item, const char *reason);
/* All of the folder were tried: counts it against those that are to blame. TRUE when that is being
 * written. */
gboolean pf_check_blame    (PfCheck *self);

/* fetch.c again */
/* @item's way ended; @committed: nothing of it is open any more. */
void pf_check_item_done    (PfCheck *self, PfPlanItem *item, gboolean committed);
/* The row for @item, the ledger's or a new one (transfer full). */
PfRow *pf_check_row_for    (PfCheck *self, const PfPlanItem *item);
/* Stores that @item was not delivered, and counts it where it may be the message's own fault: too
 * often, and it is set aside: TRUE then. */
gboolean pf_check_store_failure (PfCheck *self, PfPlanItem *item, const char *reason,
                             gboolean own_fault);
PfEvent *pf_check_message_event (PfCheck *self, const PfPlanItem *item, PfOutcome outcome,
                                 const char *reason);

/* message.c: takes @body */
void pf_check_message_begin (PfCheck *self, PfPlanItem *item, PfBody *body, gboolean uncertain);

/* judge.c */
/* TRUE when @item need not be fetched, since the scanner that was down a moment ago would be asked
 * for it; it waits, and is counted. */
gboolean pf_check_leaves_waiting (PfCheck *self, PfPlanItem *item);

/* removal.c */
void pf_check_remove_begin (PfCheck *self);

/* doctor.c */
void pf_check_doctor_begin (PfCheck *self);
/* explain.c */
void pf_check_explain_item    (PfCheck *self, const PfPlanItem *item);
/* The same, once the filter has looked at what came; then pf_check_item_done(). Takes @body. */
void pf_check_explain_fetched (PfCheck *self, PfPlanItem *item, PfBody *body);
