/* kinds.h - what a file is by its content. */
#pragma once

#include <glib.h>

typedef enum
{
  PF_KIND_PLAIN,      /* nothing of the below */
  PF_KIND_EXECUTABLE, /* PE, DOS, ELF, Mach-O, a shortcut */
  PF_KIND_ZIP,
  PF_KIND_7ZIP,
  PF_KIND_RAR,
  PF_KIND_CAB,
  PF_KIND_ARJ,
  PF_KIND_TAR,
  PF_KIND_PACKED,       /* gzip, bzip2, xz: one file, or a tar */
  PF_KIND_PACKED_OTHER, /* one that is none of the class: zstd, lz4, lzip, lzma, compress */
  PF_KIND_OTHER,        /* an archive that is none of the class: cpio, ar, ISO 9660, LHA */
  PF_KIND_OLE,          /* Office, Outlook, MSI */
  PF_KIND_BIFF,         /* Excel before OLE */
  PF_KIND_TNEF,
  PF_KIND_ACTIVE_MIME, /* Office's packed macros */
  PF_KIND_MAIL,
  PF_KIND_XML,    /* or any text that begins like it */
  PF_KIND_UNKNOWN /* octets that nobody knows, no text */
} PfKind;

/* libmagic's database, once for all processes. FALSE with a sentence on stderr. */
gboolean pf_kinds_open (void);
/* @data: the first PF_LIMIT_ARCHIVE_HEAD octets, or all. */
PfKind   pf_kind_of    (const guint8 *data, gsize length);
/* It has something inside that is looked into: it must be there as a whole. */
gboolean pf_kind_is_container (PfKind kind);
/* It counts as one of the class `archives`; whether a zip is a document is not known here. */
gboolean pf_kind_is_archive   (PfKind kind);
