#include "archive/unpack.h"

#include "archive/content.h"
#include "archive/rar.h"
#include "archive/zip.h"
#include "base/limits.h"
#include "filter/attachment-names.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

/* One archive, read in one way. */
typedef struct
{
  PfExamination *examination;
  const char *name;
  PfKind kind;
  const guint8 *data;
  gsize length;
  PfUnpackTrust trust;
  GHashTable *seen;            /* (nullable) (element-type utf8 utf8): names of entries */
  guint entries, number;       /* in all, and in this way of reading */
  GByteArray *encrypted_files; /* (nullable): of a RAR: 1 for each that is */
  gboolean encrypted;
  gboolean has_types, has_office; /* as an Office document has */
} Reading;

static void
complain (const Reading *self, struct archive *archive)
{
  const char *why = archive_error_string (archive);

  if (self->trust == PF_UNPACK_DOUBTFUL)
    return;
  pf_examination_malformed (self->examination, self->name,
                            why != NULL ? why : "the archive cannot be read");
}

/* --- Readers ---------------------------------------------------------------------------------- */

/* Of each kind the one reader that it needs: less code that hostile octets reach. None of them runs
 * another program. */
static void
choose_reader (struct archive *archive, PfKind kind, gboolean streaming)
{
  switch (kind)
    {
    case PF_KIND_ZIP:
      if (streaming)
        archive_read_support_format_zip_streamable (archive);
      else
        archive_read_support_format_zip_seekable (archive);
      break;
    case PF_KIND_7ZIP:
      archive_read_support_format_7zip (archive);
      break;
    case PF_KIND_RAR:
      archive_read_support_format_rar (archive);
      archive_read_support_format_rar5 (archive);
      break;
    case PF_KIND_CAB:
      archive_read_support_format_cab (archive);
      break;
    case PF_KIND_PACKED:
    case PF_KIND_PACKED_OTHER:
      archive_read_support_filter_gzip (archive);
      archive_read_support_filter_bzip2 (archive);
      archive_read_support_filter_xz (archive);
      archive_read_support_filter_lzma (archive);
      archive_read_support_filter_lzip (archive);
      archive_read_support_filter_compress (archive);
      archive_read_support_filter_zstd (archive);
      archive_read_support_filter_lz4 (archive);
      archive_read_support_format_raw (archive);
      archive_read_support_format_empty (archive);
      archive_read_support_format_tar (archive);
      archive_read_support_format_cpio (archive);
      break;
    case PF_KIND_OTHER:
      archive_read_support_format_cpio (archive);
      archive_read_support_format_ar (archive);
      archive_read_support_format_iso9660 (archive);
      archive_read_support_format_lha (archive);
      break;
    case PF_KIND_TAR:
    default:
      archive_read_support_format_tar (archive);
      break;
    }
}

/* --- Entries ---------------------------------------------------------------------------------- */

/* (transfer full) */
static char *
entry_name (struct archive_entry *entry)
{
  const char *name = archive_entry_pathname (entry);

  if (name == NULL)
    name = archive_entry_pathname_utf8 (entry);
  return g_utf8_make_valid (name != NULL ? name : "", -1);
}

/* What packs one file may have noted its name; else, and for many programs always, it is its own
 * without the last extension. */
static void
tell_name (const Reading *self, struct archive *archive, const char *name)
{
  const char *dot = strrchr (self->name, '.');

  pf_examination_name (self->examination, name);
  if (archive_format (archive) == ARCHIVE_FORMAT_RAW && dot != NULL)
    {
      g_autofree char *own = g_strndup (self->name, (gsize) (dot - self->name));

      pf_examination_name (self->examination, own);
    }
}

static void
note_document (Reading *self, const char *name)
{
  self->has_types = self->has_types || g_ascii_strcasecmp (name, "[Content_Types].xml") == 0;
  self->has_office = self->has_office || g_str_has_prefix (name, "word/")
                     || g_str_has_prefix (name, "xl/") || g_str_has_prefix (name, "ppt/")
                     || g_str_has_prefix (name, "visio/");
}

/* FALSE: the end of the archive, whatever the reason. */
static gboolean
read_data (Reading *self, struct archive *archive, const char *name)
{
  PfContent *content = pf_content_new (self->examination, name, PF_CONTENT_FILE);
  gboolean goes_on = TRUE;
  const void *block = NULL;
  size_t size = 0;
  la_int64_t offset;
  int got;

  do
    {
      got = archive_read_data_block (archive, &block, &size, &offset);
      /* A wrong sum is no more than a warning to it. */
      if (got != ARCHIVE_OK && got != ARCHIVE_EOF)
        complain (self, archive);
      if (got != ARCHIVE_OK && got != ARCHIVE_WARN)
        break;
      goes_on = pf_examination_unpacked (self->examination, size);
      if (goes_on)
        pf_content_add (content, block, size);
    }
  while (goes_on);
  if (!goes_on)
    {
      pf_content_free (content);
      return FALSE;
    }
  pf_content_end (content);
  return got > ARCHIVE_FATAL;
}

static gboolean
is_noted_encrypted (const Reading *self)
{
  const GByteArray *files = self->encrypted_files;

  return files != NULL && self->number <= files->len && files->data[self->number - 1] != 0;
}

static gboolean
read_entry (Reading *self, struct archive *archive, struct archive_entry *entry)
{
  g_autofree char *name = entry_name (entry);
  gboolean folder = archive_entry_filetype (entry) == AE_IFDIR && archive_entry_size (entry) <= 0;

  self->entries++;
  self->number++;
  if (!pf_examination_entry (self->examination))
    return FALSE;
  if (self->seen != NULL)
    g_hash_table_add (self->seen, g_strdup (name));
  note_document (self, name);
  if (folder)
    return TRUE;
  tell_name (self, archive, name);
  if (archive_entry_is_encrypted (entry) || is_noted_encrypted (self))
    {
      self->encrypted = TRUE;
      return TRUE;
    }
  return read_data (self, archive, name);
}

/* libarchive 3.6 reads beyond its table where it has not yet chosen a format. */
static gboolean
is_told_encrypted (struct archive *archive)
{
  return archive_format (archive) != 0 && archive_read_has_encrypted_entries (archive) > 0;
}

static void
read_entries (Reading *self, struct archive *archive)
{
  struct archive_entry *entry;
  int got;

  while ((got = archive_read_next_header (archive, &entry)) != ARCHIVE_EOF)
    {
      if (got == ARCHIVE_OK || got == ARCHIVE_WARN)
        {
          if (!read_entry (self, archive, entry))
            return;
          continue;
        }
      /* Not even the names can be read without the password. */
      if (self->entries == 0 && (self->encrypted || is_told_encrypted (archive)))
        self->encrypted = TRUE;
      else
        complain (self, archive);
      /* What is tried again and again must come to an end. */
      if (got == ARCHIVE_FATAL || !pf_examination_entry (self->examination))
        return;
    }
}

static void
read_in_one_way (Reading *self, gboolean streaming)
{
  struct archive *archive = archive_read_new ();

  self->number = 0;
  choose_reader (archive, self->kind, streaming);
  if (archive_read_open_memory (archive, self->data, self->length) == ARCHIVE_OK)
    read_entries (self, archive);
  else
    complain (self, archive);
  archive_read_free (archive);
}

/* --- Zip -------------------------------------------------------------------------------------- */

gboolean
pf_unpack_has_zip_end (const guint8 *data, gsize length)
{
  return pf_zip_has_end (data, length);
}

/* An OpenDocument's first entry is its type, as it is. */
static gboolean
is_open_document (const guint8 *data, gsize length)
{
  static const char oasis[] = "application/vnd.oasis.opendocument.",
                    sun[] = "application/vnd.sun.xml.";

  if (length < 100 || memcmp (data, "PK\3\4", 4) != 0 || memcmp (data + 30, "mimetype", 8) != 0)
    return FALSE;
  return memcmp (data + 38, oasis, sizeof oasis - 1) == 0
         || memcmp (data + 38, sun, sizeof sun - 1) == 0;
}

/* TRUE: some header is of an entry that the directory does not have. */
static gboolean
tell_headers (Reading *self, const PfZipHeaders *headers)
{
  gboolean hidden = FALSE;
  GHashTableIter at;
  gpointer name;

  g_hash_table_iter_init (&at, headers->names);
  while (g_hash_table_iter_next (&at, &name, NULL))
    {
      if (g_hash_table_contains (self->seen, name))
        continue;
      hidden = TRUE;
      if (!g_str_has_suffix (name, "/"))
        pf_examination_name (self->examination, name);
    }
  return hidden;
}

static void
read_zip (Reading *self)
{
  g_auto (PfZipHeaders) headers = { 0 };
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  PfExaminationMark mark = pf_examination_mark (self->examination);

  self->seen = seen;
  pf_zip_read_headers (&headers, self->data, self->length);
  self->encrypted = headers.encrypted;
  /* Entries that share their octets are one for libarchive, and a bomb for others. */
  if (!pf_examination_announced (self->examination, headers.unpacked))
    return;
  /* libarchive takes a zip without entries for none. */
  if (!pf_zip_is_empty (self->data, self->length))
    read_in_one_way (self, FALSE);
  if (headers.odd)
    pf_examination_malformed (self->examination, self->name,
                              "a link or a folder in it has the content of a file");
  if (headers.over)
    pf_examination_malformed (self->examination, self->name, "there are too many files in it");
  if ((tell_headers (self, &headers) || headers.n_local > self->entries)
      && pf_examination_goes_on (self->examination))
    {
      pf_examination_rewind (self->examination, &mark);
      self->trust = PF_UNPACK_DOUBTFUL;
      read_in_one_way (self, TRUE);
    }
}

/* --- All of them ------------------------------------------------------------------------------ */

static gboolean
is_archive (const Reading *self)
{
  gboolean document =
      (self->has_types && self->has_office) || is_open_document (self->data, self->length);

  /* What is none turned out to be one, or not. */
  if (self->trust == PF_UNPACK_DOUBTFUL && self->entries == 0)
    return FALSE;
  return pf_kind_is_archive (self->kind)
         && (self->kind != PF_KIND_ZIP || self->encrypted || !document);
}

void
pf_unpack (PfExamination *examination,
           const char *name,
           PfKind kind,
           const guint8 *data,
           gsize length,
           PfUnpackTrust trust)
{
  Reading self = { .examination = examination,
                   .name = name,
                   .kind = kind,
                   .data = data,
                   .length = length,
                   .trust = trust };

  if (kind == PF_KIND_RAR)
    self.encrypted_files = pf_rar_encrypted_files (data, length, &self.encrypted);
  if (kind == PF_KIND_ZIP)
    read_zip (&self);
  else
    read_in_one_way (&self, FALSE);
  self.trust = trust;
  if (is_archive (&self))
    pf_examination_find (examination, PF_ATTACHMENT_ARCHIVE, name);
  if (self.encrypted)
    pf_examination_find (examination, PF_ATTACHMENT_ENCRYPTED_ARCHIVE, name);
  g_clear_pointer (&self.encrypted_files, g_byte_array_unref);
}
