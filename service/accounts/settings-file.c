/* An account's key file. */
#include "accounts/key-lines.h"
#include "accounts/settings-private.h"
#include "dbus-interfaces/text.h"

#include <string.h>

#define GROUP "Account"
#define SHOWN_LENGTH 60

static void
take_line (PfReading *reading, const PfKeyLine *line)
{
  g_autoptr (GVariant) value = NULL;
  g_autofree char *shown = NULL;

  if (strcmp (line->group, GROUP) != 0)
    {
      if (line->key != NULL)
        return;
      shown = pf_text_printable (line->group, -1, SHOWN_LENGTH);
      pf_fault_add (reading->faults, shown, "unknown-key", line->line,
                    "[%s]: there is no such group; all settings stand in [" GROUP "]", shown);
    }
  else if (line->key != NULL)
    {
      value = g_variant_ref_sink (g_variant_new_string (line->value));
      pf_reading_take (reading, line->key, value, line->line);
    }
}

PfSettings *
pf_settings_from_file (const char *text, gsize length, GPtrArray *faults)
{
  PfReading reading;
  g_autoptr (GPtrArray) lines = NULL;

  pf_reading_begin (&reading, NULL, faults);
  lines = pf_key_lines_parse (text, length, faults);
  for (guint i = 0; i < lines->len; i++)
    take_line (&reading, lines->pdata[i]);
  return pf_reading_end (&reading);
}

char *
pf_settings_to_file (const PfSettings *self)
{
  GString *text = g_string_new ("[" GROUP "]\n");

  for (const PfField *field = pf_setting_fields; field->name != NULL; field++)
    if ((self->given & pf_setting_bit (field->name)) != 0)
      {
        g_autofree char *value = pf_field_to_text (field, self);

        g_string_append_printf (text, "%s=%s\n", field->name, value);
      }
  return g_string_free (text, FALSE);
}
