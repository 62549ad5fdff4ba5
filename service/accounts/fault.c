#include "accounts/fault.h"

#include "accounts/settings.h"
#include "base/limits.h"
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

/* The letters and digits of @name in lower case: local_user is LocalUser. */
static char *
fold (const char *name)
{
  GString *folded = g_string_new (NULL);

  for (; *name != '\0'; name++)
    if (g_ascii_isalnum (*name))
      g_string_append_c (folded, g_ascii_tolower (*name));
  return g_string_free (folded, FALSE);
}

/* TRUE when @a and @b differ in one place, by at most two characters: a slip of the fingers. */
static gboolean
is_near (const char *a, const char *b)
{
  gsize a_length = strlen (a), b_length = strlen (b);

  while (a_length > 0 && b_length > 0 && *a == *b)
    {
      a++, b++;
      a_length--, b_length--;
    }
  while (a_length > 0 && b_length > 0 && a[a_length - 1] == b[b_length - 1])
    a_length--, b_length--;
  return a_length <= 2 && b_length <= 2;
}

static const char *
find_near (const char *key, const char *const *known)
{
  g_autofree char *wanted = fold (key);

  for (; *known != NULL; known++)
    {
      g_autofree char *folded = fold (*known);

      if (is_near (wanted, folded))
        return *known;
    }
  return NULL;
}

void
pf_fault_unknown_key (GPtrArray *faults, const char *key, const char *const *known, guint line)
{
  g_autofree char *shown = pf_text_printable (key, -1, KEY_LENGTH);
  const char *near = find_near (shown, known);

  if (near != NULL)
    pf_fault_add (faults, key, "unknown-key", line,
                  "%s: there is no such setting; did you mean %s?", shown, near);
  else
    pf_fault_add (faults, key, "unknown-key", line, "%s: there is no such setting", shown);
}
