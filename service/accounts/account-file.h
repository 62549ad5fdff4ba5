/* account-file.h - reading one file of accounts.d, whoever wrote it. */
#pragma once

#include "accounts/settings.h"

/* What tells that a file is another one than before, or changed. */
typedef struct
{
  guint64 device, inode, size;
  gint64 modified, changed; /* ns */
  guint mode, owner;
} PfFileStamp;

typedef enum
{
  PF_ACCOUNT_FILE_GOOD,
  PF_ACCOUNT_FILE_BROKEN,
  PF_ACCOUNT_FILE_GONE
} PfAccountFileResult;

/* Clear it with pf_account_file_clear(). */
typedef struct
{
  PfFileStamp stamp;
  gboolean stamp_is_sure; /* FALSE: changed just now, and could be again within the clock's grain */
  PfSettings *settings;   /* of a good one */
  char *sentence;         /* of a broken one: what is wrong and how to mend it */
  GPtrArray *faults;      /* (nullable) (element-type PfSettingsFault): of its content */
  char *loose;            /* (nullable): about rights that are too wide and could not be mended */
} PfAccountFile;

void pf_account_file_clear (PfAccountFile *self);

/* FALSE: it is gone. Links are not followed. */
gboolean pf_file_stamp_get   (PfFileStamp *self, const char *path);
gboolean pf_file_stamp_equal (const PfFileStamp *a, const PfFileStamp *b);

/**
 * pf_account_file_read:
 * @self: zeroed
 * @folder: accounts.d
 * @name: a name in it, for which pf_account_file_is_one() holds
 *
 * A file that belongs to somebody else than root and the service is not believed; rights that are
 * wider than 0600 are taken away.
 */
PfAccountFileResult pf_account_file_read (PfAccountFile *self, const char *folder,
                                          const char *name);
