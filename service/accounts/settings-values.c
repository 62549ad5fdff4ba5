#include "accounts/settings-table.h"

#include "base/limits.h"

#include <string.h>

/* --- What every text must be ---------------------------------------------------------------------------------------- */

static gboolean
is_fit (const PfKey *key, const char *text, GPtrArray *faults)
{
  const char *what = NULL;

  if (faults == NULL)
    return TRUE; /* a default */
  if (strlen (text) > PF_LIMIT_SETTING_LENGTH)
    what = "is too long";
  else if (!g_utf8_validate (text, -1, NULL))
    what = "is not UTF-8";
  else if (*text != '\0'
           && (g_ascii_isspace (text[0]) || g_ascii_isspace (text[strlen (text) - 1])))
    what = "begins or ends with a blank, which would be lost in its file";
  for (const char *p = text; what == NULL && *p != '\0'; p++)
    if ((guchar) *p < 0x20 || *p == 0x7f)
      what = "holds a control character";
  if (what != NULL)
    pf_settings_add_fault (faults, key->name, "syntax", text, "%s", what);
  return what == NULL;
}

static gboolean
passes_check (const PfKey *key, const char *text, GPtrArray *faults)
{
  g_autofree char *wrong = NULL;

  if (!is_fit (key, text, faults))
    return FALSE;
  if (faults == NULL || key->check == NULL
      || (*text == '\0' && !key->required && key->kind == PF_KEY_STRING))
    return TRUE;
  wrong = key->check (text);
  if (wrong == NULL)
    return TRUE;
  pf_settings_add_fault (faults, key->name, "syntax", text, "%s", wrong);
  return FALSE;
}

/* --- Numbers ---------------------------------------------------------------------------------------------------------- */

static guint64
suffix_factor (const char *suffix)
{
  static const char letters[] = "KMG";
  const char *at =
      *suffix != '\0' && suffix[1] == '\0' ? strchr (letters, g_ascii_toupper (*suffix)) : NULL;

  if (*suffix == '\0')
    return 1;
  return at != NULL ? 1ULL << (10 * (at - letters + 1)) : 0;
}

static gboolean
parse_number (const PfKey *key, const char *text, guint64 *number)
{
  char *end = NULL;
  guint64 factor;

  if (!g_ascii_isdigit (*text) || strlen (text) > 20)
    return FALSE;
  *number = g_ascii_strtoull (text, &end, 10);
  factor = key->kind == PF_KEY_UINT64 ? suffix_factor (end) : *end == '\0';
  if (factor == 0 || *number > G_MAXUINT64 / factor)
    return FALSE;
  *number *= factor;
  return TRUE;
}

static gboolean
set_number (const PfKey *key,
            PfSettings *self,
            guint64 number,
            const char *shown,
            GPtrArray *faults)
{
  if (faults != NULL && (number < key->low || number > key->high))
    {
      pf_settings_add_fault (faults, key->name, "out-of-range", shown,
                             "allowed is %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT, key->low,
                             key->high);
      return FALSE;
    }
  if (key->kind == PF_KEY_UINT16)
    PF_KEY_FIELD (guint16, self, key) = (guint16) number;
  else if (key->kind == PF_KEY_UINT32)
    PF_KEY_FIELD (guint, self, key) = (guint) number;
  else
    PF_KEY_FIELD (guint64, self, key) = number;
  return TRUE;
}

/* Any integer type, as scripts send them; FALSE for a negative one or another type. */
static gboolean
read_integer (GVariant *value, guint64 *number)
{
  gint64 with_sign;

  switch (g_variant_classify (value))
    {
    case G_VARIANT_CLASS_BYTE:
      *number = g_variant_get_byte (value);
      return TRUE;
    case G_VARIANT_CLASS_UINT16:
      *number = g_variant_get_uint16 (value);
      return TRUE;
    case G_VARIANT_CLASS_UINT32:
      *number = g_variant_get_uint32 (value);
      return TRUE;
    case G_VARIANT_CLASS_UINT64:
      *number = g_variant_get_uint64 (value);
      return TRUE;
    case G_VARIANT_CLASS_INT16:
      with_sign = g_variant_get_int16 (value);
      break;
    case G_VARIANT_CLASS_INT32:
      with_sign = g_variant_get_int32 (value);
      break;
    case G_VARIANT_CLASS_INT64:
      with_sign = g_variant_get_int64 (value);
      break;
    default:
      return FALSE;
    }
  *number = (guint64) with_sign;
  return with_sign >= 0;
}

/* --- Words and lists ---------------------------------------------------------------------------------------------------- */

static gboolean
set_boolean (const PfKey *key, PfSettings *self, const char *text, GPtrArray *faults)
{
  gboolean yes = g_ascii_strcasecmp (text, "true") == 0 || g_ascii_strcasecmp (text, "yes") == 0
                 || strcmp (text, "1") == 0;
  gboolean no = g_ascii_strcasecmp (text, "false") == 0 || g_ascii_strcasecmp (text, "no") == 0
                || strcmp (text, "0") == 0;

  if (!yes && !no)
    {
      pf_settings_add_fault (faults, key->name, "not-allowed", text, "allowed are true and false");
      return FALSE;
    }
  PF_KEY_FIELD (gboolean, self, key) = yes;
  return TRUE;
}

static gboolean
set_enum (const PfKey *key, PfSettings *self, const char *text, GPtrArray *faults)
{
  g_autofree char *allowed = NULL;

  for (int i = 0; key->nicks[i] != NULL; i++)
    if (strcmp (key->nicks[i], text) == 0)
      {
        PF_KEY_FIELD (int, self, key) = i;
        return TRUE;
      }
  allowed = g_strjoinv (", ", (char **) key->nicks);
  pf_settings_add_fault (faults, key->name, "not-allowed", text, "allowed are %s", allowed);
  return FALSE;
}

static gboolean
set_list (const PfKey *key, PfSettings *self, const char *const *items, GPtrArray *faults)
{
  guint n = g_strv_length ((char **) items);

  if (faults != NULL && n > PF_LIMIT_SETTING_ITEMS)
    {
      pf_settings_add_fault (faults, key->name, "out-of-range", NULL,
                             "has %u items; allowed are %d", n, PF_LIMIT_SETTING_ITEMS);
      return FALSE;
    }
  for (guint i = 0; i < n; i++)
    {
      if (faults != NULL && (*items[i] == '\0' || strchr (items[i], ';') != NULL))
        {
          pf_settings_add_fault (faults, key->name, "syntax", items[i],
                                 *items[i] == '\0' ? "an item is empty"
                                                   : "an item holds a semicolon");
          return FALSE;
        }
      if (!passes_check (key, items[i], faults))
        return FALSE;
    }
  pf_key_clear (key, self);
  PF_KEY_FIELD (char **, self, key) = g_strdupv ((char **) items);
  return TRUE;
}

/* "a;b" or "a;b;": a separator at the end ends the last item. */
static char **
split_list (const char *text)
{
  g_autofree char *body = g_strdup (text);
  char **items;

  if (g_str_has_suffix (body, ";"))
    body[strlen (body) - 1] = '\0';
  if (*body == '\0')
    return g_new0 (char *, 1);
  items = g_strsplit (body, ";", -1);
  for (guint i = 0; items[i] != NULL; i++)
    g_strstrip (items[i]);
  return items;
}

/* --- Setting --------------------------------------------------------------------------------------------------------------- */

gboolean
pf_key_set_text (const PfKey *key, PfSettings *self, const char *text, GPtrArray *faults)
{
  guint64 number;
  g_auto (GStrv) items = NULL;

  switch (key->kind)
    {
    case PF_KEY_BOOLEAN:
      return set_boolean (key, self, text, faults);
    case PF_KEY_ENUM:
      return set_enum (key, self, text, faults);
    case PF_KEY_LIST:
      items = split_list (text);
      return set_list (key, self, (const char *const *) items, faults);
    case PF_KEY_UINT16:
    case PF_KEY_UINT32:
    case PF_KEY_UINT64:
      if (parse_number (key, text, &number))
        return set_number (key, self, number, text, faults);
      pf_settings_add_fault (faults, key->name, "wrong-type", text, "is no number%s",
                             key->kind == PF_KEY_UINT64 ? " (K, M or G may follow)" : "");
      return FALSE;
    case PF_KEY_STRING:
    default:
      if (key->required && *text == '\0' && faults != NULL)
        {
          pf_settings_add_fault (faults, key->name, "required", NULL, "is required, and is empty");
          return FALSE;
        }
      if (!passes_check (key, text, faults))
        return FALSE;
      pf_key_clear (key, self);
      PF_KEY_FIELD (char *, self, key) = g_strdup (text);
      return TRUE;
    }
}

gboolean
pf_key_set_variant (const PfKey *key, PfSettings *self, GVariant *value, GPtrArray *faults)
{
  guint64 number;
  g_autofree char *shown = NULL;

  if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
    return pf_key_set_text (key, self, g_variant_get_string (value, NULL), faults);
  if (key->kind == PF_KEY_BOOLEAN && g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN))
    {
      PF_KEY_FIELD (gboolean, self, key) = g_variant_get_boolean (value);
      return TRUE;
    }
  if (key->kind == PF_KEY_LIST && g_variant_is_of_type (value, G_VARIANT_TYPE_STRING_ARRAY))
    {
      g_autofree const char **items = g_variant_get_strv (value, NULL);

      return set_list (key, self, items, faults);
    }
  shown = g_variant_print (value, FALSE);
  if ((key->kind == PF_KEY_UINT16 || key->kind == PF_KEY_UINT32 || key->kind == PF_KEY_UINT64)
      && read_integer (value, &number))
    return set_number (key, self, number, shown, faults);
  if (faults != NULL)
    pf_settings_add_fault (faults, key->name, "wrong-type", shown, "has the type %s; wanted is %s",
                           g_variant_get_type_string (value), pf_settings_key_type (key->name));
  return FALSE;
}

/* --- Getting --------------------------------------------------------------------------------------------------------------- */

GVariant *
pf_key_get_variant (const PfKey *key, const PfSettings *self)
{
  switch (key->kind)
    {
    case PF_KEY_BOOLEAN:
      return g_variant_new_boolean (PF_KEY_FIELD (gboolean, self, key));
    case PF_KEY_ENUM:
      return g_variant_new_string (key->nicks[PF_KEY_FIELD (int, self, key)]);
    case PF_KEY_LIST:
      return g_variant_new_strv ((const char *const *) PF_KEY_FIELD (char **, self, key), -1);
    case PF_KEY_UINT16:
      return g_variant_new_uint16 (PF_KEY_FIELD (guint16, self, key));
    case PF_KEY_UINT32:
      return g_variant_new_uint32 (PF_KEY_FIELD (guint, self, key));
    case PF_KEY_UINT64:
      return g_variant_new_uint64 (PF_KEY_FIELD (guint64, self, key));
    case PF_KEY_STRING:
    default:
      return g_variant_new_string (PF_KEY_FIELD (char *, self, key));
    }
}

char *
pf_key_get_text (const PfKey *key, const PfSettings *self)
{
  switch (key->kind)
    {
    case PF_KEY_BOOLEAN:
      return g_strdup (PF_KEY_FIELD (gboolean, self, key) ? "true" : "false");
    case PF_KEY_ENUM:
      return g_strdup (key->nicks[PF_KEY_FIELD (int, self, key)]);
    case PF_KEY_LIST:
      return g_strjoinv (";", PF_KEY_FIELD (char **, self, key));
    case PF_KEY_UINT16:
      return g_strdup_printf ("%u", PF_KEY_FIELD (guint16, self, key));
    case PF_KEY_UINT32:
      return g_strdup_printf ("%u", PF_KEY_FIELD (guint, self, key));
    case PF_KEY_UINT64:
      return g_strdup_printf ("%" G_GUINT64_FORMAT, PF_KEY_FIELD (guint64, self, key));
    case PF_KEY_STRING:
    default:
      return g_strdup (PF_KEY_FIELD (char *, self, key));
    }
}

void
pf_key_clear (const PfKey *key, PfSettings *self)
{
  if (key->kind == PF_KEY_LIST)
    g_clear_pointer (&PF_KEY_FIELD (char **, self, key), g_strfreev);
  else if (key->kind == PF_KEY_STRING)
    g_clear_pointer (&PF_KEY_FIELD (char *, self, key), g_free);
}
