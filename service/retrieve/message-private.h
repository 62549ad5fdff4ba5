/* message-private.h - one message's state, shared by the files that are its way.
 *
 *   recognise.c      is it new at all?
 *   addressee.c      whose is it?
 *   judge.c          where is it to go?
 *   message.c        intent -> effect -> delivered
 *   hold-back.c      the effect of what goes into the quarantine
 *   message-header.c the header that its recipient gets
 */
#pragma once

#include "retrieve/check-private.h"

/* One message from its last octet to "delivered" in the journal (DESIGN 4). */
typedef struct
{
  PfCheck *check;
  PfPlanItem *item;
  PfBody *body;
  PfRow *row; /* as it is to be in the journal; becomes the ledger's when delivered */
  gboolean uncertain, known, in_doubt;
  char *sender, *message_id, *subject;
  guint next; /* of row->deliveries */
  PfOutcome outcome;
  PfDelivery *delivery;
  char *user;    /* recipient that is asked for */
  char **users;  /* whose it is */
  PfFilterJob job;
  PfFiltered *filtered; /* (nullable): what was found in it */
  PfVerdict verdict;    /* its texts are of @filtered, or static */
  char *reason; /* (nullable): the target's words, of a refusal */
} PfMessage;

/* recognise.c */
/* TRUE when the content says that this is no new message: its row follows it, and its way ends with
 * pf_message_done(). */
gboolean pf_message_recognise   (PfMessage *message);
/* A row for what is to be delivered, under the name that the message has now; the name's former
 * holder makes room first. */
void     pf_message_prepare_row (PfMessage *message);

/* addressee.c */
/* Finds out whose the message is, and goes on with pf_message_judge(). */
void     pf_message_choose_recipients (PfMessage *message);

/* judge.c */
/* Has the message looked through, and its way goes on with pf_message_judged(), or ends here: it
 * waits, or is discarded. */
void     pf_message_judge       (PfMessage *message);
/* The body as it was fetched, for those that scan it; @job's source and header. */
gboolean pf_message_open_source (PfBody *body, PfFilterJob *job, GError **error);

/* hold-back.c */
/* The copy of the recipient whose turn it is goes into the quarantine, and the way goes on with
 * pf_message_deliver_next(). The body is finished. */
void     pf_message_hold_back   (PfMessage *message, const char *kind, const char *reason);

/* message-header.c */
/* Puts the header that @delivery's recipient gets in front of the body. */
gboolean pf_message_finish_body (PfMessage *message, const PfRowDelivery *delivery, GError **error);
/* (transfer full) (nullable): the From address, for the log. */
char    *pf_message_from        (PfMessage *message);

/* message.c */
/* Commits the intent to do as @message->outcome says. */
void     pf_message_judged      (PfMessage *message);
/* Nothing is to be done for it, or all of that is: "delivered" in the journal. */
void     pf_message_commit      (PfMessage *message);
/* Why it goes where it goes, "" where there is nothing to say. */
const char *pf_message_reason   (const PfMessage *message);
/* The next recipient that has not got it, or the end. */
void     pf_message_deliver_next (PfMessage *message);
/* A log entry about it; @verdict as in DESIGN 5. */
void     pf_message_record      (PfMessage *message, PfOutcome outcome, const char *verdict,
                                 const char *reason);
/* What the journal has for the message is what the ledger has from now on. */
void     pf_message_adopt_row   (PfMessage *message);
/* The end of the way; @committed: nothing of it is open any more. Frees @message. */
void     pf_message_done        (PfMessage *message, gboolean committed);
