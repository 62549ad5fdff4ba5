#include "cli-client/commands.h"

#include "cli-client/account.h"
#include "cli-client/add-settings.h"
#include "cli-client/change.h"
#include "cli-client/failure.h"
#include "cli-client/i18n.h"
#include "cli-client/secret-input.h"
#include "cli-client/steps.h"
#include "cli-client/terminal.h"
#include "dbus-interfaces/names.h"
#include "dbus-interfaces/text.h"

#include <unistd.h>

/* --- Before ----------------------------------------------------------------------------------- */

static gboolean
is_new (PfClient *client, const char *address, GError **error)
{
  g_autoptr (GError) wrong = NULL;
  g_autofree char *account = pf_client_find_account (client, address, &wrong);

  if (account != NULL)
    {
      g_set_error (error, PF_FAILURE, PF_FAILURE_ACCOUNT_EXISTS,
                   _ ("The account %s exists already. Change it with: postferry set"), address);
      return FALSE;
    }
  if (g_error_matches (wrong, PF_FAILURE, PF_FAILURE_UNKNOWN_ACCOUNT))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&wrong));
  return FALSE;
}

/* Before anybody types a password, what else is wrong is told, all of it. */
static gboolean
validate (PfClient *client, GVariant *settings, GError **error)
{
  PfClientCall call = { .path = PF_PATH_MANAGER,
                        .interface = PF_INTERFACE_MANAGER,
                        .member = "Validate",
                        .arguments = g_variant_new ("(@a{sv}a{sv})", settings, NULL),
                        .reply = "(aa{sv})",
                        .asks = TRUE };
  g_autoptr (GVariant) reply = pf_client_call (client, &call, error);
  g_autoptr (GVariant) faults = reply != NULL ? g_variant_get_child_value (reply, 0) : NULL;
  g_autoptr (GString) sentences = g_string_new (NULL);

  if (faults == NULL)
    return FALSE;
  for (gsize i = 0; i < g_variant_n_children (faults); i++)
    {
      g_autoptr (GVariant) fault = g_variant_get_child_value (faults, i);

      g_string_append_printf (sentences, "%s%s", i > 0 ? "\n" : "",
                              pf_property_string (fault, "Text"));
    }
  if (sentences->len == 0)
    return TRUE;
  g_set_error_literal (error, PF_FAILURE, PF_FAILURE_INVALID_SETTING, sentences->str);
  return FALSE;
}

/* *@secret: a sealed memfd, or -1 for an account that is stored without. */
static gboolean
read_secret (PfCli *cli, const char *address, int *secret, GError **error)
{
  g_autofree char *question = NULL;

  *secret = -1;
  if (cli->options->password_file != NULL)
    {
      *secret = pf_secret_from_file (cli->options->password_file, error);
      return *secret >= 0;
    }
  if (!pf_terminal_can_ask () || cli->options->json)
    return cli->options->no_test
           || pf_usage (error, _ ("the password is missing, and nobody can be asked here: give "
                                  "--password-file FILE, or - for standard input; or --no-test to "
                                  "store the account without one"));
  question = g_strdup_printf (cli->options->no_test ? _ ("Password of %s (empty for none yet)")
                                                    : _ ("Password of %s"),
                              address);
  return pf_secret_from_terminal (question, cli->options->no_test, secret, error);
}

/* --- Test ------------------------------------------------------------------------------------- */

static char *
start_test (PfClient *client, GVariant *settings, int secret, GError **error)
{
  PfClientCall call = { .path = PF_PATH_MANAGER,
                        .interface = PF_INTERFACE_MANAGER,
                        .member = "TestSettings",
                        .arguments = g_variant_new ("(@a{sv}ha{sv})", settings, 0, NULL),
                        .reply = "(o)",
                        .asks = TRUE,
                        .secret = &secret };
  g_autoptr (GVariant) reply = pf_client_call (client, &call, error);
  char *path = NULL;

  if (reply != NULL)
    g_variant_get (reply, "(o)", &path);
  return path;
}

static gboolean
try_settings (PfCli *cli,
              PfClient *client,
              GVariant *settings,
              const char *address,
              int secret,
              GError **error)
{
  g_autoptr (PfChecks) checks = pf_checks_new (client);
  g_autofree char *path = start_test (client, settings, secret, error);
  PfChecked *check =
      path != NULL ? pf_steps_run (checks, path, address, cli->output, !cli->output->json, error)
                   : NULL;
  const char *code, *text;

  if (check == NULL)
    return FALSE;
  if (pf_steps_succeeded (check, &code, &text))
    return TRUE;
  g_set_error (error, PF_FAILURE, (int) pf_failure_of_problem (code),
               _ ("%s was not stored, because the test failed (--no-test stores all the same)\n%s"),
               address, text);
  return FALSE;
}

/* --- Storing ---------------------------------------------------------------------------------- */

static char *
store (PfClient *client, GVariant *settings, int secret, gboolean untested, GError **error)
{
  GVariantDict *options = g_variant_dict_new (NULL);
  PfClientCall call = { .path = PF_PATH_MANAGER,
                        .interface = PF_INTERFACE_MANAGER,
                        .member = "AddAccount",
                        .reply = "(o)",
                        .asks = TRUE,
                        .secret = secret >= 0 ? &secret : NULL };
  g_autoptr (GVariant) reply = NULL;
  char *path = NULL;

  if (untested)
    g_variant_dict_insert (options, "untested", "b", TRUE);
  call.arguments = g_variant_new ("(@a{sv}@a{sv})", settings, pf_change_options (options, secret));
  reply = pf_client_call (client, &call, error);
  if (reply != NULL)
    g_variant_get (reply, "(o)", &path);
  return path;
}

static PfExit
tell (PfCli *cli,
      PfClient *client,
      const char *path,
      const char *address,
      gboolean secret,
      GError **error)
{
  g_autofree char *shown = pf_text_printable (address, -1, 0);
  JsonNode *node;

  if (cli->output->json)
    {
      node = pf_account_json_read (client, path, error);
      if (node != NULL)
        pf_output_json (cli->output, node, FALSE);
    }
  else if (secret)
    pf_output_print (cli->output, _ ("%s is stored.\n"), shown);
  else
    pf_output_print (cli->output,
                     _ ("%s is stored, without a password. Set it with: postferry password %s\n"),
                     shown, shown);
  return PF_EXIT_DONE;
}

static PfExit
add (PfCli *cli, PfClient *client, GVariant *settings, GError **error)
{
  gboolean untested = cli->options->no_test;
  const char *address = pf_property_string (settings, "Address");
  g_autofree char *path = NULL;
  int secret = -1;

  if (!is_new (client, address, error) || !validate (client, settings, error)
      || !read_secret (cli, address, &secret, error))
    return PF_EXIT_FAILED;
  if (untested || try_settings (cli, client, settings, address, secret, error))
    path = store (client, settings, secret, untested, error);
  if (secret >= 0)
    close (secret);
  return path != NULL ? tell (cli, client, path, address, secret >= 0, error) : PF_EXIT_FAILED;
}

PfExit
pf_command_add (PfCli *cli, const char *const *arguments, GError **error)
{
  g_autoptr (GVariant) settings = NULL;
  PfClient *client;

  /* What is wrong on the command line is told without the service; who is asked wants to know
   * first that there is one. */
  if (pf_terminal_can_ask () && pf_cli_client (cli, error) == NULL)
    return PF_EXIT_SERVICE;
  settings = pf_add_settings (cli, arguments, error);
  client = settings != NULL ? pf_cli_client (cli, error) : NULL;
  return client != NULL ? add (cli, client, settings, error) : PF_EXIT_FAILED;
}
