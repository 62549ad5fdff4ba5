#include "retrieve/imap-session-private.h"

#include "base/step.h"

/* RFC 7162 section 4 asks for command lines below 8,192 octets; 1,000 is what old servers bear. */
#define SET_LENGTH 1000

static gboolean
has_uidplus (PfImapSession *self)
{
  return pf_imap_has_capability (self->imap, "UIDPLUS")
         || pf_imap_has_capability (self->imap, "IMAP4rev2");
}

static void
enter (PfImapSession *self, PfRemovalStage stage)
{
  self->stage = stage;
  self->set_index = 0;
  g_clear_pointer (&self->found, g_hash_table_unref);
  if (stage == PF_REMOVAL_SEARCH)
    self->found = g_hash_table_new (NULL, NULL);
}

/* The next command of the stage; FALSE when the stage is done. */
static gboolean
send_next (PfImapSession *self)
{
  gboolean by_set = self->stage != PF_REMOVAL_SEARCH && self->stage != PF_REMOVAL_PLAIN
                    && self->stage != PF_REMOVAL_FIND_TRASH;
  const char *set =
      by_set && self->set_index < self->sets->len ? self->sets->pdata[self->set_index] : NULL;

  if (by_set ? set == NULL : self->set_index > 0)
    return FALSE;
  self->set_index++;
  switch (self->stage)
    {
    case PF_REMOVAL_FIND_TRASH:
      pf_imap_list (self->imap, "*", pf_imap_has_capability (self->imap, "SPECIAL-USE"));
      break;
    case PF_REMOVAL_COPY:
      pf_imap_uid_copy (self->imap, set, self->trash);
      pf_step (PF_STEP_REMOVE_SENT);
      break;
    case PF_REMOVAL_STORE:
      pf_imap_uid_store_deleted (self->imap, set, TRUE);
      pf_step (PF_STEP_REMOVE_SENT);
      break;
    case PF_REMOVAL_EXPUNGE:
      pf_step (PF_STEP_REMOVE_COMMIT);
      pf_imap_uid_expunge (self->imap, set);
      break;
    case PF_REMOVAL_SEARCH:
      pf_imap_uid_search (self->imap, "DELETED");
      break;
    case PF_REMOVAL_TAKE_BACK:
    case PF_REMOVAL_KEEP:
      pf_imap_uid_store_deleted (self->imap, set, FALSE);
      break;
    case PF_REMOVAL_PLAIN:
    default:
      pf_step (PF_STEP_REMOVE_COMMIT);
      pf_imap_expunge (self->imap);
      break;
    }
  return TRUE;
}

static void
begin (PfImapSession *self, GTask *task, const guint32 *numbers, gsize n, PfRemovalStage stage)
{
  self->removal_task = task;
  g_clear_pointer (&self->removing, g_array_unref);
  g_clear_pointer (&self->sets, g_ptr_array_unref);
  self->removing = g_array_new (FALSE, FALSE, sizeof (guint32));
  g_array_append_vals (self->removing, numbers, n);
  self->sets = pf_imap_uid_sets (numbers, n, SET_LENGTH);
  enter (self, stage);
  send_next (self);
  pf_session_kick (SESSION (self));
}

void
pf_imap_removal_begin (PfImapSession *self, GTask *task, const guint32 *numbers, gsize n)
{
  if (!pf_session_get_info (SESSION (self))->provider->trash)
    begin (self, task, numbers, n, PF_REMOVAL_STORE);
  else
    begin (self, task, numbers, n, self->trash != NULL ? PF_REMOVAL_COPY : PF_REMOVAL_FIND_TRASH);
}

void
pf_imap_removal_take_back (PfImapSession *self, GTask *task, const guint32 *numbers, gsize n)
{
  begin (self, task, numbers, n, PF_REMOVAL_KEEP);
}

void
pf_imap_removal_found (PfImapSession *self, const PfImapEvent *event)
{
  /* One more than ours says enough. */
  if (self->found != NULL && g_hash_table_size (self->found) <= self->removing->len)
    g_hash_table_add (self->found, GUINT_TO_POINTER (event->uid));
}

/* SEARCH DELETED named exactly the messages that we marked. */
static gboolean
only_ours (PfImapSession *self)
{
  if (g_hash_table_size (self->found) != self->removing->len)
    return FALSE;
  for (guint i = 0; i < self->removing->len; i++)
    if (!g_hash_table_contains (self->found,
                                GUINT_TO_POINTER (g_array_index (self->removing, guint32, i))))
      return FALSE;
  return TRUE;
}

static void
finish (PfImapSession *self)
{
  GTask *task = g_steal_pointer (&self->removal_task);

  pf_session_answer (SESSION (self), task);
  pf_step (PF_STEP_REMOVE_DONE);
  g_task_return_pointer (task, g_steal_pointer (&self->removing), (GDestroyNotify) g_array_unref);
  g_object_unref (task);
}

/* The session lives on. @why: what stands behind the server's name and before the folder's */
static void
give_up (PfImapSession *self, const char *why, const char *mend)
{
  GTask *task = g_steal_pointer (&self->removal_task);

  pf_session_answer (SESSION (self), task);
  g_task_return_new_error (task, PF_PROBLEM, PF_PROBLEM_REMOVAL_SUSPENDED,
                           "%s %s %s: nothing was removed. %s", SETTINGS (self)->server, why,
                           self->folder, mend);
  g_object_unref (task);
}

static void
finish_taking_back (PfImapSession *self)
{
  GTask *task = g_steal_pointer (&self->removal_task);

  pf_session_answer (SESSION (self), task);
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static void
next_stage (PfImapSession *self)
{
  switch (self->stage)
    {
    case PF_REMOVAL_KEEP:
      finish_taking_back (self);
      return;
    case PF_REMOVAL_STORE:
      enter (self, has_uidplus (self) ? PF_REMOVAL_EXPUNGE : PF_REMOVAL_SEARCH);
      break;
    case PF_REMOVAL_SEARCH:
      enter (self, only_ours (self) ? PF_REMOVAL_PLAIN : PF_REMOVAL_TAKE_BACK);
      break;
    case PF_REMOVAL_TAKE_BACK:
      give_up (
          self,
          "cannot expunge single messages (no UIDPLUS), and others than ours are marked as deleted in",
          "Expunge there with another client");
      return;
    case PF_REMOVAL_FIND_TRASH:
      if (self->trash == NULL)
        {
          give_up (self, "shows no trash, without which it only archives what is removed from",
                   "Let IMAP see its trash in the web mailer's settings, or set Remove=never");
          return;
        }
      enter (self, PF_REMOVAL_COPY);
      break;
    case PF_REMOVAL_COPY:
      enter (self, PF_REMOVAL_STORE);
      break;
    case PF_REMOVAL_EXPUNGE:
    case PF_REMOVAL_PLAIN:
    default:
      finish (self);
      return;
    }
  send_next (self);
}

void
pf_imap_removal_reply (PfImapSession *self, const PfImapEvent *event)
{
  if (self->removal_task == NULL)
    return;
  if (event->status != PF_IMAP_OK)
    {
      g_autofree char *quoted = pf_session_quote (event->text);

      pf_session_fail_with (SESSION (self), PF_PROBLEM_SERVER_BUSY,
                            "%s does not remove messages from %s: %s", SETTINGS (self)->server,
                            self->folder, quoted);
      return;
    }
  if (!send_next (self))
    next_stage (self);
}
