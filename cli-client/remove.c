#include "cli-client/commands.h"

#include "cli-client/failure.h"
#include "cli-client/i18n.h"
#include "cli-client/terminal.h"
#include "dbus-interfaces/names.h"
#include "dbus-interfaces/text.h"

static gboolean
remove_one (PfClient *client, const char *account, GError **error)
{
  PfClientCall call = { .path = account,
                        .interface = PF_INTERFACE_ACCOUNT,
                        .member = "Remove",
                        .arguments = g_variant_new ("(a{sv})", NULL),
                        .reply = "()",
                        .asks = TRUE };
  g_autoptr (GVariant) reply = pf_client_call (client, &call, error);

  return reply != NULL;
}

static gboolean
confirm (PfCli *cli, const char *const *addresses, GError **error)
{
  g_autofree char *list = g_strjoinv (", ", (char **) addresses);
  g_autofree char *shown = pf_text_printable (list, -1, 0);
  g_autofree char *question = NULL;

  if (cli->options->yes)
    return TRUE;
  if (!pf_terminal_can_ask ())
    return pf_usage (error, _ ("nobody can be asked here: say --yes"));
  question = g_strdup_printf (_ ("Forget %s? Delivered mail stays."), shown);
  if (pf_terminal_confirm (question, error))
    return TRUE;
  if (error != NULL && *error == NULL)
    g_set_error_literal (error, PF_FAILURE, PF_FAILURE_FAILED, _ ("nothing was removed"));
  return FALSE;
}

PfExit
pf_command_remove (PfCli *cli, const char *const *arguments, GError **error)
{
  g_autoptr (GPtrArray) accounts = g_ptr_array_new_with_free_func (g_free);
  PfClient *client = pf_cli_client (cli, error);

  if (client == NULL)
    return PF_EXIT_SERVICE;
  /* Nothing is removed when one of them does not exist. */
  for (const char *const *address = arguments; *address != NULL; address++)
    {
      char *account = pf_client_find_account (client, *address, error);

      if (account == NULL)
        return PF_EXIT_UNKNOWN_ACCOUNT;
      g_ptr_array_add (accounts, account);
    }
  if (!confirm (cli, arguments, error))
    return PF_EXIT_FAILED;
  for (guint i = 0; i < accounts->len; i++)
    if (!remove_one (client, accounts->pdata[i], error))
      return PF_EXIT_FAILED;
  return PF_EXIT_DONE;
}
