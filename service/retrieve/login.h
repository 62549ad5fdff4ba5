/* login.h - choosing and running the log-in, the same for POP3 and IMAP. */
#pragma once

#include "retrieve/session-private.h"

/* One log-in by SASL under way. */
typedef struct
{
  const char *mechanism;
  PfSasl *sasl;
  char *offered;      /* mechanisms that the server named */
  gboolean cancelled; /* we said "*" since the server's proof was wrong */
  gboolean stretching; /* the answer to a challenge waits for SCRAM's key */
} PfLogin;

void     pf_login_clear (PfLogin *login);

/**
 * pf_login_begin:
 * @offered: SASL mechanisms that the server names
 * @service: "imap" or "pop"
 * @initial: (out) (transfer full) (nullable): what to send with the command; free it with
 *   pf_sasl_free_text()
 *
 * Returns: FALSE when no mechanism fits or it cannot start: the caller tries its own command (USER,
 * LOGIN), see pf_login_may_use_command().
 */
gboolean pf_login_begin (PfLogin *login, PfSession *session, const char *offered,
                         const char *service, char **initial);

/* TRUE when the protocol's own command (USER/PASS, LOGIN) may be used: by the setting and by the
 * line's safety. */
gboolean pf_login_may_use_command (PfSession *session);

/* @answer: (nullable): NULL: send "*", the server's proof or message is wrong */
typedef void (*PfLoginRespond) (PfSession *session, const char *answer);

/* Answers @challenge by @respond: at once, or, unless @session fails meanwhile, when SCRAM's key is
 * made. @login is part of
 * @session. */
void     pf_login_answer (PfLogin *login, PfSession *session, const char *challenge,
                          PfLoginRespond respond);

/* Ends the session with the fitting problem after the server's refusal. TRUE: it is not over, the
 * caller begins the log-in once more, which then sends the password in TLS (fallback.h). */
gboolean pf_login_refused (PfLogin *login, PfSession *session, const char *code, const char *text,
                           gboolean codes_announced);
/* The server says yes: FALSE (and the session ended) when its proof is missing. */
gboolean pf_login_accepted (PfLogin *login, PfSession *session);
/* Ends the session: nothing that is offered may be used. */
void     pf_login_unavailable (PfSession *session, const char *offered);
