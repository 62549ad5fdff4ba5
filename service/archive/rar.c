#include "archive/rar.h"

#include "archive/bytes.h"
#include "base/limits.h"

#include <string.h>

/* --- RAR 1.5 to 4: sum (2), type (1), flags (2), size (2), some: size of what follows (4) --- */

#define OLD_TYPE_MAIN 0x73
#define OLD_TYPE_FILE 0x74
#define OLD_MAIN_ENCRYPTED 0x80
#define OLD_FILE_ENCRYPTED 0x04
#define OLD_FILE_LARGE 0x100
#define OLD_HAS_MORE 0x8000

static void
note (GByteArray *files, gboolean file_encrypted, gboolean *encrypted)
{
  guint8 octet = file_encrypted ? 1 : 0;

  g_byte_array_append (files, &octet, 1);
  *encrypted = *encrypted || file_encrypted;
}

static void
read_old (const guint8 *data, gsize length, GByteArray *files, gboolean *encrypted)
{
  gsize at = 7;

  for (guint i = 0; i < 2 * PF_LIMIT_ARCHIVE_ENTRIES && length - at >= 11; i++)
    {
      guint type = data[at + 2], flags = pf_u16 (data + at + 3);
      guint64 size = pf_u16 (data + at + 5);

      if (type == OLD_TYPE_MAIN && (flags & OLD_MAIN_ENCRYPTED) != 0)
        *encrypted = TRUE;
      if (type == OLD_TYPE_FILE)
        note (files, (flags & OLD_FILE_ENCRYPTED) != 0, encrypted);
      if (size < 7)
        return;
      if (type == OLD_TYPE_FILE && (flags & OLD_FILE_LARGE) != 0 && length - at >= 36)
        size += (guint64) pf_u32 (data + at + 32) << 32;
      if (type == OLD_TYPE_FILE || (flags & OLD_HAS_MORE) != 0)
        size += pf_u32 (data + at + 7);
      if (size > length - at)
        return;
      at += size;
    }
}

/* --- RAR 5: sum (4), then numbers of seven bits an octet: size, type, flags, ... -------------- */

#define TYPE_FILE 2
#define TYPE_SERVICE 3
#define TYPE_ENCRYPTION 4
#define FLAG_EXTRA 1
#define FLAG_DATA 2
#define EXTRA_ENCRYPTION 1

static gboolean
read_number (const guint8 **at, const guint8 *end, guint64 *value)
{
  *value = 0;
  for (guint shift = 0; *at < end && shift < 63; shift += 7)
    {
      guint8 octet = *(*at)++;

      *value |= (guint64) (octet & 0x7f) << shift;
      if ((octet & 0x80) == 0)
        return TRUE;
    }
  return FALSE;
}

/* Records of a file: size, type, ... */
static gboolean
has_encryption (const guint8 *at, const guint8 *end)
{
  guint64 size, type;

  while (read_number (&at, end, &size) && size > 0 && size <= (guint64) (end - at))
    {
      const guint8 *record = at;

      if (read_number (&record, at + size, &type) && type == EXTRA_ENCRYPTION)
        return TRUE;
      at += size;
    }
  return FALSE;
}

/* FALSE: there is no header any more. */
static gboolean
read_new_header (const guint8 **at, const guint8 *end, GByteArray *files, gboolean *encrypted)
{
  guint64 size, type, flags, extra = 0, more = 0;
  const guint8 *next;
  gboolean own;

  *at += 4;
  if (!read_number (at, end, &size) || size > (guint64) (end - *at))
    return FALSE;
  next = *at + size;
  if (!read_number (at, next, &type) || !read_number (at, next, &flags)
      || ((flags & FLAG_EXTRA) != 0 && !read_number (at, next, &extra))
      || ((flags & FLAG_DATA) != 0 && !read_number (at, next, &more)))
    return FALSE;
  own = extra <= (guint64) (next - *at) && has_encryption (next - extra, next);
  if (type == TYPE_ENCRYPTION || (type == TYPE_SERVICE && own))
    *encrypted = TRUE;
  if (type == TYPE_FILE)
    note (files, own, encrypted);
  if (type == TYPE_ENCRYPTION || more > (guint64) (end - next))
    return FALSE;
  *at = next + more;
  return TRUE;
}

static void
read_new (const guint8 *data, gsize length, GByteArray *files, gboolean *encrypted)
{
  const guint8 *at = data + 8, *end = data + length;

  for (guint i = 0; i < 2 * PF_LIMIT_ARCHIVE_ENTRIES && end - at > 4; i++)
    {
      if (!read_new_header (&at, end, files, encrypted))
        return;
    }
}

GByteArray *
pf_rar_encrypted_files (const guint8 *data, gsize length, gboolean *encrypted)
{
  GByteArray *files = g_byte_array_new ();

  *encrypted = FALSE;
  if (length >= 8 && data[6] == 1)
    read_new (data, length, files, encrypted);
  else if (length >= 8)
    read_old (data, length, files, encrypted);
  return files;
}
