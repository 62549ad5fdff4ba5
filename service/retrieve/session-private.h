/* session-private.h - what pop3-session.c and imap-session.c share with session.c. */
#pragma once

#include "retrieve/session.h"
#include "accounts/providers.h"
#include "protocol/sasl.h"

/* Setup, owned by the base. */
typedef struct
{
  const PfSettings *settings;
  const PfProvider *provider; /* what is known of it */
  PfSecret *secret;
  guint64 max_message_size;
  gboolean expects_much;
  char *spool_directory;
  guint reply_timeout, command_timeout;
} PfSessionInfo;

const PfSessionInfo *pf_session_get_info (PfSession *self);
PfPump   *pf_session_get_pump    (PfSession *self);
/* Sends what the machine has to say. */
void      pf_session_kick        (PfSession *self);
/* TRUE when a password may be sent as it is. */
gboolean  pf_session_clear_allowed (PfSession *self);
/* Puts TLS on the connection; tls_started() and then @next are called when it is up. */
void      pf_session_start_tls   (PfSession *self, void (*next) (PfSession *self));

/* Calls back when no session that was left (pf_session_leave()) holds the mailbox any more. */
void      pf_session_await_left_async (PfSession *self, GAsyncReadyCallback callback,
                                       gpointer user_data);

/* The machine met a fault: ends the session with the fitting problem. */
void      pf_session_fault       (PfSession *self, PfFault fault, const char *text);
/* Ends the session with a problem. Takes @error. */
void      pf_session_fail        (PfSession *self, GError *error);
void      pf_session_fail_with   (PfSession *self, PfProblemCode code, const char *format,
                                  ...) G_GNUC_PRINTF (3, 4);
gboolean  pf_session_has_failed  (PfSession *self);
/* Every answer so far belongs to what was asked. */
void      pf_session_note_proven (PfSession *self);
/* Another session holds the mailbox. */
void      pf_session_note_in_use (PfSession *self);
/* The connection ended as it should (QUIT, LOGOUT answered): later operations fail, nothing is
 * told. */
void      pf_session_ended       (PfSession *self);

/* Log-in is done: pf_session_open_async() succeeds. */
void      pf_session_opened      (PfSession *self);
void      pf_session_milestone   (PfSession *self, PfSessionMilestone milestone);

/* An operation that is answered later: kept so that a failure ends it. pf_session_answer() takes it
 * out again; the caller then returns it. */
void      pf_session_expect      (PfSession *self, GTask *task);
void      pf_session_answer      (PfSession *self, GTask *task);

/* A task for an operation; NULL when the session is over, in which case it is answered already. */
GTask    *pf_session_begin       (PfSession *self, gpointer tag, GAsyncReadyCallback callback,
                                  gpointer user_data);

/* A message's line of the listing has arrived: it may be asked for at once. */
void      pf_session_foresee     (PfSession *self, const PfListed *listed, guint32 uidvalidity);

/* What was asked for ahead of the plan; one in each session. */
typedef struct _PfEarlyFetches PfEarlyFetches;

PfEarlyFetches *pf_early_fetches_new  (void);
void            pf_early_fetches_free (PfEarlyFetches *self);
PfEarlyFetches *pf_session_get_early  (PfSession *self);

/* @text for a sentence: printable, bounded, "(no text)" when empty. (transfer full) */
char     *pf_session_quote       (const char *text);

/* The server refused with @text: PF_PROBLEM_SERVER_BUSY where this provider's words tell that it
 * was asked too often, else @otherwise. */
PfProblemCode pf_session_refusal (PfSession *self, const char *text, PfProblemCode otherwise);

/* A fetch's answer, returned as the task's pointer. */
typedef struct
{
  PfFetchResult result;
  PfBody *body;
  char *text;
} PfFetched;

void      pf_fetched_free        (gpointer fetched);

/* Returns @task with it. @body: (transfer full) (nullable) */
void      pf_session_return_fetched (PfSession *self, GTask *task, PfFetchResult result,
                                     PfBody *body, const char *text);

/* Which refusal of a log-in is it: credentials, or a server that is busy? @code may be NULL. */
PfProblemCode pf_login_classify (const char *code, const char *text, gboolean codes_announced);

#define PF_TYPE_POP3_SESSION (pf_pop3_session_get_type ())
G_DECLARE_FINAL_TYPE (PfPop3Session, pf_pop3_session, PF, POP3_SESSION, PfSession)
#define PF_TYPE_IMAP_SESSION (pf_imap_session_get_type ())
G_DECLARE_FINAL_TYPE (PfImapSession, pf_imap_session, PF, IMAP_SESSION, PfSession)
