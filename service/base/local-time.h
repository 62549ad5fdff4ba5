#pragma once

#include <glib.h>

/**
 * pf_local_time:
 * @seconds: since the epoch, UTC.
 * @microseconds: of the second.
 *
 * The machine's zone is looked up once a second, not for each of many messages: that costs three
 * system calls. From any thread.
 *
 * Returns: (transfer full) (nullable): in local time; NULL where the calendar does not reach.
 */
GDateTime *pf_local_time (gint64 seconds, guint microseconds);
