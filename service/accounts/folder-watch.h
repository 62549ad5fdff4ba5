/* folder-watch.h - tells when files in one folder may have changed. */
#pragma once

#include <glib.h>

typedef struct _PfFolderWatch PfFolderWatch;
typedef void (*PfFolderFunc) (gpointer user_data);

/**
 * pf_folder_watch_new:
 * @path: a folder
 * @poll_seconds: how often @func is called where the folder cannot be watched
 * @func: called when files were written, renamed, deleted, or their rights changed, once they have
 *   been quiet for PF_LIMIT_FOLDER_QUIET_MS, at the latest after PF_LIMIT_FOLDER_LATEST_MS
 *
 * inotify itself, not GFileMonitor: that hides when the kernel's limits are reached, and tells of
 * files that are still being written.
 *
 * Returns: (transfer full): never NULL.
 */
PfFolderWatch *pf_folder_watch_new  (const char *path, guint poll_seconds, PfFolderFunc func,
                                     gpointer user_data);
void           pf_folder_watch_free (PfFolderWatch *self);
/* TRUE while the folder cannot be watched. */
gboolean       pf_folder_watch_is_polling (const PfFolderWatch *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfFolderWatch, pf_folder_watch_free)
