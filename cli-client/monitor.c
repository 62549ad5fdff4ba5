#include "cli-client/commands.h"

#include "cli-client/event.h"
#include "cli-client/failure.h"
#include "cli-client/i18n.h"
#include "cli-client/times.h"
#include "dbus-interfaces/names.h"
#include "dbus-interfaces/text.h"

#include <stdio.h>

typedef struct
{
  PfClient *client;
  PfOutput *output;
} Monitor;

static void listen (Monitor *self);

static void
print_entry (PfOutput *output, GVariant *entry)
{
  g_autofree char *time = pf_time_local (pf_property_number (entry, "Time"));
  g_autofree char *account = pf_text_printable (pf_property_string (entry, "Account"), -1, 0);
  g_autofree char *name = pf_text_printable (pf_event_name (entry), -1, 40);
  g_autofree char *text = pf_event_text (entry);
  PfStyle style = pf_event_style (entry);

  pf_output_print (output, "%s  %s  %s%s%s  %s\n", time, *account != '\0' ? account : "-",
                   pf_output_style (output, style), name, pf_output_plain (output, style), text);
  fflush (stdout);
}

static void
on_logged (GDBusConnection *connection,
           const char *sender,
           const char *path,
           const char *interface,
           const char *signal_name,
           GVariant *parameters,
           gpointer user_data)
{
  Monitor *self = user_data;
  g_autoptr (GVariant) entry = NULL;

  if (!g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(a{sv})")))
    return;
  entry = g_variant_get_child_value (parameters, 0);
  if (self->output->json)
    pf_output_json (self->output, pf_event_json (entry), TRUE);
  else
    print_entry (self->output, entry);
}

/* The service left, or another one came: signals are from that one, and only after a call. */
static void
on_owner (GDBusConnection *connection,
          const char *sender,
          const char *path,
          const char *interface,
          const char *signal_name,
          GVariant *parameters,
          gpointer user_data)
{
  Monitor *self = user_data;
  g_autoptr (GError) error = NULL;
  const char *owner;

  g_variant_get (parameters, "(&s&s&s)", NULL, NULL, &owner);
  if (*owner == '\0')
    {
      if (!self->output->json)
        g_printerr ("%s\n", _ ("The service ended; waiting for it to come back"));
      return;
    }
  pf_client_deafen (self->client);
  if (!pf_client_reconnect (self->client, &error))
    return;
  if (!self->output->json)
    g_printerr ("%s\n", _ ("The service is back"));
  listen (self);
}

static void
listen (Monitor *self)
{
  g_autoptr (GVariant) properties = NULL;

  pf_client_listen_owner (self->client, on_owner, self);
  pf_client_listen (self->client, PF_INTERFACE_MANAGER, "Logged", on_logged, self);
  /* Who has called it once is told. */
  properties = pf_client_get_all (self->client, PF_PATH_MANAGER, PF_INTERFACE_MANAGER, NULL);
}

/* Ctrl-C ends it, with status 130. */
PfExit
pf_command_monitor (PfCli *cli, const char *const *arguments, GError **error)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Monitor self = { pf_cli_client (cli, error), cli->output };

  if (self.client == NULL)
    return PF_EXIT_SERVICE;
  listen (&self);
  g_main_loop_run (loop);
  return PF_EXIT_DONE;
}
