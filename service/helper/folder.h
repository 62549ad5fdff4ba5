/* folder.h - where a folder of a mailbox lies and how subscription files call it (Maildir++).
 * Pure. */
#pragma once

#include <glib.h>

/**
 * pf_folder_directory:
 * @folder: valid by pf_request_folder_is_valid()
 *
 * Returns: (transfer full) (nullable): the folder's name below the mailbox, ".A.B" in modified
 * UTF-7 (RFC 3501 5.1.3); NULL for the inbox ("" or INBOX in any case), which is the mailbox
 * itself.
 */
char *pf_folder_directory (const char *folder);

/* The longest name of a folder's directory: more does not fit a file system. */
#define PF_FOLDER_DIRECTORY_MAX 255
