#include "archive/zip.h"

#include "archive/bytes.h"
#include "base/limits.h"

#include <string.h>

#define LOCAL_LENGTH 30
#define CENTRAL_LENGTH 46
#define END_LENGTH 22
/* Of the Info-ZIP extra field with the name in UTF-8, and of the WinZip one that tells AES. */
#define EXTRA_NAME 0x7075
#define METHOD_AES 99
#define FLAG_ENCRYPTED 1
/* Of a directory's entry: its mode, and the octets of what it unpacks to. */
#define MODE 40
#define UNPACKED 24
#define MODE_TYPE 0xf000
#define MODE_LINK 0xa000
/* A link's target is a path. */
#define LONGEST_LINK 1024

/* Where things stand in the two kinds of header. */
typedef struct
{
  guint length, version, flags, method, n_name, n_extra;
} Form;

static const Form local = { LOCAL_LENGTH, 4, 6, 8, 26, 28 };
static const Form central = { CENTRAL_LENGTH, 6, 8, 10, 28, 30 };

/* The four octets may stand anywhere in what is packed: the rest must make sense, too. */
static gboolean
is_header (const Form *form, const guint8 *at, gsize left)
{
  guint method, n_name;

  if (left < form->length)
    return FALSE;
  method = pf_u16 (at + form->method);
  n_name = pf_u16 (at + form->n_name);
  if (pf_u16 (at + form->version) > 100 || n_name == 0 || n_name > PF_LIMIT_SETTING_LENGTH
      || form->length + n_name + pf_u16 (at + form->n_extra) > left)
    return FALSE;
  return method <= 20 || (method >= 93 && method <= METHOD_AES);
}

static void
keep (PfZipHeaders *self, const guint8 *name, gsize length)
{
  if (g_hash_table_size (self->names) >= 2 * PF_LIMIT_ARCHIVE_ENTRIES)
    self->over = TRUE;
  else
    g_hash_table_add (self->names, g_utf8_make_valid ((const char *) name, (gssize) length));
}

static void
read_extra (PfZipHeaders *self, const guint8 *at, gsize left)
{
  while (left >= 4)
    {
      gsize n = pf_u16 (at + 2);

      if (n > left - 4)
        return;
      /* A version and a sum stand in front of the name. */
      if (pf_u16 (at) == EXTRA_NAME && n > 5)
        keep (self, at + 9, n - 5);
      at += 4 + n;
      left -= 4 + n;
    }
}

/* A link, or a folder, with the content of a file: libarchive does not read it, and systems that
 * know no links unpack it. */
static gboolean
poses (const guint8 *at, const guint8 *name, guint n_name)
{
  guint32 size = pf_u32 (at + UNPACKED);

  return ((pf_u16 (at + MODE) & MODE_TYPE) == MODE_LINK && size > LONGEST_LINK)
         || (name[n_name - 1] == '/' && size > 0);
}

static void
read_header (PfZipHeaders *self, const Form *form, const guint8 *at)
{
  const guint8 *name = at + form->length;
  guint n_name = pf_u16 (at + form->n_name);

  if ((pf_u16 (at + form->flags) & FLAG_ENCRYPTED) != 0 || pf_u16 (at + form->method) == METHOD_AES)
    self->encrypted = TRUE;
  self->n_local += form == &local;
  self->odd = self->odd || (form == &central && poses (at, name, n_name));
  if (form == &central)
    self->unpacked += pf_u32 (at + UNPACKED);
  keep (self, name, n_name);
  read_extra (self, name + n_name, pf_u16 (at + form->n_extra));
}

void
pf_zip_read_headers (PfZipHeaders *self, const guint8 *data, gsize length)
{
  const guint8 *at = data, *end = data + length;

  memset (self, 0, sizeof *self);
  self->names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  while (!self->over && (at = memmem (at, (gsize) (end - at), "PK", 2)) != NULL)
    {
      gsize left = (gsize) (end - at);
      const Form *form = NULL;

      if (left >= 4 && at[2] == 3 && at[3] == 4)
        form = &local;
      else if (left >= 4 && at[2] == 1 && at[3] == 2)
        form = &central;
      if (form != NULL && is_header (form, at, left))
        read_header (self, form, at);
      at += 2;
    }
}

void
pf_zip_headers_clear (PfZipHeaders *self)
{
  g_clear_pointer (&self->names, g_hash_table_unref);
}

gboolean
pf_zip_is_empty (const guint8 *data, gsize length)
{
  return length >= END_LENGTH && memcmp (data, "PK\5\6", 4) == 0 && pf_u16 (data + 10) == 0
         && pf_u32 (data + 12) == 0 && pf_u16 (data + 20) == length - END_LENGTH;
}

gboolean
pf_zip_has_end (const guint8 *data, gsize length)
{
  gsize least = length > END_LENGTH + 0xffff ? length - END_LENGTH - 0xffff : 0;

  for (gsize at = length; at >= least + END_LENGTH; at--)
    {
      const guint8 *end = data + at - END_LENGTH;
      gsize before = at - END_LENGTH, size;

      if (memcmp (end, "PK\5\6", 4) != 0)
        continue;
      size = pf_u32 (end + 12);
      /* The directory stands before it, wherever the file says that it begins. */
      if (size >= CENTRAL_LENGTH && size <= before && memcmp (end - size, "PK\1\2", 4) == 0)
        return TRUE;
    }
  return FALSE;
}
