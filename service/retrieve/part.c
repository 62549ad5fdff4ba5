#include "retrieve/check-private.h"

#include "base/limits.h"

/* Messages that this check took in, for good. */
static guint
count_taken (const PfCheck *self)
{
  const PfTally *tally = &self->tally;

  return tally->delivered + tally->junked + tally->quarantined + tally->refused;
}

gboolean
pf_check_goes_on (PfCheck *self)
{
  guint taken = count_taken (self);

  if (!self->provider->lists_part || self->explain || pf_check_is_over (self)
      || taken == self->taken_before)
    return FALSE;
  self->taken_before = taken;
  self->more =
      (self->limit > 0 && self->limit_left == 0) || ++self->sessions >= PF_LIMIT_CHECK_SESSIONS;
  return !self->more;
}
