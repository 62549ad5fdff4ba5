#include "cli-client/commands.h"

#include "cli-client/event.h"
#include "cli-client/failure.h"
#include "cli-client/i18n.h"
#include "cli-client/times.h"
#include "dbus-interfaces/names.h"

/* Entries without --lines and --since. */
#define DEFAULT_LINES 100
/* Entries that one answer of the service holds at most. */
#define PAGE 1000

typedef struct
{
  const char *account; /* (nullable) */
  guint64 since;       /* 0: from the beginning */
  guint wanted;
  GPtrArray *entries; /* of GVariant, newest first */
} Query;

static GVariant *
fetch (PfClient *client, const Query *query, guint64 before, guint limit, GError **error)
{
  g_autoptr (GVariantDict) filter = g_variant_dict_new (NULL);
  g_autoptr (GVariant) reply = NULL;
  PfClientCall call = { .path = PF_PATH_MANAGER,
                        .interface = PF_INTERFACE_MANAGER,
                        .member = "GetLog",
                        .reply = "(aa{sv})" };

  if (query->account != NULL)
    g_variant_dict_insert (filter, "Account", "s", query->account);
  if (query->since != 0)
    g_variant_dict_insert (filter, "Since", "t", query->since);
  if (before != 0)
    g_variant_dict_insert (filter, "Before", "t", before);
  g_variant_dict_insert (filter, "Limit", "u", limit);
  call.arguments = g_variant_new ("(@a{sv})", g_variant_dict_end (filter));
  reply = pf_client_call (client, &call, error);
  return reply != NULL ? g_variant_get_child_value (reply, 0) : NULL;
}

/* How many of the latest entries have the very time @time: the next page brings them again. */
static guint
count_at (GPtrArray *entries, guint64 time)
{
  guint count = 0;

  while (count < entries->len
         && pf_property_number (entries->pdata[entries->len - 1 - count], "Time") == time)
    count++;
  return count;
}

/* Page by page, backwards. A page begins with the time at which the last one ended, since
 * several entries may have it. */
static gboolean
fetch_all (PfClient *client, Query *query, GError **error)
{
  guint64 oldest = 0;
  guint again = 0, got;

  do
    {
      guint limit = MIN (query->wanted - query->entries->len + again, PAGE);
      g_autoptr (GVariant) page = fetch (client, query, oldest != 0 ? oldest + 1 : 0, limit, error);

      if (page == NULL)
        return FALSE;
      got = (guint) g_variant_n_children (page);
      for (guint i = again; i < got; i++)
        g_ptr_array_add (query->entries, g_variant_get_child_value (page, i));
      if (got < limit || got <= again)
        return TRUE;
      oldest = pf_property_number (query->entries->pdata[query->entries->len - 1], "Time");
      again = count_at (query->entries, oldest);
    }
  while (query->entries->len < query->wanted);
  return TRUE;
}

static void
print_text (PfOutput *output, GPtrArray *entries)
{
  const PfColumn columns[] = {
    { _ ("TIME"), FALSE },
    { _ ("ACCOUNT"), FALSE },
    { _ ("EVENT"), FALSE },
    { "", FALSE },
  };
  g_autoptr (PfTable) table = pf_table_new (columns, G_N_ELEMENTS (columns));

  for (guint i = entries->len; i > 0; i--)
    {
      GVariant *entry = entries->pdata[i - 1];
      g_autofree char *time = pf_time_local (pf_property_number (entry, "Time"));
      g_autofree char *text = pf_event_text (entry);
      const char *account = pf_property_string (entry, "Account");

      pf_table_add (table, PF_STYLE_PLAIN, time);
      pf_table_add (table, PF_STYLE_PLAIN, *account != '\0' ? account : "-");
      pf_table_add (table, pf_event_style (entry), pf_event_name (entry));
      pf_table_add (table, PF_STYLE_PLAIN, text);
    }
  pf_output_page (output);
  pf_output_table (output, table);
}

static gboolean
read_options (PfCli *cli, Query *query, GError **error)
{
  const char *since = cli->options->since;
  int lines = cli->options->lines;

  if (since != NULL && !pf_time_parse (since, (guint64) g_get_real_time (), &query->since))
    return pf_usage (
        error, _ ("--since=%s: a time is 2h, 7d, today, 2026-01-31 or 2026-01-31 12:00"), since);
  if (lines < 0)
    return pf_usage (error, _ ("--lines=%d: a number of lines is needed"), lines);
  query->wanted = lines > 0 ? (guint) lines : since != NULL ? G_MAXINT : DEFAULT_LINES;
  return TRUE;
}

PfExit
pf_command_log (PfCli *cli, const char *const *arguments, GError **error)
{
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func ((GDestroyNotify) g_variant_unref);
  Query query = { .account = *arguments, .entries = entries };
  PfClient *client;

  if (!read_options (cli, &query, error))
    return PF_EXIT_USAGE;
  client = pf_cli_client (cli, error);
  if (client == NULL || !fetch_all (client, &query, error))
    return PF_EXIT_FAILED;
  if (!cli->output->json && entries->len > 0)
    print_text (cli->output, entries);
  else if (!cli->output->json)
    g_printerr ("%s\n", _ ("Nothing is recorded."));
  for (guint i = entries->len; cli->output->json && i > 0; i--)
    pf_output_json (cli->output, pf_event_json (entries->pdata[i - 1]), TRUE);
  return PF_EXIT_DONE;
}
