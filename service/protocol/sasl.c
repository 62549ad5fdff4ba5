#include "protocol/sasl.h"

#include "base/limits.h"
#include "protocol/output.h"

#include <gsasl.h>
#include <string.h>

typedef struct
{
  const char *name;
  gboolean hides_password;
  gboolean initial;  /* the client speaks first */
  gboolean prepared; /* user and password go through SASLprep */
  gboolean scram;
} Mechanism;

/* The strongest first (DESIGN 6, Authentication). */
static const Mechanism mechanisms[] = {
  { "SCRAM-SHA-256", TRUE, TRUE, TRUE, TRUE }, { "SCRAM-SHA-1", TRUE, TRUE, TRUE, TRUE },
  { "CRAM-MD5", TRUE, FALSE, TRUE, FALSE },    { "PLAIN", FALSE, TRUE, FALSE, FALSE },
  { "LOGIN", FALSE, FALSE, FALSE, FALSE },
};

struct _PfSasl
{
  Gsasl_session *session;
  const Mechanism *mechanism;
  gboolean complete, failed;
};

/* --- Choosing ------------------------------------------------------------------------------- */

static gboolean
is_offered (const char *offered, const char *name)
{
  g_auto (GStrv) words = g_strsplit_set (offered, " \t", -1);

  for (guint i = 0; words[i] != NULL; i++)
    if (g_ascii_strcasecmp (words[i], name) == 0)
      return TRUE;
  return FALSE;
}

const char *
pf_sasl_choose (const char *offered, const char *wanted, gboolean clear_allowed)
{
  gboolean any = g_ascii_strcasecmp (wanted, "auto") == 0;

  for (guint i = 0; i < G_N_ELEMENTS (mechanisms); i++)
    if ((any || g_ascii_strcasecmp (wanted, mechanisms[i].name) == 0)
        && is_offered (offered, mechanisms[i].name)
        && (mechanisms[i].hides_password || clear_allowed))
      return mechanisms[i].name;
  return NULL;
}

/* --- A log-in ------------------------------------------------------------------------------- */

/* One context for the process: libgsasl builds its list of mechanisms once. */
static Gsasl *
context (void)
{
  static gsize ready;
  static Gsasl *shared;

  if (g_once_init_enter (&ready))
    {
      if (gsasl_init (&shared) != GSASL_OK)
        shared = NULL;
      g_once_init_leave (&ready, 1);
    }
  return shared;
}

/* Secrets that libgsasl keeps with the session, some of its own making: it only frees them. */
static void
wipe_properties (Gsasl_session *session)
{
  static const Gsasl_property secrets[] = { GSASL_PASSWORD, GSASL_SCRAM_SALTED_PASSWORD,
                                            GSASL_SCRAM_SERVERKEY, GSASL_SCRAM_STOREDKEY };

  for (guint i = 0; i < G_N_ELEMENTS (secrets); i++)
    {
      char *value = (char *) gsasl_property_fast (session, secrets[i]);

      if (value != NULL)
        explicit_bzero (value, strlen (value));
    }
}

void
pf_sasl_free (PfSasl *self)
{
  if (self == NULL)
    return;
  wipe_properties (self->session);
  gsasl_finish (self->session);
  g_free (self);
}

static void
free_gsasl_text (char *text, gsize length)
{
  if (text != NULL)
    explicit_bzero (text, length);
  gsasl_free (text);
}

static gboolean
can_be_prepared (const char *text)
{
  char *prepared = NULL;
  int status = gsasl_saslprep (text, GSASL_ALLOW_UNASSIGNED, &prepared, NULL);

  free_gsasl_text (prepared, prepared != NULL ? strlen (prepared) : 0);
  return status == GSASL_OK;
}

static const Mechanism *
find_mechanism (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (mechanisms); i++)
    if (strcmp (mechanisms[i].name, name) == 0)
      return &mechanisms[i];
  return NULL;
}

PfSasl *
pf_sasl_new (const char *mechanism,
             const char *service,
             const char *host,
             const char *user,
             const char *password)
{
  g_autoptr (PfSasl) self = NULL;
  const Mechanism *known = find_mechanism (mechanism);
  Gsasl_session *session = NULL;

  if (known == NULL || *user == '\0' || context () == NULL)
    return NULL;
  if (known->prepared && (!can_be_prepared (user) || !can_be_prepared (password)))
    return NULL;
  if (gsasl_client_start (context (), mechanism, &session) != GSASL_OK)
    return NULL;
  self = g_new0 (PfSasl, 1);
  self->session = session;
  self->mechanism = known;
  if (gsasl_property_set (session, GSASL_AUTHID, user) != GSASL_OK
      || gsasl_property_set (session, GSASL_PASSWORD, password) != GSASL_OK
      || gsasl_property_set (session, GSASL_SERVICE, service) != GSASL_OK
      || gsasl_property_set (session, GSASL_HOSTNAME, host) != GSASL_OK)
    return NULL;
  return g_steal_pointer (&self);
}

gboolean
pf_sasl_has_initial (PfSasl *self)
{
  return self->mechanism->initial;
}

/* --- Steps ---------------------------------------------------------------------------------- */

/* A SCRAM server's message: text, and an "i=" in it within bounds. Too few iterations make the
 * password cheap to guess for who recorded the exchange, too many burn our time. */
static gboolean
is_sane (const char *message, gsize length)
{
  g_auto (GStrv) parts = NULL;

  if (memchr (message, '\0', length) != NULL)
    return FALSE;
  parts = g_strsplit (message, ",", -1);
  for (guint i = 0; parts[i] != NULL; i++)
    if (g_str_has_prefix (parts[i], "i=")
        && !g_ascii_string_to_unsigned (parts[i] + 2, 10, PF_LIMIT_SCRAM_ITERATIONS_LOW,
                                        PF_LIMIT_SCRAM_ITERATIONS_HIGH, NULL, NULL))
      return FALSE;
  return TRUE;
}

/* (transfer full) (nullable): the octets of strict base64, a NUL behind them. */
static char *
decode (const char *challenge, gsize *length)
{
  gsize base64_length = strlen (challenge);
  char *raw = NULL, *text;

  if (base64_length > PF_LIMIT_SASL_CHALLENGE)
    return NULL;
  *length = 0;
  if (base64_length > 0 && gsasl_base64_from (challenge, base64_length, &raw, length) != GSASL_OK)
    return NULL;
  text = g_malloc0 (*length + 1);
  if (raw != NULL)
    memcpy (text, raw, *length);
  gsasl_free (raw);
  return text;
}

static char *
encode (const char *answer, gsize length)
{
  char *base64 = NULL, *text;
  gsize base64_length = 0;

  if (length == 0 || gsasl_base64_to (answer, length, &base64, &base64_length) != GSASL_OK)
    return g_strdup ("");
  text = g_strndup (base64, base64_length);
  free_gsasl_text (base64, base64_length);
  return text;
}

/* --- SCRAM's key ------------------------------------------------------------------------------ */

/* (nullable): what stands behind @name ("s=") in @parts. */
static const char *
attribute (const GStrv parts, const char *name)
{
  for (guint i = 0; parts[i] != NULL; i++)
    if (g_str_has_prefix (parts[i], name))
      return parts[i] + strlen (name);
  return NULL;
}

static gboolean
read_stretch (PfSasl *self, const char *message, PfSaslStretch *stretch)
{
  g_auto (GStrv) parts = g_strsplit (message, ",", -1);
  const char *salt = attribute (parts, "s="), *iterations = attribute (parts, "i=");
  char *raw = NULL, *prepared = NULL;

  /* The last message of the server ("v=") needs none. */
  if (!g_str_has_prefix (message, "r=") || salt == NULL || iterations == NULL
      || gsasl_base64_from (salt, strlen (salt), &raw, &stretch->salt_length) != GSASL_OK)
    return FALSE;
  if (gsasl_saslprep (gsasl_property_fast (self->session, GSASL_PASSWORD), GSASL_ALLOW_UNASSIGNED,
                      &prepared, NULL)
      != GSASL_OK)
    {
      gsasl_free (raw);
      return FALSE;
    }
  stretch->sha256 = strcmp (self->mechanism->name, "SCRAM-SHA-256") == 0;
  stretch->salt = g_memdup2 (raw, stretch->salt_length);
  stretch->password = g_strdup (prepared);
  stretch->iterations = (guint) g_ascii_strtoull (iterations, NULL, 10);
  gsasl_free (raw);
  free_gsasl_text (prepared, strlen (prepared));
  return TRUE;
}

gboolean
pf_sasl_wants_key (PfSasl *self, const char *challenge, PfSaslStretch *stretch)
{
  g_autofree char *message = NULL;
  gsize length = 0;

  if (!self->mechanism->scram || self->failed || self->complete || challenge == NULL)
    return FALSE;
  message = decode (challenge, &length);
  return message != NULL && is_sane (message, length) && read_stretch (self, message, stretch);
}

void
pf_sasl_set_key (PfSasl *self, const guint8 *key, gsize length)
{
  char *hex = g_malloc (2 * length + 1);

  for (gsize i = 0; i < length; i++)
    g_snprintf (hex + 2 * i, 3, "%02x", key[i]);
  /* Without it libgsasl stretches the password by itself. */
  (void) gsasl_property_set (self->session, GSASL_SCRAM_SALTED_PASSWORD, hex);
  explicit_bzero (hex, 2 * length);
  g_free (hex);
}

void
pf_sasl_stretch_clear (PfSaslStretch *stretch)
{
  pf_output_wipe_string (stretch->password);
  g_free (stretch->salt);
  *stretch = (PfSaslStretch){ 0 };
}

/* One turn of libgsasl's; FALSE when it refuses. */
static gboolean
turn (PfSasl *self, const char *message, gsize length, char **out)
{
  char *answer = NULL;
  gsize answer_length = 0;
  int status = gsasl_step (self->session, message, length, &answer, &answer_length);

  if (status == GSASL_OK || status == GSASL_NEEDS_MORE)
    *out = encode (answer, answer_length);
  free_gsasl_text (answer, answer_length);
  self->complete = status == GSASL_OK;
  return *out != NULL;
}

static PfSaslResult
fail (PfSasl *self)
{
  self->failed = TRUE;
  return PF_SASL_FAILED;
}

PfSaslResult
pf_sasl_step (PfSasl *self, const char *challenge, char **out)
{
  g_autofree char *message = NULL;
  gsize length = 0;

  *out = NULL;
  if (self->failed)
    return PF_SASL_FAILED;
  message = decode (challenge != NULL ? challenge : "", &length);
  if (message == NULL || (self->mechanism->scram && !is_sane (message, length)))
    return fail (self);
  if (self->complete)
    {
      /* All is said: an empty last word is a courtesy of some servers, anything else is no SASL. */
      if (length > 0)
        return fail (self);
      *out = g_strdup ("");
      return PF_SASL_DONE;
    }
  if (!turn (self, message, length, out))
    return fail (self);
  return self->complete ? PF_SASL_DONE : PF_SASL_CONTINUE;
}

void
pf_sasl_free_text (char *text)
{
  pf_output_wipe_string (text);
}

gboolean
pf_sasl_is_complete (PfSasl *self)
{
  return self->complete && !self->failed;
}
