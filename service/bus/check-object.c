#include "bus/check-object.h"

#include "base/limits.h"
#include "bus/operation.h"
#include "dbus-interfaces/errors.h"
#include "dbus-interfaces/info.h"

gboolean
pf_bus_may_start_check (PfBus *bus, const PfCaller *caller, GError **error)
{
  GPtrArray *checks = pf_schedule_list (bus->parts.schedule);
  guint running = 0;

  if (caller->sees_all)
    return TRUE;
  for (guint i = 0; i < checks->len; i++)
    if (pf_check_get_starter (checks->pdata[i]) == caller->uid
        && pf_check_get_state (checks->pdata[i]) == PF_CHECK_RUNNING)
      running++;
  if (running < PF_LIMIT_CHECKS_PER_USER)
    return TRUE;
  g_set_error (error, PF_ERROR, PF_ERROR_LIMIT_EXCEEDED,
               "You have %u checks running, at most %d are allowed: wait for one of them to end",
               running, PF_LIMIT_CHECKS_PER_USER);
  return FALSE;
}

const char *
pf_bus_check_begun (PfBus *bus, const PfCaller *caller, PfCheck *check)
{
  pf_check_set_starter (check, caller->uid);
  pf_check_watch_tell (bus->check_watch, check);
  return pf_check_get_path (check);
}

PfCheck *
pf_bus_start_check (PfBus *bus, const PfCaller *caller, PfAccount *account, GVariant *options)
{
  PfCheck *check = pf_bus_running_check (bus, account);

  if (check == NULL)
    {
      check = pf_schedule_check (bus->parts.schedule, account, options);
      pf_bus_check_begun (bus, caller, check);
    }
  return check;
}

/* --- Cancel ----------------------------------------------------------------------------------- */

static void
cancel (PfOperation *operation)
{
  PfCaller *caller = pf_operation_caller (operation);
  PfCheck *check =
      pf_schedule_lookup (operation->bus->parts.schedule, pf_call_path (operation->call));
  const PfSettings *settings;
  PfAccount *account;
  PfOwnership ownership = { 0 };

  if (check == NULL || !pf_bus_sees_check (caller, check))
    {
      pf_operation_fail_unknown (operation);
      return;
    }
  account = pf_check_get_account (check);
  settings = account != NULL ? pf_account_get_settings (account) : NULL;
  ownership.is_local_user = settings != NULL ? pf_caller_is_user (caller, settings->local_user)
                                             : pf_check_get_starter (check) == caller->uid;
  if (!pf_operation_may (operation, &ownership, settings != NULL ? settings->address : NULL,
                         settings != NULL ? settings->local_user : NULL, cancel))
    return;
  pf_check_cancel (check);
  pf_operation_return (operation, NULL);
}

void
pf_bus_cancel_check (PfBus *bus, PfCall *call, gpointer check)
{
  cancel (pf_operation_new (bus, call, "Check.Cancel", NULL, NULL));
}

/* --- The interface ---------------------------------------------------------------------------- */

static GVariant *
check_properties (PfBus *bus, const PfCaller *caller, gpointer object)
{
  return pf_check_to_vardict (object);
}

static const PfMethod methods[] = {
  { "Cancel", pf_bus_cancel_check },
  { NULL, NULL },
};

const PfInterface pf_check_interface = { &org_postferry1_check_interface, methods,
                                         check_properties };
