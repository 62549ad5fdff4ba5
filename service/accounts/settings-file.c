/* An account's key file. */
#include "accounts/key-edit.h"
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

/* (transfer full): @previous where there is nothing wrong with it, else an empty file. */
static char *
begin_with (const char *previous)
{
  g_autoptr (GPtrArray) faults =
      g_ptr_array_new_with_free_func ((GDestroyNotify) pf_settings_fault_free);
  g_autoptr (PfSettings) settings = NULL;

  if (previous != NULL)
    settings = pf_settings_from_file (previous, strlen (previous), faults);
  return g_strdup (settings != NULL ? previous : "[" GROUP "]\n");
}

char *
pf_settings_to_file (const PfSettings *self, const char *previous)
{
  g_autofree char *text = begin_with (previous);

  for (const PfField *field = pf_setting_fields; field->name != NULL; field++)
    {
      gboolean given = (self->given & pf_setting_bit (field->name)) != 0;
      g_autofree char *value = given ? pf_field_to_text (field, self) : NULL;
      char *edited = pf_key_edit (text, GROUP, field->name, value);

      g_free (text);
      text = edited;
    }
  return g_steal_pointer (&text);
}
