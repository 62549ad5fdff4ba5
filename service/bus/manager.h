/* manager.h - org.postferry1.Manager: properties, methods, what listeners are told. */
#pragma once

#include "bus/internal.h"

PfManagerWatch *pf_manager_watch_new     (PfBus *bus);
void            pf_manager_watch_free    (PfManagerWatch *self);
/* Something that a property tells may have changed. */
void            pf_manager_watch_changed (PfManagerWatch *self);
/* A caller's first call: changes are told from what it could read now. */
void            pf_manager_watch_greet   (PfManagerWatch *self, PfCaller *caller);
/* How many accounts @caller sees and how many of them need somebody. */
void            pf_manager_watch_count   (PfManagerWatch *self, const PfCaller *caller,
                                          guint *accounts, guint *attention);

/* Methods: manager-accounts.c */
void pf_manager_add_account    (PfBus *bus, PfCall *call, gpointer object);
/* manager-settings.c */
void pf_manager_test_settings  (PfBus *bus, PfCall *call, gpointer object);
void pf_manager_validate       (PfBus *bus, PfCall *call, gpointer object);
void pf_manager_recipients     (PfBus *bus, PfCall *call, gpointer object);
/* manager-log.c */
void pf_manager_get_log        (PfBus *bus, PfCall *call, gpointer object);
void pf_manager_get_statistics (PfBus *bus, PfCall *call, gpointer object);
