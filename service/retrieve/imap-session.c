#include "retrieve/imap-session-private.h"

#include "base/limits.h"

G_DEFINE_FINAL_TYPE (PfImapSession, pf_imap_session, PF_TYPE_SESSION)

static void
imap_folders (PfSession *session, GTask *task)
{
  pf_imap_folders_begin (PF_IMAP_SESSION (session), task);
}

static void
imap_list (PfSession *session,
           GTask *task,
           const PfFolder *folder,
           gboolean for_removal,
           const PfFolderState *settled)
{
  pf_imap_listing_begin (PF_IMAP_SESSION (session), task, folder, for_removal, settled);
}

static void
imap_fetch (PfSession *session, GTask *task, const PfListed *listed)
{
  pf_imap_transfer_begin (PF_IMAP_SESSION (session), task, listed);
}

static void
imap_fetch_flush (PfSession *session)
{
  pf_imap_transfer_flush (PF_IMAP_SESSION (session));
}

static void
imap_remove (PfSession *session, GTask *task, const guint32 *numbers, gsize n)
{
  pf_imap_removal_begin (PF_IMAP_SESSION (session), task, numbers, n);
}

static void
imap_take_back (PfSession *session, GTask *task, const guint32 *numbers, gsize n)
{
  pf_imap_removal_take_back (PF_IMAP_SESSION (session), task, numbers, n);
}

/* --- Leaving ---------------------------------------------------------------------------------- */

static void
imap_close (PfSession *session, GTask *task)
{
  PfImapSession *self = PF_IMAP_SESSION (session);

  self->closing_task = task;
  pf_pump_set_timeouts (pf_session_get_pump (session), PF_LIMIT_LOGOUT_SECONDS,
                        PF_LIMIT_LOGOUT_SECONDS);
  pf_imap_logout (self->imap);
  pf_session_kick (session);
}

static void
on_logout (PfImapSession *self)
{
  GTask *task = g_steal_pointer (&self->closing_task);

  if (task == NULL)
    return;
  pf_session_answer (SESSION (self), task);
  pf_session_ended (SESSION (self));
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

/* --- Idling ----------------------------------------------------------------------------------- */

static gboolean
imap_can_idle (PfSession *session)
{
  return pf_imap_has_capability (PF_IMAP_SESSION (session)->imap, "IDLE");
}

static void
imap_idle_done (PfSession *session)
{
  PfImapSession *self = PF_IMAP_SESSION (session);

  if (self->idle_task == NULL)
    return;
  g_clear_handle_id (&self->idle_timer, g_source_remove);
  pf_imap_idle_done (self->imap);
  pf_session_kick (session);
}

static gboolean
on_idle_timer (gpointer user_data)
{
  PF_IMAP_SESSION (user_data)->idle_timer = 0;
  imap_idle_done (user_data);
  return G_SOURCE_REMOVE;
}

static void
answer_idle (PfImapSession *self)
{
  GTask *task = g_steal_pointer (&self->idle_task);

  pf_session_answer (SESSION (self), task);
  g_task_return_boolean (task, self->news);
  g_object_unref (task);
}

static void
imap_idle (PfSession *session, GTask *task, guint seconds)
{
  PfImapSession *self = PF_IMAP_SESSION (session);

  self->idle_task = task;
  /* Told while the folder was read: the server says it once, and not again in IDLE. */
  if (self->news)
    {
      answer_idle (self);
      return;
    }
  self->idle_timer = g_timeout_add_seconds (seconds, on_idle_timer, self);
  pf_imap_idle (self->imap);
  pf_session_kick (session);
}

static void
on_change (PfImapSession *self)
{
  if (!self->news && self->idle_task != NULL)
    imap_idle_done (SESSION (self));
  self->news = TRUE;
}

static void
on_idle_reply (PfImapSession *self, const PfImapEvent *event)
{
  g_clear_handle_id (&self->idle_timer, g_source_remove);
  if (self->idle_task == NULL)
    return;
  if (event->status == PF_IMAP_OK)
    answer_idle (self);
  else
    pf_session_fail_with (SESSION (self), PF_PROBLEM_SERVER_BUSY, "%s does not listen for news",
                          SETTINGS (self)->server);
}

/* --- Events ----------------------------------------------------------------------------------- */

static void
on_reply (PfImapSession *self, const PfImapEvent *event)
{
  switch (event->command)
    {
    case PF_IMAP_GREETING:
    case PF_IMAP_CAPABILITY:
    case PF_IMAP_STARTTLS:
    case PF_IMAP_AUTHENTICATE:
    case PF_IMAP_LOGIN:
    case PF_IMAP_ID:
    case PF_IMAP_COMPRESS:
      pf_imap_login_reply (self, event);
      break;
    case PF_IMAP_LIST:
      pf_imap_folders_reply (self, event);
      if (self->removal_task != NULL && self->stage == PF_REMOVAL_FIND_TRASH)
        pf_imap_removal_reply (self, event);
      break;
    case PF_IMAP_SELECT:
    case PF_IMAP_EXAMINE:
      /* What it told of came before what is listed next. */
      self->news = FALSE;
      pf_imap_listing_reply (self, event);
      break;
    case PF_IMAP_FETCH_LISTING:
      pf_imap_listing_reply (self, event);
      break;
    case PF_IMAP_FETCH_BODIES:
      pf_imap_transfer_reply (self, event);
      break;
    case PF_IMAP_SEARCH:
      /* Asked by a fetch whose answer was odd, or by a removal. */
      pf_imap_transfer_reply (self, event);
      if (self->removal_task != NULL && self->stage == PF_REMOVAL_SEARCH)
        pf_imap_removal_reply (self, event);
      break;
    case PF_IMAP_COPY:
    case PF_IMAP_STORE:
    case PF_IMAP_EXPUNGE:
      pf_imap_removal_reply (self, event);
      break;
    case PF_IMAP_IDLE:
      on_idle_reply (self, event);
      break;
    case PF_IMAP_LOGOUT:
      on_logout (self);
      break;
    case PF_IMAP_ENABLE:
    case PF_IMAP_UNSELECT:
    case PF_IMAP_NOOP:
    case PF_IMAP_NONE:
    default:
      break;
    }
}

static void
on_status (PfImapSession *self, const PfImapEvent *event)
{
  g_autofree char *quoted = NULL;

  /* The UIDs that we know are other messages' from here on: nothing may be fetched or removed by
   * them. */
  if (self->opened && pf_imap_get_selected (self->imap)->uidvalidity != self->uidvalidity)
    {
      pf_session_fail_with (
          SESSION (self), PF_PROBLEM_PROTOCOL_ERROR,
          "%s gives the folder %s another UIDVALIDITY while it is open: the connection was dropped",
          SETTINGS (self)->server, self->folder);
      return;
    }
  /* Our own LOGOUT is answered with BYE first. */
  if (event->status != PF_IMAP_BYE || self->closing_task != NULL)
    return;
  quoted = pf_session_quote (event->text);
  pf_session_fail_with (SESSION (self), PF_PROBLEM_SERVER_BUSY, "%s ends the session: %s",
                        SETTINGS (self)->server, quoted);
}

static void
on_event (PfImapSession *self, const PfImapEvent *event)
{
  switch (event->type)
    {
    case PF_IMAP_EVENT_REPLY:
      on_reply (self, event);
      break;
    case PF_IMAP_EVENT_STATUS:
      on_status (self, event);
      break;
    case PF_IMAP_EVENT_CHALLENGE:
      pf_imap_login_challenge (self, event);
      break;
    case PF_IMAP_EVENT_FOLDER:
      pf_imap_folders_item (self, event);
      break;
    case PF_IMAP_EVENT_EXISTS:
      on_change (self);
      break;
    case PF_IMAP_EVENT_FOUND:
      pf_imap_transfer_found (self, event);
      pf_imap_removal_found (self, event);
      break;
    case PF_IMAP_EVENT_FETCH:
      pf_imap_listing_item (self, event);
      pf_imap_transfer_item (self, event);
      break;
    case PF_IMAP_EVENT_BODY_BEGIN:
    case PF_IMAP_EVENT_BODY:
    case PF_IMAP_EVENT_BODY_END:
      pf_imap_transfer_body (self, event);
      break;
    case PF_IMAP_EVENT_FAULT:
      pf_session_fault (SESSION (self), event->fault, event->text);
      break;
    case PF_IMAP_EVENT_EXPUNGED:
    case PF_IMAP_EVENT_IDLING:
    default:
      break;
    }
}

static void
imap_progress (PfSession *session)
{
  PfImapSession *self = PF_IMAP_SESSION (session);
  PfImapEvent event;

  while (!pf_session_has_failed (session) && pf_imap_next_event (self->imap, &event))
    on_event (self, &event);
}

static gpointer
imap_get_machine (PfSession *session)
{
  return PF_IMAP_SESSION (session)->imap;
}

static gboolean
imap_tls_started (PfSession *session)
{
  return !pf_imap_tls_started (PF_IMAP_SESSION (session)->imap);
}

static guint
imap_get_window (PfSession *session)
{
  return PF_LIMIT_FETCH_WINDOW_MESSAGES;
}

static void
pf_imap_session_finalize (GObject *object)
{
  PfImapSession *self = PF_IMAP_SESSION (object);

  pf_login_clear (&self->login);
  g_clear_handle_id (&self->idle_timer, g_source_remove);
  g_clear_pointer (&self->known, g_ptr_array_unref);
  g_clear_pointer (&self->listed, g_hash_table_unref);
  g_clear_pointer (&self->fetches, g_hash_table_unref);
  g_clear_pointer (&self->commands, g_hash_table_unref);
  g_clear_pointer (&self->waiting, g_array_unref);
  g_clear_pointer (&self->body, pf_body_unref);
  g_clear_pointer (&self->sets, g_ptr_array_unref);
  g_clear_pointer (&self->removing, g_array_unref);
  g_clear_pointer (&self->found, g_hash_table_unref);
  g_free (self->folder);
  g_clear_pointer (&self->settled, pf_folder_state_free);
  g_free (self->trash);
  G_OBJECT_CLASS (pf_imap_session_parent_class)->finalize (object);
  pf_imap_free (self->imap);
}

static void
pf_imap_session_class_init (PfImapSessionClass *class)
{
  PfSessionClass *session = PF_SESSION_CLASS (class);

  G_OBJECT_CLASS (class)->finalize = pf_imap_session_finalize;
  session->machine_class = &pf_imap_machine;
  session->get_machine = imap_get_machine;
  session->progress = imap_progress;
  session->tls_started = imap_tls_started;
  session->folders = imap_folders;
  session->list = imap_list;
  session->fetch = imap_fetch;
  session->fetch_flush = imap_fetch_flush;
  session->get_window = imap_get_window;
  session->remove = imap_remove;
  session->take_back = imap_take_back;
  session->close = imap_close;
  session->idle = imap_idle;
  session->idle_done = imap_idle_done;
  session->can_idle = imap_can_idle;
}

static void
pf_imap_session_init (PfImapSession *self)
{
  self->imap = pf_imap_new ();
  self->fetches = g_hash_table_new_full (NULL, NULL, NULL, pf_imap_fetch_free);
  self->commands = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) g_array_unref);
  self->waiting = g_array_new (FALSE, FALSE, sizeof (guint32));
}
