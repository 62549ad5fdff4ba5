#include "retrieve/session-private.h"

#include "base/limits.h"
#include "dbus-interfaces/text.h"
#include "net/dialer.h"

#include <stdarg.h>

typedef struct
{
  PfSessionInfo info;
  PfEndpoint *endpoint;
  PfPump *pump;
  char *peer;
  gboolean secure, loopback;
  gboolean ended, in_use, proven;
  GError *error;   /* why it failed; set once */
  GTask *opening;  /* pf_session_open_async() under way */
  GQueue expected; /* GTasks that wait for the server */
  PfEarlyFetches *early;
  GCancellable *cancellable;
  gulong cancelled_id;
  void (*after_tls) (PfSession *self);
} PfSessionPrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (PfSession, pf_session, G_TYPE_OBJECT)

#define PRIVATE(self) ((PfSessionPrivate *) pf_session_get_instance_private (self))

static guint milestone_signal;

/* --- Failing ---------------------------------------------------------------------------------- */

static void
hang_up (PfSession *self)
{
  PfSessionPrivate *priv = PRIVATE (self);

  g_clear_pointer (&priv->pump, pf_pump_free);
  if (priv->cancelled_id != 0)
    g_cancellable_disconnect (priv->cancellable, priv->cancelled_id);
  priv->cancelled_id = 0;
}

void
pf_session_fail (PfSession *self, GError *error)
{
  PfSessionPrivate *priv = PRIVATE (self);
  g_autoptr (PfSession) alive = g_object_ref (self);
  GTask *task;

  if (priv->error != NULL)
    {
      g_error_free (error);
      return;
    }
  priv->error = error;
  hang_up (self);
  if ((task = g_steal_pointer (&priv->opening)) != NULL)
    {
      g_task_return_error (task, g_error_copy (error));
      g_object_unref (task);
    }
  while ((task = g_queue_pop_head (&priv->expected)) != NULL)
    {
      g_task_return_error (task, g_error_copy (error));
      g_object_unref (task);
    }
}

void
pf_session_fail_with (PfSession *self, PfProblemCode code, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  pf_session_fail (self, g_error_new_valist (PF_PROBLEM, (int) code, format, arguments));
  va_end (arguments);
}

void
pf_session_fault (PfSession *self, PfFault fault, const char *text)
{
  PfSessionPrivate *priv = PRIVATE (self);
  g_autofree char *quoted = pf_session_quote (text);

  switch (fault)
    {
    case PF_FAULT_LIMIT:
      pf_session_fail_with (self, PF_PROBLEM_LIMIT_EXCEEDED, "%s: an answer is beyond a limit: %s",
                            priv->endpoint->host, quoted);
      break;
    case PF_FAULT_EOF:
      pf_session_fail_with (self, PF_PROBLEM_CONNECTION_FAILED, "%s closed the connection: %s",
                            priv->endpoint->host, quoted);
      break;
    case PF_FAULT_SYNTAX:
    case PF_FAULT_NONE:
    default:
      pf_session_fail_with (self, PF_PROBLEM_PROTOCOL_ERROR, "%s broke the protocol: %s",
                            priv->endpoint->host, quoted);
      break;
    }
}

gboolean
pf_session_has_failed (PfSession *self)
{
  return PRIVATE (self)->error != NULL || PRIVATE (self)->ended;
}

void
pf_session_note_in_use (PfSession *self)
{
  PRIVATE (self)->in_use = TRUE;
}

void
pf_session_note_proven (PfSession *self)
{
  PRIVATE (self)->proven = TRUE;
}

gboolean
pf_session_is_proven (PfSession *self)
{
  return PRIVATE (self)->proven;
}

gboolean
pf_session_found_in_use (PfSession *self)
{
  return PRIVATE (self)->in_use;
}

void
pf_session_ended (PfSession *self)
{
  PfSessionPrivate *priv = PRIVATE (self);

  priv->ended = TRUE;
  hang_up (self);
}

void
pf_session_drop (PfSession *self, const GError *reason)
{
  pf_session_fail (self, reason != NULL
                             ? g_error_copy (reason)
                             : g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "Cancelled"));
}

/* --- What waits for the server ---------------------------------------------------------------- */

void
pf_session_expect (PfSession *self, GTask *task)
{
  g_queue_push_tail (&PRIVATE (self)->expected, task);
}

void
pf_session_answer (PfSession *self, GTask *task)
{
  g_queue_remove (&PRIVATE (self)->expected, task);
}

GTask *
pf_session_begin (PfSession *self, gpointer tag, GAsyncReadyCallback callback, gpointer user_data)
{
  PfSessionPrivate *priv = PRIVATE (self);
  GTask *task = g_task_new (self, NULL, callback, user_data);

  g_task_set_source_tag (task, tag);
  if (priv->error == NULL && !priv->ended && priv->pump != NULL)
    {
      pf_session_expect (self, task);
      return task;
    }
  if (priv->error != NULL)
    g_task_return_error (task, g_error_copy (priv->error));
  else
    g_task_return_new_error (task, PF_PROBLEM, PF_PROBLEM_CONNECTION_FAILED, "The session is over");
  g_object_unref (task);
  return NULL;
}

/* --- Opening ---------------------------------------------------------------------------------- */

static void
on_progress (PfPump *pump, gpointer user_data)
{
  g_autoptr (PfSession) self = g_object_ref (user_data);

  PF_SESSION_GET_CLASS (self)->progress (self);
}

static void
on_failed (PfPump *pump, const GError *error, gpointer user_data)
{
  pf_session_fail (user_data, g_error_copy (error));
}

static const PfPumpHandlers pump_handlers = { on_progress, on_failed };

void
pf_session_kick (PfSession *self)
{
  PfSessionPrivate *priv = PRIVATE (self);

  if (priv->pump != NULL)
    pf_pump_kick (priv->pump);
}

static void
on_dialed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PfSession) self = user_data;
  PfSessionPrivate *priv = PRIVATE (self);
  PfSessionClass *class = PF_SESSION_GET_CLASS (self);
  g_autoptr (GError) error = NULL;
  g_autoptr (PfChannel) channel = pf_dial_finish (result, &error);

  if (channel == NULL)
    {
      pf_session_fail (self, g_steal_pointer (&error));
      return;
    }
  if (pf_session_has_failed (self))
    {
      pf_channel_close (channel);
      return;
    }
  priv->peer = g_strdup (pf_channel_get_peer (channel));
  priv->secure = pf_channel_is_secure (channel);
  priv->loopback = pf_channel_is_loopback (channel);
  priv->pump =
      pf_pump_new (channel, class->machine_class, class->get_machine (self), priv->endpoint->host,
                   priv->info.reply_timeout, priv->info.command_timeout, &pump_handlers, self);
  pf_session_milestone (self, PF_SESSION_CONNECTED);
  if (priv->secure)
    pf_session_milestone (self, PF_SESSION_SECURED);
}

static void
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  PfSessionPrivate *priv = PRIVATE (user_data);

  /* Not through g_cancellable_disconnect(): we are inside its handler. */
  priv->cancelled_id = 0;
  pf_session_drop (user_data, NULL);
}

static void
on_mailbox_left (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfSession *self = PF_SESSION (source);
  PfSessionPrivate *priv = PRIVATE (self);

  if (!pf_session_has_failed (self))
    pf_dial_async (priv->endpoint, priv->cancellable, on_dialed, g_object_ref (self));
}

void
pf_session_open_async (PfSession *self,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  PfSessionPrivate *priv = PRIVATE (self);

  g_return_if_fail (priv->opening == NULL && priv->pump == NULL);
  priv->opening = g_task_new (self, NULL, callback, user_data);
  if (cancellable != NULL)
    {
      priv->cancellable = g_object_ref (cancellable);
      priv->cancelled_id =
          g_signal_connect (cancellable, "cancelled", G_CALLBACK (on_cancelled), self);
    }
  pf_session_await_left_async (self, on_mailbox_left, NULL);
}

gboolean
pf_session_open_finish (PfSession *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
pf_session_opened (PfSession *self)
{
  PfSessionPrivate *priv = PRIVATE (self);
  GTask *task = g_steal_pointer (&priv->opening);

  pf_session_milestone (self, PF_SESSION_LOGGED_IN);
  if (task == NULL)
    return;
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

void
pf_session_milestone (PfSession *self, PfSessionMilestone milestone)
{
  g_signal_emit (self, milestone_signal, 0, (guint) milestone);
}

static void
on_tls_started (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PfSession) self = user_data;
  PfSessionPrivate *priv = PRIVATE (self);
  g_autoptr (GError) error = NULL;

  if (!pf_channel_start_tls_finish (PF_CHANNEL (source), result, &error))
    {
      pf_session_fail (self, g_steal_pointer (&error));
      return;
    }
  if (priv->pump == NULL)
    return;
  priv->secure = TRUE;
  pf_session_milestone (self, PF_SESSION_SECURED);
  priv->after_tls (self);
  pf_session_kick (self);
}

void
pf_session_start_tls (PfSession *self, void (*next) (PfSession *self))
{
  PfSessionPrivate *priv = PRIVATE (self);

  /* Whatever came behind the OK was sent in the clear, by anyone: answers to commands we have yet
   * to give. */
  if (!PF_SESSION_GET_CLASS (self)->tls_started (self))
    {
      pf_session_fail_with (
          self, PF_PROBLEM_TLS_FAILED,
          "%s: octets came in the clear behind the answer to STARTTLS: somebody may be tampering with the line",
          priv->endpoint->host);
      return;
    }
  priv->after_tls = next;
  pf_channel_start_tls_async (pf_pump_get_channel (priv->pump), priv->endpoint, priv->cancellable,
                              on_tls_started, g_object_ref (self));
}

/* --- What is known ---------------------------------------------------------------------------- */

const PfSessionInfo *
pf_session_get_info (PfSession *self)
{
  return &PRIVATE (self)->info;
}

PfPump *
pf_session_get_pump (PfSession *self)
{
  return PRIVATE (self)->pump;
}

gboolean
pf_session_clear_allowed (PfSession *self)
{
  PfSessionPrivate *priv = PRIVATE (self);

  return priv->secure || priv->loopback || priv->info.settings->allow_cleartext;
}

GVariant *
pf_session_get_certificate (PfSession *self)
{
  return PRIVATE (self)->endpoint->peer_certificate;
}

const char *
pf_session_get_peer (PfSession *self)
{
  return PRIVATE (self)->peer;
}

gboolean
pf_session_is_secure (PfSession *self)
{
  return PRIVATE (self)->secure;
}

gboolean
pf_session_is_open (PfSession *self)
{
  PfSessionPrivate *priv = PRIVATE (self);

  return priv->pump != NULL && priv->opening == NULL && !pf_session_has_failed (self);
}

PfEarlyFetches *
pf_session_get_early (PfSession *self)
{
  return PRIVATE (self)->early;
}

PfProblemCode
pf_session_refusal (PfSession *self, const char *text, PfProblemCode otherwise)
{
  return text != NULL && pf_provider_is_busy (PRIVATE (self)->info.provider, text)
             ? PF_PROBLEM_SERVER_BUSY
             : otherwise;
}

char *
pf_session_quote (const char *text)
{
  if (text == NULL || *text == '\0')
    return g_strdup ("(no text)");
  return pf_text_printable (text, -1, PF_LIMIT_SERVER_TEXT);
}

/* --- Object ----------------------------------------------------------------------------------- */

PfSession *
pf_session_new (const PfSessionSetup *setup)
{
  gboolean pop3 = setup->settings->protocol == PF_PROTOCOL_POP3;
  PfSession *self = g_object_new (pop3 ? PF_TYPE_POP3_SESSION : PF_TYPE_IMAP_SESSION, NULL);
  PfSessionPrivate *priv = PRIVATE (self);

  priv->info.settings = pf_settings_ref (setup->settings);
  priv->info.provider = pf_providers_lookup (setup->settings->server, setup->settings->protocol);
  priv->info.secret = pf_secret_ref (setup->secret);
  priv->info.max_message_size = setup->max_message_size;
  priv->info.expects_much = setup->expects_much;
  priv->info.spool_directory = g_strdup (setup->spool_directory);
  priv->info.reply_timeout = setup->reply_timeout;
  priv->info.command_timeout = setup->command_timeout;
  priv->endpoint = pf_settings_endpoint (setup->settings, setup->connect_timeout);
  return self;
}

static void
pf_session_finalize (GObject *object)
{
  PfSession *self = PF_SESSION (object);
  PfSessionPrivate *priv = PRIVATE (self);

  hang_up (self);
  pf_early_fetches_free (priv->early);
  g_clear_object (&priv->cancellable);
  g_clear_error (&priv->error);
  g_clear_pointer (&priv->endpoint, pf_endpoint_free);
  pf_settings_unref ((PfSettings *) priv->info.settings);
  pf_secret_unref (priv->info.secret);
  g_free (priv->info.spool_directory);
  g_free (priv->peer);
  G_OBJECT_CLASS (pf_session_parent_class)->finalize (object);
}

static void
pf_session_class_init (PfSessionClass *class)
{
  G_OBJECT_CLASS (class)->finalize = pf_session_finalize;
  milestone_signal = g_signal_new ("milestone", PF_TYPE_SESSION, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                   NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
}

static void
pf_session_init (PfSession *self)
{
  g_queue_init (&PRIVATE (self)->expected);
  PRIVATE (self)->early = pf_early_fetches_new ();
}
