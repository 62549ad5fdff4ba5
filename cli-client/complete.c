/* __complete WORD...: what could stand in place of the last WORD; the shells' completions call
 * it. One candidate a line, a tab, what it means. Says nothing rather than something wrong, and
 * never waits long. */
#include "cli-client/commands.h"

#include "cli-client/held.h"
#include "cli-client/i18n.h"
#include "cli-client/settings.h"
#include "dbus-interfaces/names.h"
#include "dbus-interfaces/text.h"

#include <string.h>

#define PATIENCE_MS 1000

typedef struct
{
  PfCli *cli;
  const char *word; /* being typed */
} Completion;

static void
offer (Completion *self, const char *candidate, const char *meaning)
{
  g_autofree char *readable = pf_text_printable (candidate, -1, 0);

  if (g_str_has_prefix (readable, self->word))
    pf_output_print (self->cli->output, "%s\t%s\n", readable, meaning);
}

/* --- What there is ---------------------------------------------------------------------------- */

static void
offer_commands (Completion *self)
{
  guint n_commands;
  const PfCommand *command = pf_commands (&n_commands);

  for (; n_commands > 0; command++, n_commands--)
    if (!command->hidden)
      offer (self, command->name, _ (command->summary));
}

static void
offer_options (Completion *self, const PfCommand *command)
{
  guint n_options;
  const PfOption *option = pf_options (&n_options);
  PfTakes takes = command != NULL ? command->takes : PF_TAKES_NOTHING;

  for (; n_options > 0; option++, n_options--)
    {
      g_autofree char *text =
          g_strconcat ("--", option->name, option->value != NULL ? "=" : "", NULL);

      if (option->needs == PF_TAKES_NOTHING || (option->needs & takes) != 0)
        offer (self, text, _ (option->summary));
    }
}

static PfClient *
quick_client (Completion *self)
{
  if (self->cli->client == NULL)
    self->cli->client = pf_client_new (self->cli->options->session, PATIENCE_MS, NULL);
  return self->cli->client;
}

static void
offer_addresses (Completion *self)
{
  PfClient *client = quick_client (self);
  g_autoptr (PfOverview) overview = client != NULL ? pf_client_overview (client, NULL) : NULL;

  for (guint i = 0; overview != NULL && i < overview->accounts->len; i++)
    {
      GVariant *properties = ((PfObject *) overview->accounts->pdata[i])->properties;

      offer (self, pf_property_string (properties, "Address"),
             pf_property_string (properties, "State"));
    }
}

static void
offer_users (Completion *self)
{
  PfClientCall call = { .path = PF_PATH_MANAGER,
                        .interface = PF_INTERFACE_MANAGER,
                        .member = "Recipients",
                        .arguments = g_variant_new ("(a{sv})", NULL),
                        .reply = "(as)" };
  g_autoptr (GVariant) arguments = g_variant_ref_sink (call.arguments);
  PfClient *client = quick_client (self);
  g_autoptr (GVariant) reply = client != NULL ? pf_client_call (client, &call, NULL) : NULL;
  g_autofree const char **users = NULL;

  if (reply != NULL)
    g_variant_get (reply, "(^a&s)", &users);
  for (guint i = 0; users != NULL && users[i] != NULL; i++)
    {
      g_autofree char *text = g_strconcat ("LocalUser=", users[i], NULL);

      offer (self, text, "");
    }
}

/* KEY=, and VALUE once the key is there. */
static void
offer_keys (Completion *self, const PfKeyTable *table)
{
  gsize n_keys = table->n_keys;
  const PfKey *key = table->keys;
  gboolean value = strchr (self->word, '=') != NULL;

  for (; n_keys > 0; key++, n_keys--)
    {
      g_autofree char *text = g_strconcat (key->name, "=", NULL);

      if (!value)
        offer (self, text, _ (key->summary));
      for (guint i = 0; value && key->values != NULL && key->values[i] != NULL; i++)
        {
          g_autofree char *whole = g_strconcat (text, key->values[i], NULL);

          offer (self, whole, _ (key->summary));
        }
    }
}

static void
offer_quarantine (Completion *self, guint before)
{
  static const char *const words[] = { "list", "show", "release", "delete" };
  PfClient *client = before > 0 ? quick_client (self) : NULL;
  g_autoptr (GPtrArray) list = client != NULL ? pf_held_list (client, NULL) : NULL;
  guint digits = list != NULL ? pf_held_digits (list) : 0;

  for (guint i = 0; before == 0 && i < G_N_ELEMENTS (words); i++)
    offer (self, words[i], "");
  for (guint i = 0; list != NULL && i < list->len; i++)
    {
      const PfHeld *held = list->pdata[i];
      g_autofree char *id = g_strndup (held->id, MAX (digits, strlen (self->word)));
      g_autofree char *subject =
          pf_text_printable (pf_property_string (held->properties, "Subject"), -1, 60);

      offer (self, id, subject);
    }
}

static void
offer_settings (Completion *self)
{
  if (g_str_has_prefix (self->word, "LocalUser="))
    offer_users (self);
  offer_keys (self, pf_account_keys ());
}

/* --- Where we are ----------------------------------------------------------------------------- */

static void
offer_arguments (Completion *self, const PfCommand *command, guint before)
{
  static const char *const all_addresses[] = { "enable", "disable", "remove", "check", NULL };
  static const char *const one_address[] = { "show", "set", "password", "test", "log", NULL };

  if (g_str_equal (command->name, "help"))
    offer_commands (self);
  else if (g_str_equal (command->name, "quarantine"))
    offer_quarantine (self, before);
  else if (g_str_equal (command->name, "add") || (g_str_equal (command->name, "set") && before > 0))
    offer_settings (self);
  else if (g_str_equal (command->name, "filter"))
    offer_keys (self, pf_filter_keys ());
  else if (g_strv_contains (all_addresses, command->name)
           || (g_strv_contains (one_address, command->name) && before == 0))
    offer_addresses (self);
}

PfExit
pf_command_complete (PfCli *cli, const char *const *arguments, GError **error)
{
  PfOptions options = { .session = g_strv_contains (arguments, "--session"), .json = FALSE };
  const PfOptions *kept = cli->options;
  Completion self = { cli, "" };
  const PfCommand *command = NULL;
  guint before = 0;

  cli->options = &options;
  for (; *arguments != NULL && arguments[1] != NULL; arguments++)
    {
      if (**arguments == '-')
        continue;
      if (command != NULL)
        before++;
      else
        command = pf_command_find (*arguments);
    }
  if (*arguments != NULL)
    self.word = *arguments;
  if (*self.word == '-')
    offer_options (&self, command);
  else if (command == NULL)
    offer_commands (&self);
  else
    offer_arguments (&self, command, before);
  cli->options = kept;
  return PF_EXIT_DONE;
}
