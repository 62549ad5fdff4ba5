/* journal.h - what was delivered (the ledger), what happened (events), how it stands (figures):
 * SQLite, WAL, synchronous=FULL.
 *
 * One worker thread owns the database. Requests are taken in order; those that wait together are
 * committed in one transaction, and each is answered, on the main loop, after the commit that holds
 * it. A request that fails is undone alone.
 */
#pragma once

#include "accounts/account.h"
#include "journal/event.h"

#define PF_TYPE_JOURNAL (pf_journal_get_type ())
G_DECLARE_FINAL_TYPE (PfJournal, pf_journal, PF, JOURNAL, GObject)

/* Signals: "recorded" (const PfEvent *event): each event, on the main loop, after it was logged;
 * "opened": what could not be opened at first is open: restore the accounts. */

/* Where a message stands. */
typedef enum
{
  PF_ROW_KNOWN,     /* there before us (Initial=new): never fetched, never removed */
  PF_ROW_INTENT,    /* delivery may or may not have happened: in doubt */
  PF_ROW_DELIVERED, /* every recipient's delivery is committed */
  PF_ROW_GONE,      /* removed at the provider by us, committed */
  PF_ROW_SET_ASIDE, /* failed again and again: left alone, with its reason */
  PF_ROW_FAILED     /* failed, counted in @failures, to be tried again */
} PfRowState;

/* One recipient's delivery of a message; a message is delivered when all of them are done. */
typedef struct
{
  char *recipient;
  char *delivery_id;
  gboolean done;
  PfOutcome outcome; /* as it is planned; when done, as it came */
} PfRowDelivery;

/* @delivery_id: (transfer full) */
PfRowDelivery *pf_row_delivery_new  (const char *recipient, char *delivery_id);
void           pf_row_delivery_free (PfRowDelivery *delivery);

/* One message of one account. */
typedef struct
{
  gint64 id; /* 0 when not yet in the journal */
  char *folder;        /* "" for POP3 */
  guint32 uidvalidity; /* 0 for POP3 */
  char *uid;           /* decimal UID, or UIDL; "" where the server has none */
  guint occurrence;    /* 0, 1 ... for a UIDL that stands several times in one listing */
  guint64 size;        /* as listed */
  char *digest;        /* hex SHA-256 of the content as recognition needs it; "": never fetched */
  PfRowState state;
  PfOutcome outcome;   /* how it was delivered */
  gint64 time;         /* us: when delivered, or when the row was made */
  guint failures;
  char *reason;        /* of the last failure */
  gboolean keep;       /* delivered, never to be removed: what came was not what was listed */
  gint64 waiting;      /* us: since when a scanner's trouble holds it up, 0 for none */
  gboolean marked;     /* we set \Deleted on it and have not seen its expunge confirmed */
  /* (nullable) (element-type PfRowDelivery): loaded for rows that are not delivered; stored where
   * not NULL */
  GPtrArray *deliveries;
} PfRow;

/* A folder whose first listing was planned, and how it was when all of it was settled: each message
 * with a UID below @next_uid was delivered, or it was decided that it is not fetched. */
typedef struct
{
  char *name;
  guint32 next_uid; /* 0: not settled, and nothing below means anything */
  guint32 uidvalidity;
  guint32 uidnext;       /* as the server told it, 0 where it did not */
  guint32 messages;      /* below @next_uid */
  guint64 highestmodseq; /* as the server told it, 0 where it did not (RFC 7162 section 3.1.2) */
  gint64 listed;         /* us: when all of it was listed */
  gint64 due;            /* us: when the first of it is to be removed, 0 for never */
  char *wanted;          /* the settings that decided, as a digest */
} PfFolderState;

PfFolderState *pf_folder_state_new  (const char *name);
void           pf_folder_state_free (PfFolderState *state);
PfFolderState *pf_folder_state_copy (const PfFolderState *state);

void   pf_row_free (PfRow *row);
PfRow *pf_row_copy (const PfRow *row);

/* @path: STATE_DIRECTORY/journal.db. A damaged file is an error that names it; it is never
 * overwritten. Where the disk is full, or cannot be written to, the journal is opened later, as
 * soon as that goes: until then all requests fail with PF_PROBLEM_DISK_LOW. */
PfJournal *pf_journal_open  (const char *path, GError **error);
/* Waits for what was queued, closes. Later requests fail with G_IO_ERROR_CLOSED. */
void       pf_journal_close (PfJournal *self);

/* --- The ledger. Errors: PF_PROBLEM_DISK_LOW (full or read-only disk), else G_IO_ERROR -------- */

/* (transfer full) (element-type PfRow): every row of @account (address), of all folders; GONE rows
 * too, for 90 days. All of them, or an error. */
void       pf_journal_load_async  (PfJournal *self, const char *account,
                                   GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *pf_journal_load_finish (PfJournal *self, GAsyncResult *result, GError **error);

/**
 * pf_journal_put_async:
 * @rows: (element-type PfRow): rows are matched by id, or, where it is 0, by (account, folder,
 *   uidvalidity, uid, occurrence), and inserted or changed as a whole. Rows may exchange their
 *   names. A row that is not in @rows and has a name that one of them gets is renamed to `~ID`.
 * @figures: (nullable): the account's counters to be stored in the same transaction
 *
 * One durable step: intent, delivered, gone, known, re-keyed after a renumbering.
 * New rows get their id by pf_journal_put_finish(); @rows must live until then. @callback may be
 * NULL for changes of rows that have an id.
 */
void       pf_journal_put_async   (PfJournal *self, const char *account, GPtrArray *rows,
                                   const PfFigures *figures, GAsyncReadyCallback callback,
                                   gpointer user_data);
gboolean   pf_journal_put_finish  (PfJournal *self, GAsyncResult *result, GError **error);
/* Forgets rows by id that left the provider's listing more than 90 days ago; fire and forget.
 * @listed_ids: (element-type gint64): those that are listed, of all folders */
void       pf_journal_tidy        (PfJournal *self, const char *account, GPtrArray *listed_ids);

/* Notes that the first listing of @folder was planned (Initial). */
void       pf_journal_folder_seen_async  (PfJournal *self, const char *account, const char *folder,
                                          GAsyncReadyCallback callback, gpointer user_data);
gboolean   pf_journal_folder_seen_finish (PfJournal *self, GAsyncResult *result, GError **error);
/* (transfer full) (element-type PfFolderState): the folders seen. */
void       pf_journal_folders_async  (PfJournal *self, const char *account,
                                      GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *pf_journal_folders_finish (PfJournal *self, GAsyncResult *result, GError **error);
/* A folder that was seen is as @state says; fire and forget. Call it when all that it says of
 * messages is committed. */
void       pf_journal_put_folder     (PfJournal *self, const char *account,
                                      const PfFolderState *state);

/* --- Accounts --------------------------------------------------------------------------------- */

/* Sets figures, problem, refusals of each account (element-type PfAccount) from the database;
 * synchronous, at start, before any other request. Nothing happens while it could not be opened. */
gboolean   pf_journal_restore     (PfJournal *self, GPtrArray *accounts, GError **error);
/* The account's figures and problem as they are now; fire and forget, coalesced. */
void       pf_journal_save_account (PfJournal *self, PfAccount *account);
/* Forgets everything of @address, events excepted. */
void       pf_journal_forget_async  (PfJournal *self, const char *address,
                                     GAsyncReadyCallback callback, gpointer user_data);
gboolean   pf_journal_forget_finish (PfJournal *self, GAsyncResult *result, GError **error);

/* --- Events and statistics -------------------------------------------------------------------- */

/* Logs, stores (with statistics for MESSAGE events) and emits "recorded". Takes @event. */
void       pf_journal_record      (PfJournal *self, PfEvent *event);
/**
 * pf_journal_query_async:
 * @accounts: (nullable): addresses the caller may see; NULL for all
 * @filter: a{sv} as GetLog takes it, already validated (keys and types)
 */
void       pf_journal_query_async  (PfJournal *self, const char *const *accounts, GVariant *filter,
                                    GAsyncReadyCallback callback, gpointer user_data);
/* aa{sv}, newest first */
GVariant  *pf_journal_query_finish (PfJournal *self, GAsyncResult *result, GError **error);
/* aa{sv} as GetStatistics answers */
void       pf_journal_statistics_async  (PfJournal *self, const char *const *accounts,
                                         GVariant *filter, GAsyncReadyCallback callback,
                                         gpointer user_data);
GVariant  *pf_journal_statistics_finish (PfJournal *self, GAsyncResult *result, GError **error);
/* [Log] KeepDays: older events are deleted, soon, and again every hour. */
void       pf_journal_set_keep_days (PfJournal *self, guint days);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfFolderState, pf_folder_state_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfRow, pf_row_free)
