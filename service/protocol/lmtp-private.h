/* lmtp-private.h - an LMTP machine's state: lmtp.c sends, lmtp-answers.c reads what comes back. */
#pragma once

#include "base/limits.h"
#include "protocol/input.h"
#include "protocol/lmtp.h"
#include "protocol/pipeline.h"

typedef enum
{
  STATE_COMMANDS,
  STATE_MESSAGE, /* after the 354: octets up to the dot */
  STATE_OVER     /* poisoned, or ended as it should */
} State;

/* Where the message's octets have come to. */
typedef enum
{
  TEXT_START, /* at the start of a line */
  TEXT_LINE,
  TEXT_CR     /* behind a CR: of a line end, or a lone one */
} Text;

struct _PfLmtp
{
  State state;
  PfPipeline pipeline;
  PfInput input;
  gboolean eof;

  GHashTable *extensions;
  guint recipients; /* accepted in this transaction: as many answers follow the dot */
  Text text;
  gboolean early;   /* something came while the message was still being sent */

  guint lines; /* of the answer that is being read */
  guint status;
  char enhanced[16];
  char last[PF_LIMIT_SERVER_TEXT + 1];
  PfFault fault;
  const char *fault_text;
  gboolean fault_told;
};
