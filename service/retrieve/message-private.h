/* message-private.h - one message's state, shared by message.c (its way) and recognise.c (is it new
 * at all?). */
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
  char *user; /* recipient that is asked for */
  char *reason;
} PfMessage;

/* recognise.c */
/* TRUE when the content says that this is no new message: its row follows it, and its way ends with
 * pf_message_done(). */
gboolean pf_message_recognise   (PfMessage *message);
/* A row for what is to be delivered, under the name that the message has now; the name's former
 * holder makes room first. */
void     pf_message_prepare_row (PfMessage *message);

/* message-header.c */
/* Puts the header that @delivery's recipient gets in front of the body. */
gboolean pf_message_finish_body (PfMessage *message, const PfRowDelivery *delivery, GError **error);
/* (transfer full) (nullable): the From address, for the log. */
char    *pf_message_from        (PfMessage *message);

/* message.c */
/* The end of the way; @committed: nothing of it is open any more. Frees @message. */
void     pf_message_done        (PfMessage *message, gboolean committed);
