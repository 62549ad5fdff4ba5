#include "cli-client/commands.h"

#include "cli-client/account.h"
#include "cli-client/i18n.h"
#include "cli-client/json.h"
#include "cli-client/times.h"
#include "dbus-interfaces/text.h"

/* Checks to come that are shown. */
#define NEXT_CHECKS 3

/* --- JSON ------------------------------------------------------------------------------------- */

static guint64
next_check (GPtrArray *accounts)
{
  guint64 next = 0;

  for (guint i = 0; i < accounts->len; i++)
    {
      guint64 one = pf_property_number (((PfObject *) accounts->pdata[i])->properties, "NextCheck");

      if (one != 0 && (next == 0 || one < next))
        next = one;
    }
  return next;
}

static JsonNode *
needs_json (GPtrArray *needs)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < needs->len; i++)
    {
      GVariant *properties = ((PfObject *) needs->pdata[i])->properties;
      g_autoptr (GVariant) problem = g_variant_lookup_value (properties, "Problem", NULL);
      JsonObject *need = json_object_new ();

      json_object_set_string_member (need, "account", pf_property_string (properties, "Address"));
      json_object_set_member (need, "problem", pf_json_value ("Problem", problem));
      json_array_add_object_element (array, need);
    }
  return json_node_init_array (json_node_alloc (), array);
}

static JsonNode *
status_json (PfOverview *overview, GPtrArray *needs)
{
  static const char *const names[] = { "Version",   "Online",  "Accounts",
                                       "Attention", "DiskLow", "Delivery" };
  JsonObject *status = json_object_new ();
  g_autoptr (GVariant) next =
      g_variant_ref_sink (g_variant_new_uint64 (next_check (overview->accounts)));

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GVariant) value = g_variant_lookup_value (overview->manager, names[i], NULL);
      g_autofree char *member = pf_json_name (names[i]);

      if (value != NULL)
        json_object_set_member (status, member, pf_json_value (names[i], value));
    }
  json_object_set_member (status, "needs", needs_json (needs));
  json_object_set_member (status, "next_check", pf_json_value ("NextCheck", next));
  return json_node_init_object (json_node_alloc (), status);
}

/* --- Text ------------------------------------------------------------------------------------- */

static void
print_service (PfOutput *output, GVariant *manager)
{
  g_autofree char *version = pf_text_printable (pf_property_string (manager, "Version"), -1, 40);
  g_autofree char *delivery = pf_text_printable (pf_property_string (manager, "Delivery"), -1, 200);
  gboolean local = g_str_equal (delivery, "local");

  pf_output_print (output, "%sPostferry %s%s, %s, ", pf_output_style (output, PF_STYLE_BOLD),
                   version, pf_output_plain (output, PF_STYLE_BOLD),
                   pf_property_boolean (manager, "Online") ? _ ("online") : _ ("offline"));
  pf_output_print (output, local ? _ ("delivers by its own agent\n") : _ ("delivers to %s\n"),
                   delivery);
  if (pf_property_boolean (manager, "DiskLow"))
    pf_output_print (
        output, _ ("%sThe disk is nearly full: fetching waits until there is room%s\n"),
        pf_output_style (output, PF_STYLE_BAD), pf_output_plain (output, PF_STYLE_BAD));
}

static void
print_counts (PfOutput *output, GVariant *manager)
{
  guint accounts = (guint) pf_property_number (manager, "Accounts");
  guint attention = (guint) pf_property_number (manager, "Attention");

  if (accounts == 0)
    {
      pf_output_print (output, _ ("No accounts. Add one with: postferry add\n"));
      return;
    }
  pf_output_print (output, ngettext ("%u account", "%u accounts", accounts), accounts);
  if (attention == 0)
    pf_output_print (output, _ (", all well\n"));
  else
    pf_output_print (output, ngettext (", %u needs somebody\n", ", %u need somebody\n", attention),
                     attention);
}

static void
print_needs (PfOutput *output, GPtrArray *needs)
{
  for (guint i = 0; i < needs->len; i++)
    {
      GVariant *properties = ((PfObject *) needs->pdata[i])->properties;
      g_autofree char *address =
          pf_text_printable (pf_property_string (properties, "Address"), -1, 0);
      PfStyle style = pf_account_style (properties);
      g_autofree char *readable = NULL;
      const char *code, *text;

      pf_property_problem (properties, "Problem", &code, &text);
      readable = pf_text_printable (text, -1, 0);
      pf_output_print (
          output, "\n%s%s%s: %s%s%s (%s)\n  %s\n", pf_output_style (output, PF_STYLE_BOLD), address,
          pf_output_plain (output, PF_STYLE_BOLD), pf_output_style (output, style), code,
          pf_output_plain (output, style), pf_property_string (properties, "State"), readable);
    }
}

static gint
compare_next (gconstpointer a, gconstpointer b)
{
  guint64 one = pf_property_number ((*(PfObject *const *) a)->properties, "NextCheck");
  guint64 other = pf_property_number ((*(PfObject *const *) b)->properties, "NextCheck");

  return one < other ? -1 : one > other;
}

static void
print_next (PfOutput *output, GPtrArray *accounts)
{
  static const PfColumn columns[] = { { "", FALSE }, { "", FALSE } };
  g_autoptr (GPtrArray) scheduled = g_ptr_array_new ();
  g_autoptr (PfTable) table = pf_table_new (columns, G_N_ELEMENTS (columns));
  g_autofree char *text = NULL;
  guint64 now = (guint64) g_get_real_time ();

  for (guint i = 0; i < accounts->len; i++)
    if (pf_property_number (((PfObject *) accounts->pdata[i])->properties, "NextCheck") != 0)
      g_ptr_array_add (scheduled, accounts->pdata[i]);
  if (scheduled->len == 0)
    return;
  g_ptr_array_sort (scheduled, compare_next);
  for (guint i = 0; i < MIN (scheduled->len, NEXT_CHECKS); i++)
    {
      GVariant *properties = ((PfObject *) scheduled->pdata[i])->properties;
      guint64 next = pf_property_number (properties, "NextCheck");
      g_autofree char *when = pf_time_relative (next, now);
      g_autofree char *indented =
          g_strconcat ("  ", pf_property_string (properties, "Address"), NULL);

      pf_table_add (table, PF_STYLE_PLAIN, indented);
      pf_table_add (table, PF_STYLE_PLAIN, next <= now ? _ ("now") : when);
    }
  text = pf_table_to_text (table, FALSE, output->color);
  pf_output_print (output, _ ("\nNext checks\n%s"), text);
}

PfExit
pf_command_status (PfCli *cli, const char *const *arguments, GError **error)
{
  PfClient *client = pf_cli_client (cli, error);
  g_autoptr (PfOverview) overview = client != NULL ? pf_client_overview (client, error) : NULL;
  g_autoptr (GPtrArray) needs = NULL;
  guint attention;

  if (overview == NULL)
    return PF_EXIT_FAILED;
  attention = (guint) pf_property_number (overview->manager, "Attention");
  needs = pf_accounts_in_need (overview->accounts, attention);
  if (cli->output->json)
    pf_output_json (cli->output, status_json (overview, needs), FALSE);
  else
    {
      print_service (cli->output, overview->manager);
      print_counts (cli->output, overview->manager);
      print_needs (cli->output, needs);
      print_next (cli->output, overview->accounts);
    }
  return attention > 0 ? PF_EXIT_ATTENTION : PF_EXIT_DONE;
}
