#include "bus/account-object.h"
#include "bus/operation.h"
#include "bus/options.h"
#include "bus/secret-steps.h"
#include "dbus-interfaces/errors.h"

/* --- Common ----------------------------------------------------------------------------------- */

/* The secret of @account was stored: everybody is told. */
static void
secret_stored (PfOperation *operation, PfAccount *account)
{
  PfBus *bus = operation->bus;

  if (operation->kind == pf_secret_kind_needed (pf_account_get_settings (account)))
    pf_account_set_has_secret (account, TRUE);
  pf_bus_record (bus, pf_operation_caller (operation), PF_EVENT_SECRET, pf_account_get_id (account),
                 pf_secret_kind_nick (operation->kind));
  pf_schedule_secret_changed (bus->parts.schedule, account);
}

/* "Server, Port": what differs. Names alone: a value may be private. */
static char *
changed_keys (const PfSettings *before, const PfSettings *after)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  g_auto (GStrv) list = NULL;

  for (const char *const *key = pf_settings_keys (); *key != NULL; key++)
    {
      g_autoptr (GVariant) old = pf_settings_get (before, *key);
      g_autoptr (GVariant) new = pf_settings_get (after, *key);

      if (!g_variant_equal (old, new))
        g_strv_builder_add (names, *key);
    }
  list = g_strv_builder_end (names);
  return g_strjoinv (", ", list);
}

/* --- Update ----------------------------------------------------------------------------------- */

/* An update. One that brings a secret stores it first, so that never an old secret meets a new
 * server. */
typedef struct
{
  PfSettings *base;     /* what the changes were decided on */
  PfSecretSteps *steps; /* (nullable) */
  PfSecretSteps *undo;
  GError *error; /* told after the undoing */
} Change;

static void
change_free (gpointer data)
{
  Change *self = data;

  pf_settings_unref (self->base);
  g_clear_pointer (&self->steps, pf_secret_steps_free);
  g_clear_pointer (&self->undo, pf_secret_steps_free);
  g_clear_error (&self->error);
  g_free (self);
}

static void
on_undone (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfOperation *operation = user_data;
  Change *change = operation->data;
  g_autoptr (GError) error = NULL;

  if (!pf_secret_steps_run_finish (result, &error))
    g_prefix_error (&change->error,
                    "%s; what was stored before could not be put back: ", error->message);
  pf_operation_fail (operation, change->error);
}

/* Takes @error. */
static void
undo (PfOperation *operation, GError *error)
{
  Change *change = operation->data;

  change->error = error;
  if (change->steps == NULL || !pf_secret_steps_changed (change->steps))
    {
      pf_operation_fail (operation, error);
      return;
    }
  change->undo = pf_secret_steps_undo (change->steps);
  pf_secret_steps_run_async (change->undo, operation->bus->parts.secrets, change->base->address,
                             on_undone, operation);
}

/* The new settings are durable. */
static void
on_updated (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfOperation *operation = user_data;
  PfBus *bus = operation->bus;
  Change *change = operation->data;
  PfAccount *account = pf_registry_lookup (bus->parts.registry, operation->locked);
  g_autofree char *keys = changed_keys (change->base, operation->settings);
  GError *error = NULL;

  if (!pf_registry_update_finish (PF_REGISTRY (source), result, &error))
    {
      undo (operation, error);
      return;
    }
  if (*keys != '\0')
    pf_bus_record (bus, pf_operation_caller (operation), PF_EVENT_CHANGED, operation->locked, keys);
  if (account != NULL && operation->secret != NULL)
    secret_stored (operation, account);
  if (account != NULL)
    pf_account_watch_tell (bus->account_watch, account);
  pf_operation_return (operation, NULL);
}

static void
store_settings (PfOperation *operation, PfAccount *account)
{
  pf_registry_update_async (operation->bus->parts.registry, account, operation->settings,
                            on_updated, operation);
}

static void
on_stored (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfOperation *operation = user_data;
  Change *change = operation->data;
  PfAccount *account = pf_registry_lookup (operation->bus->parts.registry, operation->locked);
  GError *error = NULL;

  if (!pf_secret_steps_run_finish (result, &error))
    undo (operation, error);
  else if (account == NULL || pf_account_get_settings (account) != change->base)
    undo (operation,
          g_error_new (PF_ERROR, PF_ERROR_BUSY,
                       "%s was changed by somebody else meanwhile: try again", operation->locked));
  else
    store_settings (operation, account);
}

static void
store_first (PfOperation *operation, PfAccount *account)
{
  const PfSettings *before = pf_account_get_settings (account);
  Change *change = operation->data;

  change->steps = pf_secret_steps_new ();
  pf_secret_steps_add (change->steps, PF_SECRET_LOOKUP, PF_SECRET_PASSWORD, NULL);
  pf_secret_steps_add (change->steps, PF_SECRET_LOOKUP, PF_SECRET_REFRESH_TOKEN, NULL);
  /* Bringing one secret does not show that the other one is known: it must not go to the new
   * place. */
  if (pf_settings_moves_secret (before, operation->settings))
    pf_secret_steps_add (change->steps, PF_SECRET_CLEAR, operation->kind, NULL);
  pf_secret_steps_add (change->steps, PF_SECRET_STORE, operation->kind, operation->secret);
  pf_secret_steps_run_async (change->steps, operation->bus->parts.secrets, before->address,
                             on_stored, operation);
}

static void
update (PfOperation *operation)
{
  PfAccount *account = pf_operation_account (operation);
  Change *change;

  if (account == NULL || !pf_operation_settings (operation, pf_account_get_settings (account)))
    return;
  /* Its case neither: secrets and journal are kept under it. */
  if (!g_str_equal (operation->settings->address, pf_account_get_settings (account)->address))
    {
      pf_operation_fail_with (operation, PF_ERROR, PF_ERROR_INVALID_SETTING,
                              "Address cannot change: remove the account and add another");
      return;
    }
  if (!pf_operation_may_change (operation, pf_account_get_settings (account), operation->settings,
                                update)
      || !pf_operation_lock (operation, pf_account_get_id (account), update))
    return;
  change = operation->data = g_new0 (Change, 1);
  operation->free_data = change_free;
  change->base = pf_settings_ref (pf_account_get_settings (account));
  if (operation->secret != NULL)
    store_first (operation, account);
  else
    store_settings (operation, account);
}

void
pf_account_update (PfBus *bus, PfCall *call, gpointer account)
{
  static const PfOption allowed[] = { { "secret", "h" }, { "secret-kind", "s" } };
  g_autoptr (GVariant) changes = g_variant_get_child_value (pf_call_arguments (call), 0);
  g_autoptr (GVariant) options = g_variant_get_child_value (pf_call_arguments (call), 1);
  g_autoptr (GError) error = NULL;

  if (pf_options_check (options, allowed, G_N_ELEMENTS (allowed), &error))
    pf_operation_take_secret (pf_operation_new (bus, call, "Account.Update", changes, options),
                              update);
  else
    pf_call_fail (call, error);
}

/* --- SetSecret -------------------------------------------------------------------------------- */

static void
on_secret_set (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfOperation *operation = user_data;
  PfBus *bus = operation->bus;
  g_autoptr (GError) error = NULL;
  PfAccount *account;

  if (!pf_secrets_store_finish (PF_SECRETS (source), result, &error))
    {
      pf_operation_fail (operation, error);
      return;
    }
  account = pf_operation_account (operation);
  if (account == NULL)
    return;
  secret_stored (operation, account);
  pf_account_watch_tell (bus->account_watch, account);
  pf_operation_return (operation, NULL);
}

static void
set_secret (PfOperation *operation)
{
  PfAccount *account = pf_operation_account (operation);
  const PfSettings *settings;

  if (account == NULL)
    return;
  settings = pf_account_get_settings (account);
  if (pf_operation_may_change (operation, settings, settings, set_secret)
      && pf_operation_lock (operation, pf_account_get_id (account), set_secret))
    pf_secrets_store_async (operation->bus->parts.secrets, settings->address, operation->kind,
                            operation->secret, on_secret_set, operation);
}

void
pf_account_set_secret (PfBus *bus, PfCall *call, gpointer account)
{
  g_autoptr (GVariant) options = NULL;
  g_autoptr (GError) error = NULL;
  PfOperation *operation;
  PfSecretKind kind;
  const char *nick;
  gint32 handle;

  g_variant_get (pf_call_arguments (call), "(&sh@a{sv})", &nick, &handle, &options);
  if (!pf_secret_kind_from_nick (nick, &kind))
    {
      pf_call_fail_with (call, PF_ERROR, PF_ERROR_INVALID_SETTING,
                         "kind: allowed are password and refresh-token");
      return;
    }
  if (!pf_options_check_none (options, &error))
    {
      pf_call_fail (call, error);
      return;
    }
  operation = pf_operation_new (bus, call, "Account.SetSecret", NULL, NULL);
  operation->kind = kind;
  pf_operation_read_secret (operation, handle, set_secret);
}

/* --- Remove ----------------------------------------------------------------------------------- */

static void
on_forgotten (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfOperation *operation = user_data;
  g_autoptr (GError) error = NULL;

  if (pf_journal_forget_finish (PF_JOURNAL (source), result, &error))
    pf_operation_return (operation, NULL);
  else
    pf_operation_fail (operation, error);
}

static void
forget (PfOperation *operation)
{
  PfBus *bus = operation->bus;

  pf_bus_record (bus, pf_operation_caller (operation), PF_EVENT_DELETED, operation->locked, NULL);
  pf_journal_forget_async (bus->parts.journal, operation->locked, on_forgotten, operation);
}

static void
on_removed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfOperation *operation = user_data;
  g_autoptr (GError) error = NULL;

  if (pf_registry_remove_finish (PF_REGISTRY (source), result, &error))
    forget (operation);
  else
    pf_operation_fail (operation, error);
}

/* The secret went first: should we die here, an account is left that cannot log in, and Remove can
 * be called again. A journal that is left over is forgotten when the address is added again. */
static void
on_cleared (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfOperation *operation = user_data;
  PfRegistry *registry = operation->bus->parts.registry;
  PfAccount *account = pf_registry_lookup (registry, operation->locked);
  g_autoptr (GError) error = NULL;

  if (!pf_secrets_clear_finish (PF_SECRETS (source), result, &error))
    pf_operation_fail (operation, error);
  else if (account != NULL)
    pf_registry_remove_async (registry, account, on_removed, operation);
  else
    forget (operation);
}

static void
remove_account (PfOperation *operation)
{
  PfAccount *account = pf_operation_account (operation);
  const PfSettings *settings;

  if (account == NULL)
    return;
  settings = pf_account_get_settings (account);
  if (pf_operation_may_change (operation, settings, settings, remove_account)
      && pf_operation_lock (operation, pf_account_get_id (account), remove_account))
    pf_secrets_clear_async (operation->bus->parts.secrets, settings->address, on_cleared,
                            operation);
}

void
pf_account_remove (PfBus *bus, PfCall *call, gpointer account)
{
  g_autoptr (GVariant) options = g_variant_get_child_value (pf_call_arguments (call), 0);
  g_autoptr (GError) error = NULL;

  if (pf_options_check_none (options, &error))
    remove_account (pf_operation_new (bus, call, "Account.Remove", NULL, NULL));
  else
    pf_call_fail (call, error);
}
