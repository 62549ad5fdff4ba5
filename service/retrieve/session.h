/* session.h - one log-in at a provider: what a check does with a mailbox, the same for POP3 and
 * IMAP.
 *
 * Everything is asynchronous. The first failure of the connection or the dialogue ends the session:
 * every operation under way and every later one fails with the same error (PF_PROBLEM), and nothing
 * is sent any more: above all, nothing is removed.
 */
#pragma once

#include "accounts/settings.h"
#include "base/problem.h"
#include "base/secret.h"
#include "deliver/body.h"
#include "journal/journal.h"
#include "net/pump.h"

/* A message as the provider lists it. */
typedef struct
{
  guint32 number;   /* POP3 message number, IMAP UID */
  char *uid;        /* its name in the journal: UIDL or decimal UID; "" where the server has no UIDL */
  guint occurrence; /* of a UIDL that stands several times in the listing */
  guint64 size;
  gint64 date;      /* INTERNALDATE, unix seconds; 0 where not told */
  gboolean seen;
  gboolean deleted; /* \Deleted is set */
} PfListed;

/* One folder's listing. Owns its messages. */
typedef struct
{
  char *folder; /* UTF-8; "" for POP3 */
  guint32 uidvalidity;
  gboolean has_uids; /* FALSE for POP3 servers without UIDL */
  gboolean complete; /* FALSE when the server told fewer messages than it counted */
  gboolean may_remove;
  /* Of a folder that was settled: only messages with a UID from here on are listed, the others are
   * as they were. 0: all are listed. */
  guint32 from;
  guint32 unlisted;       /* the messages below @from */
  guint32 uidnext;        /* as IMAP tells them, 0 where the server does not */
  guint64 highestmodseq;
  GPtrArray *messages; /* (element-type PfListed), ascending */
} PfListing;

void pf_listing_free (PfListing *listing);
void pf_listed_free  (PfListed *listed);

/* A folder of the provider that the account's Folders name. */
typedef struct
{
  char *name;     /* UTF-8; "" for POP3 */
  char *raw_name; /* as the server spells it */
  gboolean junk;  /* \Junk: delivered to Junk */
  gboolean skipped; /* all of it stands elsewhere too: only its own name chooses it */
} PfFolder;

void pf_folder_free (PfFolder *folder);

/* How fetching one message ended, when the session lives on. */
typedef enum
{
  PF_FETCH_DONE,      /* the body is whole */
  /* whole, but not of the listed size, although the message is still there: deliver, never
   * remove */
  PF_FETCH_UNCERTAIN,
  PF_FETCH_GONE,      /* no longer there */
  PF_FETCH_REFUSED,   /* the server does not hand it out now */
  PF_FETCH_TOO_LARGE  /* larger than the limit, whatever the listing said */
} PfFetchResult;

/* What a session needs to know; the settings and the secret are referenced. */
typedef struct
{
  const PfSettings *settings;
  PfSecret *secret;
  guint connect_timeout, reply_timeout, command_timeout;
  guint64 max_message_size;
  gboolean expects_much; /* a mailbox that was never fetched as a whole */
  const char *spool_directory;
} PfSessionSetup;

#define PF_TYPE_SESSION (pf_session_get_type ())
G_DECLARE_DERIVABLE_TYPE (PfSession, pf_session, PF, SESSION, GObject)

/* Told while a session opens, for the doctor's steps. */
typedef enum
{
  PF_SESSION_CONNECTED, /* TCP, and TLS where it is implicit */
  PF_SESSION_SECURED,   /* TLS is up */
  PF_SESSION_LOGGED_IN
} PfSessionMilestone;

struct _PfSessionClass
{
  GObjectClass parent_class;
  const PfMachineClass *machine_class;
  gpointer (*get_machine) (PfSession *self);
  /* Drains the machine's events. */
  void (*progress) (PfSession *self);
  /* TLS is up after STARTTLS; FALSE when octets were injected before it. */
  gboolean (*tls_started) (PfSession *self);
  void (*folders) (PfSession *self, GTask *task);
  void (*list) (PfSession *self, GTask *task, const PfFolder *folder, gboolean for_removal,
                const PfFolderState *settled);
  void (*fetch) (PfSession *self, GTask *task, const PfListed *listed);
  void (*fetch_flush) (PfSession *self); /* NULL: fetch() asks at once */
  void (*remove) (PfSession *self, GTask *task, const guint32 *numbers, gsize n);
  void (*take_back) (PfSession *self, GTask *task, const guint32 *numbers, gsize n);
  void (*close) (PfSession *self, GTask *task);
  void (*idle) (PfSession *self, GTask *task, guint seconds);
  void (*idle_done) (PfSession *self);
  gboolean (*can_idle) (PfSession *self);
  guint (*get_window) (PfSession *self);
};

/* (transfer full): by the settings' Protocol. */
PfSession *pf_session_new (const PfSessionSetup *setup);

/* Signal "milestone" (guint PfSessionMilestone). */
void       pf_session_open_async  (PfSession *self, GCancellable *cancellable,
                                   GAsyncReadyCallback callback, gpointer user_data);
gboolean   pf_session_open_finish (PfSession *self, GAsyncResult *result, GError **error);
/* (nullable): details of the peer's certificate, for ProblemData. */
GVariant  *pf_session_get_certificate (PfSession *self);
/* (nullable): its address, for the Received line. */
const char *pf_session_get_peer (PfSession *self);
gboolean   pf_session_is_secure (PfSession *self);
gboolean   pf_session_is_open (PfSession *self);
/* POP3 answers tell not what they answer: only before a removal it is proven that none of them was
 * too many. */
gboolean    pf_session_is_proven (PfSession *self);
/* It ended since another session holds the mailbox ([IN-USE], RFC 2449; [INUSE], RFC 5530): that
 * passes soon. */
gboolean    pf_session_found_in_use (PfSession *self);

/* (transfer full) (element-type PfFolder). FOLDER_MISSING when a plain name does not exist, or
 * nothing fits. */
void       pf_session_folders_async  (PfSession *self, GAsyncReadyCallback callback,
                                      gpointer user_data);
GPtrArray *pf_session_folders_finish (PfSession *self, GAsyncResult *result, GError **error);

/**
 * PfForesight:
 * @listed: a message whose line of the listing has just arrived; its occurrence is not known yet
 *
 * Returns: TRUE when it is to be fetched, whatever else the listing may tell.
 */
typedef gboolean (*PfForesight) (const PfListed *listed, guint32 uidvalidity, gpointer user_data);

/* While a listing arrives its messages are asked for already, as @foresight says and as far as the
 * window goes: long listings then cost no time. NULL: not at all. */
void       pf_session_set_foresight (PfSession *self, PfForesight foresight, gpointer user_data);

/**
 * pf_session_list_async:
 * @for_removal: the folder is opened so that messages can be removed
 * @settled: (nullable): what is known of it; where the server's word agrees, only what is new is
 *   listed (IMAP)
 */
void       pf_session_list_async  (PfSession *self, const PfFolder *folder, gboolean for_removal,
                                   const PfFolderState *settled, GAsyncReadyCallback callback,
                                   gpointer user_data);
PfListing *pf_session_list_finish (PfSession *self, GAsyncResult *result, GError **error);

/* Many may be under way, pf_session_get_window() of them to good use. @listed: of the folder listed
 * last. What is asked for goes out with the others at pf_session_fetch_flush(). */
void          pf_session_fetch_async  (PfSession *self, const PfListed *listed,
                                       GAsyncReadyCallback callback, gpointer user_data);
/* @body: (out) (nullable) (transfer full): with DONE and UNCERTAIN. @text: (out) (nullable)
 * (transfer full): the server's words. @error: the session ended; the result means nothing then. */
PfFetchResult pf_session_fetch_finish (PfSession *self, GAsyncResult *result, PfBody **body,
                                       char **text, GError **error);
void          pf_session_fetch_flush  (PfSession *self);
/* Throws away what was fetched ahead of the plan and is not wanted after all. TRUE when there was
 * something. */
gboolean      pf_session_forget_early (PfSession *self, const PfListed *listed);
guint         pf_session_get_window   (PfSession *self);
/* So many octets were asked for and have not come. */
void          pf_session_set_expected (PfSession *self, guint64 octets);
/**
 * pf_session_remove_async:
 * @numbers: messages of the folder listed last, all of them fetched or known as delivered
 *
 * Removes exactly these. POP3: DELE, then QUIT: the session is over. IMAP: UID STORE and UID
 * EXPUNGE. PF_PROBLEM_REMOVAL_SUSPENDED leaves an IMAP session usable; anything else ends it.
 */
void     pf_session_remove_async  (PfSession *self, const guint32 *numbers, gsize n,
                                   GAsyncReadyCallback callback, gpointer user_data);
/* (transfer full) (element-type guint32): those that the server confirmed. */
GArray  *pf_session_remove_finish (PfSession *self, GAsyncResult *result, GError **error);

/* IMAP: takes back \Deleted from messages that an earlier session marked and that shall stay
 * now. */
void     pf_session_take_back_async  (PfSession *self, const guint32 *numbers, gsize n,
                                      GAsyncReadyCallback callback, gpointer user_data);
gboolean pf_session_take_back_finish (PfSession *self, GAsyncResult *result, GError **error);

/* QUIT or LOGOUT. Call it only when all that was fetched is committed; else pf_session_drop().
 * Failing is harmless. */
void     pf_session_close_async  (PfSession *self, GAsyncReadyCallback callback,
                                  gpointer user_data);
gboolean pf_session_close_finish (PfSession *self, GAsyncResult *result, GError **error);
/* The same, and nobody waits for the answer but who opens the next session on that mailbox: POP3
 * servers keep it locked until then (RFC 1939 section 6). */
void     pf_session_leave        (PfSession *self);
/* Hangs up at once; operations under way fail with @reason (G_IO_ERROR_CANCELLED when NULL). */
void     pf_session_drop         (PfSession *self, const GError *reason);

/* IDLE on the folder listed last, for @seconds at most. Ends with TRUE when mail came there since
 * it was opened, or FALSE without news (idle again). */
gboolean pf_session_can_idle     (PfSession *self);
void     pf_session_idle_async   (PfSession *self, guint seconds, GAsyncReadyCallback callback,
                                  gpointer user_data);
gboolean pf_session_idle_finish  (PfSession *self, GAsyncResult *result, gboolean *news,
                                  GError **error);
/* Ends IDLE early; its operation then ends as without news. */
void     pf_session_idle_end     (PfSession *self);
