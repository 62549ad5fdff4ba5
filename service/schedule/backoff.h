/* backoff.h - how long to wait: intervals, jitter, back-off. Pure. */
#pragma once

#include <glib.h>

#define PF_BACKOFF_FIRST 60
#define PF_BACKOFF_LAST 3600

/**
 * pf_backoff_seconds:
 * @failures: how many checks in a row failed, at least 1
 * @random: 0..1
 *
 * 60 s, doubled with each failure up to an hour, and up to a tenth more or less, so that accounts
 * of one server that failed together do not come back together.
 */
guint pf_backoff_seconds  (guint failures, double random);
/* The interval, up to a tenth more or less. */
guint pf_interval_seconds (guint interval, double random);
/* @gap: s that the provider wants between two log-ins; who sets a shorter interval, s, knows it
 * better. */
guint pf_soon_milliseconds (guint milliseconds, guint gap, guint interval);
/* The first check after the service's start: soon, but spread over up to a minute when there are
 * many accounts. */
guint pf_start_milliseconds (guint accounts, double random);
