#include "accounts/account-name.h"

#include "accounts/settings.h"
#include "dbus-interfaces/names.h"
#include "dbus-interfaces/text.h"

#include <string.h>

#define PATH_DIGITS 32

char *
pf_address_fold (const char *address)
{
  return g_ascii_strdown (address, -1);
}

static gboolean
is_plain (char c)
{
  return g_ascii_islower (c) || g_ascii_isdigit (c) || (c != '\0' && strchr ("@._+-", c) != NULL);
}

/* A name that begins with a dot would be a hidden file. */
char *
pf_account_file_name (const char *address)
{
  g_autofree char *id = pf_address_fold (address);
  GString *name = g_string_new (NULL);

  for (const char *p = id; *p != '\0'; p++)
    if (is_plain (*p) && !(*p == '.' && p == id))
      g_string_append_c (name, *p);
    else
      g_string_append_printf (name, "%%%02X", (guchar) *p);
  g_string_append (name, PF_ACCOUNT_FILE_SUFFIX);
  return g_string_free (name, FALSE);
}

/* (transfer full) (nullable): @text with each %HH as its octet; NULL when one is none, or NUL. */
static char *
unescape (const char *text, gsize length)
{
  g_autoptr (GString) out = g_string_new (NULL);

  for (gsize i = 0; i < length; i++)
    {
      int octet = (guchar) text[i];

      if (text[i] == '%')
        {
          if (i + 2 >= length || !g_ascii_isxdigit (text[i + 1]) || !g_ascii_isxdigit (text[i + 2]))
            return NULL;
          octet = g_ascii_xdigit_value (text[i + 1]) * 16 + g_ascii_xdigit_value (text[i + 2]);
          i += 2;
        }
      if (octet == 0)
        return NULL;
      g_string_append_c (out, (char) octet);
    }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

gboolean
pf_account_file_is_one (const char *file_name)
{
  return *file_name != '.' && g_str_has_suffix (file_name, PF_ACCOUNT_FILE_SUFFIX);
}

static gsize
stem_length (const char *file_name)
{
  return strlen (file_name) - strlen (PF_ACCOUNT_FILE_SUFFIX);
}

char *
pf_account_file_address (const char *file_name)
{
  g_autofree char *address = NULL;
  g_autofree char *again = NULL;

  if (!pf_account_file_is_one (file_name))
    return NULL;
  address = unescape (file_name, stem_length (file_name));
  if (address == NULL || *address == '\0' || !g_utf8_validate (address, -1, NULL))
    return NULL;
  again = pf_account_file_name (address);
  return strcmp (again, file_name) == 0 ? g_steal_pointer (&address) : NULL;
}

char *
pf_account_file_guess (const char *file_name)
{
  const gsize length = stem_length (file_name);
  g_autofree char *address = unescape (file_name, length);
  g_autofree char *text = address != NULL ? pf_text_printable (address, -1, 0)
                                          : pf_text_printable (file_name, (gssize) length, 0);

  return pf_address_fold (text);
}

char *
pf_account_object_path (const char *id)
{
  g_autofree char *digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, id, -1);

  return g_strdup_printf (PF_PATH_ACCOUNTS "/%.*s", PATH_DIGITS, digest);
}
