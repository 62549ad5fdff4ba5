/* pop3-private.h - a POP3 machine's state: pop3.c sends commands, pop3-answers.c reads what comes back. */
#pragma once

#include "protocol/pop3.h"

typedef enum
{
  STATE_REPLY, /* a status line is next */
  STATE_ITEMS, /* lines of CAPA, LIST or UIDL */
  STATE_BODY,  /* octets of a message */
  STATE_OVER   /* poisoned, or ended as it should */
} State;

/* How far the end of a body has come: CR LF '.' CR LF, the first CR LF being the line before's. */
typedef enum
{
  DOT_START,   /* at the start of a line */
  DOT_TEXT,    /* within one */
  DOT_CR,      /* behind a CR within one */
  DOT_DOT,     /* a '.' at the start */
  DOT_DOT_CR   /* a '.' and a CR at the start */
} Dot;

typedef struct
{
  PfPop3Command command;
  guint32 number;
  GByteArray *line; /* what is to be sent; NULL once it was */
} Command;

struct _PfPop3
{
  State state;
  GQueue commands;  /* Command, the one whose answer is due first at the head; its own line may still be unsent */
  guint unsent;     /* how many at the tail were not sent */
  gboolean pipelining, greeted;
  GByteArray *output;

  GByteArray *input; /* what was fed and is not handed out yet, from @offset on */
  gsize offset;
  gsize searched;    /* octets behind @offset known to hold no line end */
  gboolean stls_done; /* +OK to STLS was told; TLS has not begun */
  gboolean eof;

  Dot dot;
  guint items;
  GHashTable *numbers; /* seen in this LIST or UIDL */
  GHashTable *capabilities, *collected;
  gboolean knows_capa;

  char *initial;    /* AUTH: for the first empty challenge */
  gboolean challenged;

  char *text;       /* of the event */
  char *code;
  PfFault fault;
  gboolean fault_told;
  guint64 answers;
};

/* pop3.c */
void pf_pop3_release_commands (PfPop3 *self);
/* The answer to the head is complete. */
void pf_pop3_answered         (PfPop3 *self);
