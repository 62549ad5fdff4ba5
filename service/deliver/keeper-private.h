/* keeper-private.h - the keeper's parts among themselves. */
#pragma once

#include "accounts/folder-watch.h"
#include "deliver/keeper.h"
#include "filter/rspamd.h"

struct _PfKeeper
{
  GObject parent;
  char *directory, *told_path, *spool;
  PfRegistry *registry;
  PfJournal *journal;
  PfTarget *target;
  PfServiceSettings *settings;
  PfRspamd *rspamd; /* its controller, for learning */
  PfQuarantineIndex *index;
  GHashTable *damaged; /* set of ids whose damage was told */
  GHashTable *busy;    /* set of ids that are being released or deleted */
  GHashTable *fresh;   /* set of ids that came since the folder began to be read */
  GPtrArray *waiting;  /* of GTask: for the folder to be read */
  GHashTable *told;    /* recipient -> PfTold, of keeper-digest.c */
  gboolean loaded, scanning, stopped, telling;
  PfFolderWatch *watch;
  guint rescan, tick;
};

/* --- keeper.c --------------------------------------------------------------------------------- */

void      pf_keeper_emit_changed (PfKeeper *self, const char *recipient);
/* Logs what became of @item. @by: (nullable) */
void      pf_keeper_record       (PfKeeper *self, const PfQuarantineItem *item, const char *by,
                                  const char *reason);

/* --- keeper-removal.c ------------------------------------------------------------------------- */

/* What is older than QuarantineDays goes. */
void      pf_keeper_expire (PfKeeper *self);

/* --- keeper-release.c ------------------------------------------------------------------------- */

/* One message. @options: (nullable): NULL to go on with a release that was begun. */
void      pf_keeper_release_one_async  (PfKeeper *self, const PfQuarantineItem *item,
                                        const PfReleaseOptions *options,
                                        GAsyncReadyCallback callback, gpointer user_data);
gboolean  pf_keeper_release_one_finish (PfKeeper *self, GAsyncResult *result, GError **error);

/* --- keeper-batch.c --------------------------------------------------------------------------- */

/* Finishes releases that were cut off. */
void      pf_keeper_resume (PfKeeper *self);

/* --- keeper-allow.c --------------------------------------------------------------------------- */

/* (transfer full) (nullable): the settings of @item's account with its sender allowed; those that
 * it has where it is allowed already. Errors as of pf_keeper_may_release(). */
PfSettings *pf_keeper_allowed_settings (PfKeeper *self, const PfQuarantineItem *item,
                                        GError **error);
void        pf_keeper_allow_async  (PfKeeper *self, const PfQuarantineItem *item,
                                    GAsyncReadyCallback callback, gpointer user_data);
gboolean    pf_keeper_allow_finish (PfKeeper *self, GAsyncResult *result, GError **error);

/* --- keeper-digest.c -------------------------------------------------------------------------- */

/* (transfer full): what was told to whom, as it was noted at last. */
GHashTable *pf_keeper_read_told (const char *path);
/* Tells each recipient about what is new, once a day. */
void      pf_keeper_tell (PfKeeper *self);
