#include "cli-client/commands.h"

#include "cli-client/change.h"
#include "cli-client/failure.h"
#include "cli-client/i18n.h"
#include "cli-client/secret-input.h"
#include "cli-client/settings.h"
#include "cli-client/terminal.h"

#include <unistd.h>

/* (transfer full) (nullable): "Server, Port": which of @changes need the secret anew. */
static char *
moving_keys (GVariant *changes)
{
  GString *names = g_string_new (NULL);
  GVariantIter iter;
  const char *name;

  g_variant_iter_init (&iter, changes);
  while (g_variant_iter_next (&iter, "{&sv}", &name, NULL))
    if (pf_key_moves_secret (name))
      g_string_append_printf (names, "%s%s", names->len > 0 ? ", " : "", name);
  return g_string_free (names, names->len == 0);
}

/* Asks for the secret after the service has refused the change without it. */
static gboolean
update_with_secret (PfClient *client,
                    const char *account,
                    const char *address,
                    GVariant *changes,
                    const char *moving,
                    GError **error)
{
  g_autofree char *question = g_strdup_printf (_ ("Password of %s"), address);
  gboolean done;
  int secret;

  g_printerr (_ ("A change of %s needs the account's password anew.\n"
                 "Press Enter alone to ask an administrator instead.\n"),
              moving);
  if (!pf_secret_from_terminal (question, TRUE, &secret, error))
    return FALSE;
  done = pf_change_update (client, account, changes, secret, TRUE, error);
  if (secret >= 0)
    close (secret);
  return done;
}

static gboolean
update (PfClient *client,
        const char *account,
        const char *address,
        GVariant *changes,
        GError **error)
{
  g_autofree char *moving = moving_keys (changes);
  g_autoptr (GError) wrong = NULL;

  if (moving == NULL)
    return pf_change_update (client, account, changes, -1, TRUE, error);
  /* Without a question first: polkit would ask for an administrator, where the account's
   * password would do. */
  if (pf_change_update (client, account, changes, -1, FALSE, &wrong))
    return TRUE;
  if (pf_failure_exit ((PfFailure) wrong->code) != PF_EXIT_PERMISSION)
    {
      g_propagate_error (error, g_steal_pointer (&wrong));
      return FALSE;
    }
  if (pf_terminal_can_ask ())
    return update_with_secret (client, account, address, changes, moving, error);
  g_set_error (error, PF_FAILURE, wrong->code,
               _ ("%s\nA change of %s needs the account's password anew: give it with "
                  "--password-file"),
               wrong->message, moving);
  return FALSE;
}

PfExit
pf_command_set (PfCli *cli, const char *const *arguments, GError **error)
{
  g_autoptr (GVariant) changes = pf_settings_parse (pf_account_keys (), arguments + 1, error);
  PfClient *client = changes != NULL ? pf_cli_client (cli, error) : NULL;
  g_autofree char *account =
      client != NULL ? pf_client_find_account (client, *arguments, error) : NULL;
  int secret;

  if (account == NULL)
    return PF_EXIT_FAILED;
  if (cli->options->password_file == NULL)
    {
      update (client, account, *arguments, changes, error);
      return PF_EXIT_DONE;
    }
  secret = pf_secret_from_file (cli->options->password_file, error);
  if (secret < 0)
    return PF_EXIT_FAILED;
  pf_change_update (client, account, changes, secret, TRUE, error);
  close (secret);
  return PF_EXIT_DONE;
}
