/* clamd.h - clamd's protocol as a machine (clamd(8): the z form of its commands): one command a
 * connection, one answer. */
#pragma once

#include "protocol/machine.h"

typedef struct _PfClamd PfClamd;

typedef enum
{
  PF_CLAMD_EVENT_PONG,
  PF_CLAMD_EVENT_VERSION,   /* @text: "ClamAV 1.4.6/27500/Mon Jan  1 10:00:00 2026" */
  PF_CLAMD_EVENT_CLEAN,     /* the whole stream was read, and nothing found */
  PF_CLAMD_EVENT_FOUND,     /* @text: the signature's name, "" where none can be read */
  PF_CLAMD_EVENT_TOO_LARGE, /* beyond StreamMaxLength; may come before the stream's end */
  PF_CLAMD_EVENT_ERROR,     /* @text: what clamd says it is; may come before the stream's end */
  PF_CLAMD_EVENT_FAULT      /* poisoned: @fault and @text */
} PfClamdEventType;

/* There is one event in a machine's life. */
typedef struct
{
  PfClamdEventType type;
  const char *text; /* may hold any octet but NUL and LF */
  PfFault fault;
} PfClamdEvent;

PfClamd *pf_clamd_new  (void);
void     pf_clamd_free (PfClamd *self);

extern const PfMachineClass pf_clamd_machine;

/* FALSE when more input is needed. What @event points to is valid until the next call. */
gboolean pf_clamd_next_event (PfClamd *self, PfClamdEvent *event);

/* One of these, once. */
void     pf_clamd_ping     (PfClamd *self);
void     pf_clamd_version  (PfClamd *self);
void     pf_clamd_instream (PfClamd *self);

/* After pf_clamd_instream(): octets of the message, one chunk each; an empty one is none. */
void     pf_clamd_data     (PfClamd *self, const guint8 *data, gsize length);
/* The stream is complete. Only from here on an answer may be PF_CLAMD_EVENT_CLEAN. */
void     pf_clamd_end      (PfClamd *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfClamd, pf_clamd_free)
