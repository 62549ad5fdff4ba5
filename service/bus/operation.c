#include "bus/operation.h"

#include "bus/secret-reader.h"
#include "dbus-interfaces/errors.h"
#include "dbus-interfaces/names.h"

PfOperation *
pf_operation_new (PfBus *bus, PfCall *call, const char *method, GVariant *values, GVariant *options)
{
  PfOperation *self = g_new0 (PfOperation, 1);

  self->bus = pf_bus_ref (bus);
  self->call = call;
  self->method = method;
  self->granted = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->values = values != NULL ? g_variant_ref (values) : NULL;
  self->options = options != NULL ? g_variant_ref (options) : NULL;
  return self;
}

/* --- One change of an address at a time ------------------------------------------------------- */

/* Whoever left the bus while it waited gets nothing done. */
static gboolean
resume (gpointer user_data)
{
  PfOperation *self = user_data;

  if (g_cancellable_is_cancelled (pf_operation_caller (self)->left))
    pf_operation_fail_with (self, G_IO_ERROR, G_IO_ERROR_CANCELLED, "The caller left the bus");
  else
    self->next (self);
  return G_SOURCE_REMOVE;
}

/* The next one that waits has it. */
static void
unlock (PfOperation *self)
{
  GQueue *waiting;
  PfOperation *next;

  if (self->locked == NULL)
    return;
  waiting = g_hash_table_lookup (self->bus->changing, self->locked);
  next = g_queue_pop_head (waiting);
  if (next != NULL)
    {
      next->locked = g_steal_pointer (&self->locked);
      g_idle_add_full (G_PRIORITY_DEFAULT, resume, next, NULL);
      return;
    }
  g_hash_table_remove (self->bus->changing, self->locked);
  g_clear_pointer (&self->locked, g_free);
}

gboolean
pf_operation_lock (PfOperation *self, const char *address, PfOperationFunc again)
{
  g_autofree char *id = pf_address_fold (address);
  GQueue *waiting = g_hash_table_lookup (self->bus->changing, id);

  if (self->locked != NULL)
    return TRUE;
  if (waiting != NULL)
    {
      self->next = again;
      g_queue_push_tail (waiting, self);
      return FALSE;
    }
  g_hash_table_insert (self->bus->changing, g_strdup (id), g_queue_new ());
  self->locked = g_steal_pointer (&id);
  return TRUE;
}

/* --- Ends ------------------------------------------------------------------------------------- */

static void
operation_free (PfOperation *self)
{
  unlock (self);
  g_hash_table_unref (self->granted);
  g_clear_pointer (&self->values, g_variant_unref);
  g_clear_pointer (&self->options, g_variant_unref);
  g_clear_pointer (&self->settings, pf_settings_unref);
  g_clear_pointer (&self->secret, pf_secret_unref);
  if (self->free_data != NULL)
    self->free_data (self->data);
  pf_bus_unref (self->bus);
  g_free (self);
}

void
pf_operation_return (PfOperation *self, GVariant *value)
{
  pf_call_return (self->call, value);
  operation_free (self);
}

void
pf_operation_return_large (PfOperation *self, GVariant *value)
{
  pf_call_return_large (self->call, value);
  operation_free (self);
}

void
pf_operation_return_descriptor (PfOperation *self, int fd)
{
  pf_call_return_descriptor (self->call, fd);
  operation_free (self);
}

void
pf_operation_fail (PfOperation *self, const GError *error)
{
  pf_call_fail (self->call, error);
  operation_free (self);
}

void
pf_operation_fail_with (PfOperation *self, GQuark domain, int code, const char *format, ...)
{
  g_autoptr (GError) error = NULL;
  va_list arguments;

  va_start (arguments, format);
  error = g_error_new_valist (domain, code, format, arguments);
  va_end (arguments);
  pf_operation_fail (self, error);
}

void
pf_operation_fail_unknown (PfOperation *self)
{
  pf_call_fail_unknown_object (self->call);
  operation_free (self);
}

PfCaller *
pf_operation_caller (PfOperation *self)
{
  return pf_call_caller (self->call);
}

PfAccount *
pf_operation_account (PfOperation *self)
{
  PfAccount *account =
      pf_registry_lookup_path (self->bus->parts.registry, pf_call_path (self->call));

  if (account != NULL
      && pf_caller_sees_account (pf_operation_caller (self), pf_account_get_settings (account)))
    return account;
  pf_operation_fail_unknown (self);
  return NULL;
}

/* --- Asking ----------------------------------------------------------------------------------- */

static char *
grant_name (const char *action, const char *local_user)
{
  return g_strdup_printf ("%s %s", action, local_user != NULL ? local_user : "");
}

typedef struct
{
  PfOperation *operation;
  char *grant;
} Asked;

static void
on_authority (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Asked *asked = user_data;
  PfOperation *self = asked->operation;
  g_autoptr (GError) error = NULL;

  if (pf_authority_check_finish (PF_AUTHORITY (source), result, &error))
    {
      g_hash_table_add (self->granted, asked->grant);
      self->next (self);
      return;
    }
  g_free (asked->grant);
  pf_operation_fail (self, error);
}

gboolean
pf_operation_may (PfOperation *self,
                  const PfOwnership *ownership,
                  const char *account,
                  const char *local_user,
                  PfOperationFunc again)
{
  PfQuestion question = { NULL, pf_call_is_interactive (self->call), account, local_user };
  g_autofree char *grant = NULL;
  Asked *asked;

  if (!pf_policy_action (self->method, ownership, &question.action))
    {
      pf_operation_fail_with (self, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED, "Nobody may call %s",
                              self->method);
      return FALSE;
    }
  grant = grant_name (question.action, local_user);
  if (question.action == NULL || g_hash_table_contains (self->granted, grant))
    return TRUE;
  /* Nobody waits for a person's answer to somebody else's question. */
  unlock (self);
  self->next = again;
  asked = g_new0 (Asked, 1);
  asked->operation = self;
  asked->grant = g_steal_pointer (&grant);
  pf_authority_check_async (self->bus->authority, pf_operation_caller (self), &question,
                            on_authority, asked);
  return FALSE;
}

static gboolean
all_own (const PfCaller *caller, const PfSettings *settings)
{
  return !caller->sees_none && caller->user != NULL
         && pf_settings_all_deliver_to (settings, caller->user);
}

gboolean
pf_operation_may_change (PfOperation *self,
                         const PfSettings *before,
                         const PfSettings *after,
                         PfOperationFunc again)
{
  PfCaller *caller = pf_operation_caller (self);
  const char *first = before != NULL ? before->local_user : after->local_user;
  PfOwnership ownership = { before == NULL || all_own (caller, before), all_own (caller, after),
                            pf_caller_is_user (caller, after->local_user),
                            before != NULL && pf_settings_moves_secret (before, after),
                            self->secret != NULL };

  /* A rule sees one user at a time: one that allows this user's accounts must not move them to that
   * one. */
  if (pf_caller_is_user (caller, first))
    first = after->local_user;
  if (!pf_operation_may (self, &ownership, after->address, first, again))
    return FALSE;
  return g_str_equal (first, after->local_user) || pf_caller_is_user (caller, after->local_user)
         || pf_operation_may (self, &ownership, after->address, after->local_user, again);
}

/* --- Secrets ---------------------------------------------------------------------------------- */

static void
on_secret (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfOperation *self = user_data;
  g_autoptr (GError) error = NULL;

  self->secret = pf_secret_read_finish (result, &error);
  if (self->secret != NULL)
    self->next (self);
  else
    pf_operation_fail (self, error);
}

void
pf_operation_read_secret (PfOperation *self, gint32 handle, PfOperationFunc next)
{
  g_autoptr (GError) error = NULL;
  int fd = pf_call_take_descriptor (self->call, handle, &error);

  if (fd < 0)
    {
      pf_operation_fail (self, error);
      return;
    }
  self->next = next;
  pf_secret_read_async (fd, pf_operation_caller (self)->left, on_secret, self);
}

void
pf_operation_take_secret (PfOperation *self, PfOperationFunc next)
{
  const char *kind = "password";
  gboolean named = g_variant_lookup (self->options, "secret-kind", "&s", &kind);
  gint32 handle;

  if (!pf_secret_kind_from_nick (kind, &self->kind))
    pf_operation_fail_with (self, PF_ERROR, PF_ERROR_INVALID_SETTING,
                            "secret-kind: allowed are password and refresh-token");
  else if (g_variant_lookup (self->options, "secret", "h", &handle))
    pf_operation_read_secret (self, handle, next);
  else if (named)
    pf_operation_fail_with (self, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
                            "Option “secret-kind” stands there without “secret”");
  else
    next (self);
}

/* --- Settings --------------------------------------------------------------------------------- */

char *
pf_faults_sentence (GPtrArray *faults)
{
  GString *sentence = g_string_new (NULL);

  for (guint i = 0; i < faults->len; i++)
    {
      const PfSettingsFault *fault = faults->pdata[i];

      g_string_append_printf (sentence, "%s%s", i > 0 ? "\n" : "", fault->text);
    }
  return g_string_free (sentence, FALSE);
}

gboolean
pf_operation_settings (PfOperation *self, const PfSettings *base)
{
  g_autoptr (GPtrArray) faults =
      g_ptr_array_new_with_free_func ((GDestroyNotify) pf_settings_fault_free);
  g_autofree char *sentence = NULL;

  g_clear_pointer (&self->settings, pf_settings_unref);
  self->settings =
      pf_bus_make_settings (self->bus, pf_operation_caller (self), base, self->values, faults);
  if (self->settings != NULL)
    return TRUE;
  sentence = pf_faults_sentence (faults);
  pf_operation_fail_with (self, PF_ERROR, PF_ERROR_INVALID_SETTING, "%s", sentence);
  return FALSE;
}
