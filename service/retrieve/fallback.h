/* fallback.h - accounts whose server offers mechanisms that hide the password and has no secrets
 * for them (system users, crypt hashes): may the password be sent in TLS, and was it?
 *
 * A table in memory, of the main loop. What is kept of a password is a hash with a key of the
 * process.
 */
#pragma once

#include "accounts/settings.h"
#include "base/secret.h"

typedef enum
{
  PF_FALLBACK_NONE,   /* nothing is known */
  PF_FALLBACK_NEVER,  /* a hiding mechanism worked once: who refuses it now has another reason */
  PF_FALLBACK_TRYING, /* one was refused, and whether PLAIN is accepted has not been told */
  PF_FALLBACK_WORKS,  /* PLAIN was accepted: begin with it */
  PF_FALLBACK_VAIN    /* both were refused: the password is wrong */
} PfFallback;

/* What is known of this account's server, user name and password; %PF_FALLBACK_NEVER holds for any
 * password. */
PfFallback pf_fallback_get (const PfSettings *settings, PfSecret *secret);
void pf_fallback_set (const PfSettings *settings, PfSecret *secret, PfFallback fallback);
/* For tests: nothing is known any more. */
void pf_fallback_clear (void);
