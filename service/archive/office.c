#include "archive/office.h"

#include "archive/bytes.h"
#include "archive/content.h"
#include "archive/ole.h"
#include "archive/packed-in.h"
#include "base/limits.h"

#include <string.h>

/* --- Excel ([MS-XLS]): type (2), length (2), data --------------------------------------------- */

#define BIFF_BOUND_SHEET 0x85
#define BIFF_FILE_PASS 0x2f
#define BIFF_MACRO_SHEET 0x40
/* Of a sheet in the list of them. */
#define SHEET_IS_MACRO 1

static gboolean
is_beginning (guint type)
{
  return type == 0x809 || type == 0x409 || type == 0x209 || type == 0x009;
}

static void
examine_records (PfExamination *examination, const char *name, const guint8 *data, gsize length)
{
  gsize at = 0;

  while (length - at >= 4)
    {
      guint type = pf_u16 (data + at), size = pf_u16 (data + at + 2);
      const guint8 *record = data + at + 4;

      if (size > length - at - 4)
        return;
      if ((type == BIFF_BOUND_SHEET && size >= 6 && record[5] == SHEET_IS_MACRO)
          || (is_beginning (type) && size >= 4 && pf_u16 (record + 2) == BIFF_MACRO_SHEET))
        pf_examination_find (examination, PF_ATTACHMENT_OFFICE_MACRO, name);
      if (type == BIFF_FILE_PASS)
        pf_examination_find (examination, PF_ATTACHMENT_ENCRYPTED_ARCHIVE, name);
      at += 4 + size;
    }
}

/* --- PowerPoint ([MS-PPT]): version and instance (2), type (2), length (4), data -------------- */

#define PPT_VBA_ATOM 0x0400
#define PPT_OLE_OBJECT 0x1011
#define PPT_CONTAINER 0xf
#define PPT_DEEPEST 16
/* Of the "Current User" stream where the presentation needs a password. */
#define PPT_ENCRYPTED 0xf3d1c4dfu

static void
examine_slides (PfExamination *examination,
                const char *name,
                const guint8 *data,
                gsize length,
                guint depth)
{
  gsize at = 0;

  while (length - at >= 8 && pf_examination_goes_on (examination))
    {
      guint version = pf_u16 (data + at), type = pf_u16 (data + at + 2);
      gsize size = MIN (pf_u32 (data + at + 4), length - at - 8);
      const guint8 *record = data + at + 8;

      if (type == PPT_VBA_ATOM && size >= 8 && pf_u32 (record + 4) != 0)
        pf_examination_find (examination, PF_ATTACHMENT_OFFICE_MACRO, name);
      else if (type == PPT_OLE_OBJECT && (version >> 4) == 1 && size > 4)
        pf_packed_in_examine (examination, name, record + 4, size - 4);
      else if (type == PPT_OLE_OBJECT)
        pf_content_examine (examination, name, PF_CONTENT_STREAM, record, size);
      else if ((version & 0xf) == PPT_CONTAINER && depth < PPT_DEEPEST)
        examine_slides (examination, name, record, size, depth + 1);
      at += 8 + size;
    }
}

/* --- Files that were put into a document ------------------------------------------------------ */

/* (transfer full) (nullable): the text at @at, which goes beyond its NUL. */
static char *
take_text (const guint8 **at, const guint8 *end)
{
  const guint8 *nul = memchr (*at, '\0', (gsize) (end - *at));
  char *text;

  if (nul == NULL)
    return NULL;
  text = g_utf8_make_valid ((const char *) *at, (gssize) (nul - *at));
  *at = nul + 1;
  return text;
}

/* \1Ole10Native: size (4), flags (2), label, file name, flags (2), 3 (2), size (4) and path, size
 * (4) and the file. Without the names: size (4) and the file. */
static void
examine_package (PfExamination *examination, const char *name, const guint8 *data, gsize length)
{
  const guint8 *at, *end;
  g_autofree char *label = NULL;
  g_autofree char *file = NULL;
  g_autofree char *path = NULL;
  gsize size;

  if (length < 8)
    return;
  at = data + 6;
  end = data + length;
  pf_content_examine (examination, name, PF_CONTENT_STREAM, data + 4, length - 4);
  label = take_text (&at, end);
  file = label != NULL ? take_text (&at, end) : NULL;
  if (file == NULL || end - at < 8)
    return;
  pf_examination_name (examination, label);
  pf_examination_name (examination, file);
  at += 8;
  path = take_text (&at, end);
  if (path == NULL || end - at < 4)
    return;
  pf_examination_name (examination, path);
  size = MIN (pf_u32 (at), (gsize) (end - at - 4));
  pf_content_examine (examination, file, PF_CONTENT_STREAM, at + 4, size);
}

/* Outlook's .msg keeps each property in a stream that is called by its number and type. */
static void
examine_property (PfExamination *examination, const char *stream, const guint8 *data, gsize length)
{
  g_autofree char *name = NULL;

  if (length == 0
      || (g_ascii_strncasecmp (stream, "__substg1.0_3704", 16) != 0
          && g_ascii_strncasecmp (stream, "__substg1.0_3707", 16) != 0))
    return;
  if (g_ascii_strcasecmp (stream + 16, "001F") == 0)
    name = g_convert ((const char *) data, (gssize) (length & ~(gsize) 1), "UTF-8", "UTF-16LE",
                      NULL, NULL, NULL);
  if (name == NULL)
    name = g_utf8_make_valid ((const char *) data, (gssize) length);
  pf_examination_name (examination, name);
}

/* --- Streams ---------------------------------------------------------------------------------- */

static gboolean
is_named (const PfOleEntry *entry, const char *name)
{
  return g_ascii_strcasecmp (entry->name, name) == 0;
}

/* Word: FIB, its flags at 10; 0x100: encrypted. */
static gboolean
is_encrypted_text (const guint8 *data, gsize length)
{
  return length >= 12 && (pf_u16 (data) == 0xa5ec || pf_u16 (data) == 0xa5dc)
         && (pf_u16 (data + 10) & 0x100) != 0;
}

static void
examine_stream (PfExamination *examination,
                const char *name,
                const PfOleEntry *entry,
                const guint8 *data,
                gsize length)
{
  if (is_named (entry, "Workbook") || is_named (entry, "Book"))
    examine_records (examination, name, data, length);
  else if (is_named (entry, "PowerPoint Document"))
    examine_slides (examination, name, data, length, 0);
  else if (is_named (entry, "\1Ole10Native"))
    examine_package (examination, name, data, length);
  else if ((is_named (entry, "WordDocument") && is_encrypted_text (data, length))
           || is_named (entry, "EncryptedPackage") || is_named (entry, "EncryptedSummary")
           || (is_named (entry, "Current User") && length >= 16
               && pf_u32 (data + 12) == PPT_ENCRYPTED))
    pf_examination_find (examination, PF_ATTACHMENT_ENCRYPTED_ARCHIVE, name);
  else
    pf_content_examine (examination, entry->name, PF_CONTENT_STREAM, data, length);
  examine_property (examination, entry->name, data, length);
}

/* [MS-OVBA]: every project has its storage, whatever that lies in. */
static gboolean
is_project (const PfOleEntry *entry)
{
  return is_named (entry, "_VBA_PROJECT") || is_named (entry, "_VBA_PROJECT_CUR")
         || (entry->type == PF_OLE_STORAGE && is_named (entry, "VBA"));
}

/* An installer, a patch, a transform. */
static gboolean
is_installer (const PfOleEntry *entry)
{
  static const guint8 rest[] = { 0x10, 0x0c, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46 };

  return entry->type == PF_OLE_ROOT
         && (entry->class[0] == 0x84 || entry->class[0] == 0x86 || entry->class[0] == 0x82)
         && memcmp (entry->class + 1, rest, sizeof rest) == 0;
}

static void
examine_entries (PfExamination *examination, const char *name, PfOle *ole)
{
  GPtrArray *entries = pf_ole_entries (ole);

  for (guint i = 0; i < entries->len; i++)
    {
      const PfOleEntry *entry = g_ptr_array_index (entries, i);
      g_autoptr (GByteArray) data = NULL;

      if (!pf_examination_entry (examination))
        return;
      if (is_project (entry))
        pf_examination_find (examination, PF_ATTACHMENT_OFFICE_MACRO, name);
      if (is_installer (entry))
        pf_examination_find (examination, PF_ATTACHMENT_EXECUTABLE, name);
      if (entry->type != PF_OLE_STREAM)
        continue;
      data = pf_ole_read (ole, entry);
      /* Streams may lie in one another's sectors: together they are longer than the file. */
      if (!pf_examination_unpacked (examination, data->len))
        return;
      examine_stream (examination, name, entry, data->data, data->len);
    }
}

void
pf_office_examine (PfExamination *examination, const char *name, const guint8 *data, gsize length)
{
  g_autoptr (PfOle) ole = NULL;

  if (length < 8 || data[0] != 0xd0)
    {
      examine_records (examination, name, data, length);
      return;
    }
  ole = pf_ole_open (data, length, PF_LIMIT_ARCHIVE_ENTRIES);
  if (ole == NULL)
    pf_examination_malformed (examination, name, "the Office document cannot be read");
  else if (pf_ole_is_over (ole))
    pf_examination_malformed (examination, name, "there are too many files in it");
  if (ole != NULL)
    examine_entries (examination, name, ole);
}
