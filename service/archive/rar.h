/* rar.h - whether a RAR needs a password: libarchive does not tell of all of them. */
#pragma once

#include <glib.h>

/**
 * pf_rar_encrypted_files:
 * @encrypted: (out): some password is needed, for the names too perhaps
 *
 * Reads the headers of RAR 1.5 to 4 and of RAR 5, as far as they can be read.
 *
 * Returns: (transfer full): an octet for each file in their order, 1 where it is encrypted
 */
GByteArray *pf_rar_encrypted_files (const guint8 *data, gsize length, gboolean *encrypted);
