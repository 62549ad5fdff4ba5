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

/* An update that brings a secret: it is stored first, so that never an old secret meets a new
 * server. */
typedef struct
{
  PfSettings *base; /* what the changes were decided on */
  PfSecretSteps *steps;
  PfSecretSteps *undo;
  GError *error; /* told after the undoing */
} Swap;

static void
swap_free (gpointer data)
{
  Swap *self = data;

  pf_settings_unref (self->base);
  pf_secret_steps_free (self->steps);
  g_clear_pointer (&self->undo, pf_secret_steps_free);
  g_clear_error (&self->error);
  g_free (self);
}

static gboolean
apply (PfOperation *operation, PfAccount *account, GError **error)
{
  PfBus *bus = operation->bus;
  g_autoptr (PfSettings) before = pf_settings_ref (pf_account_get_settings (account));
  g_autofree char *keys = changed_keys (before, operation->settings);

  if (!pf_registry_update (bus->parts.registry, account, operation->settings, error))
    return FALSE;
  if (*keys != '\0')
    pf_bus_record (bus, pf_operation_caller (operation), PF_EVENT_CHANGED,
                   pf_account_get_id (account), keys);
  if (operation->secret != NULL)
    secret_stored (operation, account);
  pf_account_watch_tell (bus->account_watch, account);
  return TRUE;
}

static void
on_undone (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfOperation *operation = user_data;
  Swap *swap = operation->data;
  g_autoptr (GError) error = NULL;

  if (!pf_secret_steps_run_finish (result, &error))
    g_prefix_error (&swap->error,
                    "%s; what was stored before could not be put back: ", error->message);
  pf_operation_fail (operation, swap->error);
}

/* Takes @error. */
static void
undo (PfOperation *operation, GError *error)
{
  Swap *swap = operation->data;

  swap->error = error;
  if (!pf_secret_steps_changed (swap->steps))
    {
      pf_operation_fail (operation, error);
      return;
    }
  swap->undo = pf_secret_steps_undo (swap->steps);
  pf_secret_steps_run_async (swap->undo, operation->bus->parts.secrets, swap->base->address,
                             on_undone, operation);
}

static void
on_stored (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfOperation *operation = user_data;
  Swap *swap = operation->data;
  PfAccount *account = pf_registry_lookup (operation->bus->parts.registry, operation->locked);
  GError *error = NULL;

  if (!pf_secret_steps_run_finish (result, &error))
    undo (operation, error);
  else if (account == NULL || pf_account_get_settings (account) != swap->base)
    undo (operation,
          g_error_new (PF_ERROR, PF_ERROR_BUSY,
                       "%s was changed by somebody else meanwhile: try again", operation->locked));
  else if (!apply (operation, account, &error))
    undo (operation, error);
  else
    pf_operation_return (operation, NULL);
}

static void
store_first (PfOperation *operation, PfAccount *account)
{
  const PfSettings *before = pf_account_get_settings (account);
  Swap *swap = g_new0 (Swap, 1);

  operation->data = swap;
  operation->free_data = swap_free;
  swap->base = pf_settings_ref (before);
  swap->steps = pf_secret_steps_new ();
  pf_secret_steps_add (swap->steps, PF_SECRET_LOOKUP, PF_SECRET_PASSWORD, NULL);
  pf_secret_steps_add (swap->steps, PF_SECRET_LOOKUP, PF_SECRET_REFRESH_TOKEN, NULL);
  /* Bringing one secret does not show that the other one is known: it must not go to the new
   * place. */
  if (pf_settings_moves_secret (before, operation->settings))
    pf_secret_steps_add (swap->steps, PF_SECRET_CLEAR, operation->kind, NULL);
  pf_secret_steps_add (swap->steps, PF_SECRET_STORE, operation->kind, operation->secret);
  pf_secret_steps_run_async (swap->steps, operation->bus->parts.secrets, before->address, on_stored,
                             operation);
}

static void
update (PfOperation *operation)
{
  PfAccount *account = pf_operation_account (operation);
  g_autoptr (GError) error = NULL;

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
      || !pf_operation_lock (operation, pf_account_get_id (account)))
    return;
  if (operation->secret != NULL)
    store_first (operation, account);
  else if (apply (operation, account, &error))
    pf_operation_return (operation, NULL);
  else
    pf_operation_fail (operation, error);
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
      && pf_operation_lock (operation, pf_account_get_id (account)))
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

/* The secret went first: should we die here, an account is left that cannot log in, and Remove can
 * be called again. A journal that is left over is forgotten when the address is added again. */
static void
on_cleared (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfOperation *operation = user_data;
  PfBus *bus = operation->bus;
  PfAccount *account = pf_registry_lookup (bus->parts.registry, operation->locked);
  g_autoptr (GError) error = NULL;

  if (!pf_secrets_clear_finish (PF_SECRETS (source), result, &error)
      || (account != NULL && !pf_registry_remove (bus->parts.registry, account, &error)))
    {
      pf_operation_fail (operation, error);
      return;
    }
  pf_bus_record (bus, pf_operation_caller (operation), PF_EVENT_DELETED, operation->locked, NULL);
  pf_journal_forget_async (bus->parts.journal, operation->locked, on_forgotten, operation);
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
      && pf_operation_lock (operation, pf_account_get_id (account)))
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
