/* tls-problem.h - OpenSSL's reasons as problems of an account. */
#pragma once

#include <glib.h>

/**
 * pf_tls_problem:
 * @name: the server, "mail.example.com:995"
 * @code: of ERR_get_error(); 0 when OpenSSL gave none
 * @handshake: TRUE when the handshake was not complete
 *
 * Returns: (transfer full): TLS_UNAVAILABLE when there is no common version, cipher or strength of
 * key, else TLS_FAILED.
 */
GError  *pf_tls_problem (const char *name, unsigned long code, gboolean handshake);
/* TRUE when the stream ended without close_notify. */
gboolean pf_tls_code_is_cut (unsigned long code);
