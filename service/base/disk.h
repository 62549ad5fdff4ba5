/* disk.h - is there room left to work with? */
#pragma once

#include <glib.h>

/**
 * pf_disk_check:
 * @path: a folder on the file system in question
 * @minimum: octets that must stay free; 0 for the larger of 500 MiB and 5 %, at most half of the
 *   file system
 *
 * Returns: FALSE with PF_PROBLEM_DISK_LOW when less is free, or no inode is.
 */
gboolean pf_disk_check (const char *path, guint64 minimum, GError **error);
