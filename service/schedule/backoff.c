#include "schedule/backoff.h"

#define MILLISECONDS_AN_ACCOUNT 5
#define SPREAD_MILLISECONDS 60000

static guint
with_jitter (guint seconds, double random)
{
  return (guint) (seconds * (0.9 + 0.2 * random));
}

guint
pf_backoff_seconds (guint failures, double random)
{
  guint seconds = PF_BACKOFF_FIRST;

  for (guint i = 1; i < failures && seconds < PF_BACKOFF_LAST; i++)
    seconds *= 2;
  return with_jitter (MIN (seconds, PF_BACKOFF_LAST), random);
}

guint
pf_interval_seconds (guint interval, double random)
{
  return with_jitter (interval, random);
}

guint
pf_soon_milliseconds (guint milliseconds, guint gap, guint interval)
{
  return MAX (milliseconds, MIN (gap, interval) * 1000);
}

guint
pf_start_milliseconds (guint accounts, double random)
{
  return (guint) (MIN (accounts * MILLISECONDS_AN_ACCOUNT, SPREAD_MILLISECONDS) * random);
}
