#include "archive/kinds.h"

#include "base/limits.h"

#include <magic.h>
#include <string.h>

static magic_t magic;

/* What mail brings is told by its first octets; libmagic knows the rest. Programs are not among
 * that: it takes one octet that is a jump for a DOS program. */
static const struct
{
  guint offset, length;
  const char *octets;
  PfKind kind;
} signatures[] = {
  { 0, 4, "PK\3\4", PF_KIND_ZIP },
  { 0, 4, "PK\5\6", PF_KIND_ZIP },
  { 0, 8, "PK00PK\3\4", PF_KIND_ZIP },
  { 0, 8, "PK\7\10PK\3\4", PF_KIND_ZIP },
  { 0, 6, "7z\xbc\xaf\x27\x1c", PF_KIND_7ZIP },
  { 0, 6, "Rar!\x1a\x07", PF_KIND_RAR },
  { 0, 8, "MSCF\0\0\0\0", PF_KIND_CAB },
  { 0, 3, "\x1f\x8b\x08", PF_KIND_PACKED },
  { 0, 6,
    "\xfd"
    "7zXZ\0",
    PF_KIND_PACKED },
  { 0, 4, "LZIP", PF_KIND_PACKED_OTHER },
  { 0, 4, "\x28\xb5\x2f\xfd", PF_KIND_PACKED_OTHER },
  { 0, 4, "\x04\x22\x4d\x18", PF_KIND_PACKED_OTHER },
  { 0, 8, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", PF_KIND_OLE },
  { 0, 4, "\x78\x9f\x3e\x22", PF_KIND_TNEF },
  { 0, 10, "ActiveMime", PF_KIND_ACTIVE_MIME },
  { 257, 5, "ustar", PF_KIND_TAR },
  { 0, 6, "070701", PF_KIND_OTHER },
  { 0, 6, "070702", PF_KIND_OTHER },
  { 0, 6, "070707", PF_KIND_OTHER },
  { 0, 8, "!<arch>\n", PF_KIND_OTHER },
  { 32769, 5, "CD001", PF_KIND_OTHER },
  { 0, 4,
    "\x7f"
    "ELF",
    PF_KIND_EXECUTABLE },
  { 0, 4, "\xfe\xed\xfa\xce", PF_KIND_EXECUTABLE },
  { 0, 4, "\xfe\xed\xfa\xcf", PF_KIND_EXECUTABLE },
  { 0, 4, "\xce\xfa\xed\xfe", PF_KIND_EXECUTABLE },
  { 0, 4, "\xcf\xfa\xed\xfe", PF_KIND_EXECUTABLE },
  /* A shortcut: its header's size, then its class. */
  { 0, 20, "\x4c\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46", PF_KIND_EXECUTABLE },
  { 0, 4, "\x09\x08\x08\0", PF_KIND_BIFF },
  { 0, 4, "\x09\x04\x06\0", PF_KIND_BIFF },
  { 0, 4, "\x09\x02\x06\0", PF_KIND_BIFF },
  { 0, 4, "\x09\0\x04\0", PF_KIND_BIFF },
};

static const struct
{
  const char *type;
  PfKind kind;
} types[] = {
  { "application/zip", PF_KIND_ZIP },
  { "application/x-7z-compressed", PF_KIND_7ZIP },
  { "application/x-rar", PF_KIND_RAR },
  { "application/vnd.ms-cab-compressed", PF_KIND_CAB },
  { "application/x-tar", PF_KIND_TAR },
  { "application/gzip", PF_KIND_PACKED },
  { "application/x-lzma", PF_KIND_PACKED_OTHER },
  { "application/x-compress", PF_KIND_PACKED_OTHER },
  { "application/x-cpio", PF_KIND_OTHER },
  { "application/x-iso9660-image", PF_KIND_OTHER },
  { "application/x-archive", PF_KIND_OTHER },
  { "application/octet-stream", PF_KIND_UNKNOWN },
};

/* --- libmagic --------------------------------------------------------------------------------- */

gboolean
pf_kinds_open (void)
{
  magic = magic_open (MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_ELF
                      | MAGIC_NO_CHECK_CDF | MAGIC_NO_CHECK_TOKENS | MAGIC_NO_CHECK_CSV
                      | MAGIC_NO_CHECK_JSON);
  if (magic != NULL && magic_load (magic, NULL) == 0)
    return TRUE;
  g_printerr ("postferry-archive: libmagic: %s\n",
              magic != NULL ? magic_error (magic) : "cannot be opened");
  return FALSE;
}

static PfKind
kind_by_magic (const guint8 *data, gsize length)
{
  const char *type = magic != NULL ? magic_buffer (magic, data, length) : NULL;

  for (guint i = 0; type != NULL && i < G_N_ELEMENTS (types); i++)
    {
      if (strcmp (types[i].type, type) == 0)
        return types[i].kind;
    }
  return PF_KIND_PLAIN;
}

/* --- Those that more than a few octets tell --------------------------------------------------- */

static gboolean
is_dos (const guint8 *data, gsize length)
{
  return length > 27 && ((data[0] == 'M' && data[1] == 'Z') || (data[0] == 'Z' && data[1] == 'M'))
         && memchr (data, '\0', MIN (length, 512)) != NULL;
}

/* A fat Mach-O file tells its number of parts where a Java class has its version, 45 at least. */
static gboolean
is_fat_mach (const guint8 *data, gsize length)
{
  return length >= 8
         && (memcmp (data, "\xca\xfe\xba\xbe\0\0\0", 7) == 0
             || memcmp (data, "\xca\xfe\xba\xbf\0\0\0", 7) == 0)
         && data[7] > 0 && data[7] < 45;
}

static gboolean
is_bzip2 (const guint8 *data, gsize length)
{
  return length >= 10 && memcmp (data, "BZh", 3) == 0 && data[3] >= '1' && data[3] <= '9'
         && (memcmp (data + 4, "1AY&SY", 6) == 0
             || memcmp (data + 4, "\x17\x72\x45\x38\x50\x90", 6) == 0);
}

static gboolean
is_arj (const guint8 *data, gsize length)
{
  guint size = length >= 10 ? data[2] | data[3] << 8 : 0;

  /* A header of at most 2,600 octets, its fixed part of 30 or a little more, its type "main". */
  return length >= 11 && data[0] == 0x60 && data[1] == 0xea && size >= 30 && size <= 2600
         && data[4] >= 30 && data[4] <= size && data[10] == 2;
}

static gboolean
is_lha (const guint8 *data, gsize length)
{
  return length >= 22 && data[2] == '-' && data[3] == 'l' && (data[4] == 'h' || data[4] == 'z')
         && data[6] == '-';
}

/* A tar of the seventh edition has no mark: the sum of its header has to be right. */
static gboolean
is_old_tar (const guint8 *data, gsize length)
{
  guint64 told, sum = 0;

  if (length < 512 || data[0] == '\0')
    return FALSE;
  for (guint i = 0; i < 512; i++)
    sum += i >= 148 && i < 156 ? ' ' : data[i];
  for (guint i = 148; i < 154; i++)
    {
      if (data[i] != ' ' && (data[i] < '0' || data[i] > '7'))
        return FALSE;
    }
  told = g_ascii_strtoull ((const char *) data + 148, NULL, 8);
  return told == sum;
}

/* --- Text ------------------------------------------------------------------------------------- */

static gboolean
is_xml (const guint8 *data, gsize length)
{
  gsize at = 0;

  while (at < length && at < 1024
         && (data[at] <= ' ' || data[at] == 0xef || data[at] == 0xbb || data[at] == 0xbf
             || data[at] == 0xfe || data[at] == 0xff))
    at++;
  return at < length && data[at] == '<';
}

/* How long the name of the field is that the line begins with; 0: it is none. */
static gsize
field_name (const guint8 *line, gsize length)
{
  gsize n = 0;

  while (n < length && n < 64 && (g_ascii_isalnum (line[n]) || line[n] == '-'))
    n++;
  return n > 0 && n < length && line[n] == ':' ? n : 0;
}

/* It begins with two fields or more, of which one only a message has. */
static gboolean
is_mail (const guint8 *data, gsize length)
{
  static const char *const names[] = { "received",     "return-path",  "from",         "message-id",
                                       "mime-version", "content-type", "delivered-to", NULL };
  const guint8 *at = data, *end = data + length;
  guint fields = 0, known = 0;

  if (length > 5 && memcmp (at, "From ", 5) == 0 && (at = memchr (at, '\n', length)) == NULL)
    return FALSE;
  while (at < end && fields < 100)
    {
      const guint8 *next = memchr (at, '\n', (gsize) (end - at));
      gsize n = field_name (at, (gsize) (end - at));
      g_autofree char *name = g_ascii_strdown ((const char *) at, (gssize) n);

      if (n == 0 && *at != ' ' && *at != '\t' && *at != '\n' && *at != '\r')
        return FALSE;
      fields += n > 0;
      known += n > 0 && g_strv_contains (names, name);
      if (fields > 1 && known > 0)
        return TRUE;
      if (next == NULL)
        return FALSE;
      at = next + 1;
    }
  return FALSE;
}

/* No octet that only files of a program have: libmagic would try all it knows of texts, and knows
 * no container among them. */
static gboolean
is_text (const guint8 *data, gsize length)
{
  for (gsize i = 0; i < length; i++)
    {
      if ((data[i] < ' ' && (data[i] < '\a' || data[i] > '\r') && data[i] != 0x1b)
          || data[i] == 0x7f)
        return FALSE;
    }
  return TRUE;
}

/* --- All together ----------------------------------------------------------------------------- */

static PfKind
kind_by_signature (const guint8 *data, gsize length)
{
  for (guint i = 0; i < G_N_ELEMENTS (signatures); i++)
    {
      if (length >= signatures[i].offset + signatures[i].length
          && memcmp (data + signatures[i].offset, signatures[i].octets, signatures[i].length) == 0)
        return signatures[i].kind;
    }
  return PF_KIND_PLAIN;
}

PfKind
pf_kind_of (const guint8 *data, gsize length)
{
  PfKind kind;

  if (length == 0)
    return PF_KIND_PLAIN;
  kind = kind_by_signature (data, length);
  if (kind != PF_KIND_PLAIN)
    return kind;
  if (is_dos (data, length) || is_fat_mach (data, length))
    return PF_KIND_EXECUTABLE;
  if (is_bzip2 (data, length))
    return PF_KIND_PACKED;
  if (is_arj (data, length))
    return PF_KIND_ARJ;
  if (is_old_tar (data, length))
    return PF_KIND_TAR;
  if (is_lha (data, length))
    return PF_KIND_OTHER;
  if (is_mail (data, length))
    return PF_KIND_MAIL;
  if (is_xml (data, length))
    return PF_KIND_XML;
  return is_text (data, length) ? PF_KIND_PLAIN : kind_by_magic (data, length);
}

gboolean
pf_kind_is_container (PfKind kind)
{
  return kind != PF_KIND_PLAIN && kind != PF_KIND_EXECUTABLE && kind != PF_KIND_UNKNOWN;
}

gboolean
pf_kind_is_archive (PfKind kind)
{
  switch (kind)
    {
    case PF_KIND_ZIP:
    case PF_KIND_7ZIP:
    case PF_KIND_RAR:
    case PF_KIND_CAB:
    case PF_KIND_ARJ:
    case PF_KIND_TAR:
    case PF_KIND_PACKED:
      return TRUE;
    default:
      return FALSE;
    }
}
