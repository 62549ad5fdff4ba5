/* What holds between keys: required ones, effective values, what must not go together. */
#include "accounts/providers.h"
#include "accounts/settings-private.h"

#include <string.h>

static gboolean
is_bad (const PfReading *reading, const char *key)
{
  return (reading->bad & pf_setting_bit (key)) != 0;
}

static guint
line_of (const PfReading *reading, const char *key)
{
  guint index = 0;

  pf_setting_find (key, &index);
  return reading->lines[index];
}

/* One that was given and refused has its fault already. */
static void
require (PfReading *reading)
{
  for (const PfField *field = pf_setting_fields; field->name != NULL; field++)
    if ((field->flags & PF_FIELD_REQUIRED) != 0 && !is_bad (reading, field->name)
        && (reading->settings->given & pf_setting_bit (field->name)) == 0)
      pf_fault_add (reading->faults, field->name, "required", line_of (reading, field->name),
                    "%s is required: %s", field->name, field->allowed);
}

static guint16
usual_port (PfProtocol protocol, PfSecurity security)
{
  if (protocol == PF_PROTOCOL_IMAP)
    return security == PF_SECURITY_TLS ? 993 : 143;
  return security == PF_SECURITY_TLS ? 995 : 110;
}

/* What is known of the provider, where the account does not say otherwise. */
static void
fill_by_provider (PfSettings *settings)
{
  const PfProvider *provider = pf_providers_lookup (settings->server, settings->protocol);

  if ((settings->given & pf_setting_bit ("UserName")) == 0)
    {
      g_free (settings->user_name);
      settings->user_name = pf_provider_user_name (provider, settings->address);
    }
  if ((settings->given & pf_setting_bit ("Interval")) == 0)
    {
      pf_field_reset (pf_setting_find ("Interval", NULL), settings);
      settings->interval = provider->interval != 0 ? provider->interval : settings->interval;
    }
}

static void
fill_effective (PfReading *reading)
{
  PfSettings *settings = reading->settings;

  if ((settings->given & pf_setting_bit ("Port")) == 0)
    settings->port = usual_port (settings->protocol, settings->security);
  fill_by_provider (settings);
}

static void
check_folders (PfReading *reading)
{
  char **folders = reading->settings->folders;

  if (is_bad (reading, "Folders"))
    return;
  for (guint i = 0; folders[i] != NULL; i++)
    if (folders[i][0] != '!')
      return;
  pf_fault_add (reading->faults, "Folders", "not-allowed", line_of (reading, "Folders"),
                "Folders=%s: excludes alone fetch nothing: name a folder too, such as *",
                folders[0]);
}

/* The far end of the line that would be in the clear. */
static gboolean
stays_on_machine (const PfSettings *settings)
{
  g_autoptr (GUri) proxy =
      *settings->proxy != '\0' ? g_uri_parse (settings->proxy, G_URI_FLAGS_NONE, NULL) : NULL;
  PfEndpoint server = { .host = settings->server };
  PfEndpoint first = { .host = proxy != NULL ? (char *) g_uri_get_host (proxy) : NULL };

  return pf_endpoint_is_loopback (&server)
         && (*settings->proxy == '\0' || pf_endpoint_is_loopback (&first));
}

static void
check_cleartext (PfReading *reading)
{
  const PfSettings *settings = reading->settings;

  if (settings->security != PF_SECURITY_NONE || settings->allow_cleartext
      || is_bad (reading, "Security") || is_bad (reading, "AllowCleartext")
      || is_bad (reading, "Server") || is_bad (reading, "Proxy") || *settings->server == '\0'
      || stays_on_machine (settings))
    return;
  pf_fault_add (
      reading->faults, "Security", "conflict", line_of (reading, "Security"),
      "Security=none: %s is not this machine, so the password would go over the network in "
      "the clear: set Security=tls or starttls, or AllowCleartext=true where that is wanted",
      settings->server);
}

static void
check_recipients (PfReading *reading)
{
  const PfSettings *settings = reading->settings;
  const gboolean has_header = *settings->envelope_header != '\0';
  const gboolean has_recipients = settings->recipients[0] != NULL;

  if (has_header == has_recipients || is_bad (reading, "EnvelopeHeader")
      || is_bad (reading, "Recipients"))
    return;
  if (has_recipients)
    pf_fault_add (reading->faults, "Recipients", "conflict", line_of (reading, "Recipients"),
                  "Recipients=%s: needs EnvelopeHeader, the header in which the provider notes the "
                  "envelope recipient",
                  settings->recipients[0]);
  else
    pf_fault_add (
        reading->faults, "EnvelopeHeader", "conflict", line_of (reading, "EnvelopeHeader"),
        "EnvelopeHeader=%s: needs Recipients, which tell who gets what", settings->envelope_header);
}

void
pf_settings_apply_rules (PfReading *reading)
{
  require (reading);
  fill_effective (reading);
  check_folders (reading);
  check_cleartext (reading);
  check_recipients (reading);
}
