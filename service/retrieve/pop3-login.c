#include "retrieve/pop3-session-private.h"

static void
begin_login (PfPop3Session *self)
{
  const char *offered = "";
  char *initial = NULL;

  pf_pop3_has_capability (self->pop3, "SASL", &offered);
  if (pf_login_begin (&self->login, SESSION (self), offered != NULL ? offered : "", "pop",
                      &initial))
    {
      pf_pop3_set_two_steps (self->pop3, pf_session_get_info (SESSION (self))->provider->two_steps);
      pf_pop3_auth (self->pop3, self->login.mechanism, initial);
      pf_sasl_free_text (initial);
    }
  else if (pf_login_may_use_command (SESSION (self)))
    {
      if (!pf_pop3_user (self->pop3, SETTINGS (self)->user_name))
        pf_session_fail_with (SESSION (self), PF_PROBLEM_SETTINGS_INVALID,
                              "UserName cannot be sent by USER");
    }
  else
    pf_login_unavailable (SESSION (self), offered != NULL ? offered : "");
}

void
pf_pop3_login_capabilities (PfPop3Session *self)
{
  if (self->logged_in)
    {
      pf_pop3_set_pipelining (self->pop3, pf_pop3_has_capability (self->pop3, "PIPELINING", NULL));
      if (!pf_session_is_open (SESSION (self)))
        pf_session_opened (SESSION (self));
    }
  else if (SETTINGS (self)->security == PF_SECURITY_STARTTLS && !self->tls_done)
    {
      if (pf_pop3_knows_capa (self->pop3) && !pf_pop3_has_capability (self->pop3, "STLS", NULL))
        pf_session_fail_with (SESSION (self), PF_PROBLEM_TLS_UNAVAILABLE,
                              "%s offers no STLS: set Security=tls (port 995) if it has that",
                              SETTINGS (self)->server);
      else
        pf_pop3_stls (self->pop3);
    }
  else if (!self->asked_utf8 && pf_pop3_has_capability (self->pop3, "UTF8", NULL))
    {
      /* Courier replaces messages with 8-bit headers by a made-up one without it (specs 13). */
      self->asked_utf8 = TRUE;
      pf_pop3_utf8 (self->pop3);
    }
  else
    begin_login (self);
}

static void
after_tls (PfSession *session)
{
  PfPop3Session *self = PF_POP3_SESSION (session);

  self->tls_done = TRUE;
  pf_pop3_capa (self->pop3);
}

/* Gmail, perdition and others tell more after the log-in, cyrus less. Who took several commands at
 * a time before is not waited for. */
static void
after_login (PfPop3Session *self)
{
  self->logged_in = TRUE;
  if (!pf_pop3_knows_capa (self->pop3))
    pf_session_opened (SESSION (self));
  else if (pf_pop3_has_capability (self->pop3, "PIPELINING", NULL))
    {
      pf_pop3_set_pipelining (self->pop3, TRUE);
      pf_pop3_capa (self->pop3);
      pf_session_opened (SESSION (self));
    }
  else
    {
      pf_pop3_forget_capabilities (self->pop3);
      pf_pop3_capa (self->pop3);
    }
}

static void
on_login_reply (PfPop3Session *self, const PfPop3Event *event)
{
  if (event->command == PF_POP3_USER && event->ok)
    {
      if (!pf_pop3_pass (self->pop3,
                         pf_secret_peek (pf_session_get_info (SESSION (self))->secret, NULL)))
        pf_session_fail_with (SESSION (self), PF_PROBLEM_NO_SECRET,
                              "The password holds a line end and cannot be sent");
    }
  else if (event->ok)
    {
      if (pf_login_accepted (&self->login, SESSION (self)))
        after_login (self);
    }
  else if (pf_login_refused (&self->login, SESSION (self), event->code, event->text,
                             pf_pop3_has_capability (self->pop3, "AUTH-RESP-CODE", NULL)))
    begin_login (self);
}

static void
respond (PfSession *session, const char *answer)
{
  PfPop3Session *self = PF_POP3_SESSION (session);

  if (answer != NULL)
    pf_pop3_auth_respond (self->pop3, answer);
  else
    pf_pop3_auth_cancel (self->pop3);
}

void
pf_pop3_login_challenge (PfPop3Session *self, const PfPop3Event *event)
{
  pf_login_answer (&self->login, SESSION (self), event->text, respond);
}

static void
on_greeting (PfPop3Session *self, const PfPop3Event *event)
{
  if (event->ok)
    pf_pop3_capa (self->pop3);
  else
    {
      g_autofree char *quoted = pf_session_quote (event->text);

      pf_session_fail_with (SESSION (self), PF_PROBLEM_SERVER_BUSY, "%s takes no session now: %s",
                            SETTINGS (self)->server, quoted);
    }
}

static void
on_stls (PfPop3Session *self, const PfPop3Event *event)
{
  if (event->ok)
    pf_session_start_tls (SESSION (self), after_tls);
  else
    {
      g_autofree char *quoted = pf_session_quote (event->text);

      pf_session_fail_with (SESSION (self), PF_PROBLEM_TLS_UNAVAILABLE, "%s refuses STLS: %s",
                            SETTINGS (self)->server, quoted);
    }
}

void
pf_pop3_login_reply (PfPop3Session *self, const PfPop3Event *event)
{
  switch (event->command)
    {
    case PF_POP3_GREETING:
      on_greeting (self, event);
      break;
    case PF_POP3_STLS:
      on_stls (self, event);
      break;
    case PF_POP3_UTF8:
      begin_login (self);
      break;
    default:
      on_login_reply (self, event);
      break;
    }
}
