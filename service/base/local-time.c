#include "base/local-time.h"

static GMutex lock;
static GTimeZone *zone;
static gint64 looked_up;

/* (transfer full) */
static GTimeZone *
find_zone (void)
{
  gint64 now = g_get_monotonic_time ();
  GTimeZone *found;

  g_mutex_lock (&lock);
  if (zone == NULL || now - looked_up >= G_USEC_PER_SEC)
    {
      g_clear_pointer (&zone, g_time_zone_unref);
      zone = g_time_zone_new_local ();
      looked_up = now;
    }
  found = g_time_zone_ref (zone);
  g_mutex_unlock (&lock);
  return found;
}

GDateTime *
pf_local_time (gint64 seconds, guint microseconds)
{
  g_autoptr (GTimeZone) here = find_zone ();
  g_autoptr (GDateTime) second = g_date_time_new_from_unix_utc (seconds);
  g_autoptr (GDateTime) exact = second != NULL ? g_date_time_add (second, microseconds) : NULL;

  return exact != NULL ? g_date_time_to_timezone (exact, here) : NULL;
}
