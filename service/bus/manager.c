#include "bus/manager.h"

#include "bus/check-object.h"
#include "bus/operation.h"
#include "bus/options.h"
#include "config.h"
#include "dbus-interfaces/errors.h"
#include "dbus-interfaces/info.h"
#include "dbus-interfaces/text.h"

/* --- GetAccount, Reload ----------------------------------------------------------------------- */

static void
get_account (PfBus *bus, PfCall *call, gpointer object)
{
  g_autofree char *shown = NULL;
  const char *address;
  PfAccount *account;

  g_variant_get (pf_call_arguments (call), "(&s)", &address);
  account = pf_bus_visible_account (bus, pf_call_caller (call), address);
  shown = pf_text_printable (address, -1, 200);
  if (account != NULL)
    pf_call_return (call, g_variant_new ("(o)", pf_account_get_path (account)));
  else
    pf_call_fail_with (call, PF_ERROR, PF_ERROR_UNKNOWN_ACCOUNT, "There is no account %s", shown);
}

static void
reload (PfOperation *operation)
{
  const PfBusParts *parts = &operation->bus->parts;
  g_autoptr (GError) error = NULL;

  if (!pf_operation_may (operation, NULL, NULL, NULL, reload))
    return;
  if (parts->reload (parts->reload_data, &error))
    pf_operation_return (operation, NULL);
  else
    pf_operation_fail (operation, error);
}

static void
reload_method (PfBus *bus, PfCall *call, gpointer object)
{
  reload (pf_operation_new (bus, call, "Manager.Reload", NULL, NULL));
}

/* --- CheckAll --------------------------------------------------------------------------------- */

/* One account after the other: may it be checked without asking anybody? */
typedef struct
{
  GPtrArray *accounts; /* of PfAccount, held */
  guint at;
  GVariantBuilder *paths;
} All;

static void
all_free (gpointer data)
{
  All *self = data;

  g_ptr_array_unref (self->accounts);
  g_variant_builder_unref (self->paths);
  g_free (self);
}

static void check_next (PfOperation *operation);

/* Time has passed since the account was put on the list. */
static gboolean
still_wanted (PfOperation *operation, PfAccount *account)
{
  const PfSettings *settings = pf_account_get_settings (account);

  return settings->enabled
         && pf_registry_lookup_path (operation->bus->parts.registry, pf_account_get_path (account))
                == account
         && pf_caller_sees_account (pf_operation_caller (operation), settings);
}

static void
on_may_check (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfOperation *operation = user_data;
  All *all = operation->data;
  PfAccount *account = all->accounts->pdata[all->at++];
  g_autoptr (GError) error = NULL;

  if (pf_authority_check_finish (PF_AUTHORITY (source), result, &error)
      && still_wanted (operation, account))
    g_variant_builder_add (
        all->paths, "o",
        pf_check_get_path (pf_bus_start_check (operation->bus, pf_operation_caller (operation),
                                               account, operation->options)));
  check_next (operation);
}

static void
check_next (PfOperation *operation)
{
  All *all = operation->data;
  PfCaller *caller = pf_operation_caller (operation);
  PfOwnership ownership = { 0 };
  PfQuestion question = { 0 };
  const PfSettings *settings;

  if (all->at == all->accounts->len || g_cancellable_is_cancelled (caller->left))
    {
      pf_operation_return (operation, g_variant_new ("(ao)", all->paths));
      return;
    }
  settings = pf_account_get_settings (all->accounts->pdata[all->at]);
  ownership.is_local_user = pf_caller_is_user (caller, settings->local_user);
  pf_policy_action (operation->method, &ownership, &question.action);
  question.account = settings->address;
  question.local_user = settings->local_user;
  pf_authority_check_async (operation->bus->authority, caller, &question, on_may_check, operation);
}

static void
check_all (PfBus *bus, PfCall *call, gpointer object)
{
  g_autoptr (GVariant) options = g_variant_get_child_value (pf_call_arguments (call), 0);
  g_autoptr (GPtrArray) accounts = pf_bus_visible_accounts (bus, pf_call_caller (call));
  g_autoptr (GError) error = NULL;
  PfOperation *operation;
  All *all;

  if (!pf_options_check_none (options, &error))
    {
      pf_call_fail (call, error);
      return;
    }
  all = g_new0 (All, 1);
  all->accounts = g_ptr_array_new_with_free_func (g_object_unref);
  all->paths = g_variant_builder_new (G_VARIANT_TYPE_OBJECT_PATH_ARRAY);
  for (guint i = 0; i < accounts->len; i++)
    if (pf_account_get_settings (accounts->pdata[i])->enabled)
      g_ptr_array_add (all->accounts, g_object_ref (accounts->pdata[i]));
  operation = pf_operation_new (bus, call, "Manager.CheckAll", NULL, options);
  operation->data = all;
  operation->free_data = all_free;
  check_next (operation);
}

/* --- Not in this version ---------------------------------------------------------------------- */

static void
discover (PfBus *bus, PfCall *call, gpointer object)
{
  pf_call_fail_with (call, PF_ERROR, PF_ERROR_NOT_SUPPORTED,
                     "This version cannot discover settings: give Server and Protocol");
}

static void
import (PfBus *bus, PfCall *call, gpointer object)
{
  pf_call_fail_with (call, PF_ERROR, PF_ERROR_NOT_SUPPORTED,
                     "This version cannot import: add each account");
}

/* --- The interface ---------------------------------------------------------------------------- */

static GVariant *
manager_properties (PfBus *bus, const PfCaller *caller, gpointer object)
{
  GVariantBuilder b;
  guint accounts, attention;

  pf_manager_watch_count (bus->manager_watch, caller, &accounts, &attention);
  g_variant_builder_init (&b, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&b, "{sv}", "Version", g_variant_new_string (PF_VERSION));
  g_variant_builder_add (&b, "{sv}", "Accounts", g_variant_new_uint32 (accounts));
  g_variant_builder_add (&b, "{sv}", "Attention", g_variant_new_uint32 (attention));
  g_variant_builder_add (&b, "{sv}", "Delivery",
                         g_variant_new_string (bus->parts.settings->target));
  g_variant_builder_add (&b, "{sv}", "DiskLow",
                         g_variant_new_boolean (pf_schedule_is_disk_low (bus->parts.schedule)));
  g_variant_builder_add (&b, "{sv}", "Online",
                         g_variant_new_boolean (pf_schedule_is_online (bus->parts.schedule)));
  return g_variant_builder_end (&b);
}

static const PfMethod methods[] = {
  { "AddAccount", pf_manager_add_account },
  { "GetAccount", get_account },
  { "CheckAll", check_all },
  { "TestSettings", pf_manager_test_settings },
  { "Validate", pf_manager_validate },
  { "Recipients", pf_manager_recipients },
  { "Discover", discover },
  { "Import", import },
  { "GetLog", pf_manager_get_log },
  { "GetStatistics", pf_manager_get_statistics },
  { "Reload", reload_method },
  { NULL, NULL },
};

const PfInterface pf_manager_interface = { &org_postferry1_manager_interface, methods,
                                           manager_properties };
