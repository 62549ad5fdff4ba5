/* Reading one value, from text or from D-Bus: what holds for every key; what is special is in the
 * row. */
#include "accounts/field.h"

#include "base/limits.h"
#include "dbus-interfaces/text.h"

#include <string.h>

#define SHOWN_LENGTH 80
#define LIST_SEPARATOR ';'
#define MEMBER(type, object, field) ((type *) G_STRUCT_MEMBER_P (object, (field)->offset))

void
pf_refusal_clear (PfRefusal *self)
{
  g_clear_pointer (&self->shown, g_free);
}

static gboolean
refuse (PfRefusal *refusal, const char *code, const char *reason, const char *text)
{
  refusal->code = code;
  refusal->reason = reason;
  g_free (refusal->shown);
  refusal->shown = pf_text_printable (text, -1, SHOWN_LENGTH);
  return FALSE;
}

char *
pf_field_sentence (const PfField *field, const PfRefusal *refusal)
{
  if (refusal->reason != NULL)
    return g_strdup_printf ("%s=%s: %s", field->name, refusal->shown, refusal->reason);
  return g_strdup_printf ("%s=%s: allowed is %s", field->name, refusal->shown, field->allowed);
}

/* --- Texts ------------------------------------------------------------------------------------ */

static gboolean
has_control (const char *text)
{
  for (; *text != '\0'; text = g_utf8_next_char (text))
    {
      gunichar c = g_utf8_get_char (text);

      if (g_unichar_iscntrl (c) || c == 0x2028 || c == 0x2029)
        return TRUE;
    }
  return FALSE;
}

static gboolean
has_blank_ends (const char *text)
{
  gsize length = strlen (text);

  return length > 0 && (g_ascii_isspace (text[0]) || g_ascii_isspace (text[length - 1]));
}

static char *
refuse_text (PfRefusal *refusal, const char *code, const char *reason, const char *text)
{
  refuse (refusal, code, reason, text);
  return NULL;
}

static char *
read_plain (const PfField *field, const char *text, PfRefusal *refusal)
{
  const gsize most = field->most > 0 ? (gsize) field->most : PF_LIMIT_SETTING_LENGTH;
  char *kept;

  if (strlen (text) > most)
    return refuse_text (refusal, "out-of-range", "is too long", text);
  if (has_control (text))
    return refuse_text (refusal, "syntax", "line breaks and control characters are not allowed",
                        text);
  if (has_blank_ends (text))
    return refuse_text (refusal, "syntax", "blanks at the ends are not allowed", text);
  if (field->read == NULL || *text == '\0')
    return g_strdup (text);
  refusal->reason = NULL;
  refusal->code = "syntax";
  kept = field->read (text, refusal);
  if (kept == NULL)
    refuse (refusal, refusal->code, refusal->reason, text);
  return kept;
}

static gboolean
read_string (const PfField *field, gpointer object, const char *text, PfRefusal *refusal)
{
  char *kept = read_plain (field, text, refusal);

  if (kept == NULL)
    return FALSE;
  g_free (*MEMBER (char *, object, field));
  *MEMBER (char *, object, field) = kept;
  return TRUE;
}

static gboolean
read_boolean (const PfField *field, gpointer object, const char *text, PfRefusal *refusal)
{
  static const char *const yes[] = { "true", "yes", "on", "1", NULL };
  static const char *const no[] = { "false", "no", "off", "0", NULL };
  g_autofree char *lower = g_ascii_strdown (text, -1);

  if (!g_strv_contains (yes, lower) && !g_strv_contains (no, lower))
    return refuse (refusal, "not-allowed", "allowed is true or false", text);
  *MEMBER (gboolean, object, field) = g_strv_contains (yes, lower);
  return TRUE;
}

static gboolean
read_choice (const PfField *field, gpointer object, const char *text, PfRefusal *refusal)
{
  for (guint i = 0; field->choices[i] != NULL; i++)
    if (g_ascii_strcasecmp (field->choices[i], text) == 0)
      {
        *MEMBER (guint, object, field) = i;
        return TRUE;
      }
  return refuse (refusal, "not-allowed", NULL, text);
}

/* --- Numbers ---------------------------------------------------------------------------------- */

static gboolean
set_number (const PfField *field,
            gpointer object,
            guint64 number,
            const char *text,
            PfRefusal *refusal)
{
  if (number < field->least || number > field->most)
    return refuse (refusal, "out-of-range", NULL, text);
  if (field->kind == PF_KIND_NUMBER16)
    *MEMBER (guint16, object, field) = (guint16) number;
  else if (field->kind == PF_KIND_NUMBER32)
    *MEMBER (guint, object, field) = (guint) number;
  else
    *MEMBER (guint64, object, field) = number;
  return TRUE;
}

/* Takes K, M or G off the end of @digits: what it multiplies by. */
static guint64
take_unit (char *digits)
{
  static const char letters[] = "KMG";
  gsize length = strlen (digits);
  const char *letter = length > 1 ? strchr (letters, g_ascii_toupper (digits[length - 1])) : NULL;

  if (letter == NULL)
    return 1;
  digits[length - 1] = '\0';
  return G_GUINT64_CONSTANT (1) << (10 * (letter - letters + 1));
}

static gboolean
is_digits (const char *text)
{
  return *text != '\0' && strspn (text, "0123456789") == strlen (text);
}

static gboolean
read_number (const PfField *field, gpointer object, const char *text, PfRefusal *refusal)
{
  g_autofree char *digits = g_strdup (text);
  const guint64 unit = field->kind == PF_KIND_SIZE ? take_unit (digits) : 1;
  guint64 number;

  if (!is_digits (*digits == '-' ? digits + 1 : digits))
    return refuse (refusal, "syntax", NULL, text);
  if (!g_ascii_string_to_unsigned (digits, 10, 0, G_MAXUINT64 / unit, &number, NULL))
    return refuse (refusal, "out-of-range", NULL, text);
  return set_number (field, object, number * unit, text, refusal);
}

/* --- Scores ----------------------------------------------------------------------------------- */

static gboolean
set_score (const PfField *field,
           gpointer object,
           double score,
           const char *text,
           PfRefusal *refusal)
{
  /* Written so that what is no number is refused too. */
  if (!(score >= (double) field->least && score <= (double) field->most))
    return refuse (refusal, "out-of-range", NULL, text);
  *MEMBER (double, object, field) = score;
  return TRUE;
}

static gboolean
read_score (const PfField *field, gpointer object, const char *text, PfRefusal *refusal)
{
  /* g_ascii_strtod() takes "nan", "inf" and "0x10" as well. */
  if (*text == '\0' || strspn (text, "0123456789.") != strlen (text)
      || strchr (text, '.') != strrchr (text, '.') || strcmp (text, ".") == 0)
    return refuse (refusal, "syntax", NULL, text);
  return set_score (field, object, g_ascii_strtod (text, NULL), text, refusal);
}

/* --- Lists ------------------------------------------------------------------------------------ */

/* One item, as it is kept; NULL: refused. */
static char *
read_item (const PfField *field, const char *item, PfRefusal *refusal)
{
  if (*item == '\0')
    return refuse_text (refusal, "syntax", "an item of the list is empty", item);
  if (strchr (item, LIST_SEPARATOR) != NULL)
    return refuse_text (refusal, "syntax",
                        "an item must not hold a semicolon, which separates items in the file",
                        item);
  return read_plain (field, item, refusal);
}

static gboolean
set_list (const PfField *field, gpointer object, const char *const *items, PfRefusal *refusal)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  gsize length = 0;

  if (items[0] == NULL && (field->flags & PF_FIELD_NOT_EMPTY) != 0)
    return refuse (refusal, "not-allowed", NULL, "");
  for (gsize i = 0; items[i] != NULL; i++)
    {
      g_autofree char *item = read_item (field, items[i], refusal);

      if (item == NULL)
        return FALSE;
      length += strlen (item) + 1;
      if (i >= PF_LIMIT_SETTING_ITEMS || length > PF_LIMIT_SETTING_LIST)
        return refuse (refusal, "out-of-range", "the list is too long", items[i]);
      g_strv_builder_add (builder, item);
    }
  g_strfreev (*MEMBER (char **, object, field));
  *MEMBER (char **, object, field) = g_strv_builder_end (builder);
  return TRUE;
}

/* Blanks around an item are dropped, and one separator may end the list. */
static gboolean
read_list (const PfField *field, gpointer object, const char *text, PfRefusal *refusal)
{
  const char separator[] = { LIST_SEPARATOR, '\0' };
  g_auto (GStrv) items = g_strsplit (text, separator, -1);
  guint n = g_strv_length (items);

  for (guint i = 0; i < n; i++)
    g_strstrip (items[i]);
  if (n > 1 && *items[n - 1] == '\0')
    g_clear_pointer (&items[n - 1], g_free);
  return set_list (field, object, (const char *const *) items, refusal);
}

/* --- One value -------------------------------------------------------------------------------- */

gboolean
pf_field_read_text (const PfField *field, gpointer object, const char *text, PfRefusal *refusal)
{
  switch (field->kind)
    {
    case PF_KIND_TEXT:
      return read_string (field, object, text, refusal);
    case PF_KIND_BOOLEAN:
      return read_boolean (field, object, text, refusal);
    case PF_KIND_CHOICE:
      return read_choice (field, object, text, refusal);
    case PF_KIND_LIST:
      return read_list (field, object, text, refusal);
    case PF_KIND_SCORE:
      return read_score (field, object, text, refusal);
    case PF_KIND_NUMBER16:
    case PF_KIND_NUMBER32:
    case PF_KIND_SIZE:
      return read_number (field, object, text, refusal);
    }
  return FALSE;
}

gboolean
pf_field_is_reset (const PfField *field, GVariant *value)
{
  if ((field->flags & PF_FIELD_NOT_EMPTY) != 0)
    return FALSE;
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
    return *g_variant_get_string (value, NULL) == '\0';
  return field->kind == PF_KIND_LIST && g_variant_is_of_type (value, G_VARIANT_TYPE_STRING_ARRAY)
         && g_variant_n_children (value) == 0;
}

/* (transfer full) (nullable): an integer of any type in decimal; NULL for anything else. */
static char *
print_integer (GVariant *value)
{
  switch (g_variant_classify (value))
    {
    case G_VARIANT_CLASS_BYTE:
      return g_strdup_printf ("%u", g_variant_get_byte (value));
    case G_VARIANT_CLASS_UINT16:
    case G_VARIANT_CLASS_UINT32:
    case G_VARIANT_CLASS_UINT64:
    case G_VARIANT_CLASS_INT16:
    case G_VARIANT_CLASS_INT32:
    case G_VARIANT_CLASS_INT64:
      return g_variant_print (value, FALSE);
    default:
      return NULL;
    }
}

static gboolean
is_number (const PfField *field)
{
  return field->kind == PF_KIND_NUMBER16 || field->kind == PF_KIND_NUMBER32
         || field->kind == PF_KIND_SIZE;
}

/* Printing a value of unknown size and shape is not for free: only its type is told. */
static gboolean
refuse_type (const PfField *field, GVariant *value, PfRefusal *refusal)
{
  g_autofree char *type =
      g_strdup_printf ("(a value of type %.40s)", g_variant_get_type_string (value));

  return refuse (refusal, "wrong-type", NULL, type);
}

gboolean
pf_field_read_value (const PfField *field, gpointer object, GVariant *value, PfRefusal *refusal)
{
  g_autofree char *digits = NULL;

  if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
    return pf_field_read_text (field, object, g_variant_get_string (value, NULL), refusal);
  if (field->kind == PF_KIND_LIST && g_variant_is_of_type (value, G_VARIANT_TYPE_STRING_ARRAY))
    {
      g_autofree const char **items = g_variant_get_strv (value, NULL);

      return set_list (field, object, items, refusal);
    }
  if (field->kind == PF_KIND_BOOLEAN && g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN))
    {
      *MEMBER (gboolean, object, field) = g_variant_get_boolean (value);
      return TRUE;
    }
  if (field->kind == PF_KIND_SCORE && g_variant_is_of_type (value, G_VARIANT_TYPE_DOUBLE))
    {
      digits = g_variant_print (value, FALSE);
      return set_score (field, object, g_variant_get_double (value), digits, refusal);
    }
  if ((is_number (field) || field->kind == PF_KIND_SCORE)
      && (digits = print_integer (value)) != NULL)
    return pf_field_read_text (field, object, digits, refusal);
  return refuse_type (field, value, refusal);
}
