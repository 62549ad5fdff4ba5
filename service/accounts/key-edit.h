/* key-edit.h - changing one key of a settings file and nothing else in it. Pure. */
#pragma once

#include <glib.h>

/**
 * pf_key_edit:
 * @text: a file that pf_key_lines_parse() finds nothing wrong with, or ""
 * @value: (nullable): NULL takes the key out; else of one line
 *
 * The key's line is replaced where it stands; a new one goes behind its commented example
 * (`#KEY=`), else behind the last key of the group, which is made where it is missing. Comments,
 * blank lines and the order of all else stay.
 *
 * Returns: (transfer full): the new file.
 */
char *pf_key_edit (const char *text, const char *group, const char *key, const char *value);
