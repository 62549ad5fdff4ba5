/* imap-private.h - an IMAP machine's state: imap.c queues and sends commands, imap-answers.c reads
 * what comes back, imap-fetch.c reads FETCH. */
#pragma once

#include "protocol/imap.h"
#include "protocol/imap-parser.h"
#include "protocol/output.h"

typedef struct
{
  PfImapCommand command;
  guint tag;
  GPtrArray *parts;   /* (element-type PfOutput): each but the first waits for "+" */
  guint parts_sent;
  char *initial;      /* AUTHENTICATE: for the first challenge */
  guint challenges;   /* AUTHENTICATE: how many came */
  gboolean owes_response; /* AUTHENTICATE: the last challenge is not answered yet */
  gboolean challenged; /* its first answer came: SELECT, EXAMINE */
} PfImapPending;

/* What of a search result is still to be told: one line may name a million. */
typedef enum
{
  PF_IMAP_SEARCH_OVER,
  PF_IMAP_SEARCH_NUMBERS, /* "3 5 7" */
  PF_IMAP_SEARCH_WORDS,   /* "UID ALL ... COUNT 3" */
  PF_IMAP_SEARCH_SET      /* "1:3,5", within the words */
} PfImapSearchPart;

typedef struct
{
  PfImapSearchPart part;
  PfImapCursor cursor; /* in the framer's line, which stays until the next one is asked for */
  guint64 next, last;  /* of the range that is being told */
  guint found;         /* in this answer */
} PfImapSearch;

struct _PfImap
{
  PfImapFramer *framer;
  gboolean over, eof;
  GQueue sent;     /* PfImapPending that wait for their tagged answer */
  GQueue waiting;  /* PfImapPending not sent yet */
  guint last_tag;
  PfOutput output;
  gboolean greeted, logged_out, starttls_done, compress_done;
  gboolean idling, done_wanted, done_sent;

  GHashTable *capabilities; /* upper case */
  gboolean knows_capabilities, capabilities_told; /* the latter: since the log-in was sent */
  PfImapSelected selected;
  guint folders;
  PfImapSearch search;

  GQueue events;   /* PfImapOwned: made from one line, handed out one by one */
  struct PfImapOwned *current;
  PfFault fault;
  char *fault_text;
  gboolean fault_told;
  guint64 answers;
};

/* An event that owns what it points to. */
typedef struct PfImapOwned
{
  PfImapEvent event;
  char *code, *arguments, *text, *raw_name;
  char **attributes;
  guint8 *data;
} PfImapOwned;

PfImapOwned *pf_imap_push_event (PfImap *self, PfImapEventType type);
void         pf_imap_owned_free (gpointer data);
/* Poisons; always FALSE. */
gboolean pf_imap_poison         (PfImap *self, PfFault fault, const char *text);
/* imap.c */
void     pf_imap_release_commands (PfImap *self);
void     pf_imap_pending_free     (gpointer data);
PfImapPending *pf_imap_pending_new (PfImapCommand command, guint tag);
/* imap-untagged.c: what follows "*"; FALSE when poisoned */
gboolean pf_imap_read_untagged    (PfImap *self, PfImapCursor *cursor);
/* imap-answers.c */
gboolean pf_imap_parse_status     (const char *word, PfImapStatus *status);
void     pf_imap_read_text        (PfImap *self, PfImapCursor *cursor, PfImapOwned *owned);
void     pf_imap_set_capabilities (PfImap *self, const char *list);
void     pf_imap_send_raw         (PfImap *self, const char *text, gssize length);
/* imap-search.c: what follows "* SEARCH" and "* ESEARCH"; FALSE when poisoned */
gboolean pf_imap_read_search      (PfImap *self, PfImapCursor *cursor);
gboolean pf_imap_read_esearch     (PfImap *self, PfImapCursor *cursor);
/* Goes on with what is still to be told, to the next event. */
gboolean pf_imap_search_on        (PfImap *self);
/* imap-fetch.c: FALSE when poisoned */
gboolean pf_imap_read_fetch       (PfImap *self, PfImapCursor *cursor);
