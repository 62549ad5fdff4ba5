/* dot.h - reads the text of a multi-line POP3 answer up to its end (RFC 1939 section 3): octets
 * come out as they stood, without the dots that were stuffed. Lines may be of any length.
 *
 * Only CR LF . CR LF is the end. Where the server ends its lines in LF alone, LF . LF could be
 * text or the end, and a message would be cut there or run on into the next answer: that is a
 * fault.
 */
#pragma once

#include "protocol/input.h"

typedef enum
{
  PF_DOT_AT_START,  /* of a line */
  PF_DOT_IN_TEXT,
  PF_DOT_BEHIND_CR,
  PF_DOT_SEEN,      /* a '.' at the start of a line */
  PF_DOT_SEEN_CR    /* a '.' and a CR at the start of a line */
} PfDotState;

typedef struct
{
  PfDotState state;
  gboolean suspicious; /* the server has ended a line in a bare LF */
  guint bare;          /* of LF . LF: how many octets were just seen */
} PfDot;

typedef enum
{
  PF_DOT_MORE, /* more input is needed */
  PF_DOT_TEXT, /* @data, @length: valid until @input is fed */
  PF_DOT_END,
  PF_DOT_BARE  /* LF . LF from a suspicious server */
} PfDotResult;

void        pf_dot_begin (PfDot *self, gboolean suspicious);
PfDotResult pf_dot_read  (PfDot *self, PfInput *input, const guint8 **data, gsize *length);
