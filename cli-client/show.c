#include "cli-client/commands.h"

#include "cli-client/account.h"
#include "cli-client/i18n.h"
#include "cli-client/settings.h"
#include "cli-client/times.h"
#include "dbus-interfaces/names.h"
#include "dbus-interfaces/text.h"

static void
add_row (PfTable *table, const char *name, PfStyle style, const char *value)
{
  g_autofree char *indented = g_strconcat ("  ", name, NULL);

  pf_table_add (table, PF_STYLE_PLAIN, indented);
  pf_table_add (table, style, value);
}

static void
add_time (PfTable *table, const char *name, guint64 time)
{
  g_autofree char *local = pf_time_local (time);
  g_autofree char *relative = pf_time_relative (time, (guint64) g_get_real_time ());
  g_autofree char *both = g_strdup_printf ("%s (%s)", local, relative);

  add_row (table, name, PF_STYLE_PLAIN, time != 0 ? both : "-");
}

static char *
counters (GVariant *properties)
{
  g_autofree char *size = g_format_size (pf_property_number (properties, "OctetsFetched"));

  return g_strdup_printf (_ ("%" G_GUINT64_FORMAT " delivered, %" G_GUINT64_FORMAT
                             " as junk, %" G_GUINT64_FORMAT " held back; %s fetched"),
                          pf_property_number (properties, "Delivered"),
                          pf_property_number (properties, "Junked"),
                          pf_property_number (properties, "Quarantined"), size);
}

static void
add_problem (PfTable *table, GVariant *properties)
{
  const char *code, *text;

  pf_property_problem (properties, "Problem", &code, &text);
  if (*code == '\0')
    return;
  add_row (table, _ ("Problem"), pf_account_style (properties), code);
  add_row (table, "", PF_STYLE_PLAIN, text);
}

static void
add_state (PfTable *table, GVariant *properties)
{
  g_autofree char *mail = counters (properties);
  g_autofree char *on_server =
      g_strdup_printf ("%" G_GUINT64_FORMAT, pf_property_number (properties, "OnServer"));

  add_row (table, _ ("State"), pf_account_style (properties),
           pf_property_string (properties, "State"));
  add_problem (table, properties);
  add_row (table, _ ("Password"), PF_STYLE_PLAIN,
           pf_property_boolean (properties, "HasSecret") ? _ ("stored") : _ ("none is stored"));
  add_time (table, _ ("Last check"), pf_property_number (properties, "LastCheck"));
  add_time (table, _ ("Last success"), pf_property_number (properties, "LastSuccess"));
  add_time (table, _ ("Next check"), pf_property_number (properties, "NextCheck"));
  add_row (table, _ ("Mail"), PF_STYLE_PLAIN, mail);
  add_row (table, _ ("At the provider"), PF_STYLE_PLAIN, on_server);
}

static void
add_settings (PfTable *table, GVariant *properties)
{
  gsize n_keys;
  const PfKey *key = pf_keys (&n_keys);

  for (; n_keys > 0; key++, n_keys--)
    {
      g_autoptr (GVariant) value = g_variant_lookup_value (properties, key->name, NULL);
      g_autofree char *text = value != NULL ? pf_settings_format (value) : NULL;

      if (text != NULL && *text != '\0')
        add_row (table, key->name, PF_STYLE_PLAIN, text);
    }
}

static void
print_account (PfOutput *output, GVariant *properties)
{
  static const PfColumn columns[] = { { "", FALSE }, { "", FALSE } };
  g_autoptr (PfTable) state = pf_table_new (columns, G_N_ELEMENTS (columns));
  g_autoptr (PfTable) settings = pf_table_new (columns, G_N_ELEMENTS (columns));
  g_autofree char *address = pf_text_printable (pf_property_string (properties, "Address"), -1, 0);
  g_autofree char *state_text = NULL, *settings_text = NULL;
  const char *bold = pf_output_style (output, PF_STYLE_BOLD);
  const char *plain = pf_output_plain (output, PF_STYLE_BOLD);

  add_state (state, properties);
  add_settings (settings, properties);
  state_text = pf_table_to_text (state, FALSE, output->color);
  settings_text = pf_table_to_text (settings, FALSE, output->color);
  pf_output_page (output);
  pf_output_print (output, "%s%s%s\n%s\n%s%s%s\n%s", bold, address, plain, state_text, bold,
                   _ ("Settings"), plain, settings_text);
}

PfExit
pf_command_show (PfCli *cli, const char *const *arguments, GError **error)
{
  PfClient *client = pf_cli_client (cli, error);
  g_autofree char *path =
      client != NULL ? pf_client_find_account (client, *arguments, error) : NULL;
  g_autoptr (GVariant) properties =
      path != NULL ? pf_client_get_all (client, path, PF_INTERFACE_ACCOUNT, error) : NULL;

  if (properties == NULL)
    return PF_EXIT_FAILED;
  if (cli->output->json)
    pf_output_json (cli->output, pf_account_json (properties), FALSE);
  else
    print_account (cli->output, properties);
  return PF_EXIT_DONE;
}
