/* registry.h - all accounts: the key files in accounts.d, read, watched, written durably, told as
 * differences. */
#pragma once

#include "accounts/account.h"

#include <gio/gio.h>

#define PF_TYPE_REGISTRY (pf_registry_get_type ())
G_DECLARE_FINAL_TYPE (PfRegistry, pf_registry, PF, REGISTRY, GObject)

/* Signals, all synchronous:
 *   "added"   (PfAccount *account)
 *   "changed" (PfAccount *account, const PfSettings *before): its settings are new; also when a
 *             broken file was mended or broke
 *   "removed" (PfAccount *account)
 * A file that is dropped in, changed or deleted by hand takes effect within a second or two. A
 * broken one is logged by file, line and key, and leaves the others alone; one that broke after it
 * was good keeps its account on hold as settings-invalid. Its own writing is told once. */

/* @directory: CONFIGURATION_DIRECTORY/accounts.d, made 0700 where missing. */
PfRegistry *pf_registry_new    (const char *directory);
/* Reads everything and starts watching. */
gboolean    pf_registry_load   (PfRegistry *self, GError **error);
/* Reads again at once (SIGHUP, Reload). */
void        pf_registry_reload (PfRegistry *self);
/* (nullable) (transfer none) */
PfAccount  *pf_registry_lookup (PfRegistry *self, const char *address);
PfAccount  *pf_registry_lookup_path (PfRegistry *self, const char *object_path);
/* (transfer none) (element-type PfAccount): sorted by address; changed in place by what adds and
 * removes. */
GPtrArray  *pf_registry_list   (PfRegistry *self);

/* TRUE while the signals tell of files that were changed by hand. */
gboolean    pf_registry_is_by_hand (PfRegistry *self);

/* Stores durably (new file, fsync, rename, folder fsync) in a thread, then adds or changes, emits
 * and answers, on the main loop. Writes are done one after the other in the order of the calls, and
 * what each was decided on is looked at when its turn comes. Errors: PF_ERROR AccountExists,
 * DiskLow, UnknownAccount (removed meanwhile), Busy (changed meanwhile); G_IO_ERROR. */

void        pf_registry_add_async  (PfRegistry *self, const PfSettings *settings,
                                    GAsyncReadyCallback callback, gpointer user_data);
/* (transfer full) */
PfAccount  *pf_registry_add_finish (PfRegistry *self, GAsyncResult *result, GError **error);
/* @settings: made of those that @account has now. An update that changes nothing writes and emits
 * nothing; it mends a broken file. */
void        pf_registry_update_async  (PfRegistry *self, PfAccount *account,
                                       const PfSettings *settings, GAsyncReadyCallback callback,
                                       gpointer user_data);
gboolean    pf_registry_update_finish (PfRegistry *self, GAsyncResult *result, GError **error);
void        pf_registry_remove_async  (PfRegistry *self, PfAccount *account,
                                       GAsyncReadyCallback callback, gpointer user_data);
gboolean    pf_registry_remove_finish (PfRegistry *self, GAsyncResult *result, GError **error);
