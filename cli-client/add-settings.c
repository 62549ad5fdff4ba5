#include "cli-client/add-settings.h"

#include "cli-client/failure.h"
#include "cli-client/i18n.h"
#include "cli-client/settings.h"
#include "cli-client/terminal.h"

#include <string.h>
#include <unistd.h>

/* KEY=VALUE, whatever '@' stands in the value. */
static gboolean
is_setting (const char *argument)
{
  gsize before = strcspn (argument, "=@");

  return argument[before] == '=';
}

/* Who the caller is; NULL for root who has not become it by sudo: mail for root is nobody's
 * wish. */
static const char *
caller_name (void)
{
  const char *name = geteuid () == 0 ? g_getenv ("SUDO_USER") : g_get_user_name ();

  return name != NULL && *name != '\0' && !g_str_equal (name, "root") ? name : NULL;
}

static gboolean
ask (GVariantDict *dict, const char *key, const char *question, const char *preset, GError **error)
{
  g_autofree char *answer = pf_terminal_ask (question, preset, error);

  if (answer == NULL)
    return FALSE;
  if (*answer == '\0')
    return pf_usage (error, _ ("%s is needed"), key);
  g_variant_dict_insert (dict, key, "s", answer);
  return TRUE;
}

/* The address is the default: it is not stored as a setting of its own. */
static gboolean
ask_user_name (GVariantDict *dict, GError **error)
{
  const char *address = "";
  g_autofree char *answer = NULL;

  g_variant_dict_lookup (dict, "Address", "&s", &address);
  answer = pf_terminal_ask (_ ("Name to log in with"), address, error);
  if (answer != NULL && !g_str_equal (answer, address))
    g_variant_dict_insert (dict, "UserName", "s", answer);
  return answer != NULL;
}

/* What a person is asked for. Who gives the server knows about protocols: that is asked only
 * with it. */
static gboolean
ask_missing (PfCli *cli, GVariantDict *dict, GError **error)
{
  gboolean server = !g_variant_dict_contains (dict, "Server");

  if (!g_variant_dict_contains (dict, "Address")
      && !ask (dict, "Address", _ ("E-mail address"), NULL, error))
    return FALSE;
  if (server && !g_variant_dict_contains (dict, "Protocol")
      && !ask (dict, "Protocol", _ ("Protocol (imap or pop3)"), "imap", error))
    return FALSE;
  if (server && !ask (dict, "Server", _ ("Server"), NULL, error))
    return FALSE;
  if (server && !g_variant_dict_contains (dict, "UserName") && !ask_user_name (dict, error))
    return FALSE;
  return cli->options->session || g_variant_dict_contains (dict, "LocalUser")
         || ask (dict, "LocalUser", _ ("Local user who gets the mail"), caller_name (), error);
}

static gboolean
refuse_missing (PfCli *cli, GVariantDict *dict, GError **error)
{
  static const char *const required[] = { "Address", "Server", "LocalUser" };

  for (guint i = 0; i < G_N_ELEMENTS (required); i++)
    {
      gboolean own = cli->options->session && g_str_equal (required[i], "LocalUser");

      if (!own && !g_variant_dict_contains (dict, required[i]))
        return pf_usage (error, _ ("%s is missing, and nobody can be asked here: give %s=..."),
                         required[i], required[i]);
    }
  return TRUE;
}

GVariant *
pf_add_settings (PfCli *cli, const char *const *arguments, GError **error)
{
  const char *address = *arguments != NULL && !is_setting (*arguments) ? *arguments : NULL;
  g_autoptr (GVariant) given =
      pf_settings_parse (pf_account_keys (), address != NULL ? arguments + 1 : arguments, error);
  g_autoptr (GVariantDict) dict = NULL;
  gboolean complete;

  if (given == NULL)
    return NULL;
  dict = g_variant_dict_new (given);
  if (address != NULL && g_variant_dict_contains (dict, "Address"))
    {
      pf_usage (error, _ ("Address is given twice"));
      return NULL;
    }
  if (address != NULL)
    g_variant_dict_insert (dict, "Address", "s", address);
  complete = pf_terminal_can_ask () && !cli->options->json ? ask_missing (cli, dict, error)
                                                           : refuse_missing (cli, dict, error);
  return complete ? g_variant_ref_sink (g_variant_dict_end (dict)) : NULL;
}
