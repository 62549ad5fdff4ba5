#include "retrieve/pop3-session-private.h"

#include "base/limits.h"
#include "base/step.h"

/* QUIT commits: servers expunge before they answer (RFC 1939 section 6). */
#define QUIT_SECONDS 300
#define LOCK_STEP_WINDOW 2

G_DEFINE_FINAL_TYPE (PfPop3Session, pf_pop3_session, PF_TYPE_SESSION)

/* --- Listing ---------------------------------------------------------------------------------- */

static void
pop3_folders (PfSession *session, GTask *task)
{
  GPtrArray *folders = g_ptr_array_new_with_free_func ((GDestroyNotify) pf_folder_free);
  PfFolder *folder = g_new0 (PfFolder, 1);

  folder->name = g_strdup ("");
  folder->raw_name = g_strdup ("");
  g_ptr_array_add (folders, folder);
  pf_session_answer (session, task);
  g_task_return_pointer (task, folders, (GDestroyNotify) g_ptr_array_unref);
  g_object_unref (task);
}

static void
pop3_list (PfSession *session,
           GTask *task,
           const PfFolder *folder,
           gboolean for_removal,
           const PfFolderState *settled)
{
  pf_pop3_listing_begin (PF_POP3_SESSION (session), task);
}

/* --- Fetching --------------------------------------------------------------------------------- */

static void
pop3_fetch (PfSession *session, GTask *task, const PfListed *listed)
{
  PfPop3Session *self = PF_POP3_SESSION (session);

  g_queue_push_tail (&self->fetches, task);
  pf_pop3_retr (self->pop3, listed->number);
  pf_session_kick (session);
}

static void
on_retr_reply (PfPop3Session *self, const PfPop3Event *event)
{
  if (event->ok)
    {
      self->body = pf_body_new (pf_session_get_info (SESSION (self))->spool_directory);
      self->body_length = 0;
      return;
    }
  /* Vanished or broken there: no error of the rest. */
  pf_session_return_fetched (SESSION (self), g_queue_pop_head (&self->fetches), PF_FETCH_REFUSED,
                             NULL, event->text);
}

static void
on_body (PfPop3Session *self, const PfPop3Event *event)
{
  GError *error = NULL;

  self->body_length += event->length;
  if (self->body_length > pf_session_get_info (SESSION (self))->max_message_size)
    pf_session_fail_with (
        SESSION (self), PF_PROBLEM_LIMIT_EXCEEDED,
        "%s sends a message that is larger than it said and than MaxMessageSize: the connection was dropped",
        SETTINGS (self)->server);
  else if (!pf_body_write (self->body, event->data, event->length, &error))
    pf_session_fail (SESSION (self), error);
}

static void
on_retr_end (PfPop3Session *self)
{
  PfBody *body = g_steal_pointer (&self->body);
  GError *error = NULL;

  if (pf_body_end (body, &error))
    pf_session_return_fetched (SESSION (self), g_queue_pop_head (&self->fetches), PF_FETCH_DONE,
                               body, NULL);
  else
    {
      pf_body_unref (body);
      pf_session_fail (SESSION (self), error);
    }
}

static guint
pop3_get_window (PfSession *session)
{
  PfPop3Session *self = PF_POP3_SESSION (session);

  return pf_pop3_has_capability (self->pop3, "PIPELINING", NULL) ? PF_LIMIT_FETCH_WINDOW_MESSAGES
                                                                 : LOCK_STEP_WINDOW;
}

/* --- Removing and leaving --------------------------------------------------------------------- */

static void
pop3_remove (PfSession *session, GTask *task, const guint32 *numbers, gsize n)
{
  PfPop3Session *self = PF_POP3_SESSION (session);

  self->removal_task = task;
  self->removing = g_array_sized_new (FALSE, FALSE, sizeof (guint32), n);
  self->deleted = g_array_sized_new (FALSE, FALSE, sizeof (guint32), n);
  g_array_append_vals (self->removing, numbers, n);
  /* An answer too many or too few, and DELE would remove what another number's answer brought:
   * this one must tell what it told before. */
  pf_pop3_stat (self->pop3);
  for (gsize i = 0; i < n; i++)
    pf_pop3_dele (self->pop3, numbers[i]);
  pf_session_kick (session);
  pf_step (PF_STEP_REMOVE_SENT);
}

/* Longer than for other answers, but never longer than any answer may take. */
static guint
quit_timeout (PfPop3Session *self)
{
  const PfSessionInfo *info = pf_session_get_info (SESSION (self));

  return MAX (info->reply_timeout, MIN (QUIT_SECONDS, info->command_timeout));
}

static void
on_stat_reply (PfPop3Session *self, const PfPop3Event *event)
{
  if (self->removal_task == NULL)
    pf_pop3_listing_reply (self, event);
  else if (!event->ok || event->number != self->stat_count)
    pf_session_fail_with (
        SESSION (self), PF_PROBLEM_PROTOCOL_ERROR,
        "%s does not answer what it is asked: before removing, STAT does not tell the %u messages that it told before. Nothing was removed",
        SETTINGS (self)->server, self->stat_count);
  else
    pf_session_note_proven (SESSION (self));
}

static void
on_dele_reply (PfPop3Session *self, const PfPop3Event *event)
{
  guint32 number = event->number;

  if (event->ok)
    g_array_append_val (self->deleted, number);
  if (++self->removal_answers < self->removing->len)
    return;
  pf_step (PF_STEP_REMOVE_COMMIT);
  pf_pump_set_timeouts (pf_session_get_pump (SESSION (self)), quit_timeout (self),
                        pf_session_get_info (SESSION (self))->command_timeout);
  pf_pop3_quit (self->pop3);
}

static void
pop3_close (PfSession *session, GTask *task)
{
  PfPop3Session *self = PF_POP3_SESSION (session);

  self->closing_task = task;
  pf_pump_set_timeouts (pf_session_get_pump (session), PF_LIMIT_LOGOUT_SECONDS,
                        PF_LIMIT_LOGOUT_SECONDS);
  pf_pop3_quit (self->pop3);
  pf_session_kick (session);
}

static void
on_quit_reply (PfPop3Session *self, const PfPop3Event *event)
{
  GTask *task;

  if (self->removal_task != NULL && !event->ok)
    {
      g_autofree char *quoted = pf_session_quote (event->text);

      /* Some or none are gone (RFC 1939 section 6): the next listing tells. */
      pf_session_fail_with (SESSION (self), PF_PROBLEM_SERVER_BUSY,
                            "%s did not remove all messages: %s", SETTINGS (self)->server, quoted);
      return;
    }
  task = g_steal_pointer (&self->removal_task);
  if (task != NULL)
    {
      pf_step (PF_STEP_REMOVE_DONE);
      pf_session_answer (SESSION (self), task);
      pf_session_ended (SESSION (self));
      g_task_return_pointer (task, g_steal_pointer (&self->deleted),
                             (GDestroyNotify) g_array_unref);
      g_object_unref (task);
      return;
    }
  task = g_steal_pointer (&self->closing_task);
  if (task == NULL)
    return;
  pf_session_answer (SESSION (self), task);
  pf_session_ended (SESSION (self));
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

/* --- Events ----------------------------------------------------------------------------------- */

static void
on_reply (PfPop3Session *self, const PfPop3Event *event)
{
  switch (event->command)
    {
    case PF_POP3_CAPA:
      if (!event->ok)
        pf_pop3_login_capabilities (self);
      break;
    case PF_POP3_GREETING:
    case PF_POP3_UTF8:
    case PF_POP3_STLS:
    case PF_POP3_USER:
    case PF_POP3_PASS:
    case PF_POP3_AUTH:
      pf_pop3_login_reply (self, event);
      break;
    case PF_POP3_STAT:
      on_stat_reply (self, event);
      break;
    case PF_POP3_LIST:
    case PF_POP3_UIDL:
      pf_pop3_listing_reply (self, event);
      break;
    case PF_POP3_RETR:
      on_retr_reply (self, event);
      break;
    case PF_POP3_DELE:
      on_dele_reply (self, event);
      break;
    case PF_POP3_QUIT:
      on_quit_reply (self, event);
      break;
    case PF_POP3_NOOP:
    case PF_POP3_RSET:
    default:
      break;
    }
}

static void
on_end (PfPop3Session *self, const PfPop3Event *event)
{
  if (event->command == PF_POP3_CAPA)
    pf_pop3_login_capabilities (self);
  else if (event->command == PF_POP3_UIDL)
    pf_pop3_listing_finish (self);
  else if (event->command == PF_POP3_RETR)
    on_retr_end (self);
}

static void
pop3_progress (PfSession *session)
{
  PfPop3Session *self = PF_POP3_SESSION (session);
  PfPop3Event event;

  while (!pf_session_has_failed (session) && pf_pop3_next_event (self->pop3, &event))
    switch (event.type)
      {
      case PF_POP3_EVENT_REPLY:
        on_reply (self, &event);
        break;
      case PF_POP3_EVENT_CHALLENGE:
        pf_pop3_login_challenge (self, &event);
        break;
      case PF_POP3_EVENT_ITEM:
        pf_pop3_listing_item (self, &event);
        break;
      case PF_POP3_EVENT_BODY:
        on_body (self, &event);
        break;
      case PF_POP3_EVENT_END:
        on_end (self, &event);
        break;
      case PF_POP3_EVENT_FAULT:
        pf_session_fault (session, event.fault, event.text);
        break;
      default:
        g_assert_not_reached ();
      }
}

static gpointer
pop3_get_machine (PfSession *session)
{
  return PF_POP3_SESSION (session)->pop3;
}

static gboolean
pop3_tls_started (PfSession *session)
{
  return !pf_pop3_tls_started (PF_POP3_SESSION (session)->pop3);
}

static gboolean
pop3_can_idle (PfSession *session)
{
  return FALSE;
}

static void
pf_pop3_session_finalize (GObject *object)
{
  PfPop3Session *self = PF_POP3_SESSION (object);

  pf_login_clear (&self->login);
  g_clear_pointer (&self->body, pf_body_unref);
  g_clear_pointer (&self->sizes, g_hash_table_unref);
  g_clear_pointer (&self->listed, g_ptr_array_unref);
  g_clear_pointer (&self->removing, g_array_unref);
  g_clear_pointer (&self->deleted, g_array_unref);
  g_queue_clear (&self->fetches);
  G_OBJECT_CLASS (pf_pop3_session_parent_class)->finalize (object);
  pf_pop3_free (self->pop3);
}

static void
pf_pop3_session_class_init (PfPop3SessionClass *class)
{
  PfSessionClass *session = PF_SESSION_CLASS (class);

  G_OBJECT_CLASS (class)->finalize = pf_pop3_session_finalize;
  session->machine_class = &pf_pop3_machine;
  session->get_machine = pop3_get_machine;
  session->progress = pop3_progress;
  session->tls_started = pop3_tls_started;
  session->folders = pop3_folders;
  session->list = pop3_list;
  session->fetch = pop3_fetch;
  session->get_window = pop3_get_window;
  session->remove = pop3_remove;
  session->close = pop3_close;
  session->can_idle = pop3_can_idle;
}

static void
pf_pop3_session_init (PfPop3Session *self)
{
  self->pop3 = pf_pop3_new ();
  g_queue_init (&self->fetches);
}
