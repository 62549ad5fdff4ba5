/* pop3-private.h - a POP3 machine's state: pop3.c sends commands, pop3-answers.c reads what
 * comes back, pop3-listing.c the lines of CAPA, LIST and UIDL. */
#pragma once

#include "protocol/dot.h"
#include "protocol/input.h"
#include "protocol/pipeline.h"
#include "protocol/pop3.h"

typedef enum
{
  STATE_REPLY, /* a status line is next */
  STATE_ITEMS, /* lines of CAPA, LIST or UIDL */
  STATE_BODY,  /* octets of a message */
  STATE_TLS,   /* +OK to STLS was told, and TLS has not begun */
  STATE_OVER   /* poisoned, or ended as it should */
} State;

struct _PfPop3
{
  State state;
  PfPipeline pipeline;
  PfInput input;
  gboolean eof;

  PfDot dot;
  gboolean body_begun; /* its first octets are those of a body */
  guint items;
  gsize items_octets;
  guint8 *seen; /* one bit a message's number, in this LIST or UIDL */
  GHashTable *capabilities, *collected;
  gboolean knows_capa;

  gboolean two_steps; /* never an initial response in the line of AUTH */
  char *initial; /* AUTH: for the first challenge */
  guint challenges;

  char *text; /* of the event */
  char *code;
  PfFault fault;
  gboolean fault_told;
  gboolean early; /* something came before the command that it could answer */
};

/* The answer is complete. Where nothing else is owed, what is here already cannot answer a command
 * that has yet to go out (behind STLS it is an injection, which is looked for there). */
void pf_pop3_finish_answer (PfPop3 *self);

/* pop3.c: takes @text. */
void pf_pop3_set_text (PfPop3 *self, char *text);
/* Always FALSE. */
gboolean pf_pop3_poison (PfPop3 *self, PfFault fault, const char *text);
/* pop3-answers.c: a decimal number at *@at, which moves behind it; the end or a blank must
 * follow. */
gboolean    pf_pop3_take_number (const char **at, guint64 *number);
const char *pf_pop3_skip_blanks (const char *text);
/* pop3-listing.c: an event, or FALSE: more input is needed, or poisoned. */
void     pf_pop3_begin_items (PfPop3 *self);
gboolean pf_pop3_read_item   (PfPop3 *self, PfPop3Event *event);
