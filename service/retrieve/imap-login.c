#include "retrieve/imap-session-private.h"

#include "base/limits.h"
#include "config.h"

static void
begin_login (PfImapSession *self)
{
  g_autofree char *offered = pf_imap_get_mechanisms (self->imap);
  char *initial = NULL;

  if (pf_login_begin (&self->login, SESSION (self), offered, "imap", &initial))
    {
      pf_imap_authenticate (self->imap, self->login.mechanism, initial);
      pf_sasl_free_text (initial);
    }
  else if (pf_login_may_use_command (SESSION (self))
           && !pf_imap_has_capability (self->imap, "LOGINDISABLED"))
    {
      if (pf_imap_login (self->imap, SETTINGS (self)->user_name,
                         pf_secret_peek (pf_session_get_info (SESSION (self))->secret, NULL))
          == 0)
        pf_session_fail_with (SESSION (self), PF_PROBLEM_SETTINGS_INVALID,
                              "UserName or password holds a line end and cannot be sent");
    }
  else
    pf_login_unavailable (SESSION (self), offered);
}

/* What a log-in may be followed by; no answer is waited for, and none matters. */
static void
say_who_we_are (PfImapSession *self)
{
  /* Some want to be told before anything else. */
  if (pf_imap_has_capability (self->imap, "ID"))
    pf_imap_id (self->imap, PF_VERSION);
  /* Else a server may put something of its own in the place of a message with UTF-8 in its header
   * (RFC 6855 section 3, RFC 6858). Only before a folder is opened (RFC 5161). */
  if (pf_imap_has_capability (self->imap, "ENABLE")
      && (pf_imap_has_capability (self->imap, "UTF8=ACCEPT")
          || pf_imap_has_capability (self->imap, "UTF8=ONLY")))
    pf_imap_enable (self->imap, "UTF8=ACCEPT");
}

/* It costs a round trip before the first question and some 60 KiB as long as the session lives: for
 * mailboxes of which much is expected, on lines where octets take their time, and not for sessions
 * that go on to listen. */
static gboolean
compression_pays (PfImapSession *self)
{
  PfChannel *channel = pf_pump_get_channel (pf_session_get_pump (SESSION (self)));

  return pf_session_get_info (SESSION (self))->expects_much && !SETTINGS (self)->push
         && pf_imap_has_capability (self->imap, "COMPRESS=DEFLATE")
         && !pf_channel_is_loopback (channel)
         && pf_channel_get_round_trip (channel) >= PF_LIMIT_COMPRESS_ROUND_TRIP_USECONDS;
}

static void after_tls (PfSession *session);

/* Goes on from wherever the log-in stands, asking for capabilities where they are not known. */
static void
go_on (PfImapSession *self)
{
  if (!pf_imap_knows_capabilities (self->imap))
    pf_imap_capability (self->imap);
  else if (SETTINGS (self)->security == PF_SECURITY_STARTTLS && !self->tls_done)
    {
      if (pf_imap_has_capability (self->imap, "STARTTLS"))
        pf_imap_starttls (self->imap);
      else
        pf_session_fail_with (SESSION (self), PF_PROBLEM_TLS_UNAVAILABLE,
                              "%s offers no STARTTLS: set Security=tls (port 993) if it has that",
                              SETTINGS (self)->server);
    }
  else if (!self->logged_in)
    begin_login (self);
  else if (!self->compress_asked && compression_pays (self))
    {
      self->compress_asked = TRUE;
      pf_imap_compress (self->imap);
    }
  else
    {
      say_who_we_are (self);
      pf_session_opened (SESSION (self));
    }
}

static void
on_compress (PfImapSession *self, const PfImapEvent *event)
{
  g_autoptr (GBytes) ahead = NULL;
  gconstpointer data;
  gsize length;

  /* Whoever says no goes on as before. */
  if (event->status == PF_IMAP_OK)
    {
      ahead = pf_imap_compress_started (self->imap);
      data = g_bytes_get_data (ahead, &length);
      pf_channel_start_deflate (pf_pump_get_channel (pf_session_get_pump (SESSION (self))), data,
                                length);
    }
  go_on (self);
}

static void
after_tls (PfSession *session)
{
  PF_IMAP_SESSION (session)->tls_done = TRUE;
  go_on (PF_IMAP_SESSION (session));
}

static void
on_greeting (PfImapSession *self, const PfImapEvent *event)
{
  g_autofree char *quoted = pf_session_quote (event->text);

  if (event->status == PF_IMAP_BYE)
    pf_session_fail_with (SESSION (self), PF_PROBLEM_SERVER_BUSY, "%s takes no session now: %s",
                          SETTINGS (self)->server, quoted);
  else if (event->status == PF_IMAP_PREAUTH && !pf_session_is_secure (SESSION (self))
           && SETTINGS (self)->security != PF_SECURITY_NONE)
    /* Nobody is logged in before TLS: an attacker says so to keep TLS off (RFC 9051 section
     * 11.3). */
    pf_session_fail_with (
        SESSION (self), PF_PROBLEM_TLS_FAILED,
        "%s says PREAUTH before STARTTLS: somebody may be tampering with the line",
        SETTINGS (self)->server);
  else if (event->status == PF_IMAP_OK || event->status == PF_IMAP_PREAUTH)
    {
      self->logged_in = event->status == PF_IMAP_PREAUTH;
      go_on (self);
    }
  else
    pf_session_fail_with (SESSION (self), PF_PROBLEM_PROTOCOL_ERROR, "%s greets with an error: %s",
                          SETTINGS (self)->server, quoted);
}

static void
on_authenticated (PfImapSession *self, const PfImapEvent *event)
{
  if (event->status == PF_IMAP_OK)
    {
      if (!pf_login_accepted (&self->login, SESSION (self)))
        return;
      self->logged_in = TRUE;
      go_on (self);
    }
  else if (pf_login_refused (&self->login, SESSION (self), event->code, event->text, FALSE))
    begin_login (self);
}

static void
respond (PfSession *session, const char *answer)
{
  PfImapSession *self = PF_IMAP_SESSION (session);

  /* What came too late is not sent: the server has decided already. */
  if (answer != NULL)
    pf_imap_auth_respond (self->imap, answer);
  else
    pf_imap_auth_cancel (self->imap);
}

void
pf_imap_login_challenge (PfImapSession *self, const PfImapEvent *event)
{
  pf_login_answer (&self->login, SESSION (self), event->text, respond);
}

void
pf_imap_login_reply (PfImapSession *self, const PfImapEvent *event)
{
  g_autofree char *quoted = NULL;

  switch (event->command)
    {
    case PF_IMAP_GREETING:
      on_greeting (self, event);
      break;
    case PF_IMAP_STARTTLS:
      quoted = pf_session_quote (event->text);
      if (event->status == PF_IMAP_OK)
        pf_session_start_tls (SESSION (self), after_tls);
      else
        pf_session_fail_with (SESSION (self), PF_PROBLEM_TLS_UNAVAILABLE, "%s refuses STARTTLS: %s",
                              SETTINGS (self)->server, quoted);
      break;
    case PF_IMAP_CAPABILITY:
      if (event->status == PF_IMAP_OK && pf_imap_knows_capabilities (self->imap))
        go_on (self);
      else
        pf_session_fail_with (SESSION (self), PF_PROBLEM_PROTOCOL_ERROR,
                              "%s does not tell its capabilities", SETTINGS (self)->server);
      break;
    case PF_IMAP_COMPRESS:
      on_compress (self, event);
      break;
    case PF_IMAP_ID:
      /* A courtesy: some servers say BAD. */
      break;
    default:
      on_authenticated (self, event);
      break;
    }
}
