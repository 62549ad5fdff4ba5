#include "bus/filter-object.h"

#include "accounts/filter-policy-store.h"
#include "bus/manager.h"
#include "bus/operation.h"
#include "bus/options.h"
#include "dbus-interfaces/errors.h"
#include "dbus-interfaces/info.h"
#include "dbus-interfaces/names.h"

gboolean
pf_filter_is_seen (PfBus *bus, const PfCaller *caller)
{
  guint accounts, attention;

  if (caller->sees_all)
    return TRUE;
  pf_manager_watch_count (bus->manager_watch, caller, &accounts, &attention);
  return accounts > 0;
}

/* --- Update ----------------------------------------------------------------------------------- */

/* It is durable; from here on it is in force, or the caller hears why not. */
static void
on_stored (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfOperation *operation = user_data;
  PfBus *bus = operation->bus;
  g_autoptr (GError) error = NULL;
  g_autoptr (PfServiceSettings) stored = pf_filter_policy_store_finish (result, &error);
  gboolean done;

  if (stored == NULL)
    {
      pf_operation_fail (operation, error);
      return;
    }
  if (bus->closed || pf_filter_policy_equal (stored->filter, bus->parts.settings->filter))
    {
      pf_operation_return (operation, NULL);
      return;
    }
  pf_filter_watch_blame (bus->filter_watch, pf_operation_caller (operation), operation->values);
  done = bus->parts.reload (bus->parts.reload_data, &error);
  pf_filter_watch_blame (bus->filter_watch, NULL, NULL);
  if (done)
    pf_operation_return (operation, NULL);
  else
    pf_operation_fail_with (operation, PF_ERROR, PF_ERROR_INVALID_SETTING,
                            "It is stored, but the settings before it stay in force: %s",
                            error->message);
}

/* FALSE: every fault in one message, the operation is gone. */
static gboolean
are_good (PfOperation *operation)
{
  g_autoptr (GPtrArray) faults =
      g_ptr_array_new_with_free_func ((GDestroyNotify) pf_settings_fault_free);
  g_autofree char *edited = pf_filter_policy_edit ("", operation->values, faults);
  g_autofree char *sentence = NULL;

  if (edited != NULL)
    return TRUE;
  sentence = pf_faults_sentence (faults);
  pf_operation_fail_with (operation, PF_ERROR, PF_ERROR_INVALID_SETTING, "%s", sentence);
  return FALSE;
}

static void
update (PfOperation *operation)
{
  if (!pf_filter_is_seen (operation->bus, pf_operation_caller (operation)))
    {
      pf_operation_fail_unknown (operation);
      return;
    }
  if (are_good (operation) && pf_operation_may (operation, NULL, NULL, NULL, update)
      && pf_operation_lock (operation, PF_PATH_FILTER, update))
    pf_filter_policy_store_async (operation->bus->parts.settings_path, operation->values, on_stored,
                                  operation);
}

static void
update_method (PfBus *bus, PfCall *call, gpointer object)
{
  g_autoptr (GVariant) changes = g_variant_get_child_value (pf_call_arguments (call), 0);
  g_autoptr (GVariant) options = g_variant_get_child_value (pf_call_arguments (call), 1);
  g_autoptr (GError) error = NULL;

  if (pf_options_check_none (options, &error))
    update (pf_operation_new (bus, call, "FilterPolicy.Update", changes, NULL));
  else
    pf_call_fail (call, error);
}

/* --- Status ----------------------------------------------------------------------------------- */

static void
status_method (PfBus *bus, PfCall *call, gpointer object)
{
  pf_filter_status_tell (bus->filter_status, call);
}

/* --- The interface ---------------------------------------------------------------------------- */

static GVariant *
filter_properties (PfBus *bus, const PfCaller *caller, gpointer object)
{
  return pf_filter_policy_to_vardict (bus->parts.settings->filter);
}

static const PfMethod methods[] = {
  { "Update", update_method },
  { "Status", status_method },
  { NULL, NULL },
};

const PfInterface pf_filter_interface = { &org_postferry1_filter_policy_interface, methods,
                                          filter_properties };
