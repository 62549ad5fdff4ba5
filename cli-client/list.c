#include "cli-client/commands.h"

#include "cli-client/account.h"
#include "cli-client/i18n.h"
#include "cli-client/times.h"

static JsonNode *
accounts_json (GPtrArray *accounts)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < accounts->len; i++)
    json_array_add_element (array, pf_account_json (((PfObject *) accounts->pdata[i])->properties));
  return json_node_init_array (json_node_alloc (), array);
}

static void
add_row (PfTable *table, GVariant *properties, guint64 now)
{
  guint64 next = pf_property_number (properties, "NextCheck");
  g_autofree char *last_check =
      pf_time_relative (pf_property_number (properties, "LastCheck"), now);
  g_autofree char *next_check = pf_time_relative (next, now);
  g_autofree char *mail =
      g_strdup_printf ("%" G_GUINT64_FORMAT, pf_property_number (properties, "Delivered")
                                                 + pf_property_number (properties, "Junked"));
  PfStyle style = pf_account_style (properties);
  const char *code, *text;

  pf_property_problem (properties, "Problem", &code, &text);
  pf_table_add (table, PF_STYLE_PLAIN, pf_property_string (properties, "Address"));
  pf_table_add (table, PF_STYLE_PLAIN, pf_property_string (properties, "LocalUser"));
  pf_table_add (table, style, pf_property_string (properties, "State"));
  pf_table_add (table, PF_STYLE_PLAIN, last_check);
  pf_table_add (table, PF_STYLE_PLAIN, next != 0 && next <= now ? _ ("now") : next_check);
  pf_table_add (table, PF_STYLE_PLAIN, mail);
  pf_table_add (table, style, *code != '\0' ? code : "-");
}

static void
print_accounts (PfOutput *output, GPtrArray *accounts)
{
  const PfColumn columns[] = {
    { _ ("ADDRESS"), FALSE },    { _ ("LOCAL USER"), FALSE }, { _ ("STATE"), FALSE },
    { _ ("LAST CHECK"), FALSE }, { _ ("NEXT CHECK"), FALSE }, { _ ("DELIVERED"), TRUE },
    { _ ("PROBLEM"), FALSE },
  };
  g_autoptr (PfTable) table = pf_table_new (columns, G_N_ELEMENTS (columns));
  guint64 now = (guint64) g_get_real_time ();

  for (guint i = 0; i < accounts->len; i++)
    add_row (table, ((PfObject *) accounts->pdata[i])->properties, now);
  pf_output_page (output);
  pf_output_table (output, table);
}

PfExit
pf_command_list (PfCli *cli, const char *const *arguments, GError **error)
{
  PfClient *client = pf_cli_client (cli, error);
  g_autoptr (PfOverview) overview = client != NULL ? pf_client_overview (client, error) : NULL;

  if (overview == NULL)
    return PF_EXIT_FAILED;
  if (cli->output->json)
    pf_output_json (cli->output, accounts_json (overview->accounts), FALSE);
  else if (overview->accounts->len > 0)
    print_accounts (cli->output, overview->accounts);
  else
    g_printerr ("%s\n", _ ("No accounts. Add one with: postferry add"));
  return PF_EXIT_DONE;
}
