/* mime-content.h - a part's transfer encoding undone, chunk by chunk (RFC 2045 6), and files that
 * stand uuencoded in a text. Like the readers of mail: what does not belong there is skipped. */
#pragma once

#include "protocol/mime.h"

typedef struct
{
  PfMimeEncoding encoding;
  guint32 bits;
  guint n_bits;
  guint8 held[2]; /* quoted-printable: '=' and what follows */
  guint n_held;
} PfMimeDecoder;

/* Appends to @out what @data stands for; identity and uuencode: itself. */
void pf_mime_decode     (PfMimeDecoder *self, const guint8 *data, gsize length, GByteArray *out);
/* The part ended. */
void pf_mime_decode_end (PfMimeDecoder *self, GByteArray *out);

/**
 * pf_mime_uu_begin:
 * @line: a whole line without its end
 * @base64: (out): it is of the kind that POSIX calls "begin-base64"
 *
 * Returns: (nullable) (transfer full): the octets of the file's name, where @line begins one
 */
char    *pf_mime_uu_begin  (const guint8 *line, gsize length, gboolean *base64);
/* "end", "====", or what can be no line of a file. */
gboolean pf_mime_uu_is_end (const guint8 *line, gsize length);
void     pf_mime_uu_decode (const guint8 *line, gsize length, GByteArray *out);
