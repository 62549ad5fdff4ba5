/* AddAccount: the way of a new account, from the call to the disk. */
#include "bus/manager.h"

#include "base/limits.h"
#include "bus/account-object.h"
#include "bus/operation.h"
#include "bus/options.h"
#include "bus/secret-steps.h"
#include "dbus-interfaces/errors.h"

static gboolean
exists (PfOperation *operation)
{
  const char *address = operation->settings->address;

  if (pf_registry_lookup (operation->bus->parts.registry, address) == NULL)
    return FALSE;
  pf_operation_fail_with (operation, PF_ERROR, PF_ERROR_ACCOUNT_EXISTS,
                          "The account %s exists already", address);
  return TRUE;
}

static guint
count_adding (PfBus *bus, const char *user)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (bus->adding, user));
}

static void
set_adding (PfBus *bus, const char *user, guint count)
{
  if (count == 0)
    g_hash_table_remove (bus->adding, user);
  else
    g_hash_table_insert (bus->adding, g_strdup (user), GUINT_TO_POINTER (count));
}

/* A user may fill the service with accounts; an administrator may do so for them. Those on their
 * way to the disk count. */
static gboolean
within_limit (PfOperation *operation, GError **error)
{
  const PfCaller *caller = pf_operation_caller (operation);
  const char *user = operation->settings->local_user;
  guint accounts, attention;

  if (caller->sees_all || !pf_caller_is_user (caller, user))
    return TRUE;
  pf_manager_watch_count (operation->bus->manager_watch, caller, &accounts, &attention);
  accounts += count_adding (operation->bus, user);
  if (accounts < PF_LIMIT_ACCOUNTS_PER_USER)
    return TRUE;
  g_set_error (error, PF_ERROR, PF_ERROR_LIMIT_EXCEEDED,
               "%s has %u accounts, at most %d are allowed", user, accounts,
               PF_LIMIT_ACCOUNTS_PER_USER);
  return FALSE;
}

/* --- Storing ---------------------------------------------------------------------------------- */

static void
on_withdrawn (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfOperation *operation = user_data;
  g_autoptr (GError) ignored = NULL;

  /* What stays behind is cleared when the address is added again. */
  pf_secrets_clear_finish (PF_SECRETS (source), result, &ignored);
  pf_operation_fail (operation, operation->data);
}

static void
free_error (gpointer data)
{
  g_error_free (data);
}

/* Takes @error. */
static void
withdraw (PfOperation *operation, GError *error)
{
  operation->free_data (operation->data);
  operation->data = error;
  operation->free_data = free_error;
  pf_secrets_clear_async (operation->bus->parts.secrets, operation->settings->address, on_withdrawn,
                          operation);
}

static void
on_added (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfOperation *operation = user_data;
  PfBus *bus = operation->bus;
  const char *user = operation->settings->local_user;
  GError *error = NULL;
  g_autoptr (PfAccount) account = pf_registry_add_finish (PF_REGISTRY (source), result, &error);

  set_adding (bus, user, count_adding (bus, user) - 1);
  if (account == NULL)
    {
      withdraw (operation, error);
      return;
    }
  pf_account_set_has_secret (account,
                             operation->secret != NULL
                                 && operation->kind == pf_secret_kind_needed (operation->settings));
  pf_bus_record (bus, pf_operation_caller (operation), PF_EVENT_ADDED, pf_account_get_id (account),
                 NULL);
  pf_account_watch_tell (bus->account_watch, account);
  pf_operation_return (operation, g_variant_new ("(o)", pf_account_get_path (account)));
}

static void
store_account (PfOperation *operation)
{
  PfBus *bus = operation->bus;
  const char *user = operation->settings->local_user;
  GError *error = NULL;

  /* Asked here, where nothing comes between the count and the adding. */
  if (!within_limit (operation, &error))
    {
      withdraw (operation, error);
      return;
    }
  set_adding (bus, user, count_adding (bus, user) + 1);
  pf_registry_add_async (bus->parts.registry, operation->settings, on_added, operation);
}

static void
on_secret_stored (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfOperation *operation = user_data;
  GError *error = NULL;

  if (pf_secret_steps_run_finish (result, &error))
    store_account (operation);
  else
    withdraw (operation, error);
}

/* The secret goes first: should we die before the account is stored, nothing of it shows, and what
 * is left is cleared by the next AddAccount of the address. For the same reason whatever an earlier
 * account of this address left behind is forgotten now: nobody gets at its secret by adding the
 * address anew. */
static void
on_forgotten (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfOperation *operation = user_data;
  g_autoptr (GError) error = NULL;
  PfSecretSteps *steps;

  if (!pf_journal_forget_finish (PF_JOURNAL (source), result, &error))
    {
      pf_operation_fail (operation, error);
      return;
    }
  steps = pf_secret_steps_new ();
  operation->data = steps;
  operation->free_data = (GDestroyNotify) pf_secret_steps_free;
  pf_secret_steps_add (steps, PF_SECRET_CLEAR, PF_SECRET_PASSWORD, NULL);
  if (operation->secret != NULL)
    pf_secret_steps_add (steps, PF_SECRET_STORE, operation->kind, operation->secret);
  pf_secret_steps_run_async (steps, operation->bus->parts.secrets, operation->settings->address,
                             on_secret_stored, operation);
}

/* --- Before ----------------------------------------------------------------------------------- */

static void
forget_older (PfOperation *operation)
{
  if (!exists (operation))
    pf_journal_forget_async (operation->bus->parts.journal, operation->locked, on_forgotten,
                             operation);
}

static void
on_probed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfOperation *operation = user_data;
  g_autoptr (GError) error = NULL;

  /* A target that is down or full says nothing against the user. */
  if (pf_target_probe_finish (PF_TARGET (source), result, &error)
      || !g_error_matches (error, PF_PROBLEM, PF_PROBLEM_RECIPIENT_UNKNOWN))
    forget_older (operation);
  else
    pf_operation_fail (operation, error);
}

static void
add_account (PfOperation *operation)
{
  gboolean untested = FALSE;

  if (!pf_operation_settings (operation, NULL)
      || !pf_operation_may_change (operation, NULL, operation->settings, add_account)
      || exists (operation)
      || !pf_operation_lock (operation, operation->settings->address, add_account))
    return;
  g_variant_lookup (operation->options, "untested", "b", &untested);
  if (untested)
    forget_older (operation);
  else
    pf_target_probe_async (operation->bus->parts.target, operation->settings->local_user,
                           pf_operation_caller (operation)->left, on_probed, operation);
}

void
pf_manager_add_account (PfBus *bus, PfCall *call, gpointer object)
{
  static const PfOption allowed[] = { { "secret", "h" },
                                      { "secret-kind", "s" },
                                      { "untested", "b" } };
  g_autoptr (GVariant) settings = g_variant_get_child_value (pf_call_arguments (call), 0);
  g_autoptr (GVariant) options = g_variant_get_child_value (pf_call_arguments (call), 1);
  g_autoptr (GError) error = NULL;

  if (pf_options_check (options, allowed, G_N_ELEMENTS (allowed), &error))
    pf_operation_take_secret (pf_operation_new (bus, call, "Manager.AddAccount", settings, options),
                              add_account);
  else
    pf_call_fail (call, error);
}
