/* key-lines.h - the lines of a settings file: [Group], KEY=VALUE, # comments. Pure.
 *
 * GKeyFile forgets line numbers and takes the last of two equal keys in silence; here each line
 * keeps its number and nothing is read between the lines: backslashes are literal.
 */
#pragma once

#include <glib.h>

typedef struct
{
  const char *group; /* the group it stands in */
  const char *key;   /* NULL: the line is the group's own */
  const char *value; /* without blanks at its ends */
  guint line;        /* from 1 on */
} PfKeyLine;

/**
 * pf_key_lines_parse:
 * @faults: (element-type PfSettingsFault): gets what is no line of such a file, and keys given
 *   twice in one group
 *
 * Returns: (transfer full) (element-type PfKeyLine): the good lines in their order.
 */
GPtrArray *pf_key_lines_parse (const char *text, gsize length, GPtrArray *faults);
