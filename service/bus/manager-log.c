/* GetLog, GetStatistics: the journal, as far as the caller may see it. */
#include "bus/manager.h"

#include "base/limits.h"
#include "bus/operation.h"
#include "bus/options.h"
#include "dbus-interfaces/errors.h"
#include "dbus-interfaces/text.h"

#define DEFAULT_ENTRIES 100
#define DEFAULT_DAYS 30

/* What is asked of the journal. */
typedef struct
{
  char **accounts;   /* NULL for all */
  GVariant *filter;  /* a{sv} */
  GHashTable *added; /* address -> when it was added (gint64 *): what is older was another's */
} Query;

static void
query_free (gpointer data)
{
  Query *self = data;

  g_strfreev (self->accounts);
  g_clear_pointer (&self->filter, g_variant_unref);
  g_hash_table_unref (self->added);
  g_free (self);
}

/* --- What is asked ---------------------------------------------------------------------------- */

static gboolean
check_nicks (GVariant *options, GError **error)
{
  g_autofree const char **events = NULL;
  const char *outcome = NULL;
  PfEventKind kind;
  PfOutcome known;

  g_variant_lookup (options, "Events", "^a&s", &events);
  for (guint i = 0; events != NULL && events[i] != NULL; i++)
    if (!pf_event_kind_from_nick (events[i], &kind))
      {
        g_autofree char *shown = pf_text_printable (events[i], -1, 60);

        g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
                     "Option “Events”: there is no event “%s”", shown);
        return FALSE;
      }
  if (g_variant_lookup (options, "Outcome", "&s", &outcome)
      && !pf_outcome_from_nick (outcome, &known))
    {
      g_autofree char *shown = pf_text_printable (outcome, -1, 60);

      g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
                   "Option “Outcome”: there is no outcome “%s”", shown);
      return FALSE;
    }
  return TRUE;
}

/* The address in the filter, folded; NULL where there is none. FALSE: the caller sees no such
 * account. Who sees all may ask for one that was removed. */
static gboolean
check_account (PfBus *bus, const PfCaller *caller, GVariant *options, char **id, GError **error)
{
  g_autofree char *shown = NULL;
  const char *address;

  if (!g_variant_lookup (options, "Account", "&s", &address))
    return TRUE;
  shown = pf_text_printable (address, -1, 200);
  if (!caller->sees_all && pf_bus_visible_account (bus, caller, address) == NULL)
    {
      g_set_error (error, PF_ERROR, PF_ERROR_UNKNOWN_ACCOUNT, "There is no account %s", shown);
      return FALSE;
    }
  *id = pf_address_fold (address);
  return TRUE;
}

static char **
visible_addresses (PfBus *bus, const PfCaller *caller)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (GPtrArray) accounts = NULL;

  if (caller->sees_all)
    return NULL;
  accounts = pf_bus_visible_accounts (bus, caller);
  for (guint i = 0; i < accounts->len; i++)
    g_strv_builder_add (builder, pf_account_get_id (accounts->pdata[i]));
  return g_strv_builder_end (builder);
}

/* @options with the address folded and @number_name always there. */
static GVariant *
complete_filter (GVariant *options, const char *id, const char *number_name, guint number)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, options);
  if (id != NULL)
    g_variant_dict_insert (&dict, "Account", "s", id);
  g_variant_dict_insert (&dict, number_name, "u", number);
  return g_variant_dict_end (&dict);
}

/* NULL: the call was answered. */
static PfOperation *
begin (PfBus *bus,
       PfCall *call,
       const char *method,
       GVariant *options,
       const char *number_name,
       guint number)
{
  PfCaller *caller = pf_call_caller (call);
  g_autoptr (GError) error = NULL;
  g_autofree char *id = NULL;
  PfOperation *operation;
  Query *query;

  if (!check_account (bus, caller, options, &id, &error))
    {
      pf_call_fail (call, error);
      return NULL;
    }
  query = g_new0 (Query, 1);
  query->accounts = visible_addresses (bus, caller);
  query->filter = g_variant_ref_sink (complete_filter (options, id, number_name, number));
  query->added = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  operation = pf_operation_new (bus, call, method, NULL, options);
  operation->data = query;
  operation->free_data = query_free;
  return operation;
}

/* --- GetLog ----------------------------------------------------------------------------------- */

/* (nullable) (transfer full): the folded address of an entry. */
static char *
entry_account (GVariant *entry)
{
  const char *address;

  return g_variant_lookup (entry, "Account", "&s", &address) ? pf_address_fold (address) : NULL;
}

/* An address can be removed by one user and added by another, who must not read what came
 * before. */
static gboolean
is_older (const Query *query, GVariant *entry)
{
  g_autofree char *id = entry_account (entry);
  const gint64 *added = id != NULL ? g_hash_table_lookup (query->added, id) : NULL;
  guint64 time = 0;

  return added != NULL && g_variant_lookup (entry, "Time", "t", &time) && (gint64) time < *added;
}

static void
on_log (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfOperation *operation = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) entries = pf_journal_query_finish (PF_JOURNAL (source), result, &error);
  GVariantBuilder builder;

  if (entries == NULL)
    {
      pf_operation_fail (operation, error);
      return;
    }
  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (gsize i = 0; i < g_variant_n_children (entries); i++)
    {
      g_autoptr (GVariant) entry = g_variant_get_child_value (entries, i);

      if (!is_older (operation->data, entry))
        g_variant_builder_add_value (&builder, entry);
    }
  pf_operation_return (operation, g_variant_new ("(aa{sv})", &builder));
}

static void
ask_log (PfOperation *operation)
{
  Query *query = operation->data;

  pf_journal_query_async (operation->bus->parts.journal, (const char *const *) query->accounts,
                          query->filter, on_log, operation);
}

/* Newest first, so the first of an account is when the present one was added. */
static void
on_added_times (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfOperation *operation = user_data;
  Query *query = operation->data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) entries = pf_journal_query_finish (PF_JOURNAL (source), result, &error);

  if (entries == NULL)
    {
      pf_operation_fail (operation, error);
      return;
    }
  for (gsize i = 0; i < g_variant_n_children (entries); i++)
    {
      g_autoptr (GVariant) entry = g_variant_get_child_value (entries, i);
      g_autofree char *id = entry_account (entry);
      guint64 time;

      if (id == NULL || !g_variant_lookup (entry, "Time", "t", &time)
          || g_hash_table_contains (query->added, id))
        continue;
      g_hash_table_insert (query->added, g_steal_pointer (&id),
                           g_memdup2 (&(gint64){ (gint64) time }, sizeof (gint64)));
    }
  ask_log (operation);
}

static void
ask_added_times (PfOperation *operation)
{
  static const char *const events[] = { "added", NULL };
  Query *query = operation->data;
  g_autoptr (GVariant) filter = NULL;
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert_value (&dict, "Events", g_variant_new_strv (events, -1));
  g_variant_dict_insert (&dict, "Limit", "u", PF_LIMIT_LOG_ENTRIES);
  filter = g_variant_ref_sink (g_variant_dict_end (&dict));
  pf_journal_query_async (operation->bus->parts.journal, (const char *const *) query->accounts,
                          filter, on_added_times, operation);
}

void
pf_manager_get_log (PfBus *bus, PfCall *call, gpointer object)
{
  static const PfOption allowed[] = { { "Account", "s" }, { "Events", "as" }, { "Outcome", "s" },
                                      { "Since", "t" },   { "Before", "t" },  { "Limit", "u" } };
  g_autoptr (GVariant) options = g_variant_get_child_value (pf_call_arguments (call), 0);
  g_autoptr (GError) error = NULL;
  guint limit = DEFAULT_ENTRIES;
  PfOperation *operation;

  if (!pf_options_check (options, allowed, G_N_ELEMENTS (allowed), &error)
      || !pf_options_read_number (options, "Limit", 1, PF_LIMIT_LOG_ENTRIES, &limit, &error)
      || !check_nicks (options, &error))
    {
      pf_call_fail (call, error);
      return;
    }
  operation = begin (bus, call, "Manager.GetLog", options, "Limit", limit);
  if (operation == NULL)
    return;
  if (pf_operation_caller (operation)->sees_all)
    ask_log (operation);
  else
    ask_added_times (operation);
}

/* --- GetStatistics ---------------------------------------------------------------------------- */

static void
on_statistics (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfOperation *operation = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) rows = pf_journal_statistics_finish (PF_JOURNAL (source), result, &error);

  if (rows != NULL)
    pf_operation_return (operation, g_variant_new ("(@aa{sv})", rows));
  else
    pf_operation_fail (operation, error);
}

void
pf_manager_get_statistics (PfBus *bus, PfCall *call, gpointer object)
{
  static const PfOption allowed[] = { { "Account", "s" }, { "Days", "u" } };
  g_autoptr (GVariant) options = g_variant_get_child_value (pf_call_arguments (call), 0);
  g_autoptr (GError) error = NULL;
  guint days = DEFAULT_DAYS;
  PfOperation *operation;
  Query *query;

  if (!pf_options_check (options, allowed, G_N_ELEMENTS (allowed), &error)
      || !pf_options_read_number (options, "Days", 1, PF_LIMIT_STATISTICS_DAYS, &days, &error))
    {
      pf_call_fail (call, error);
      return;
    }
  operation = begin (bus, call, "Manager.GetStatistics", options, "Days", days);
  if (operation == NULL)
    return;
  query = operation->data;
  pf_journal_statistics_async (bus->parts.journal, (const char *const *) query->accounts,
                               query->filter, on_statistics, operation);
}
