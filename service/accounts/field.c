#include "accounts/field.h"

#include <string.h>

#define MEMBER(type, object, field) ((type *) G_STRUCT_MEMBER_P (object, (field)->offset))
#define CONST_MEMBER(type, object, field)                                                          \
  ((type const *) G_STRUCT_MEMBER_P ((gpointer) (object), (field)->offset))

const char *
pf_field_type (const PfField *field)
{
  static const char *const types[] = {
    [PF_KIND_TEXT] = "s",     [PF_KIND_BOOLEAN] = "b",  [PF_KIND_CHOICE] = "s",
    [PF_KIND_NUMBER16] = "q", [PF_KIND_NUMBER32] = "u", [PF_KIND_SIZE] = "t",
    [PF_KIND_SCORE] = "d",    [PF_KIND_LIST] = "as",
  };

  return types[field->kind];
}

void
pf_field_clear (const PfField *field, gpointer object)
{
  if (field->kind == PF_KIND_TEXT)
    g_clear_pointer (MEMBER (char *, object, field), g_free);
  else if (field->kind == PF_KIND_LIST)
    g_clear_pointer (MEMBER (char **, object, field), g_strfreev);
}

void
pf_field_copy (const PfField *field, gconstpointer from, gpointer to)
{
  pf_field_clear (field, to);
  switch (field->kind)
    {
    case PF_KIND_TEXT:
      *MEMBER (char *, to, field) = g_strdup (*CONST_MEMBER (char *, from, field));
      break;
    case PF_KIND_LIST:
      *MEMBER (char **, to, field) = g_strdupv (*CONST_MEMBER (char **, from, field));
      break;
    case PF_KIND_NUMBER16:
      *MEMBER (guint16, to, field) = *CONST_MEMBER (guint16, from, field);
      break;
    case PF_KIND_SIZE:
      *MEMBER (guint64, to, field) = *CONST_MEMBER (guint64, from, field);
      break;
    case PF_KIND_SCORE:
      *MEMBER (double, to, field) = *CONST_MEMBER (double, from, field);
      break;
    case PF_KIND_BOOLEAN:
    case PF_KIND_CHOICE:
    case PF_KIND_NUMBER32:
      *MEMBER (guint, to, field) = *CONST_MEMBER (guint, from, field);
      break;
    }
}

gboolean
pf_field_equal (const PfField *field, gconstpointer a, gconstpointer b)
{
  switch (field->kind)
    {
    case PF_KIND_TEXT:
      return strcmp (*CONST_MEMBER (char *, a, field), *CONST_MEMBER (char *, b, field)) == 0;
    case PF_KIND_LIST:
      return g_strv_equal ((const char *const *) *CONST_MEMBER (char **, a, field),
                           (const char *const *) *CONST_MEMBER (char **, b, field));
    case PF_KIND_NUMBER16:
      return *CONST_MEMBER (guint16, a, field) == *CONST_MEMBER (guint16, b, field);
    case PF_KIND_SIZE:
      return *CONST_MEMBER (guint64, a, field) == *CONST_MEMBER (guint64, b, field);
    case PF_KIND_SCORE:
      return !(*CONST_MEMBER (double, a, field) < *CONST_MEMBER (double, b, field))
             && !(*CONST_MEMBER (double, a, field) > *CONST_MEMBER (double, b, field));
    case PF_KIND_BOOLEAN:
    case PF_KIND_CHOICE:
    case PF_KIND_NUMBER32:
      return *CONST_MEMBER (guint, a, field) == *CONST_MEMBER (guint, b, field);
    }
  return FALSE;
}

/* Defaults are the table's own words and need no check. */
void
pf_field_reset (const PfField *field, gpointer object)
{
  PfField unchecked = *field;
  PfRefusal refusal = { 0 };

  unchecked.read = NULL;
  unchecked.least = 0;
  if (*field->initial != '\0' && pf_field_read_text (&unchecked, object, field->initial, &refusal))
    return;
  pf_refusal_clear (&refusal);
  pf_field_clear (field, object);
  if (field->kind == PF_KIND_TEXT)
    *MEMBER (char *, object, field) = g_strdup ("");
  else if (field->kind == PF_KIND_LIST)
    *MEMBER (char **, object, field) = g_new0 (char *, 1);
  else if (field->kind == PF_KIND_NUMBER16)
    *MEMBER (guint16, object, field) = 0;
  else if (field->kind == PF_KIND_SIZE)
    *MEMBER (guint64, object, field) = 0;
  else if (field->kind == PF_KIND_SCORE)
    *MEMBER (double, object, field) = 0;
  else
    *MEMBER (guint, object, field) = 0;
}

char *
pf_field_to_text (const PfField *field, gconstpointer object)
{
  char digits[G_ASCII_DTOSTR_BUF_SIZE];

  switch (field->kind)
    {
    case PF_KIND_TEXT:
      return g_strdup (*CONST_MEMBER (char *, object, field));
    case PF_KIND_LIST:
      return g_strjoinv (";", *CONST_MEMBER (char **, object, field));
    case PF_KIND_BOOLEAN:
      return g_strdup (*CONST_MEMBER (gboolean, object, field) ? "true" : "false");
    case PF_KIND_CHOICE:
      return g_strdup (field->choices[*CONST_MEMBER (guint, object, field)]);
    case PF_KIND_NUMBER16:
      return g_strdup_printf ("%u", *CONST_MEMBER (guint16, object, field));
    case PF_KIND_NUMBER32:
      return g_strdup_printf ("%u", *CONST_MEMBER (guint, object, field));
    case PF_KIND_SIZE:
      return g_strdup_printf ("%" G_GUINT64_FORMAT, *CONST_MEMBER (guint64, object, field));
    case PF_KIND_SCORE:
      /* 5.1, not the 17 digits that tell it from its neighbours. */
      return g_strdup (
          g_ascii_formatd (digits, sizeof digits, "%.15g", *CONST_MEMBER (double, object, field)));
    }
  return NULL;
}

GVariant *
pf_field_to_value (const PfField *field, gconstpointer object)
{
  switch (field->kind)
    {
    case PF_KIND_TEXT:
      return g_variant_new_string (*CONST_MEMBER (char *, object, field));
    case PF_KIND_LIST:
      return g_variant_new_strv ((const char *const *) *CONST_MEMBER (char **, object, field), -1);
    case PF_KIND_BOOLEAN:
      return g_variant_new_boolean (*CONST_MEMBER (gboolean, object, field));
    case PF_KIND_CHOICE:
      return g_variant_new_string (field->choices[*CONST_MEMBER (guint, object, field)]);
    case PF_KIND_NUMBER16:
      return g_variant_new_uint16 (*CONST_MEMBER (guint16, object, field));
    case PF_KIND_NUMBER32:
      return g_variant_new_uint32 (*CONST_MEMBER (guint, object, field));
    case PF_KIND_SIZE:
      return g_variant_new_uint64 (*CONST_MEMBER (guint64, object, field));
    case PF_KIND_SCORE:
      return g_variant_new_double (*CONST_MEMBER (double, object, field));
    }
  return NULL;
}
