/* mailbox.h - opening a Maildir and its folders with the user's own rights: nothing is trusted that
 * lies there. In a child only. */
#pragma once

#include "helper/identity.h"

typedef struct
{
  int root; /* the mailbox itself */
  uid_t uid;
} PfMailbox;

typedef struct
{
  int directory, tmp, new, cur; /* -1: not open */
} PfMailFolder;

typedef enum
{
  PF_MAILBOX_LOOK,   /* nothing is made */
  PF_MAILBOX_MAKE,   /* what is missing is made, and synced */
  PF_MAILBOX_SETTLE  /* the same, and what is there is synced too: nobody knows whether it was */
} PfMailboxMode;

/* (transfer full): where @mailbox ("~/Maildir", "/srv/mail/%u") is for this user. Pure. */
char *pf_mailbox_path (const char *mailbox, const PfIdentity *identity);

/**
 * pf_mailbox_open:
 * @mode: what is missing is made with mode 0700. The home is never made; under it only where it
 * is the user's own.
 *
 * The mailbox may be a link to wherever the user likes, since the rights are the user's own; what
 * it leads to must be the user's folder that not everybody can write.
 */
gboolean pf_mailbox_open  (PfMailbox *mailbox, const char *path, const PfIdentity *identity,
                           PfMailboxMode mode, PfTrouble *trouble);
void     pf_mailbox_close (PfMailbox *mailbox);

/**
 * pf_mail_folder_open:
 * @directory: (nullable): by pf_folder_directory()
 * @settled: what is there is known to be on the disk; else it is synced, as what is made is
 *
 * Opens the folder and its tmp, new and cur; makes what is missing, marks and subscribes a folder
 * that is new. Links are refused here.
 */
gboolean pf_mail_folder_open  (PfMailFolder *folder, const PfMailbox *mailbox,
                               const char *directory, gboolean settled, PfTrouble *trouble);
void     pf_mail_folder_close (PfMailFolder *folder);

/* fsync() of a folder; file systems that cannot do that to a folder (EINVAL) write through. */
gboolean pf_sync_folder (int fd);
