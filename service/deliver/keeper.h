/* keeper.h - keeps the quarantine: knows what is in it, hands out, releases, deletes, lets expire,
 * and tells whose it is (DESIGN 5, 8).
 *
 * A release is exactly once: its intent is durable before anything is done, the delivery goes out
 * under the id that it would have had, in doubt, so that the helper finds the file of an earlier
 * try, and that it is delivered is durable before its files go. One that was cut off is finished at
 * the next start.
 */
#pragma once

#include "accounts/registry.h"
#include "deliver/quarantine-index.h"
#include "deliver/target.h"
#include "journal/journal.h"

#define PF_TYPE_KEEPER (pf_keeper_get_type ())
G_DECLARE_FINAL_TYPE (PfKeeper, pf_keeper, PF, KEEPER, GObject)

/* Signal "changed" (const char *recipient): what is held back from @recipient is not what it was;
 * NULL: nobody knows whose. */

typedef struct
{
  const char *directory;       /* of the quarantine */
  const char *state_directory; /* for what was told to whom */
  const char *spool_directory;
  PfRegistry *registry;
  PfJournal *journal;
  PfTarget *target;
  const PfServiceSettings *settings;
} PfKeeperParts;

/* @parts: what is needed of it is held. */
PfKeeper *pf_keeper_new   (const PfKeeperParts *parts);
/* Reads the folder in a thread; then finishes what was cut off, and goes on with its daily work. */
void      pf_keeper_start (PfKeeper *self);
/* No work of its own from now on; what is under way ends. */
void      pf_keeper_stop  (PfKeeper *self);
/* New settings and target after a reload. */
void      pf_keeper_set_parts (PfKeeper *self, PfTarget *target,
                               const PfServiceSettings *settings);

/* (transfer none): changed by what is stored, released, deleted. Complete once it was waited
 * for. */
PfQuarantineIndex *pf_keeper_get_index (PfKeeper *self);
/* Calls back when the folder has been read. */
void      pf_keeper_wait_async  (PfKeeper *self, GAsyncReadyCallback callback, gpointer user_data);
gboolean  pf_keeper_wait_finish (PfKeeper *self, GAsyncResult *result, GError **error);

/* A descriptor of the message for reading, the caller's to close; -1 with PF_ERROR_UNKNOWN_MESSAGE
 * or G_IO_ERROR. */
void      pf_keeper_open_async  (PfKeeper *self, const char *id, GAsyncReadyCallback callback,
                                 gpointer user_data);
int       pf_keeper_open_finish (PfKeeper *self, GAsyncResult *result, GError **error);

typedef struct
{
  const char *by;        /* login name, for the log */
  gboolean learn;        /* as ham */
  gboolean allow_sender; /* in the account's AllowSenders */
} PfReleaseOptions;

/* Whether @options can be met for what is there now; else an error and nothing is done: PF_ERROR
 * NotSupported (no controller of Rspamd), InvalidSetting (no sender that could be allowed),
 * UnknownAccount (allow-sender, and the account is gone). */
gboolean  pf_keeper_may_release  (PfKeeper *self, const PfQuarantineItem *item,
                                  const PfReleaseOptions *options, GError **error);
/**
 * pf_keeper_release_async:
 * @ids: (array zero-terminated=1)
 *
 * All that can be released is; the error tells of what could not: PF_ERROR UnknownMessage,
 * DeliveryFailed, DiskLow, Busy (being released or deleted already), ScannerUnavailable (released,
 * but not learned).
 */
void      pf_keeper_release_async  (PfKeeper *self, const char *const *ids,
                                    const PfReleaseOptions *options, GAsyncReadyCallback callback,
                                    gpointer user_data);
gboolean  pf_keeper_release_finish (PfKeeper *self, GAsyncResult *result, GError **error);

/* Deletes for good, all that are there. @by: (nullable): login name; NULL: they expired. */
void      pf_keeper_delete_async  (PfKeeper *self, const char *const *ids, const char *by,
                                   GAsyncReadyCallback callback, gpointer user_data);
gboolean  pf_keeper_delete_finish (PfKeeper *self, GAsyncResult *result, GError **error);
