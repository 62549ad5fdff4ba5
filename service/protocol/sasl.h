/* sasl.h - one SASL log-in as a machine, through libgsasl (RFC 4422; the wire form is base64). */
#pragma once

#include <glib.h>

typedef struct _PfSasl PfSasl;

typedef enum
{
  PF_SASL_CONTINUE, /* send @out and wait for the server */
  PF_SASL_DONE,     /* send @out; when the server now says OK the log-in is proven */
  PF_SASL_FAILED    /* the server's message is wrong or its proof does not fit: cancel, never retry
                     * in the clear */
} PfSaslResult;

/**
 * pf_sasl_choose:
 * @offered: mechanisms the server names, blank-separated, any case; may be empty
 * @wanted: `auto` or one mechanism's name, as in the setting Authentication
 * @clear_allowed: whether a password may be sent as it is (TLS, loopback, AllowCleartext)
 *
 * Returns: (transfer none) (nullable): SCRAM-SHA-256, SCRAM-SHA-1, CRAM-MD5, PLAIN or LOGIN, the
 *   strongest first; NULL when none fits. (USER/PASS and IMAP's LOGIN command are the caller's,
 *   after this.)
 */
const char *pf_sasl_choose (const char *offered, const char *wanted, gboolean clear_allowed);

/**
 * pf_sasl_new:
 * @service: "imap" or "pop"
 * @password: NUL-terminated, copied into libgsasl and wiped with the session
 *
 * Returns: (nullable): NULL when this libgsasl lacks the mechanism, or user or password cannot be
 *   sent with it (SCRAM and CRAM-MD5: what SASLprep, RFC 4013, forbids; all: no user at all).
 */
PfSasl *pf_sasl_new  (const char *mechanism, const char *service, const char *host,
                      const char *user, const char *password);
void    pf_sasl_free (PfSasl *self);

/* TRUE for mechanisms where the client speaks first (PLAIN, SCRAM). */
gboolean pf_sasl_has_initial (PfSasl *self);

/**
 * pf_sasl_step:
 * @challenge: (nullable): base64 from the server, NULL for the initial response
 * @out: (out) (transfer full): base64 to send; wipe it with pf_sasl_free_text(). NULL when failed
 *
 * Iteration counts outside base/limits.h fail. A SCRAM server's "e=" is %PF_SASL_FAILED. What
 * failed stays failed.
 */
PfSaslResult pf_sasl_step (PfSasl *self, const char *challenge, char **out);
void         pf_sasl_free_text (char *text);

/* What SCRAM makes its key of (RFC 5802 section 3, Hi()). Owned by who asked:
 * pf_sasl_stretch_clear(). */
typedef struct
{
  gboolean sha256; /* else SHA-1 */
  char *password;  /* prepared */
  guint8 *salt;
  gsize salt_length;
  guint iterations;
} PfSaslStretch;

/**
 * pf_sasl_wants_key:
 * @stretch: (out): filled when TRUE
 *
 * Stretching a password takes up to a second, which is not to be spent in pf_sasl_step(). Returns:
 * TRUE when the step with
 * @challenge would do it: pf_sasl_set_key() first. FALSE as well when @challenge is wrong; the step
 * tells that.
 */
gboolean pf_sasl_wants_key (PfSasl *self, const char *challenge, PfSaslStretch *stretch);
/* @key: Hi(password, salt, iterations), 20 or 32 octets */
void     pf_sasl_set_key   (PfSasl *self, const guint8 *key, gsize length);
void     pf_sasl_stretch_clear (PfSaslStretch *stretch);

/* TRUE when a tagged OK may be believed now: mechanisms with mutual proof need the server's
 * first. */
gboolean pf_sasl_is_complete (PfSasl *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfSasl, pf_sasl_free)
