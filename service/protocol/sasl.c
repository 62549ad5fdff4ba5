#include "protocol/sasl.h"

#include "base/limits.h"

#include <gsasl.h>
#include <string.h>

/* The strongest first (DESIGN 6, Authentication). */
static const struct
{
  const char *name;
  gboolean hides_password;
  gboolean initial;
} mechanisms[] = {
  { "SCRAM-SHA-256", TRUE, TRUE }, { "SCRAM-SHA-1", TRUE, TRUE }, { "CRAM-MD5", TRUE, FALSE },
  { "PLAIN", FALSE, TRUE },        { "LOGIN", FALSE, FALSE },
};

struct _PfSasl
{
  Gsasl_session *session;
  guint mechanism;
  gboolean scram, complete, checked_iterations;
};

/* --- Choosing ------------------------------------------------------------------------------------------------------- */

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

/* --- A log-in ------------------------------------------------------------------------------------------------------- */

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

PfSasl *
pf_sasl_new (const char *mechanism,
             const char *service,
             const char *host,
             const char *user,
             const char *password)
{
  PfSasl *self;
  Gsasl_session *session = NULL;
  guint index = 0;

  while (index < G_N_ELEMENTS (mechanisms) && strcmp (mechanisms[index].name, mechanism) != 0)
    index++;
  if (index == G_N_ELEMENTS (mechanisms) || context () == NULL
      || gsasl_client_start (context (), mechanism, &session) != GSASL_OK)
    return NULL;
  if (gsasl_property_set (session, GSASL_AUTHID, user) != GSASL_OK
      || gsasl_property_set (session, GSASL_PASSWORD, password) != GSASL_OK
      || gsasl_property_set (session, GSASL_SERVICE, service) != GSASL_OK
      || gsasl_property_set (session, GSASL_HOSTNAME, host) != GSASL_OK)
    {
      gsasl_finish (session);
      return NULL;
    }
  self = g_new0 (PfSasl, 1);
  self->session = session;
  self->mechanism = index;
  self->scram = g_str_has_prefix (mechanism, "SCRAM-");
  return self;
}

void
pf_sasl_free (PfSasl *self)
{
  if (self == NULL)
    return;
  gsasl_finish (self->session); /* wipes the password */
  g_free (self);
}

gboolean
pf_sasl_has_initial (PfSasl *self)
{
  return mechanisms[self->mechanism].initial;
}

/* The server's "i=": too few make the password cheap to guess, too many burn our time. TRUE also where it stands in another message. */
static gboolean
iterations_are_sane (const char *challenge)
{
  gsize length = 0;
  g_autofree guchar *raw = g_base64_decode (challenge, &length);
  g_autofree char *text = g_strndup ((const char *) raw, length);
  g_auto (GStrv) parts = g_strsplit (text, ",", -1);

  for (guint i = 0; parts[i] != NULL; i++)
    if (g_str_has_prefix (parts[i], "i="))
      return g_ascii_string_to_unsigned (parts[i] + 2, 10, PF_LIMIT_SCRAM_ITERATIONS_LOW,
                                         PF_LIMIT_SCRAM_ITERATIONS_HIGH, NULL, NULL);
  return TRUE;
}

PfSaslResult
pf_sasl_step (PfSasl *self, const char *challenge, char **out)
{
  char *answer = NULL;
  int status;

  *out = NULL;
  if (challenge != NULL && strlen (challenge) > PF_LIMIT_SASL_CHALLENGE)
    return PF_SASL_FAILED;
  if (self->scram && challenge != NULL && !iterations_are_sane (challenge))
    return PF_SASL_FAILED;
  if (self->complete)
    {
      /* All is said: an empty last word is a courtesy of some servers, anything else is no SASL. */
      if (challenge != NULL && *challenge != '\0')
        return PF_SASL_FAILED;
      *out = g_strdup ("");
      return PF_SASL_DONE;
    }
  status = gsasl_step64 (self->session, challenge != NULL ? challenge : "", &answer);
  if (status != GSASL_OK && status != GSASL_NEEDS_MORE)
    {
      gsasl_free (answer);
      return PF_SASL_FAILED;
    }
  self->complete = status == GSASL_OK;
  *out = g_strdup (answer != NULL ? answer : "");
  if (answer != NULL)
    explicit_bzero (answer, strlen (answer));
  gsasl_free (answer);
  return self->complete ? PF_SASL_DONE : PF_SASL_CONTINUE;
}

void
pf_sasl_free_text (char *text)
{
  if (text != NULL)
    explicit_bzero (text, strlen (text));
  g_free (text);
}

gboolean
pf_sasl_is_complete (PfSasl *self)
{
  return self->complete;
}
