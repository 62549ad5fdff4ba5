#include "bus/account-object.h"
#include "bus/check-object.h"
#include "bus/operation.h"
#include "bus/options.h"
#include "dbus-interfaces/errors.h"

/* --- Check ------------------------------------------------------------------------------------ */

static void
check (PfOperation *operation)
{
  PfAccount *account = pf_operation_account (operation);
  PfCaller *caller = pf_operation_caller (operation);
  g_autoptr (GError) error = NULL;
  const PfSettings *settings;
  PfOwnership ownership = { 0 };

  if (account == NULL)
    return;
  settings = pf_account_get_settings (account);
  ownership.is_local_user = pf_caller_is_user (caller, settings->local_user);
  if (!pf_operation_may (operation, &ownership, settings->address, settings->local_user, check))
    return;
  if (pf_bus_running_check (operation->bus, account) == NULL
      && !pf_bus_may_start_check (operation->bus, caller, &error))
    pf_operation_fail (operation, error);
  else
    pf_operation_return (operation, g_variant_new ("(o)", pf_check_get_path (pf_bus_start_check (
                                                              operation->bus, caller, account,
                                                              operation->options))));
}

void
pf_account_check (PfBus *bus, PfCall *call, gpointer account)
{
  static const PfOption allowed[] = { { "limit", "u" }, { "explain", "b" } };
  g_autoptr (GVariant) options = g_variant_get_child_value (pf_call_arguments (call), 0);
  g_autoptr (GError) error = NULL;

  if (pf_options_check (options, allowed, G_N_ELEMENTS (allowed), &error))
    check (pf_operation_new (bus, call, "Account.Check", NULL, options));
  else
    pf_call_fail (call, error);
}

/* --- Test ------------------------------------------------------------------------------------- */

static void
test (PfOperation *operation)
{
  PfAccount *account = pf_operation_account (operation);
  PfBus *bus = operation->bus;
  g_autoptr (GError) error = NULL;
  const PfSettings *settings;

  if (account == NULL)
    return;
  settings = pf_account_get_settings (account);
  if (!pf_operation_may_change (operation, settings, settings, test))
    return;
  if (pf_bus_may_start_check (bus, pf_operation_caller (operation), &error))
    pf_operation_return (
        operation,
        g_variant_new ("(o)", pf_bus_check_begun (
                                  bus, pf_operation_caller (operation),
                                  pf_schedule_test (bus->parts.schedule, account, NULL, NULL))));
  else
    pf_operation_fail (operation, error);
}

void
pf_account_test (PfBus *bus, PfCall *call, gpointer account)
{
  g_autoptr (GVariant) options = g_variant_get_child_value (pf_call_arguments (call), 0);
  g_autoptr (GError) error = NULL;

  if (pf_options_check_none (options, &error))
    test (pf_operation_new (bus, call, "Account.Test", NULL, NULL));
  else
    pf_call_fail (call, error);
}

/* --- OAuth2 ----------------------------------------------------------------------------------- */

void
pf_account_begin_authorization (PfBus *bus, PfCall *call, gpointer account)
{
  pf_call_fail_with (call, PF_ERROR, PF_ERROR_NOT_SUPPORTED,
                     "This version cannot authorise with OAuth2");
}

void
pf_account_complete_authorization (PfBus *bus, PfCall *call, gpointer account)
{
  pf_account_begin_authorization (bus, call, account);
}
