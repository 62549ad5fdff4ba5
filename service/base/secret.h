/* secret.h - passwords and tokens: memory that is wiped when the last reference goes. */
#pragma once

#include <glib.h>

/**
 * PfSecret: octets that must not outlive their use. Ref-counted, immutable, never NUL-terminated by
 * contract (a terminator is kept behind the octets for libraries that want one). Never print one.
 */
typedef struct _PfSecret PfSecret;

PfSecret   *pf_secret_new   (const void *data, gsize length);
PfSecret   *pf_secret_ref   (PfSecret *self);
void        pf_secret_unref (PfSecret *self);
/* The octets, owned by @self; @length may be NULL. */
const char *pf_secret_peek  (const PfSecret *self, gsize *length);
/* Overwrites @length octets at @data in a way that the compiler cannot remove. */
void        pf_secret_wipe  (void *data, gsize length);
/* g_free() after wiping a NUL-terminated string; NULL is fine. */
void        pf_secret_free_string (char *string);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfSecret, pf_secret_unref)
