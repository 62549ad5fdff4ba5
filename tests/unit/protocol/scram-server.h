/* scram-server.h - the server's side of SCRAM (RFC 5802) for tests, written apart from libgsasl. */
#pragma once

#include <glib.h>

/* The proof of a client and the signature of a server who know @password, as base64. */
void scram_compute (GChecksumType hash, const char *password, const char *salt_base64,
                    guint iterations, const char *auth_message, char **proof, char **signature);
