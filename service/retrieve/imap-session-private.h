/* imap-session-private.h - one IMAP session's state, shared by the files that are it: log-in,
 * folders, listing, transfer, removal. */
#pragma once

#include "protocol/imap.h"
#include "retrieve/login.h"

#define SESSION(self) PF_SESSION (self)
#define SETTINGS(self) (pf_session_get_info (SESSION (self))->settings)

/* What the removal under way does now. */
typedef enum
{
  PF_REMOVAL_FIND_TRASH, /* EXPUNGE alone leaves messages elsewhere: where is the trash? */
  PF_REMOVAL_COPY,      /* into the trash */
  PF_REMOVAL_STORE,     /* +FLAGS (\Deleted) */
  PF_REMOVAL_EXPUNGE,   /* UID EXPUNGE */
  PF_REMOVAL_SEARCH,    /* no UIDPLUS: who else is \Deleted? */
  PF_REMOVAL_TAKE_BACK, /* somebody else is: -FLAGS (\Deleted) */
  PF_REMOVAL_PLAIN,     /* nobody else is: EXPUNGE */
  PF_REMOVAL_KEEP       /* no removal: -FLAGS (\Deleted) of what an earlier session marked */
} PfRemovalStage;

struct _PfImapSession
{
  PfSession parent_instance;

  PfImap *imap;
  PfLogin login;
  gboolean tls_done, logged_in, compress_asked;

  /* imap-folders.c */
  GTask *folders_task;
  GPtrArray *known; /* (element-type PfFolder): what LIST told, \Noselect left out */
  char *trash;      /* (nullable): \Trash, as the server spells it */

  /* imap-listing.c */
  GTask *listing_task;
  char *folder;
  GHashTable *listed; /* UID -> PfListed */
  gboolean opened;     /* the folder is open, and has */
  guint32 uidvalidity; /* this; 0 where the server knows none: its UIDs are believed like UIDLs */
  guint32 most_exist;  /* the highest count of messages that was told since it was opened */
  PfFolderState *settled; /* NULL: all is listed */
  guint32 cut_at; /* of a listing in pieces: the lowest UID that is there; 0: whole so far */
  gboolean listing_void;  /* what FETCH tells is not to be used: all is listed again */
  guint32 exists;         /* when it was opened */

  /* imap-transfer.c */
  GHashTable *fetches;  /* UID -> PfImapFetch */
  GArray *waiting;      /* guint32: UIDs that are not asked for yet */
  guint64 waiting_octets;
  GHashTable *commands; /* tag number -> GArray of the UIDs that it asks for */
  PfBody *body;        /* of the literal that arrives */
  guint64 body_announced, body_length;
  gboolean body_too_large;

  /* imap-removal.c */
  GTask *removal_task;
  PfRemovalStage stage;
  GPtrArray *sets;     /* (element-type utf8): UID sets to work on, one command each */
  guint set_index;
  GArray *removing;    /* guint32, sorted */
  GHashTable *found;   /* UIDs that SEARCH DELETED named */

  /* idling */
  GTask *idle_task;
  guint idle_timer;
  gboolean news; /* EXISTS came since the folder was opened */

  GTask *closing_task;
};

/* imap-login.c */
void pf_imap_login_reply     (PfImapSession *self, const PfImapEvent *event);
void pf_imap_login_challenge (PfImapSession *self, const PfImapEvent *event);

/* imap-folders.c */
void pf_imap_folders_begin (PfImapSession *self, GTask *task);
void pf_imap_folders_item  (PfImapSession *self, const PfImapEvent *event);
void pf_imap_folders_reply (PfImapSession *self, const PfImapEvent *event);

/* imap-listing.c */
void pf_imap_listing_begin (PfImapSession *self, GTask *task, const PfFolder *folder,
                            gboolean for_removal, const PfFolderState *settled);
void pf_imap_listing_item  (PfImapSession *self, const PfImapEvent *event);
void pf_imap_listing_reply (PfImapSession *self, const PfImapEvent *event);

/* imap-transfer.c */
void pf_imap_transfer_begin (PfImapSession *self, GTask *task, const PfListed *listed);
void pf_imap_transfer_flush (PfImapSession *self);
/* Asks for what fills whole commands; the rest waits for pf_imap_transfer_flush(). */
void pf_imap_transfer_flush_full (PfImapSession *self);
void pf_imap_transfer_body  (PfImapSession *self, const PfImapEvent *event);
void pf_imap_transfer_item  (PfImapSession *self, const PfImapEvent *event);
void pf_imap_transfer_found (PfImapSession *self, const PfImapEvent *event);
void pf_imap_transfer_reply (PfImapSession *self, const PfImapEvent *event);
void pf_imap_fetch_free     (gpointer fetch);

/* imap-removal.c */
void pf_imap_removal_begin (PfImapSession *self, GTask *task, const guint32 *numbers, gsize n);
void pf_imap_removal_take_back (PfImapSession *self, GTask *task, const guint32 *numbers, gsize n);
void pf_imap_removal_found (PfImapSession *self, const PfImapEvent *event);
void pf_imap_removal_reply (PfImapSession *self, const PfImapEvent *event);
