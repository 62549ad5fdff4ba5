/* folders.h - which of a mailbox' folders an account asks for: names, globs, `!` excludes, `\Junk`
 * (DESIGN 6). Pure. */
#pragma once

#include "retrieve/session.h"

/**
 * pf_folders_choose:
 * @known: (element-type PfFolder): all folders of the mailbox
 * @wanted: the setting Folders
 * @missing: (out) (transfer full) (nullable): the first item that names nothing there; globs only
 *   when nothing at all was chosen
 *
 * Items are taken in order; a folder stands once, where it was first named. `*` and `?` fit any
 * characters, the delimiter included; what is `skipped` only its name does. INBOX is compared
 * without case.
 * Returns: (transfer full) (element-type PfFolder)
 */
GPtrArray *pf_folders_choose (GPtrArray *known, char *const *wanted, char **missing);
