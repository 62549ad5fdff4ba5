/* authorities.h - contexts of OpenSSL, each with the authorities it believes, kept loaded. */
#pragma once

#include <glib.h>
#include <openssl/ssl.h>

typedef struct
{
  SSL_CTX *context; /* borrowed until the next call; an SSL keeps its own reference */
  guint64 serial;   /* another number for each time that authorities were loaded */
} PfAuthorities;

/**
 * pf_authorities_find:
 * @source: a file of certificates (PEM, or one in DER), "" for the system's, NULL for none at all
 * @prepare: called once for each new context
 *
 * The system's are loaded once a process, a file once until it changes.
 *
 * Returns: FALSE with PF_PROBLEM_SETTINGS_INVALID when the file cannot be read or holds none.
 */
gboolean pf_authorities_find  (const char *source, SSL_CTX *(*prepare) (SSL_CTX *context),
                               PfAuthorities *authorities, GError **error);
/* Forgets all. */
void     pf_authorities_clear (void);
