/* times.h - microseconds since the epoch, as people and as programs read them; what people type
 * for --since. */
#pragma once

#include <glib.h>

/* (transfer full) (nullable): "2026-11-23T17:35:02Z"; NULL for 0, which is never. */
char *pf_time_rfc3339 (guint64 time);
/* (transfer full): "2026-11-23 17:35:02" in local time, "never" for 0. */
char *pf_time_local (guint64 time);
/* (transfer full): "2 min ago", "in 13 min", "now"; "-" for 0. */
char *pf_time_relative (guint64 time, guint64 now);

/**
 * pf_time_parse:
 * @text: "2h", "30m", "7d", "1w" (so long ago), "today", "yesterday", "2026-11-23", "2026-11-23
 *   17:35[:02]", or RFC 3339
 * @now: the present
 * @time: (out): microseconds since the epoch
 *
 * Returns: FALSE for anything else.
 */
gboolean pf_time_parse (const char *text, guint64 now, guint64 *time);
