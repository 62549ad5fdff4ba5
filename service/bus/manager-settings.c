/* TestSettings, Validate, Recipients: what a client asks before it adds an account. */
#include "bus/manager.h"

#include <string.h>

#include "bus/check-object.h"
#include "bus/operation.h"
#include "bus/options.h"
#include "deliver/users.h"

/* --- TestSettings ----------------------------------------------------------------------------- */

static void
test_settings (PfOperation *operation)
{
  PfBus *bus = operation->bus;
  g_autoptr (GError) error = NULL;

  if (!pf_operation_settings (operation, NULL)
      || !pf_operation_may_change (operation, NULL, operation->settings, test_settings))
    return;
  if (pf_bus_may_start_check (bus, pf_operation_caller (operation), &error))
    pf_operation_return (
        operation,
        g_variant_new (
            "(o)", pf_bus_check_begun (bus, pf_operation_caller (operation),
                                       pf_schedule_test (bus->parts.schedule, NULL,
                                                         operation->settings, operation->secret))));
  else
    pf_operation_fail (operation, error);
}

void
pf_manager_test_settings (PfBus *bus, PfCall *call, gpointer object)
{
  g_autoptr (GVariant) settings = NULL, options = NULL;
  g_autoptr (GError) error = NULL;
  gint32 handle;

  g_variant_get (pf_call_arguments (call), "(@a{sv}h@a{sv})", &settings, &handle, &options);
  if (pf_options_check_none (options, &error))
    pf_operation_read_secret (
        pf_operation_new (bus, call, "Manager.TestSettings", settings, options), handle,
        test_settings);
  else
    pf_call_fail (call, error);
}

/* --- Validate --------------------------------------------------------------------------------- */

/* Whose account settings would make that are not good enough to be a PfSettings: what they name. */
static gboolean
names_only (GVariant *values, const char *user)
{
  g_auto (GStrv) recipients = NULL;
  const char *local_user = user;

  g_variant_lookup (values, "LocalUser", "&s", &local_user);
  if (user == NULL || !g_str_equal (local_user, user))
    return FALSE;
  g_variant_lookup (values, "Recipients", "^as", &recipients);
  for (guint i = 0; recipients != NULL && recipients[i] != NULL; i++)
    {
      const char *equals = strrchr (recipients[i], '=');

      if (equals != NULL && !g_str_equal (equals + 1, user))
        return FALSE;
    }
  return TRUE;
}

static GVariant *
faults_value (GPtrArray *faults)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < faults->len; i++)
    {
      const PfSettingsFault *fault = faults->pdata[i];

      g_variant_builder_open (&builder, G_VARIANT_TYPE_VARDICT);
      g_variant_builder_add (&builder, "{sv}", "Key", g_variant_new_string (fault->key));
      g_variant_builder_add (&builder, "{sv}", "Code", g_variant_new_string (fault->code));
      g_variant_builder_add (&builder, "{sv}", "Text", g_variant_new_string (fault->text));
      g_variant_builder_close (&builder);
    }
  return g_variant_builder_end (&builder);
}

static void
validate (PfOperation *operation)
{
  PfCaller *caller = pf_operation_caller (operation);
  g_autoptr (GPtrArray) faults =
      g_ptr_array_new_with_free_func ((GDestroyNotify) pf_settings_fault_free);
  g_autoptr (PfSettings) settings =
      pf_bus_make_settings (operation->bus, caller, NULL, operation->values, faults);
  gboolean own = !caller->sees_none && names_only (operation->values, caller->user);
  PfOwnership ownership = { own, own, own, FALSE, FALSE };

  if (settings != NULL)
    {
      if (!pf_operation_may_change (operation, NULL, settings, validate))
        return;
    }
  else if (!pf_operation_may (operation, &ownership, NULL, NULL, validate))
    return;
  pf_operation_return (operation, g_variant_new ("(@aa{sv})", faults_value (faults)));
}

void
pf_manager_validate (PfBus *bus, PfCall *call, gpointer object)
{
  g_autoptr (GVariant) settings = g_variant_get_child_value (pf_call_arguments (call), 0);
  g_autoptr (GVariant) options = g_variant_get_child_value (pf_call_arguments (call), 1);
  g_autoptr (GError) error = NULL;

  if (pf_options_check_none (options, &error))
    validate (pf_operation_new (bus, call, "Manager.Validate", settings, options));
  else
    pf_call_fail (call, error);
}

/* --- Recipients ------------------------------------------------------------------------------- */

static void
list_users (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  g_task_return_pointer (task, pf_users_list (GPOINTER_TO_UINT (task_data)),
                         (GDestroyNotify) g_strfreev);
}

static void
on_users (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfOperation *operation = user_data;
  g_auto (GStrv) users = g_task_propagate_pointer (G_TASK (result), NULL);

  pf_operation_return (operation, g_variant_new ("(^as)", users));
}

static void
on_may_list (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfOperation *operation = user_data;
  PfBus *bus = operation->bus;
  PfCaller *caller = pf_operation_caller (operation);
  const char *oneself[] = { caller->sees_none ? NULL : caller->user, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (GTask) task = NULL;

  if (!pf_authority_check_finish (PF_AUTHORITY (source), result, &error) || bus->parts.session)
    {
      pf_operation_return (operation, g_variant_new ("(^as)", oneself));
      return;
    }
  task = g_task_new (NULL, NULL, on_users, operation);
  g_task_set_task_data (task, GUINT_TO_POINTER (bus->parts.settings->minimum_uid), NULL);
  g_task_run_in_thread (task, list_users);
}

void
pf_manager_recipients (PfBus *bus, PfCall *call, gpointer object)
{
  g_autoptr (GVariant) options = g_variant_get_child_value (pf_call_arguments (call), 0);
  g_autoptr (GError) error = NULL;
  PfQuestion question = { 0 };

  if (!pf_options_check_none (options, &error))
    {
      pf_call_fail (call, error);
      return;
    }
  /* Nobody is asked for a list of names: who may see it without, does. */
  pf_policy_action ("Manager.Recipients", NULL, &question.action);
  pf_authority_check_async (bus->authority, pf_call_caller (call), &question, on_may_list,
                            pf_operation_new (bus, call, "Manager.Recipients", NULL, options));
}
