/* tickets.h - TLS sessions to resume: several for each server and trust, each used once. */
#pragma once

#include <glib.h>
#include <openssl/ssl.h>

/* @key names the server and all that made its certificate trusted, so that a session is never
 * resumed under other trust. @session: (transfer full). */
void         pf_tickets_put  (const char *key, SSL_SESSION *session);
/* (transfer full) (nullable): forgotten here; a handshake that fails with it cannot fail twice. */
SSL_SESSION *pf_tickets_take (const char *key);
/* Forgets all. */
void         pf_tickets_clear (void);
