/* check-object.h - org.postferry1.Check: properties, Cancel, and telling progress. */
#pragma once

#include "bus/internal.h"

/* Watches every check of the schedule and tells listeners, at most once in PF_LIMIT_TELL_CHECKS_MS,
 * and its end at once. */
PfCheckWatch *pf_check_watch_new  (PfBus *bus);
void          pf_check_watch_free (PfCheckWatch *self);
/* (transfer none): {oa{sa{sv}}}, as GetManagedObjects has it; kept until the check changes. */
GVariant     *pf_check_watch_entry (PfCheckWatch *self, PfCheck *check);
gboolean      pf_check_watch_has_entry (PfCheckWatch *self, PfCheck *check);
/* Tells what is new about @check now: before the answer to the method that started it. */
void          pf_check_watch_tell (PfCheckWatch *self, PfCheck *check);
/* @account belongs to another user now: its checks do as well. */
void          pf_check_watch_moved (PfCheckWatch *self, PfAccount *account);

/* (nullable) (transfer none): the check of @account that runs. */
PfCheck      *pf_bus_running_check (PfBus *bus, PfAccount *account);
/* FALSE when @caller, who is no administrator, has as many checks running as one may have. */
gboolean      pf_bus_may_start_check  (PfBus *bus, const PfCaller *caller, GError **error);
/* Starts or finds the check of @account; @options as PfSchedule takes them. (transfer none) */
PfCheck      *pf_bus_start_check      (PfBus *bus, const PfCaller *caller, PfAccount *account,
                                       GVariant *options);
/* Notes who started it, tells it; the path of the object. */
const char   *pf_bus_check_begun      (PfBus *bus, const PfCaller *caller, PfCheck *check);

void pf_bus_cancel_check (PfBus *bus, PfCall *call, gpointer check);
