#include "cli-client/times.h"

#include "cli-client/i18n.h"

#include <string.h>

#define SECOND ((guint64) G_USEC_PER_SEC)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* NULL for what no calendar holds. */
static GDateTime *
from_usec (guint64 time)
{
  return time / SECOND <= G_MAXINT64 ? g_date_time_new_from_unix_utc ((gint64) (time / SECOND))
                                     : NULL;
}

char *
pf_time_rfc3339 (guint64 time)
{
  g_autoptr (GDateTime) moment = time != 0 ? from_usec (time) : NULL;

  return moment != NULL ? g_date_time_format (moment, "%Y-%m-%dT%H:%M:%SZ") : NULL;
}

char *
pf_time_local (guint64 time)
{
  g_autoptr (GDateTime) moment = time != 0 ? from_usec (time) : NULL;
  g_autoptr (GDateTime) local = moment != NULL ? g_date_time_to_local (moment) : NULL;

  return local != NULL ? g_date_time_format (local, "%Y-%m-%d %H:%M:%S") : g_strdup (_ ("never"));
}

char *
pf_time_relative (guint64 time, guint64 now)
{
  guint64 span = time > now ? time - now : now - time;
  g_autofree char *amount = NULL;

  if (time == 0)
    return g_strdup ("-");
  if (span < SECOND)
    return g_strdup (_ ("now"));
  if (span < 100 * SECOND)
    amount = g_strdup_printf (_ ("%u s"), (guint) (span / SECOND));
  else if (span < 100 * MINUTE)
    amount = g_strdup_printf (_ ("%u min"), (guint) (span / MINUTE));
  else if (span < 48 * HOUR)
    amount = g_strdup_printf (_ ("%u h"), (guint) (span / HOUR));
  else
    amount = g_strdup_printf (_ ("%u days"), (guint) MIN (span / DAY, G_MAXUINT));
  return time > now ? g_strdup_printf (_ ("in %s"), amount)
                    : g_strdup_printf (_ ("%s ago"), amount);
}

/* "2h": a number and one letter. */
static gboolean
parse_ago (const char *text, guint64 now, guint64 *time)
{
  static const struct
  {
    char letter;
    guint64 unit;
  } units[] = { { 's', SECOND }, { 'm', MINUTE }, { 'h', HOUR }, { 'd', DAY }, { 'w', 7 * DAY } };
  gsize length = strlen (text);
  g_autofree char *digits = length > 1 ? g_strndup (text, length - 1) : NULL;
  guint64 number;

  if (digits == NULL || !g_ascii_string_to_unsigned (digits, 10, 0, 1000000000, &number, NULL))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (units); i++)
    if (units[i].letter == text[length - 1])
      {
        guint64 span = number * units[i].unit;

        *time = span < now ? now - span : 1;
        return TRUE;
      }
  return FALSE;
}

static gboolean
parse_day (const char *text, guint64 now, guint64 *time)
{
  g_autoptr (GDateTime) moment = from_usec (now);
  g_autoptr (GDateTime) local = g_date_time_to_local (moment);
  g_autoptr (GDateTime) midnight =
      g_date_time_new_local (g_date_time_get_year (local), g_date_time_get_month (local),
                             g_date_time_get_day_of_month (local), 0, 0, 0);
  g_autoptr (GDateTime) day = NULL;

  if (g_str_equal (text, "today"))
    day = g_date_time_ref (midnight);
  else if (g_str_equal (text, "yesterday"))
    day = g_date_time_add_days (midnight, -1);
  if (day == NULL)
    return FALSE;
  *time = (guint64) g_date_time_to_unix (day) * SECOND;
  return TRUE;
}

/* GLib wants the seconds, and a T between date and time. */
static char *
complete (const char *text)
{
  gsize length = strlen (text);
  g_autofree char *joined = g_strdup (text);

  if (length > 10 && joined[10] == ' ')
    joined[10] = 'T';
  if (length == strlen ("2026-11-23"))
    return g_strconcat (joined, "T00:00:00", NULL);
  if (length == strlen ("2026-11-23T17:35"))
    return g_strconcat (joined, ":00", NULL);
  return g_steal_pointer (&joined);
}

gboolean
pf_time_parse (const char *text, guint64 now, guint64 *time)
{
  g_autofree char *iso = complete (text);
  g_autoptr (GTimeZone) zone = g_time_zone_new_local ();
  g_autoptr (GDateTime) moment = NULL;

  if (parse_ago (text, now, time) || parse_day (text, now, time))
    return TRUE;
  moment = g_date_time_new_from_iso8601 (iso, zone);
  if (moment == NULL || g_date_time_to_unix (moment) < 0)
    return FALSE;
  *time = (guint64) g_date_time_to_unix (moment) * SECOND;
  return TRUE;
}
