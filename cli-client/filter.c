#include "cli-client/commands.h"

#include "cli-client/failure.h"
#include "cli-client/i18n.h"
#include "cli-client/json.h"
#include "cli-client/settings.h"
#include "cli-client/times.h"
#include "dbus-interfaces/names.h"
#include "dbus-interfaces/text.h"

static const struct
{
  const char *key, *title;
} scanners[] = { { "Rspamd", "Rspamd" }, { "Clamd", "clamd" } };

/* Whoever sees no policy is told as much; the service tells nobody that there is something. */
static gboolean
explain (GError **error, GError *wrong)
{
  g_autoptr (GError) owned = wrong;

  if (g_error_matches (owned, PF_FAILURE, PF_FAILURE_UNKNOWN_ACCOUNT))
    g_set_error_literal (error, PF_FAILURE, PF_FAILURE_ACCESS_DENIED,
                         _ ("Only who has an account here may see the filter's policy"));
  else
    g_propagate_error (error, g_steal_pointer (&owned));
  return FALSE;
}

/* --- Change ----------------------------------------------------------------------------------- */

static gboolean
change (PfClient *client, GVariant *changes, GError **error)
{
  PfClientCall call = { .path = PF_PATH_FILTER,
                        .interface = PF_INTERFACE_FILTER,
                        .member = "Update",
                        .arguments = g_variant_new ("(@a{sv}a{sv})", changes, NULL),
                        .reply = "()",
                        .asks = TRUE };
  GError *wrong = NULL;
  g_autoptr (GVariant) reply = pf_client_call (client, &call, &wrong);

  return reply != NULL || explain (error, wrong);
}

/* --- Show ------------------------------------------------------------------------------------- */

/* (transfer full) (nullable): a{sv} */
static GVariant *
read_status (PfClient *client, GError **error)
{
  PfClientCall call = {
    .path = PF_PATH_FILTER, .interface = PF_INTERFACE_FILTER, .member = "Status", .reply = "(a{sv})"
  };
  g_autoptr (GVariant) reply = pf_client_call (client, &call, error);
  GVariant *status = NULL;

  if (reply != NULL)
    g_variant_get (reply, "(@a{sv})", &status);
  return status;
}

static void
print_json (PfOutput *output, GVariant *policy, GVariant *status)
{
  const PfKeyTable *table = pf_filter_keys ();
  g_autofree const char **order = g_new0 (const char *, table->n_keys + 1);
  JsonNode *node;

  for (gsize i = 0; i < table->n_keys; i++)
    order[i] = table->keys[i].name;
  node = pf_json_object (policy, order);
  json_object_set_member (json_node_get_object (node), "status", pf_json_object (status, NULL));
  pf_output_json (output, node, FALSE);
}

static void
add_row (PfTable *table, const char *name, PfStyle style, const char *value)
{
  g_autofree char *indented = g_strconcat ("  ", name, NULL);

  pf_table_add (table, PF_STYLE_PLAIN, indented);
  pf_table_add (table, style, value);
}

static void
add_policy (PfTable *rows, GVariant *policy)
{
  const PfKeyTable *table = pf_filter_keys ();

  for (gsize i = 0; i < table->n_keys; i++)
    {
      g_autoptr (GVariant) value = g_variant_lookup_value (policy, table->keys[i].name, NULL);
      g_autofree char *text = value != NULL ? pf_settings_format (value) : NULL;

      if (text != NULL)
        add_row (rows, table->keys[i].name, PF_STYLE_PLAIN, *text != '\0' ? text : "-");
    }
}

/* "reachable, ClamAV 1.4.3/27500, signatures of 2026-01-31 12:00" */
static char *
describe_scanner (GVariant *scanner)
{
  const char *version = pf_property_string (scanner, "Version");
  const char *wrong = pf_property_string (scanner, "LastError");
  guint64 signatures = pf_property_number (scanner, "SignatureDate");
  GString *text = g_string_new (pf_property_string (scanner, "State"));

  if (*version != '\0')
    g_string_append_printf (text, ", %s", version);
  if (signatures != 0)
    {
      g_autofree char *of = pf_time_local (signatures);

      g_string_append_printf (text, _ (", signatures of %s"), of);
    }
  if (*wrong != '\0')
    g_string_append_printf (text, ": %s", wrong);
  return g_string_free (text, FALSE);
}

static void
add_scanners (PfTable *rows, GVariant *status)
{
  for (gsize i = 0; i < G_N_ELEMENTS (scanners); i++)
    {
      g_autoptr (GVariant) scanner =
          g_variant_lookup_value (status, scanners[i].key, G_VARIANT_TYPE_VARDICT);
      g_autofree char *text = scanner != NULL ? describe_scanner (scanner) : NULL;
      const char *state = scanner != NULL ? pf_property_string (scanner, "State") : "";

      if (text != NULL)
        add_row (rows, scanners[i].title,
                 g_str_equal (state, "reachable")     ? PF_STYLE_GOOD
                 : g_str_equal (state, "unreachable") ? PF_STYLE_BAD
                                                      : PF_STYLE_PLAIN,
                 text);
    }
}

static void
print_text (PfOutput *output, GVariant *policy, GVariant *status)
{
  static const PfColumn columns[] = { { "", FALSE }, { "", FALSE } };
  g_autoptr (PfTable) rules = pf_table_new (columns, G_N_ELEMENTS (columns));
  g_autoptr (PfTable) states = pf_table_new (columns, G_N_ELEMENTS (columns));
  g_autofree char *file = pf_text_printable (pf_property_string (status, "File"), -1, 0);
  const char *bold = pf_output_style (output, PF_STYLE_BOLD);
  const char *plain = pf_output_plain (output, PF_STYLE_BOLD);
  g_autofree char *rules_text = NULL, *states_text = NULL;

  add_policy (rules, policy);
  add_scanners (states, status);
  rules_text = pf_table_to_text (rules, FALSE, output->color);
  states_text = pf_table_to_text (states, FALSE, output->color);
  pf_output_page (output);
  pf_output_print (output, "%s%s%s\n%s\n%s%s%s\n%s", bold, _ ("Policy"), plain, rules_text, bold,
                   _ ("Scanners"), plain, states_text);
  if (*file != '\0')
    pf_output_print (output, _ ("\nThe settings file is wrong, what stands here is in force: %s\n"),
                     file);
}

static gboolean
show (PfCli *cli, PfClient *client, GError **error)
{
  GError *wrong = NULL;
  g_autoptr (GVariant) policy =
      pf_client_get_all (client, PF_PATH_FILTER, PF_INTERFACE_FILTER, &wrong);
  g_autoptr (GVariant) status = policy != NULL ? read_status (client, &wrong) : NULL;

  if (status == NULL)
    return explain (error, wrong);
  if (cli->output->json)
    print_json (cli->output, policy, status);
  else
    print_text (cli->output, policy, status);
  return TRUE;
}

PfExit
pf_command_filter (PfCli *cli, const char *const *arguments, GError **error)
{
  g_autoptr (GVariant) changes = pf_settings_parse (pf_filter_keys (), arguments, error);
  PfClient *client = changes != NULL ? pf_cli_client (cli, error) : NULL;

  if (client == NULL)
    return PF_EXIT_FAILED;
  if (*arguments != NULL)
    change (client, changes, error);
  else
    show (cli, client, error);
  return PF_EXIT_DONE;
}
