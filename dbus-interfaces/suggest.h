/* suggest.h - did you mean ...? */
#pragma once

#include <glib.h>

/**
 * pf_suggest:
 * @typed: what was typed
 * @known: (array zero-terminated=1): what there is
 *
 * Returns: (nullable): the one of @known that differs from @typed by a slip of the fingers (case,
 * underscores and hyphens do not count), NULL when none is near.
 */
const char *pf_suggest (const char *typed, const char *const *known);
