#include "accounts/fault.h"

#include "accounts/settings.h"
#include "base/limits.h"
#include "dbus-interfaces/suggest.h"
#include "dbus-interfaces/text.h"

#include <string.h>

#define KEY_LENGTH 60

void
pf_settings_fault_free (PfSettingsFault *fault)
{
  if (fault == NULL)
    return;
  g_free (fault->key);
  g_free (fault->code);
  g_free (fault->text);
  g_free (fault);
}

void
pf_fault_add (GPtrArray *faults,
              const char *key,
              const char *code,
              guint line,
              const char *format,
              ...)
{
  PfSettingsFault *fault;
  va_list arguments;

  if (faults->len >= PF_LIMIT_SETTING_FAULTS)
    return;
  fault = g_new0 (PfSettingsFault, 1);
  va_start (arguments, format);
  fault->key = pf_text_printable (key, -1, KEY_LENGTH);
  fault->code = g_strdup (code);
  fault->text = g_strdup_vprintf (format, arguments);
  fault->line = line;
  va_end (arguments);
  g_ptr_array_add (faults, fault);
}

void
pf_fault_unknown_key (GPtrArray *faults, const char *key, const char *const *known, guint line)
{
  g_autofree char *shown = pf_text_printable (key, -1, KEY_LENGTH);
  const char *near = pf_suggest (shown, known);

  if (near != NULL)
    pf_fault_add (faults, key, "unknown-key", line,
                  "%s: there is no such setting; did you mean %s?", shown, near);
  else
    pf_fault_add (faults, key, "unknown-key", line, "%s: there is no such setting", shown);
}
