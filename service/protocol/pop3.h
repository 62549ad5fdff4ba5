/* pop3.h - a POP3 client as a machine (RFC 1939, 2449 CAPA, 2595 STLS, 5034 AUTH, 3206 and
 * 2449 response codes, 6856 UTF8). */
#pragma once

#include "protocol/machine.h"

typedef struct _PfPop3 PfPop3;

typedef enum
{
  PF_POP3_GREETING, /* not a command: the server's first line */
  PF_POP3_CAPA,
  PF_POP3_STLS,
  PF_POP3_UTF8,
  PF_POP3_USER,
  PF_POP3_PASS,
  PF_POP3_AUTH,
  PF_POP3_STAT,
  PF_POP3_LIST,
  PF_POP3_UIDL,
  PF_POP3_RETR,
  PF_POP3_DELE,
  PF_POP3_NOOP,
  PF_POP3_RSET,
  PF_POP3_QUIT
} PfPop3Command;

typedef enum
{
  /* +OK or -ERR to @command (@number for RETR and DELE). For multi-line answers a +OK is
   * followed by ITEM or BODY events and one END. For STAT @number is the count and @size the
   * octets. */
  PF_POP3_EVENT_REPLY,
  /* AUTH: the server's challenge; @text is its base64, maybe empty. */
  PF_POP3_EVENT_CHALLENGE,
  /* One line of CAPA (@text), LIST (@number, @size) or UIDL (@number, @text). */
  PF_POP3_EVENT_ITEM,
  /* Octets of a RETRed message: byte-stuffing undone, CRLF kept, bare CR, LF and NUL kept. */
  PF_POP3_EVENT_BODY,
  /* The multi-line answer is complete. */
  PF_POP3_EVENT_END,
  /* Poisoned: @fault and @text (what was wrong, in words). The last event there will be. */
  PF_POP3_EVENT_FAULT
} PfPop3EventType;

typedef struct
{
  PfPop3EventType type;
  PfPop3Command command;
  gboolean ok;
  guint32 number;
  guint64 size;
  /* NUL-terminated, NUL octets replaced, cut at PF_LIMIT_SERVER_TEXT for replies; never NULL */
  const char *text;
  /* response code without brackets, upper case ("IN-USE", "SYS/TEMP", "AUTH"), or NULL */
  const char *code;
  const guint8 *data; /* BODY only */
  gsize length;
  PfFault fault;
} PfPop3Event;

PfPop3 *pf_pop3_new  (void);
void    pf_pop3_free (PfPop3 *self);

extern const PfMachineClass pf_pop3_machine;

/**
 * pf_pop3_next_event:
 *
 * Returns: FALSE when more input is needed. What @event points to stays valid until the next call
 * or feed. Bodies are handed out in chunks straight from what was fed, so drain the events after
 * each feed.
 */
gboolean pf_pop3_next_event (PfPop3 *self, PfPop3Event *event);

/* Lock step (default) keeps every command back until the one before is answered; with
 * pipelining they go out at once. STLS, AUTH, USER, PASS and QUIT always wait for what is
 * before them, and hold up what is behind. */
void pf_pop3_set_pipelining (PfPop3 *self, gboolean pipelining);

/* After +OK to STLS nothing is sent until this: call it when TLS takes over. TRUE when the
 * server had sent octets behind its answer in the clear (an injection: the machine is
 * poisoned). Capabilities are forgotten. */
gboolean pf_pop3_tls_started (PfPop3 *self);

void pf_pop3_capa (PfPop3 *self);
void pf_pop3_stls (PfPop3 *self);
void pf_pop3_utf8 (PfPop3 *self);
/* Arguments must hold no CR, LF or NUL: FALSE otherwise, nothing queued. Buffers with secrets
 * are wiped after use. */
gboolean pf_pop3_user (PfPop3 *self, const char *name);
gboolean pf_pop3_pass (PfPop3 *self, const char *password);
/* @initial: base64 or NULL; it is left out, to be given as first answer, where the line would
 * exceed 255 octets or pf_pop3_set_two_steps() wants it: the machine then answers the first
 * challenge with it by itself. */
void pf_pop3_auth         (PfPop3 *self, const char *mechanism, const char *initial);
void pf_pop3_set_two_steps (PfPop3 *self, gboolean two_steps);
void pf_pop3_auth_respond (PfPop3 *self, const char *base64);
void pf_pop3_auth_cancel  (PfPop3 *self);
void pf_pop3_stat (PfPop3 *self);
void pf_pop3_list (PfPop3 *self);
void pf_pop3_uidl (PfPop3 *self);
void pf_pop3_retr (PfPop3 *self, guint32 number);
void pf_pop3_dele (PfPop3 *self, guint32 number);
void pf_pop3_noop (PfPop3 *self);
void pf_pop3_rset (PfPop3 *self);
void pf_pop3_quit (PfPop3 *self);

/* What the last CAPA said: TRUE when @keyword is there; @arguments (nullable) gets the rest of
 * its line. */
gboolean pf_pop3_has_capability (PfPop3 *self, const char *keyword, const char **arguments);
/* FALSE when the server refused CAPA. */
gboolean pf_pop3_knows_capa     (PfPop3 *self);
/* Forget them (after STLS and log-in: RFC 2595 section 4). */
void     pf_pop3_forget_capabilities (PfPop3 *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfPop3, pf_pop3_free)
