#include "cli-client/commands.h"

#include "cli-client/failure.h"
#include "cli-client/i18n.h"
#include "cli-client/secret-input.h"
#include "cli-client/terminal.h"
#include "dbus-interfaces/names.h"

#include <unistd.h>

/* A sealed memfd, or -1. */
static int
read_secret (PfCli *cli, const char *address, GError **error)
{
  g_autofree char *question = NULL;
  int secret;

  if (cli->options->password_file != NULL)
    return pf_secret_from_file (cli->options->password_file, error);
  if (!pf_terminal_can_ask ())
    {
      pf_usage (error, _ ("nobody can be asked here: give the password with --password-file FILE, "
                          "or - for standard input"));
      return -1;
    }
  question = g_strdup_printf (_ ("New password of %s"), address);
  return pf_secret_from_terminal (question, FALSE, &secret, error) ? secret : -1;
}

PfExit
pf_command_password (PfCli *cli, const char *const *arguments, GError **error)
{
  PfClient *client = pf_cli_client (cli, error);
  g_autofree char *account =
      client != NULL ? pf_client_find_account (client, *arguments, error) : NULL;
  int secret = account != NULL ? read_secret (cli, *arguments, error) : -1;
  PfClientCall call = { .path = account,
                        .interface = PF_INTERFACE_ACCOUNT,
                        .member = "SetSecret",
                        .reply = "()",
                        .asks = TRUE,
                        .secret = &secret };
  g_autoptr (GVariant) reply = NULL;

  if (secret < 0)
    return PF_EXIT_FAILED;
  call.arguments = g_variant_new ("(sha{sv})", "password", 0, NULL);
  reply = pf_client_call (client, &call, error);
  close (secret);
  if (reply != NULL && !cli->output->json)
    pf_output_print (cli->output, _ ("The password is stored, the account is checked soon.\n"));
  return PF_EXIT_DONE;
}
