#include "cli-client/commands.h"

#include "cli-client/change.h"

static PfExit
switch_accounts (PfCli *cli, const char *const *addresses, gboolean enabled, GError **error)
{
  g_autoptr (GPtrArray) accounts = g_ptr_array_new_with_free_func (g_free);
  PfClient *client = pf_cli_client (cli, error);

  if (client == NULL)
    return PF_EXIT_SERVICE;
  /* Nothing is changed when one of them does not exist. */
  for (; *addresses != NULL; addresses++)
    {
      char *account = pf_client_find_account (client, *addresses, error);

      if (account == NULL)
        return PF_EXIT_UNKNOWN_ACCOUNT;
      g_ptr_array_add (accounts, account);
    }
  for (guint i = 0; i < accounts->len; i++)
    {
      g_autoptr (GVariantDict) dict = g_variant_dict_new (NULL);

      g_variant_dict_insert (dict, "Enabled", "b", enabled);
      if (!pf_change_update (client, accounts->pdata[i], g_variant_dict_end (dict), -1, TRUE,
                             error))
        return PF_EXIT_FAILED;
    }
  return PF_EXIT_DONE;
}

PfExit
pf_command_enable (PfCli *cli, const char *const *arguments, GError **error)
{
  return switch_accounts (cli, arguments, TRUE, error);
}

PfExit
pf_command_disable (PfCli *cli, const char *const *arguments, GError **error)
{
  return switch_accounts (cli, arguments, FALSE, error);
}
