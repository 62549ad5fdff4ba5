/* quarantine.h - org.postferry1.Quarantine: methods, and what listeners are told. */
#pragma once

#include "bus/internal.h"

/* How much @caller sees. */
guint              pf_quarantine_count (PfBus *bus, const PfCaller *caller);

PfQuarantineWatch *pf_quarantine_watch_new  (PfBus *bus);
void               pf_quarantine_watch_free (PfQuarantineWatch *self);
