#include "bus/quarantine.h"

#include "accounts/account-name.h"
#include "base/limits.h"
#include "bus/operation.h"
#include "bus/options.h"
#include "dbus-interfaces/errors.h"
#include "dbus-interfaces/info.h"
#include "dbus-interfaces/text.h"

#include <unistd.h>

/* --- What one sees ---------------------------------------------------------------------------- */

guint
pf_quarantine_count (PfBus *bus, const PfCaller *caller)
{
  PfQuarantineIndex *index = pf_keeper_get_index (bus->parts.keeper);

  if (caller->sees_none || (!caller->sees_all && caller->user == NULL))
    return 0;
  return pf_quarantine_index_count (index, caller->sees_all ? NULL : caller->user);
}

/* (nullable): the message @id as the operation's caller sees it now; NULL: the operation has been
 * answered and is gone. */
static const PfQuarantineItem *
visible_item (PfOperation *operation, const char *id)
{
  const PfQuarantineItem *item =
      pf_quarantine_index_lookup (pf_keeper_get_index (operation->bus->parts.keeper), id);
  g_autofree char *shown = pf_text_printable (id, -1, 60);

  if (item != NULL && pf_caller_sees_user (pf_operation_caller (operation), item->recipient))
    return item;
  pf_operation_fail_with (operation, PF_ERROR, PF_ERROR_UNKNOWN_MESSAGE,
                          "There is no message %s in quarantine", shown);
  return NULL;
}

/* FALSE: it is being asked, or was refused. */
static gboolean
may_handle (PfOperation *operation,
            const char *method,
            const PfQuarantineItem *item,
            PfOperationFunc again)
{
  PfOwnership ownership = { 0 };

  ownership.is_local_user = pf_caller_is_user (pf_operation_caller (operation), item->recipient);
  ownership.may_have = pf_quarantine_item_is_recipients (item);
  operation->method = method;
  return pf_operation_may (operation, &ownership, item->account, item->recipient, again);
}

/* --- When the folder has been read ------------------------------------------------------------ */

static void
on_ready (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfOperation *operation = user_data;
  g_autoptr (GError) error = NULL;

  if (!pf_keeper_wait_finish (PF_KEEPER (source), result, &error))
    pf_operation_fail (operation, error);
  else if (g_cancellable_is_cancelled (pf_operation_caller (operation)->left))
    pf_operation_fail_with (operation, G_IO_ERROR, G_IO_ERROR_CANCELLED, "The caller left the bus");
  else
    operation->next (operation);
}

static void
begin (PfBus *bus,
       PfCall *call,
       const char *method,
       GVariant *values,
       GVariant *options,
       PfOperationFunc next)
{
  PfOperation *operation = pf_operation_new (bus, call, method, values, options);

  operation->next = next;
  pf_keeper_wait_async (bus->parts.keeper, on_ready, operation);
}

/* --- List ------------------------------------------------------------------------------------- */

static void
add_text (GVariantBuilder *builder, const char *key, const char *text)
{
  g_variant_builder_add (
      builder, "{sv}", key,
      g_variant_new_take_string (pf_text_printable (text, -1, PF_LIMIT_QUARANTINE_TEXT)));
}

static GVariant *
symbols_value (char *const *symbols)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_STRING_ARRAY);
  for (guint i = 0; symbols[i] != NULL && i < PF_LIMIT_RSPAMD_SYMBOLS; i++)
    g_variant_builder_add_value (&builder, g_variant_new_take_string (pf_text_printable (
                                               symbols[i], -1, PF_LIMIT_QUARANTINE_TEXT)));
  return g_variant_builder_end (&builder);
}

/* (sa{sv}), floating */
static GVariant *
item_value (const PfQuarantineItem *item)
{
  g_autofree char *id = pf_address_fold (item->account);
  g_autofree char *path = pf_account_object_path (id);
  GVariantBuilder b;

  g_variant_builder_init (&b, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&b, "{sv}", "Account", g_variant_new_object_path (path));
  add_text (&b, "Sender", item->sender);
  add_text (&b, "Recipient", item->recipient);
  add_text (&b, "Subject", item->subject);
  g_variant_builder_add (&b, "{sv}", "Time", g_variant_new_uint64 ((guint64) item->time));
  g_variant_builder_add (&b, "{sv}", "Size", g_variant_new_uint64 (item->size));
  add_text (&b, "Verdict", item->verdict);
  add_text (&b, "Reason", item->reason);
  g_variant_builder_add (&b, "{sv}", "Score", g_variant_new_double (item->score));
  g_variant_builder_add (&b, "{sv}", "Symbols", symbols_value (item->symbols));
  return g_variant_new ("(s@a{sv})", item->id, g_variant_builder_end (&b));
}

static void
list (PfOperation *operation)
{
  const PfCaller *caller = pf_operation_caller (operation);
  PfQuarantineFilter filter = { 0 };
  g_autoptr (GPtrArray) page = NULL;
  GVariantBuilder items;
  guint offset, limit, total = 0;

  g_variant_get (pf_call_arguments (operation->call), "(@a{sv}uu)", NULL, &offset, &limit);
  g_variant_lookup (operation->values, "Account", "&s", &filter.account);
  g_variant_lookup (operation->values, "Verdict", "&s", &filter.verdict);
  g_variant_lookup (operation->values, "Sender", "&s", &filter.sender);
  g_variant_lookup (operation->values, "Since", "t", &filter.since);
  g_variant_lookup (operation->values, "Before", "t", &filter.before);
  limit = limit == 0 ? PF_LIMIT_QUARANTINE_PAGE : MIN (limit, PF_LIMIT_QUARANTINE_PAGE);
  if (!caller->sees_all)
    filter.recipient = caller->user;
  g_variant_builder_init (&items, G_VARIANT_TYPE ("a(sa{sv})"));
  if (!caller->sees_none && (caller->sees_all || caller->user != NULL))
    {
      page = pf_quarantine_index_query (pf_keeper_get_index (operation->bus->parts.keeper), &filter,
                                        offset, limit, &total);
      for (guint i = 0; i < page->len; i++)
        g_variant_builder_add_value (&items, item_value (page->pdata[i]));
    }
  pf_operation_return_large (operation, g_variant_new ("(a(sa{sv})u)", &items, total));
}

static void
list_method (PfBus *bus, PfCall *call, gpointer object)
{
  static const PfOption allowed[] = {
    { "Account", "s" }, { "Verdict", "s" }, { "Sender", "s" }, { "Since", "t" }, { "Before", "t" },
  };
  g_autoptr (GVariant) filter = g_variant_get_child_value (pf_call_arguments (call), 0);
  g_autoptr (GError) error = NULL;
  const char *verdict = NULL;

  if (!pf_options_check (filter, allowed, G_N_ELEMENTS (allowed), &error))
    {
      pf_call_fail (call, error);
      return;
    }
  if (g_variant_lookup (filter, "Verdict", "&s", &verdict)
      && !pf_quarantine_verdict_is_known (verdict))
    {
      g_autofree char *shown = pf_text_printable (verdict, -1, 60);

      pf_call_fail_with (call, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
                         "Option “Verdict”: there is no verdict “%s”", shown);
      return;
    }
  begin (bus, call, "Quarantine.List", filter, NULL, list);
}

/* --- Open ------------------------------------------------------------------------------------- */

/* Reading one's own mail is nobody's business. */
static void
record_reading (PfOperation *operation, const char *id)
{
  PfCaller *caller = pf_operation_caller (operation);
  const PfQuarantineItem *item =
      pf_quarantine_index_lookup (pf_keeper_get_index (operation->bus->parts.keeper), id);
  PfEvent *event;

  if (item == NULL || pf_caller_is_user (caller, item->recipient))
    return;
  event = pf_event_new (PF_EVENT_QUARANTINE, item->account);
  event->caller = pf_caller_label (caller);
  event->uid = g_strdup (item->uid);
  event->message_id = g_strdup (item->message_id);
  event->sender = g_strdup (item->sender);
  event->verdict = g_strdup (item->verdict);
  event->reason = g_strdup_printf ("read, held back from %s", item->recipient);
  pf_journal_record (operation->bus->parts.journal, event);
}

static void
on_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfOperation *operation = user_data;
  g_autoptr (GError) error = NULL;
  int fd = pf_keeper_open_finish (PF_KEEPER (source), result, &error);
  const char *id;

  if (fd < 0)
    {
      pf_operation_fail (operation, error);
      return;
    }
  g_variant_get (pf_call_arguments (operation->call), "(&s@a{sv})", &id, NULL);
  record_reading (operation, id);
  pf_operation_return_descriptor (operation, fd);
}

static void
open_message (PfOperation *operation)
{
  const PfQuarantineItem *item;
  const char *id;

  g_variant_get (pf_call_arguments (operation->call), "(&s@a{sv})", &id, NULL);
  item = visible_item (operation, id);
  if (item != NULL && may_handle (operation, "Quarantine.Open", item, open_message))
    pf_keeper_open_async (operation->bus->parts.keeper, item->id, on_opened, operation);
}

static void
open_method (PfBus *bus, PfCall *call, gpointer object)
{
  g_autoptr (GVariant) options = g_variant_get_child_value (pf_call_arguments (call), 1);
  g_autoptr (GError) error = NULL;

  if (pf_options_check_none (options, &error))
    begin (bus, call, "Quarantine.Open", NULL, options, open_message);
  else
    pf_call_fail (call, error);
}

/* --- Several ids ------------------------------------------------------------------------------ */

/* (transfer full) (nullable): each id once. */
static GVariant *
take_ids (PfCall *call)
{
  g_autoptr (GVariant) ids = g_variant_get_child_value (pf_call_arguments (call), 0);
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  GVariantBuilder builder;
  GVariantIter iter;
  const char *id;

  if (g_variant_n_children (ids) > PF_LIMIT_QUARANTINE_IDS)
    return NULL;
  g_variant_builder_init (&builder, G_VARIANT_TYPE_STRING_ARRAY);
  g_variant_iter_init (&iter, ids);
  while (g_variant_iter_next (&iter, "&s", &id))
    if (g_hash_table_add (seen, (gpointer) id))
      g_variant_builder_add (&builder, "s", id);
  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

static void
begin_several (PfBus *bus,
               PfCall *call,
               const char *method,
               const PfOption *allowed,
               gsize n_allowed,
               PfOperationFunc next)
{
  g_autoptr (GVariant) options = g_variant_get_child_value (pf_call_arguments (call), 1);
  g_autoptr (GVariant) ids = take_ids (call);
  g_autoptr (GError) error = NULL;

  if (!pf_options_check (options, allowed, n_allowed, &error))
    pf_call_fail (call, error);
  else if (ids == NULL)
    pf_call_fail_with (call, PF_ERROR, PF_ERROR_LIMIT_EXCEEDED, "At most %d messages at a time",
                       PF_LIMIT_QUARANTINE_IDS);
  else
    begin (bus, call, method, ids, options, next);
}

/* (transfer container): the operation's ids when all are there and the caller may; NULL: the
 * operation was answered, or somebody is being asked. */
static const char **
allowed_ids (PfOperation *operation, const char *method, PfOperationFunc again)
{
  g_autofree const char **ids = g_variant_get_strv (operation->values, NULL);

  /* Nobody is asked for what comes to nothing. */
  for (guint i = 0; ids[i] != NULL; i++)
    if (visible_item (operation, ids[i]) == NULL)
      return NULL;
  for (guint i = 0; ids[i] != NULL; i++)
    if (!may_handle (operation, method, visible_item (operation, ids[i]), again))
      return NULL;
  return g_steal_pointer (&ids);
}

/* --- Release ---------------------------------------------------------------------------------- */

static void
on_released (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfOperation *operation = user_data;
  g_autoptr (GError) error = NULL;

  if (pf_keeper_release_finish (PF_KEEPER (source), result, &error))
    pf_operation_return (operation, NULL);
  else
    pf_operation_fail (operation, error);
}

static void release (PfOperation *operation);

/* Who may be written to by whom is the whole account's matter. */
static gboolean
may_allow_sender (PfOperation *operation, const PfQuarantineItem *item)
{
  PfAccount *account = pf_registry_lookup (operation->bus->parts.registry, item->account);
  const PfSettings *settings = pf_account_get_settings (account);
  const char *user = pf_operation_caller (operation)->user;
  PfOwnership ownership = { 0 };

  ownership.own_before = user != NULL && pf_settings_all_deliver_to (settings, user);
  operation->method = "Quarantine.AllowSender";
  return pf_operation_may (operation, &ownership, settings->address, settings->local_user, release);
}

static gboolean
may_release (PfOperation *operation, const char *const *ids, const PfReleaseOptions *options)
{
  PfKeeper *keeper = operation->bus->parts.keeper;
  g_autoptr (GError) error = NULL;

  for (; *ids != NULL; ids++)
    {
      const PfQuarantineItem *item =
          pf_quarantine_index_lookup (pf_keeper_get_index (keeper), *ids);

      if (!pf_keeper_may_release (keeper, item, options, &error))
        {
          pf_operation_fail (operation, error);
          return FALSE;
        }
      if (options->allow_sender && !may_allow_sender (operation, item))
        return FALSE;
    }
  return TRUE;
}

static void
release (PfOperation *operation)
{
  g_autofree const char **ids = allowed_ids (operation, "Quarantine.Release", release);
  g_autofree char *by = NULL;
  PfReleaseOptions options = { 0 };

  if (ids == NULL)
    return;
  by = pf_caller_label (pf_operation_caller (operation));
  options.by = by;
  g_variant_lookup (operation->options, "learn", "b", &options.learn);
  g_variant_lookup (operation->options, "allow-sender", "b", &options.allow_sender);
  if (may_release (operation, ids, &options))
    pf_keeper_release_async (operation->bus->parts.keeper, ids, &options, on_released, operation);
}

static void
release_method (PfBus *bus, PfCall *call, gpointer object)
{
  static const PfOption allowed[] = { { "learn", "b" }, { "allow-sender", "b" } };

  begin_several (bus, call, "Quarantine.Release", allowed, G_N_ELEMENTS (allowed), release);
}

/* --- Delete ----------------------------------------------------------------------------------- */

static void
on_deleted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfOperation *operation = user_data;
  g_autoptr (GError) error = NULL;

  if (pf_keeper_delete_finish (PF_KEEPER (source), result, &error))
    pf_operation_return (operation, NULL);
  else
    pf_operation_fail (operation, error);
}

static void
delete_messages (PfOperation *operation)
{
  g_autofree const char **ids = allowed_ids (operation, "Quarantine.Delete", delete_messages);
  g_autofree char *by = NULL;

  if (ids == NULL)
    return;
  by = pf_caller_label (pf_operation_caller (operation));
  pf_keeper_delete_async (operation->bus->parts.keeper, ids, by, on_deleted, operation);
}

static void
delete_method (PfBus *bus, PfCall *call, gpointer object)
{
  begin_several (bus, call, "Quarantine.Delete", NULL, 0, delete_messages);
}

/* --- The interface ---------------------------------------------------------------------------- */

static GVariant *
quarantine_properties (PfBus *bus, const PfCaller *caller, gpointer object)
{
  GVariantBuilder b;

  g_variant_builder_init (&b, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&b, "{sv}", "Count",
                         g_variant_new_uint32 (pf_quarantine_count (bus, caller)));
  return g_variant_builder_end (&b);
}

static const PfMethod methods[] = {
  { "List", list_method },     { "Open", open_method }, { "Release", release_method },
  { "Delete", delete_method }, { NULL, NULL },
};

const PfInterface pf_quarantine_interface = { &org_postferry1_quarantine_interface, methods,
                                              quarantine_properties };
