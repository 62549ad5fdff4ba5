/* deflate.h - a compressed stream, both ways, as a machine: octets in, octets out, no socket (RFC
 * 4978: raw DEFLATE, RFC 1951).
 *
 * What comes is inflated only as far as somebody takes it: however much a few octets stand for, no
 * more than the caller's buffer is held of it. Some 55 KiB a stream.
 */
#pragma once

#include <glib.h>

typedef struct _PfDeflate PfDeflate;

PfDeflate *pf_deflate_new  (void);
void       pf_deflate_free (PfDeflate *self);

/* Takes what came from the peer; only when pf_deflate_has_input() says that nothing is left of
 * before. */
void     pf_deflate_feed      (PfDeflate *self, const guint8 *data, gsize length);
/* TRUE when pf_deflate_read() may have something without being fed. */
gboolean pf_deflate_has_input (const PfDeflate *self);
/* Up to @size octets; *@length is 0 when more has to come from the peer first. FALSE: what came is
 * no such stream, or goes on behind its end; nothing is read of it any more. */
gboolean pf_deflate_read      (PfDeflate *self, guint8 *buffer, gsize size, gsize *length);
/* Appends to @out what stands for @data, so that the peer can read all of it at once. */
void     pf_deflate_write     (PfDeflate *self, const guint8 *data, gsize length, GByteArray *out);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfDeflate, pf_deflate_free)
