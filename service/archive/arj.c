#include "archive/arj.h"

#include "archive/bytes.h"
#include "archive/content.h"

#include <string.h>

/* A header: its mark (2), size (2), fixed part, name, comment, a sum (4), and extended headers of a
 * size (2) and a sum (4) each, which end with a size of 0. */
#define MARK "\x60\xea"
#define FIRST_SIZE 0 /* of the fixed part, from here on */
#define FLAGS 4
#define METHOD 5
#define FILE_TYPE 6
#define PACKED_SIZE 12
#define FLAG_GARBLED 1
#define TYPE_FOLDER 3

/* (nullable): what stands behind the extended headers. */
static const guint8 *
skip_extended (const guint8 *at, const guint8 *end)
{
  while (end - at >= 2)
    {
      gsize size = pf_u16 (at);

      at += 2;
      if (size == 0)
        return at;
      if ((gsize) (end - at) < size + 4)
        return NULL;
      at += size + 4;
    }
  return NULL;
}

/* What is only stored can be looked into. */
static void
read_file (PfExamination *examination, const guint8 *header, gsize size, const guint8 *packed)
{
  gsize first = header[FIRST_SIZE], length = pf_u32 (header + PACKED_SIZE);
  g_autofree char *name = NULL;

  if (first >= size || header[FILE_TYPE] == TYPE_FOLDER)
    return;
  name = g_strndup ((const char *) header + first, size - first);
  pf_examination_name (examination, name);
  if (header[METHOD] == 0 && (header[FLAGS] & FLAG_GARBLED) == 0)
    pf_content_examine (examination, name, PF_CONTENT_FILE, packed, length);
}

/* FALSE: it does not end as it should. */
static gboolean
read_files (PfExamination *examination, const guint8 *data, gsize length, gboolean *garbled)
{
  const guint8 *at = data, *end = data + length;

  for (guint i = 0; end - at >= 4 && memcmp (at, MARK, 2) == 0; i++)
    {
      gsize size = pf_u16 (at + 2);
      const guint8 *header = at + 4;

      if (size == 0)
        return TRUE;
      if (size < 30 || (gsize) (end - header) < size + 4 || !pf_examination_entry (examination))
        return FALSE;
      *garbled = *garbled || (header[FLAGS] & FLAG_GARBLED) != 0;
      at = skip_extended (header + size + 4, end);
      if (at == NULL)
        return FALSE;
      /* The first one is the archive's own, and has nothing behind it. */
      if (i == 0)
        continue;
      if ((gsize) (end - at) < pf_u32 (header + PACKED_SIZE))
        return FALSE;
      read_file (examination, header, size, at);
      at += pf_u32 (header + PACKED_SIZE);
    }
  return FALSE;
}

void
pf_arj_examine (PfExamination *examination, const char *name, const guint8 *data, gsize length)
{
  gboolean garbled = FALSE;

  if (!read_files (examination, data, length, &garbled))
    pf_examination_malformed (examination, name, "the archive cannot be read to its end");
  if (garbled)
    pf_examination_find (examination, PF_ATTACHMENT_ENCRYPTED_ARCHIVE, name);
}
