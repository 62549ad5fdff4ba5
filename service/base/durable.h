/* durable.h - small files that survive a crash, a power loss and a full disk.
 *
 * A file is written beside its place, synced, renamed over it, and the folder is synced: at any
 * moment either the old content or the new one is there, whole. All of it blocks until the disk
 * has it.
 */
#pragma once

#include <gio/gio.h>

/**
 * pf_durable_write:
 * @path: replaced when it exists; a symbolic link is replaced itself, not what it leads to
 * @data: the new content
 * @length: its octets, or -1 when it is NUL-terminated
 *
 * The file has mode 0600 afterwards. When this returns TRUE the content is on the disk.
 *
 * Returns: FALSE with a G_IO_ERROR that names @path (G_IO_ERROR_NO_SPACE for a full disk); the old
 * content is kept then.
 */
gboolean pf_durable_write (const char *path, const char *data, gssize length, GError **error);

/**
 * pf_durable_replace:
 * @data: the new content, NUL-terminated
 * @former: (nullable): the content that it was made of, NULL where there was no file
 *
 * pf_durable_write() for a file that people write too: where something else stands there by now,
 * that stays, and the error is G_IO_ERROR_WRONG_ETAG. The look comes after the sync, right before
 * the renaming.
 */
gboolean pf_durable_replace (const char *path, const char *data, const char *former,
                             GError **error);

/* The file is gone for good when this returns TRUE; one that does not exist is no error. Errors:
 * G_IO_ERROR. */
gboolean pf_durable_unlink (const char *path, GError **error);

/* Puts the names in the folder @path on the disk. File systems that cannot do that (EINVAL) write
 * through anyway. */
gboolean pf_durable_sync_folder (const char *path, GError **error);
