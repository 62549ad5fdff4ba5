/* registry-private.h - the registry's tables, shared by what reads the folder and what writes. */
#pragma once

#include "accounts/account-file.h"
#include "accounts/folder-watch.h"
#include "accounts/registry.h"

typedef struct _PfRegistryWrite PfRegistryWrite; /* registry-write.c */

/* One file of the folder. */
typedef struct
{
  char *name;
  char *id; /* of the account that the name stands for */
  PfFileStamp stamp;
  gboolean stamp_is_sure;
  gboolean present;    /* seen in the scan under way */
  gboolean complained; /* of another file that stands for the same account */
  PfAccount *account;  /* (nullable): NULL while another file has it */
} PfRegistryFile;

struct _PfRegistry
{
  GObject parent_instance;

  char *folder;
  PfFolderWatch *watch;
  GHashTable *files;   /* name -> PfRegistryFile, owned */
  GHashTable *by_id;   /* id -> PfRegistryFile with an account */
  GHashTable *by_path; /* object path -> PfAccount */
  GPtrArray *list;     /* PfAccount, sorted by id */
  gboolean by_hand;
  gboolean unreadable; /* the folder; said so in the log */

  GQueue writes;            /* PfRegistryWrite: one after the other */
  PfRegistryWrite *writing; /* (nullable): the one that a thread is at */
  gboolean left_alone;      /* a scan came by its file meanwhile and has to come again */
};

/* A file that is not in the tables yet. */
PfRegistryFile *pf_registry_file_new (PfRegistry *self, const char *name);

/* Each emits its signal. */
void pf_registry_take   (PfRegistry *self, PfRegistryFile *file, PfAccount *account);
void pf_registry_change (PfRegistry *self, PfAccount *account, const PfSettings *settings);
void pf_registry_break  (PfRegistry *self, PfAccount *account, const char *sentence);
/* Frees @file too. */
void pf_registry_drop   (PfRegistry *self, PfRegistryFile *file);

/* Makes the registry what the folder is. @all: also files that look unchanged (registry-scan.c). */
void pf_registry_scan (PfRegistry *self, gboolean all);
/* The same, and the signals tell of a hand's work. */
void pf_registry_scan_by_hand (PfRegistry *self, gboolean all);

/* TRUE while a thread is at the file of the account @id: what a scan sees of it is half of our own
 * work, and another scan follows (registry-write.c). */
gboolean pf_registry_leaves_alone (PfRegistry *self, const char *id);
