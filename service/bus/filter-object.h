/* filter-object.h - org.postferry1.FilterPolicy: properties, methods, what listeners are told. */
#pragma once

#include "bus/internal.h"

/* Root, the group, and whoever an account belongs to. */
gboolean       pf_filter_is_seen (PfBus *bus, const PfCaller *caller);

/* filter-watch.c */
PfFilterWatch *pf_filter_watch_new  (PfBus *bus);
void           pf_filter_watch_free (PfFilterWatch *self);
/* A caller's first call: from now on it is told when the object comes and goes. */
void           pf_filter_watch_greet (PfFilterWatch *self, PfCaller *caller);
/* The settings that are in force are other ones: listeners are told at once, and the log where the
 * policy is another than @before. */
void           pf_filter_watch_changed (PfFilterWatch *self, const PfFilterPolicy *before);
/* Until pf_filter_watch_blame (self, NULL, NULL): what changes of the keys in @changes (a{sv}) is
 * @caller's doing; all else was done by hand. */
void           pf_filter_watch_blame (PfFilterWatch *self, const PfCaller *caller,
                                      GVariant *changes);

/* filter-status.c */
PfFilterStatus *pf_filter_status_new  (PfBus *bus);
void            pf_filter_status_free (PfFilterStatus *self);
/* Answers @call when the scanners have answered, or had their time; takes it. */
void            pf_filter_status_tell (PfFilterStatus *self, PfCall *call);
