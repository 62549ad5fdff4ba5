#include "cli-client/commands.h"

#include "cli-client/failure.h"
#include "cli-client/i18n.h"
#include "cli-client/json.h"
#include "cli-client/steps.h"
#include "dbus-interfaces/names.h"
#include "dbus-interfaces/text.h"

static char *
start_test (PfClient *client, const char *account, GError **error)
{
  PfClientCall call = { .path = account,
                        .interface = PF_INTERFACE_ACCOUNT,
                        .member = "Test",
                        .arguments = g_variant_new ("(a{sv})", NULL),
                        .reply = "(o)",
                        .asks = TRUE };
  g_autoptr (GVariant) reply = pf_client_call (client, &call, error);
  char *path = NULL;

  if (reply != NULL)
    g_variant_get (reply, "(o)", &path);
  return path;
}

static JsonNode *
test_json (PfChecked *check, gboolean ok)
{
  static const char *const order[] = { "Name", "Ok", "Text", "Mend", NULL };
  g_autoptr (GVariant) steps =
      g_variant_lookup_value (check->properties, "Steps", G_VARIANT_TYPE ("aa{sv}"));
  JsonObject *test = json_object_new ();

  json_object_set_string_member (test, "account", check->address);
  json_object_set_boolean_member (test, "ok", ok);
  if (steps != NULL)
    json_object_set_member (test, "steps", pf_json_objects (steps, order));
  else
    json_object_set_array_member (test, "steps", json_array_new ());
  return json_node_init_object (json_node_alloc (), test);
}

/* The step that failed was told. */
static gboolean
step_tells (PfChecked *check)
{
  g_autoptr (GVariant) steps =
      g_variant_lookup_value (check->properties, "Steps", G_VARIANT_TYPE ("aa{sv}"));
  gsize n_steps = steps != NULL ? g_variant_n_children (steps) : 0;
  g_autoptr (GVariant) last = n_steps > 0 ? g_variant_get_child_value (steps, n_steps - 1) : NULL;

  return last != NULL && !pf_property_boolean (last, "Ok");
}

static void
print_end (PfOutput *output, PfChecked *check, gboolean ok, const char *text)
{
  g_autofree char *readable = pf_text_printable (text, -1, 0);

  if (ok)
    pf_output_print (output, _ ("All is well.\n"));
  else if (g_str_equal (check->state, "cancelled"))
    pf_output_print (output, _ ("The test was cancelled.\n"));
  else if (!step_tells (check))
    pf_output_print (output, "%s\n", readable);
}

PfExit
pf_command_test (PfCli *cli, const char *const *arguments, GError **error)
{
  PfClient *client = pf_cli_client (cli, error);
  g_autofree char *account =
      client != NULL ? pf_client_find_account (client, *arguments, error) : NULL;
  g_autoptr (PfChecks) checks = account != NULL ? pf_checks_new (client) : NULL;
  g_autofree char *address =
      account != NULL ? pf_client_read_address (client, account, error) : NULL;
  g_autofree char *path = address != NULL ? start_test (client, account, error) : NULL;
  const char *code, *text;
  PfChecked *check;
  gboolean ok;

  if (path == NULL)
    return PF_EXIT_FAILED;
  check = pf_steps_run (checks, path, address, cli->output, !cli->output->json, error);
  if (check == NULL)
    return PF_EXIT_FAILED;
  ok = pf_steps_succeeded (check, &code, &text);
  if (cli->output->json)
    pf_output_json (cli->output, test_json (check, ok), FALSE);
  else
    print_end (cli->output, check, ok, text);
  if (ok)
    return PF_EXIT_DONE;
  return *code != '\0' ? pf_exit_of_problem (code) : PF_EXIT_FAILED;
}
