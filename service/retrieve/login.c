#include "retrieve/login.h"

#include "dbus-interfaces/text.h"
#include "retrieve/fallback.h"
#include "retrieve/stretch.h"

#include <string.h>

void
pf_login_clear (PfLogin *login)
{
  g_clear_pointer (&login->sasl, pf_sasl_free);
  g_clear_pointer (&login->offered, g_free);
  login->mechanism = NULL;
  login->cancelled = login->stretching = FALSE;
}

/* (nullable): what sends the password as it is, by SASL. */
static const char *
choose_clear (const char *offered)
{
  const char *plain = pf_sasl_choose (offered, "PLAIN", TRUE);

  return plain != NULL ? plain : pf_sasl_choose (offered, "LOGIN", TRUE);
}

/* The line is TLS, whose certificate was verified, and nobody named a mechanism. */
static gboolean
may_fall_back (PfSession *session)
{
  return pf_session_is_secure (session)
         && g_ascii_strcasecmp (pf_session_get_info (session)->settings->authentication, "auto")
                == 0;
}

static gboolean
sends_password (const char *mechanism)
{
  return strcmp (mechanism, "PLAIN") == 0 || strcmp (mechanism, "LOGIN") == 0;
}

static const char *
choose (PfSession *session, const char *offered)
{
  const PfSessionInfo *info = pf_session_get_info (session);
  PfFallback fallback = pf_fallback_get (info->settings, info->secret);
  const char *clear =
      (fallback == PF_FALLBACK_TRYING || fallback == PF_FALLBACK_WORKS) && may_fall_back (session)
          ? choose_clear (offered)
          : NULL;

  return clear != NULL ? clear
                       : pf_sasl_choose (offered, info->settings->authentication,
                                         pf_session_clear_allowed (session));
}

gboolean
pf_login_begin (PfLogin *login,
                PfSession *session,
                const char *offered,
                const char *service,
                char **initial)
{
  const PfSessionInfo *info = pf_session_get_info (session);
  const PfSettings *settings = info->settings;

  *initial = NULL;
  pf_login_clear (login);
  if (g_ascii_strcasecmp (settings->authentication, "user") == 0)
    return FALSE;
  login->offered = g_strdup (offered);
  login->mechanism = choose (session, offered);
  if (login->mechanism == NULL)
    return FALSE;
  login->sasl = pf_sasl_new (login->mechanism, service, settings->server, settings->user_name,
                             pf_secret_peek (info->secret, NULL));
  if (login->sasl == NULL)
    return FALSE;
  if (pf_sasl_has_initial (login->sasl)
      && pf_sasl_step (login->sasl, NULL, initial) == PF_SASL_FAILED)
    {
      g_clear_pointer (initial, pf_sasl_free_text);
      pf_login_clear (login);
      return FALSE;
    }
  return TRUE;
}

gboolean
pf_login_may_use_command (PfSession *session)
{
  const char *wanted = pf_session_get_info (session)->settings->authentication;

  return pf_session_clear_allowed (session)
         && (g_ascii_strcasecmp (wanted, "auto") == 0 || g_ascii_strcasecmp (wanted, "user") == 0);
}

/* (transfer full) (nullable) */
static char *
step (PfLogin *login, const char *challenge)
{
  char *out = NULL;

  if (login->sasl == NULL || login->cancelled)
    return NULL;
  if (pf_sasl_step (login->sasl, challenge, &out) != PF_SASL_FAILED)
    return out;
  g_clear_pointer (&out, pf_sasl_free_text);
  login->cancelled = TRUE;
  return NULL;
}

static void
answer_now (PfLogin *login, PfSession *session, const char *challenge, PfLoginRespond respond)
{
  char *answer = step (login, challenge);

  respond (session, answer);
  pf_sasl_free_text (answer);
}

/* A challenge whose answer waits. */
typedef struct
{
  PfSession *session;
  PfLogin *login; /* the session's */
  char *challenge;
  PfLoginRespond respond;
} Waiting;

static void
on_key (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Waiting *waiting = user_data;
  PfLogin *login = waiting->login;
  GError *error = NULL;
  g_autoptr (PfSecret) key = pf_stretch_finish (result, &error);
  gsize length;

  if (pf_session_has_failed (waiting->session) || !login->stretching)
    g_clear_error (&error);
  else if (key == NULL)
    pf_session_fail (waiting->session, error);
  else
    {
      const char *octets = pf_secret_peek (key, &length);

      login->stretching = FALSE;
      pf_sasl_set_key (login->sasl, (const guint8 *) octets, length);
      answer_now (login, waiting->session, waiting->challenge, waiting->respond);
      pf_session_kick (waiting->session);
    }
  g_object_unref (waiting->session);
  g_free (waiting->challenge);
  g_free (waiting);
}

void
pf_login_answer (PfLogin *login, PfSession *session, const char *challenge, PfLoginRespond respond)
{
  PfSaslStretch stretch = { 0 };
  Waiting *waiting;

  /* One challenge more, although the last one is not answered: no SASL. */
  if (login->stretching)
    login->cancelled = TRUE;
  login->stretching = FALSE;
  if (login->sasl == NULL || login->cancelled
      || !pf_sasl_wants_key (login->sasl, challenge, &stretch))
    {
      answer_now (login, session, challenge, respond);
      return;
    }
  waiting = g_new0 (Waiting, 1);
  waiting->session = g_object_ref (session);
  waiting->login = login;
  waiting->challenge = g_strdup (challenge);
  waiting->respond = respond;
  login->stretching = TRUE;
  pf_stretch_async (pf_session_get_info (session)->settings->address, &stretch, on_key, waiting);
}

/* Hints for servers without response codes; text is no guide, so a wrong guess must do no harm:
 * busy is only tried again later. */
static gboolean
text_sounds_busy (const char *text)
{
  static const char *const hints[] = { "lock",       "in use",      "busy",
                                       "temporar",   "try again",   "too many",
                                       "rate limit", "unavailable", "exceeded" };
  g_autofree char *lower = g_ascii_strdown (text, -1);

  for (guint i = 0; i < G_N_ELEMENTS (hints); i++)
    if (strstr (lower, hints[i]) != NULL)
      return TRUE;
  return FALSE;
}

PfProblemCode
pf_login_classify (const char *code, const char *text, gboolean codes_announced)
{
  static const struct
  {
    const char *code;
    PfProblemCode problem;
  } table[] = {
    /* POP3: RFC 2449, 3206 */
    { "AUTH", PF_PROBLEM_CREDENTIALS_REJECTED },
    { "IN-USE", PF_PROBLEM_SERVER_BUSY },
    { "LOGIN-DELAY", PF_PROBLEM_SERVER_BUSY },
    { "SYS", PF_PROBLEM_SERVER_BUSY },
    /* IMAP: RFC 5530, 9051 7.1 */
    { "AUTHENTICATIONFAILED", PF_PROBLEM_CREDENTIALS_REJECTED },
    { "AUTHORIZATIONFAILED", PF_PROBLEM_CREDENTIALS_REJECTED },
    { "EXPIRED", PF_PROBLEM_CREDENTIALS_REJECTED },
    { "PRIVACYREQUIRED", PF_PROBLEM_MECHANISM_UNAVAILABLE },
    { "UNAVAILABLE", PF_PROBLEM_SERVER_BUSY },
    { "INUSE", PF_PROBLEM_SERVER_BUSY },
    { "LIMIT", PF_PROBLEM_SERVER_BUSY },
    { "OVERQUOTA", PF_PROBLEM_SERVER_BUSY },
    { "SERVERBUG", PF_PROBLEM_SERVER_BUSY },
    { "CONTACTADMIN", PF_PROBLEM_SERVER_BUSY },
    { "CORRUPTION", PF_PROBLEM_SERVER_BUSY },
  };

  for (guint i = 0; code != NULL && i < G_N_ELEMENTS (table); i++)
    {
      gsize length = strlen (table[i].code);

      /* Codes are hierarchical: an unknown lower level counts as its upper one. */
      if (g_ascii_strncasecmp (code, table[i].code, length) == 0
          && (code[length] == '\0' || code[length] == '/'))
        return table[i].problem;
    }
  /* With AUTH-RESP-CODE, RFC 3206 section 6: without [AUTH] it is not the credentials. */
  if (codes_announced || text_sounds_busy (text))
    return PF_PROBLEM_SERVER_BUSY;
  return PF_PROBLEM_CREDENTIALS_REJECTED;
}

/* A server that offers SCRAM and has no secrets for it (mailutils for system users, Dovecot with
 * crypt hashes) refuses as if the password were wrong. It would get the password if it did not
 * offer SCRAM, so it may have it now; once for each password, since a wrong one is refused twice
 * thereby. Not where its proof was wrong, and not where a mechanism that hides the password worked
 * before. TRUE when the log-in begins once more. */
static gboolean
fall_back (PfLogin *login, PfSession *session, PfProblemCode problem)
{
  const PfSessionInfo *info = pf_session_get_info (session);
  const char *clear = login->mechanism != NULL ? choose_clear (login->offered) : NULL;
  PfFallback known = pf_fallback_get (info->settings, info->secret);

  if (clear == NULL || login->cancelled || problem != PF_PROBLEM_CREDENTIALS_REJECTED
      || !may_fall_back (session))
    return FALSE;
  if (sends_password (login->mechanism))
    {
      if (known == PF_FALLBACK_TRYING)
        pf_fallback_set (info->settings, info->secret, PF_FALLBACK_VAIN);
      return FALSE;
    }
  if (known != PF_FALLBACK_NONE)
    return FALSE;
  pf_fallback_set (info->settings, info->secret, PF_FALLBACK_TRYING);
  return TRUE;
}

/* What the account's server takes. */
static void
note_success (PfLogin *login, PfSession *session)
{
  const PfSessionInfo *info = pf_session_get_info (session);

  if (login->sasl == NULL)
    return;
  if (!sends_password (login->mechanism))
    pf_fallback_set (info->settings, info->secret, PF_FALLBACK_NEVER);
  else if (pf_fallback_get (info->settings, info->secret) == PF_FALLBACK_TRYING)
    pf_fallback_set (info->settings, info->secret, PF_FALLBACK_WORKS);
}

gboolean
pf_login_refused (PfLogin *login,
                  PfSession *session,
                  const char *code,
                  const char *text,
                  gboolean codes_announced)
{
  const PfSettings *settings = pf_session_get_info (session)->settings;
  g_autofree char *quoted = pf_session_quote (text);
  PfProblemCode problem =
      pf_session_refusal (session, text, pf_login_classify (code, text, codes_announced));
  const char *help = pf_session_get_info (session)->provider->log_in_help;

  if (fall_back (login, session, problem))
    {
      pf_login_clear (login);
      return TRUE;
    }
  if (code != NULL
      && (g_ascii_strcasecmp (code, "IN-USE") == 0 || g_ascii_strcasecmp (code, "INUSE") == 0))
    pf_session_note_in_use (session);
  if (login->cancelled)
    pf_session_fail_with (
        session, PF_PROBLEM_MECHANISM_UNAVAILABLE,
        "%s could not prove with %s that it knows the password: it may be another server than it says, or a wrong Authentication",
        settings->server, login->mechanism);
  else if (problem == PF_PROBLEM_CREDENTIALS_REJECTED)
    pf_session_fail_with (
        session, problem,
        "%s refuses the log-in of %s: %s. %s%sSet the right one with: postferry password %s",
        settings->server, settings->user_name, quoted, help, *help != '\0' ? ". " : "",
        settings->address);
  else if (problem == PF_PROBLEM_MECHANISM_UNAVAILABLE)
    pf_session_fail_with (
        session, problem,
        "%s wants an encrypted connection before a log-in: %s. Set Security=tls or starttls",
        settings->server, quoted);
  else
    pf_session_fail_with (session, problem, "%s cannot take the log-in now: %s", settings->server,
                          quoted);
  pf_login_clear (login);
  return FALSE;
}

gboolean
pf_login_accepted (PfLogin *login, PfSession *session)
{
  gboolean proven = login->sasl == NULL || (!login->cancelled && pf_sasl_is_complete (login->sasl));

  if (!proven)
    pf_session_fail_with (
        session, PF_PROBLEM_MECHANISM_UNAVAILABLE,
        "%s says yes to %s without proving that it knows the password: it may be another server than it says",
        pf_session_get_info (session)->settings->server, login->mechanism);
  else
    note_success (login, session);
  pf_login_clear (login);
  return proven;
}

void
pf_login_unavailable (PfSession *session, const char *offered)
{
  const PfSettings *settings = pf_session_get_info (session)->settings;
  g_autofree char *list = pf_text_printable (offered, -1, 200);

  if (g_ascii_strcasecmp (settings->authentication, "oauth2") == 0)
    pf_session_fail_with (
        session, PF_PROBLEM_MECHANISM_UNAVAILABLE,
        "Authentication=oauth2 is not supported yet: set Authentication=auto and a password");
  else if (!pf_session_clear_allowed (session))
    pf_session_fail_with (
        session, PF_PROBLEM_MECHANISM_UNAVAILABLE,
        "%s offers nothing that hides the password (%s) on a connection in the clear. Set Security=tls or starttls",
        settings->server, *list != '\0' ? list : "no mechanism");
  else
    pf_session_fail_with (session, PF_PROBLEM_MECHANISM_UNAVAILABLE,
                          "%s offers no mechanism that fits Authentication=%s; it offers: %s",
                          settings->server, settings->authentication,
                          *list != '\0' ? list : "none");
}
