/* attachment-names.h - what a file's name says of it: pure. */
#pragma once

#include "filter/attachment-classes.h"

/**
 * pf_attachment_name_extensions:
 * @name: UTF-8, decoded; a path, too
 *
 * As the systems see it where the file would be opened: what stands behind the last slash or
 * backslash, trailing dots, blanks and invisible characters gone, wide letters as plain ones, lower
 * case; both sides of a colon, which is a stream's name for some of them.
 *
 * Returns: (transfer full): the extensions without their dots, NULL-terminated, perhaps none
 */
char **pf_attachment_name_extensions (const char *name);

/**
 * pf_attachment_name_classes:
 * @own: (nullable): the administrator's own list, lower case, without dots
 *
 * Returns: bits of PF_ATTACHMENT_EXECUTABLE, _ARCHIVE and _EXTENSION
 */
guint  pf_attachment_name_classes (const char *name, const char *const *own);
/* A message by its name, or a file of messages. */
gboolean pf_attachment_name_is_mail (const char *name);
