#include "deliver/keeper-private.h"

#include "base/limits.h"
#include "dbus-interfaces/errors.h"
#include "dbus-interfaces/text.h"

#include <string.h>

/* Others change the account at the same moment, other releases above all: tried again so often. */
#define TRIES (4 * PF_LIMIT_QUARANTINE_RELEASES)

static gboolean
is_listed (char *const *senders, const char *sender)
{
  for (; *senders != NULL; senders++)
    if (g_ascii_strcasecmp (*senders, sender) == 0)
      return TRUE;
  return FALSE;
}

/* (transfer full): @before with @sender behind. */
static GVariant *
with_sender (const PfSettings *before, const char *sender)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) senders = NULL;
  GVariantDict changes;

  g_strv_builder_addv (builder, (const char **) before->allow_senders);
  g_strv_builder_add (builder, sender);
  senders = g_strv_builder_end (builder);
  g_variant_dict_init (&changes, NULL);
  g_variant_dict_insert (&changes, "AllowSenders", "^as", senders);
  return g_variant_ref_sink (g_variant_dict_end (&changes));
}

PfSettings *
pf_keeper_allowed_settings (PfKeeper *self, const PfQuarantineItem *item, GError **error)
{
  PfAccount *account = pf_registry_lookup (self->registry, item->account);
  g_autoptr (GPtrArray) faults =
      g_ptr_array_new_with_free_func ((GDestroyNotify) pf_settings_fault_free);
  g_autoptr (GVariant) changes = NULL;
  g_autofree char *shown = pf_text_printable (item->sender, -1, 320);
  const PfSettings *before;
  PfSettings *after;

  if (account == NULL)
    {
      g_set_error (error, PF_ERROR, PF_ERROR_UNKNOWN_ACCOUNT,
                   "%s is no account any more: its senders cannot be allowed", item->account);
      return NULL;
    }
  before = pf_account_get_settings (account);
  if (is_listed (before->allow_senders, item->sender))
    return pf_settings_ref (before);
  /* A domain would let in whoever writes from there: one address it is. */
  if (strchr (item->sender, '@') == NULL || strpbrk (item->sender, ";,*? \t\r\n") != NULL)
    {
      g_set_error (error, PF_ERROR, PF_ERROR_INVALID_SETTING,
                   "“%s” is no sender's address that could be allowed", shown);
      return NULL;
    }
  changes = with_sender (before, item->sender);
  after = pf_settings_from_vardict (before, changes, faults);
  if (after == NULL)
    g_set_error (error, PF_ERROR, PF_ERROR_INVALID_SETTING,
                 "“%s” is no sender's address that could be allowed: %s", shown,
                 ((PfSettingsFault *) faults->pdata[0])->text);
  return after;
}

/* --- Writing it ------------------------------------------------------------------------------- */

typedef struct
{
  PfQuarantineItem *item;
  guint tries;
} Allowing;

static void
allowing_free (gpointer data)
{
  Allowing *allowing = data;

  pf_quarantine_item_free (allowing->item);
  g_free (allowing);
}

static void try_once (GTask *task);

static void
on_updated (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Allowing *allowing = g_task_get_task_data (task);
  PfKeeper *self = g_task_get_source_object (task);
  GError *error = NULL;

  if (pf_registry_update_finish (PF_REGISTRY (source), result, &error))
    {
      PfEvent *event = pf_event_new (PF_EVENT_CHANGED, allowing->item->account);

      event->caller = g_strdup (allowing->item->released_by);
      event->reason = g_strdup ("AllowSenders");
      pf_journal_record (self->journal, event);
      g_task_return_boolean (task, TRUE);
    }
  else if (g_error_matches (error, PF_ERROR, PF_ERROR_BUSY) && ++allowing->tries < TRIES)
    {
      g_clear_error (&error);
      try_once (g_steal_pointer (&task));
    }
  else
    g_task_return_error (task, error);
}

/* Takes @task. */
static void
try_once (GTask *task)
{
  g_autoptr (GTask) own = task;
  const Allowing *allowing = g_task_get_task_data (task);
  PfKeeper *self = g_task_get_source_object (task);
  GError *error = NULL;
  g_autoptr (PfSettings) after = pf_keeper_allowed_settings (self, allowing->item, &error);
  PfAccount *account;

  if (after == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  account = pf_registry_lookup (self->registry, allowing->item->account);
  if (after == pf_account_get_settings (account))
    g_task_return_boolean (task, TRUE);
  else
    pf_registry_update_async (self->registry, account, after, on_updated, g_steal_pointer (&own));
}

void
pf_keeper_allow_async (PfKeeper *self,
                       const PfQuarantineItem *item,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);
  Allowing *allowing = g_new0 (Allowing, 1);

  allowing->item = pf_quarantine_item_copy (item);
  g_task_set_task_data (task, allowing, allowing_free);
  try_once (task);
}

gboolean
pf_keeper_allow_finish (PfKeeper *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
