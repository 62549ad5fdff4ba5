/* imap.h - an IMAP4rev1/rev2 client as a machine (RFC 3501, 9051): what a fetcher needs of it.
 *
 * The stream is first framed into lines and literals (imap-framer.h, bounded), then parsed (imap-
 * parser.h); literals of message bodies are streamed. Commands are pipelined except where RFC 9051
 * 5.5 forbids: STARTTLS, COMPRESS, AUTHENTICATE, LOGIN, SELECT, EXAMINE, IDLE and synchronising
 * literals wait for what is before them and hold up what is behind; except that a folder may be
 * opened while ID and ENABLE are not answered yet, and listed in the same breath: what such a
 * FETCH tells counts only behind the OK to the SELECT.
 */
#pragma once

#include "protocol/machine.h"

typedef struct _PfImap PfImap;

typedef enum
{
  PF_IMAP_GREETING, /* not a command */
  PF_IMAP_CAPABILITY,
  PF_IMAP_STARTTLS,
  PF_IMAP_AUTHENTICATE,
  PF_IMAP_LOGIN,
  PF_IMAP_ID,
  PF_IMAP_ENABLE,
  PF_IMAP_COMPRESS,
  PF_IMAP_LIST,
  PF_IMAP_SELECT,
  PF_IMAP_EXAMINE,
  PF_IMAP_UNSELECT,
  PF_IMAP_SEARCH,
  PF_IMAP_FETCH_LISTING, /* UID FLAGS RFC822.SIZE INTERNALDATE */
  PF_IMAP_FETCH_BODIES,  /* BODY.PEEK[] */
  PF_IMAP_STORE,
  PF_IMAP_COPY,
  PF_IMAP_EXPUNGE,
  PF_IMAP_NOOP,
  PF_IMAP_IDLE,
  PF_IMAP_LOGOUT,
  PF_IMAP_NONE /* an untagged answer that belongs to no command */
} PfImapCommand;

typedef enum
{
  PF_IMAP_OK,
  PF_IMAP_NO,
  PF_IMAP_BAD,
  PF_IMAP_BYE,
  PF_IMAP_PREAUTH
} PfImapStatus;

typedef enum
{
  /* Greeting (command GREETING; OK, PREAUTH or BYE) or tagged answer: @command, @tag_number,
   * @status, @code, @text. */
  PF_IMAP_EVENT_REPLY,
  /* Untagged OK/NO/BAD/BYE with @status, @code, @text. */
  PF_IMAP_EVENT_STATUS,
  /* AUTHENTICATE: base64 challenge in @text, maybe empty. */
  PF_IMAP_EVENT_CHALLENGE,
  /* IDLE: the server's "+": DONE may be sent from now on. */
  PF_IMAP_EVENT_IDLING,
  /* One LIST line: @text is the name (UTF-8, decoded from modified UTF-7), @raw_name as the server
   * spelt it (to be used in SELECT),
   * @delimiter (0 for NIL), @attributes (NULL-terminated, as sent). */
  PF_IMAP_EVENT_FOLDER,
  /* @number is the EXISTS count. */
  PF_IMAP_EVENT_EXISTS,
  /* One UID of a SEARCH or ESEARCH answer in @uid. */
  PF_IMAP_EVENT_FOUND,
  /* One FETCH answer's items, complete (after its BODY events, if any): @uid (0 when not sent),
   * @size (with @has_size),
   * @internal_date (unix seconds, with @has_date), @flags (PfImapFlag, with @has_flags), @has_body
   * and @body_nil. */
  PF_IMAP_EVENT_FETCH,
  /* The literal or string of BODY[]: BODY_BEGIN with @size (the announced octets; @uid where UID
   * came before it, else 0), BODY with chunks, BODY_END. The FETCH event that follows names the UID
   * in any case. */
  PF_IMAP_EVENT_BODY_BEGIN,
  PF_IMAP_EVENT_BODY,
  PF_IMAP_EVENT_BODY_END,
  /* An EXPUNGE or VANISHED line (also "EXPUNGED", as mailutils says). */
  PF_IMAP_EVENT_EXPUNGED,
  /* Poisoned: the last event. */
  PF_IMAP_EVENT_FAULT
} PfImapEventType;

typedef enum
{
  PF_IMAP_FLAG_SEEN = 1 << 0,
  PF_IMAP_FLAG_DELETED = 1 << 1,
  PF_IMAP_FLAG_OTHER = 1 << 2
} PfImapFlag;

typedef struct
{
  PfImapEventType type;
  PfImapCommand command;
  guint tag_number;   /* as returned by the function that queued the command */
  PfImapStatus status;
  const char *code;   /* response code, upper case, without its arguments ("UIDVALIDITY"), or NULL */
  const char *code_arguments; /* what follows the code within the brackets, or NULL */
  const char *text;
  const char *raw_name;
  char delimiter;
  const char *const *attributes;
  guint32 number;
  guint32 uid;
  guint64 size;
  gint64 internal_date;
  guint flags;
  gboolean has_size, has_date, has_flags, has_body, body_nil;
  const guint8 *data;
  gsize length;
  PfFault fault;
} PfImapEvent;

PfImap *pf_imap_new  (void);
void    pf_imap_free (PfImap *self);

extern const PfMachineClass pf_imap_machine;

/* As pf_pop3_next_event(). */
gboolean pf_imap_next_event  (PfImap *self, PfImapEvent *event);
/* As pf_pop3_tls_started(); capabilities are forgotten. */
gboolean pf_imap_tls_started (PfImap *self);
/* To be called after the OK to COMPRESS, before anything is fed: (transfer full): what came behind
 * it and is compressed already. */
GBytes  *pf_imap_compress_started (PfImap *self);
/* TRUE when the last known list has @name ("UIDPLUS", "AUTH=PLAIN"), compared without case, or
 * IMAP4rev2, of which it is a part. Lists come from the CAPABILITY answer and from CAPABILITY
 * response codes, the newest counts. */
gboolean pf_imap_has_capability (PfImap *self, const char *name);
/* FALSE when no list is known (any more): ask for it. */
gboolean pf_imap_knows_capabilities (PfImap *self);
void     pf_imap_forget_capabilities (PfImap *self);
/* (transfer full): the mechanisms of all AUTH= capabilities, blank-separated. */
char    *pf_imap_get_mechanisms (PfImap *self);

/* State of the selected folder, 0 or FALSE where the server did not tell; reset by the next SELECT
 * or EXAMINE. */
typedef struct
{
  guint32 uidvalidity;
  gboolean has_uidvalidity;
  guint32 uidnext;
  guint32 exists;
  guint64 highestmodseq; /* 0 without CONDSTORE, and after NOMODSEQ (RFC 7162 section 3.1.2) */
  gboolean read_only;
  gboolean may_delete; /* \Deleted is in PERMANENTFLAGS, or the server sent none */
} PfImapSelected;
const PfImapSelected *pf_imap_get_selected (PfImap *self);

/* Each returns the tag's number, and 0 when an argument cannot be sent (CR, LF or NUL in it):
 * nothing is queued then. */
guint pf_imap_capability   (PfImap *self);
guint pf_imap_starttls     (PfImap *self);
/* @initial: base64 or NULL; sent at once only with SASL-IR, else as answer to the first (empty)
 * challenge, by the machine. */
guint pf_imap_authenticate (PfImap *self, const char *mechanism, const char *initial);
/* FALSE, and nothing is sent, where no challenge waits for an answer. */
gboolean pf_imap_auth_respond (PfImap *self, const char *base64);
gboolean pf_imap_auth_cancel  (PfImap *self);
guint pf_imap_login        (PfImap *self, const char *user, const char *password);
guint pf_imap_id           (PfImap *self, const char *version);
guint pf_imap_enable       (PfImap *self, const char *names);
/* DEFLATE (RFC 4978): after an OK nothing more is read until pf_imap_compress_started(). */
guint pf_imap_compress     (PfImap *self);
guint pf_imap_list         (PfImap *self, const char *pattern, gboolean special_use);
/* @raw_name as FOLDER told it, or a UTF-8 name through pf_imap_name_encode(). */
guint pf_imap_select       (PfImap *self, const char *raw_name);
guint pf_imap_examine      (PfImap *self, const char *raw_name);
guint pf_imap_unselect     (PfImap *self);
/* @criteria: ready to send ("UID 1:*", "DELETED"); UID SEARCH is what goes out. */
guint pf_imap_uid_search   (PfImap *self, const char *criteria);
/* @set: "1:*", "3,5:9". */
guint pf_imap_uid_fetch_listing (PfImap *self, const char *set);
guint pf_imap_uid_fetch_bodies (PfImap *self, const char *set);
/* @add: set or take back \Deleted, always .SILENT. */
guint pf_imap_uid_store_deleted (PfImap *self, const char *set, gboolean add);
/* @raw_name as for pf_imap_select(). */
guint pf_imap_uid_copy     (PfImap *self, const char *set, const char *raw_name);
guint pf_imap_uid_expunge  (PfImap *self, const char *set);
/* A plain EXPUNGE: only as specs allow, see retrieve/imap-remove.c. */
guint pf_imap_expunge      (PfImap *self);
guint pf_imap_noop         (PfImap *self);
guint pf_imap_idle         (PfImap *self);
/* Ends IDLE; nothing where the server has not said "+" yet: it is then sent right after. */
void  pf_imap_idle_done    (PfImap *self);
guint pf_imap_logout       (PfImap *self);

/* (transfer full): modified UTF-7 of a UTF-8 name (RFC 3501 5.1.3), and back; NULL when @name is
 * not valid. */
char *pf_imap_name_encode (const char *name);
char *pf_imap_name_decode (const char *name);
/* (transfer full): @uids (guint32, sorted) as compact sets of at most @max_length characters each;
 * (element-type utf8). */
GPtrArray *pf_imap_uid_sets (const guint32 *uids, gsize n, gsize max_length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfImap, pf_imap_free)
