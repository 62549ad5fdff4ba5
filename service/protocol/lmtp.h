/* lmtp.h - an LMTP client as a machine (RFC 2033 on 5321; 2920 PIPELINING, 6152 8BITMIME, 1870
 * SIZE, 2034 codes). */
#pragma once

#include "protocol/machine.h"

typedef struct _PfLmtp PfLmtp;

typedef enum
{
  PF_LMTP_GREETING, /* not a command */
  PF_LMTP_LHLO,
  PF_LMTP_MAIL,
  PF_LMTP_RCPT,
  PF_LMTP_DATA,    /* the 354 */
  PF_LMTP_MESSAGE, /* the answer after the dot: one for each recipient that was accepted */
  PF_LMTP_RSET,
  PF_LMTP_NOOP,
  PF_LMTP_QUIT
} PfLmtpCommand;

typedef enum
{
  PF_LMTP_EVENT_REPLY, /* the whole (multi-line) answer to @command */
  PF_LMTP_EVENT_FAULT  /* poisoned: @fault and @text; the last event there will be */
} PfLmtpEventType;

typedef struct
{
  PfLmtpEventType type;
  PfLmtpCommand command;
  guint status;         /* 250, 354, 451 ... */
  const char *enhanced; /* "5.1.1" or "" */
  const char *text;     /* the last line's text, behind the code; NUL octets replaced */
  PfFault fault;
} PfLmtpEvent;

PfLmtp *pf_lmtp_new  (void);
void    pf_lmtp_free (PfLmtp *self);

extern const PfMachineClass pf_lmtp_machine;

/* FALSE when more input is needed. What @event points to is valid until the next call. An
 * unasked 421 (the server closes: RFC 5321 section 3.8) is %PF_FAULT_EOF, any other unasked
 * answer a breach. */
gboolean pf_lmtp_next_event (PfLmtp *self, PfLmtpEvent *event);

/* LHLO's answer. */
gboolean pf_lmtp_has_extension (PfLmtp *self, const char *keyword);

/* Commands are sent one by one unless PIPELINING is there; DATA ends a group. */
void     pf_lmtp_lhlo (PfLmtp *self, const char *name);
/* @sender: "" for <>; @parameters such as "BODY=8BITMIME" or "". FALSE when an address cannot
 * be sent safely (see pf_address_is_safe()): nothing queued. */
gboolean pf_lmtp_mail (PfLmtp *self, const char *sender, const char *parameters);
gboolean pf_lmtp_rcpt (PfLmtp *self, const char *recipient);
void     pf_lmtp_data (PfLmtp *self);
/* After the 354: octets of the message with LF or CRLF line ends: sent with CRLF, dots
 * stuffed; a lone CR is kept, a NUL dropped. Chunks may be split anywhere. */
void     pf_lmtp_message (PfLmtp *self, const guint8 *data, gsize length);
/* The dot; adds a line end where the message has none. Where no recipient was accepted and the
 * server said 354 all the same, one answer is expected. */
void     pf_lmtp_message_end (PfLmtp *self);
void     pf_lmtp_rset (PfLmtp *self);
void     pf_lmtp_noop (PfLmtp *self);
void     pf_lmtp_quit (PfLmtp *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfLmtp, pf_lmtp_free)
