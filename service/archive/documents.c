#include "archive/documents.h"

#include <string.h>

/* What is said by both of two words in one file; in lower case. A name space's address keeps chance
 * words in a text from counting. */
static const struct
{
  const char *space, *word;
  PfAttachmentClass class;
} signs[] = {
  /* [Content_Types].xml, and the same in a document that is one XML file */
  { "/package/2006/content-types", "vnd.ms-office.vbaproject", PF_ATTACHMENT_OFFICE_MACRO },
  { "/package/2006/content-types", "macrosheet", PF_ATTACHMENT_OFFICE_MACRO },
  { "/office/2006/xmlpackage", "vnd.ms-office.vbaproject", PF_ATTACHMENT_OFFICE_MACRO },
  { "/office/2006/xmlpackage", "macrosheet", PF_ATTACHMENT_OFFICE_MACRO },
  /* what belongs to what */
  { "/package/2006/relationships", "/relationships/vbaproject", PF_ATTACHMENT_OFFICE_MACRO },
  { "/package/2006/relationships", "/relationships/xlmacrosheet", PF_ATTACHMENT_OFFICE_MACRO },
  { "/package/2006/relationships", "/relationships/xlintlmacrosheet", PF_ATTACHMENT_OFFICE_MACRO },
  /* the sheet itself */
  { "/office/excel/2006/main", ":macrosheet", PF_ATTACHMENT_OFFICE_MACRO },
  /* Word 2003 */
  { "/office/word/2003/wordml", "macrospresent=\"yes\"", PF_ATTACHMENT_OFFICE_MACRO },
  { "/office/word/2003/wordml", "qwn0axzltwltz", PF_ATTACHMENT_OFFICE_MACRO },
  /* OpenDocument: a module, and the same in a document that is one XML file */
  { "openoffice.org/2000/script", ":module", PF_ATTACHMENT_OFFICE_MACRO },
  { "openoffice.org/2004/office", ":source-code", PF_ATTACHMENT_OFFICE_MACRO },
  { "opendocument:xmlns:manifest", "encryption-data", PF_ATTACHMENT_ENCRYPTED_ARCHIVE },
  { "openoffice.org/2001/manifest", "encryption-data", PF_ATTACHMENT_ENCRYPTED_ARCHIVE },
};

/* A character by its number: "&#x6d;", "&#109;". Returns what follows it, or NULL. */
static const guint8 *
take_reference (const guint8 *at, const guint8 *end, guint *character)
{
  gboolean hex;
  guint value = 0, digits = 0;

  if (end - at < 4 || at[0] != '&' || at[1] != '#')
    return NULL;
  at += 2;
  hex = *at == 'x' || *at == 'X';
  at += hex;
  for (; at < end && digits < 8 && (hex ? g_ascii_isxdigit (*at) : g_ascii_isdigit (*at)); at++)
    {
      value = value * (hex ? 16 : 10) + (guint) g_ascii_xdigit_value ((char) *at);
      digits++;
    }
  if (digits == 0 || at == end || *at != ';')
    return NULL;
  *character = value;
  return at + 1;
}

/* (transfer full): lower case, numbered characters as themselves, UTF-16 as plain octets. */
static GString *
plain_form (const guint8 *data, gsize length)
{
  GString *text = g_string_sized_new (length);
  const guint8 *at = data, *end = data + length;

  while (at < end)
    {
      guint character;
      const guint8 *next = *at == '&' ? take_reference (at, end, &character) : NULL;

      if (next != NULL)
        {
          if (character > 0 && character < 128)
            g_string_append_c (text, g_ascii_tolower ((char) character));
          at = next;
          continue;
        }
      if (*at != '\0')
        g_string_append_c (text, g_ascii_tolower ((char) *at));
      at++;
    }
  return text;
}

guint
pf_documents_xml_classes (const guint8 *data, gsize length)
{
  GString *text = plain_form (data, length);
  guint classes = 0;

  for (guint i = 0; i < G_N_ELEMENTS (signs); i++)
    {
      if ((classes & PF_ATTACHMENT_BIT (signs[i].class)) == 0
          && strstr (text->str, signs[i].space) != NULL
          && strstr (text->str, signs[i].word) != NULL)
        classes |= PF_ATTACHMENT_BIT (signs[i].class);
    }
  g_string_free (text, TRUE);
  return classes;
}

void
pf_documents_examine_xml (PfExamination *examination,
                          const char *name,
                          const guint8 *data,
                          gsize length)
{
  guint classes = pf_documents_xml_classes (data, length);

  if ((classes & PF_ATTACHMENT_BIT (PF_ATTACHMENT_OFFICE_MACRO)) != 0)
    pf_examination_find (examination, PF_ATTACHMENT_OFFICE_MACRO, name);
  if ((classes & PF_ATTACHMENT_BIT (PF_ATTACHMENT_ENCRYPTED_ARCHIVE)) != 0)
    pf_examination_find (examination, PF_ATTACHMENT_ENCRYPTED_ARCHIVE, name);
}
