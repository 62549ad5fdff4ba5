/* wait.h - the facade's calls, waited for. */
#pragma once

#include "secrets/secrets.h"

/* Counts answers; runs the main loop until so many have come. */
typedef struct
{
  GMainLoop *loop;
  guint awaited;
} Waiting;

void waiting_one (Waiting *self); /* an answer came */
void wait_for    (Waiting *self, guint answers);

/* Each waits. NULL: it worked. (transfer full) */
GError *store_now  (PfSecrets *secrets, const char *address, PfSecretKind kind, const char *text);
GError *clear_now  (PfSecrets *secrets, const char *address);
/* *@text: (transfer full) (nullable) */
GError *lookup_now (PfSecrets *secrets, const char *address, PfSecretKind kind, char **text);
/* Fails the test when there is an error, or something else than @text (nullable). */
void    assert_secret (PfSecrets *secrets, const char *address, PfSecretKind kind,
                       const char *text);
/* Fails the test when @error (taken) is not secrets-unavailable with @pattern in its sentence. */
void    assert_unavailable (GError *error, const char *pattern);
