/* digest.h - one name for one content, whatever servers write into it: for recognising a message
 * anew (specs 13). */
#pragma once

#include <glib.h>

typedef struct _PfDigest PfDigest;

PfDigest *pf_digest_new    (void);
void      pf_digest_free   (PfDigest *self);
/* The whole header block, LF line ends, without mbox line: first, and once. */
void      pf_digest_header (PfDigest *self, const char *header, gsize length);
/* The body, LF line ends, split anywhere. Line ends at the very end do not count. */
void      pf_digest_body   (PfDigest *self, const char *data, gsize length);
/* (transfer full): hex SHA-256. */
char     *pf_digest_end    (PfDigest *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfDigest, pf_digest_free)
