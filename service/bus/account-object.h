/* account-object.h - org.postferry1.Account: properties, and telling their changes. */
#pragma once

#include "bus/internal.h"

/* The properties that are no settings: a{sv}, floating. */
GVariant *pf_account_state_vardict (PfAccount *account);

/* Watches every account of the registry and tells listeners, at most once in
 * PF_LIMIT_TELL_ACCOUNTS_MS. */
PfAccountWatch *pf_account_watch_new  (PfBus *bus);
void            pf_account_watch_free (PfAccountWatch *self);
/* (transfer none): {oa{sa{sv}}}, as GetManagedObjects has it; kept until the account changes. */
GVariant       *pf_account_watch_entry (PfAccountWatch *self, PfAccount *account);
gboolean        pf_account_watch_has_entry (PfAccountWatch *self, PfAccount *account);
/* Tells what is new about @account now: before the answer to a method that changed it. */
void            pf_account_watch_tell (PfAccountWatch *self, PfAccount *account);

/* Methods (account-methods.c, account-changes.c). */
void pf_account_update     (PfBus *bus, PfCall *call, gpointer account);
void pf_account_set_secret (PfBus *bus, PfCall *call, gpointer account);
void pf_account_remove     (PfBus *bus, PfCall *call, gpointer account);
void pf_account_test       (PfBus *bus, PfCall *call, gpointer account);
void pf_account_check      (PfBus *bus, PfCall *call, gpointer account);
void pf_account_begin_authorization    (PfBus *bus, PfCall *call, gpointer account);
void pf_account_complete_authorization (PfBus *bus, PfCall *call, gpointer account);
