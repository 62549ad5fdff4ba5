/* census.h - how many accounts a caller sees, and how many of them need somebody. */
#pragma once

#include "accounts/registry.h"
#include "bus/caller.h"

typedef struct _PfCensus PfCensus;

PfCensus *pf_census_new  (PfRegistry *registry);
void     pf_census_free (PfCensus *self);
/* Something changed, or time went by: counted again when somebody asks. */
void     pf_census_forget (PfCensus *self);
void     pf_census_read   (PfCensus *self, const PfCaller *caller, guint *accounts,
                           guint *attention);
