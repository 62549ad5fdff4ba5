#include "retrieve/imap-session-private.h"

#include "base/limits.h"

void
pf_imap_listing_begin (PfImapSession *self,
                       GTask *task,
                       const PfFolder *folder,
                       gboolean for_removal)
{
  self->listing_task = task;
  self->uidvalidity = 0;
  self->most_exist = 0;
  g_free (self->folder);
  self->folder = g_strdup (folder->name);
  g_clear_pointer (&self->listed, g_hash_table_unref);
  self->listed = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) pf_listed_free);
  if (for_removal)
    pf_imap_select (self->imap, folder->raw_name);
  else
    pf_imap_examine (self->imap, folder->raw_name);
  pf_session_kick (SESSION (self));
}

void
pf_imap_listing_item (PfImapSession *self, const PfImapEvent *event)
{
  PfListed *listed;

  if (self->listing_task == NULL || event->uid == 0 || !event->has_size)
    return;
  self->most_exist = MAX (self->most_exist, pf_imap_get_selected (self->imap)->exists);
  if (g_hash_table_size (self->listed) >= 2ULL * self->most_exist + PF_LIMIT_LISTED_BEYOND)
    {
      pf_session_fail_with (
          SESSION (self), PF_PROBLEM_PROTOCOL_ERROR,
          "%s contradicts itself: it counts %u messages in %s and lists more than twice as many",
          SETTINGS (self)->server, self->most_exist, self->folder);
      return;
    }
  if (g_hash_table_size (self->listed) >= PF_LIMIT_LISTED_MESSAGES)
    {
      pf_session_fail_with (SESSION (self), PF_PROBLEM_LIMIT_EXCEEDED,
                            "%s lists more than %d messages", SETTINGS (self)->server,
                            PF_LIMIT_LISTED_MESSAGES);
      return;
    }
  listed = g_new0 (PfListed, 1);
  listed->number = event->uid;
  listed->uid = g_strdup_printf ("%u", event->uid);
  listed->size = event->size;
  listed->date = event->has_date ? event->internal_date : 0;
  listed->seen = (event->flags & PF_IMAP_FLAG_SEEN) != 0;
  listed->deleted = (event->flags & PF_IMAP_FLAG_DELETED) != 0;
  g_hash_table_insert (self->listed, GUINT_TO_POINTER (event->uid), listed);
  pf_session_foresee (SESSION (self), listed, pf_imap_get_selected (self->imap)->uidvalidity);
  pf_imap_transfer_flush_full (self);
}

static gint
by_number (gconstpointer a, gconstpointer b)
{
  guint32 x = (*(const PfListed *const *) a)->number, y = (*(const PfListed *const *) b)->number;

  return (x > y) - (x < y);
}

static void
finish (PfImapSession *self)
{
  const PfImapSelected *selected = pf_imap_get_selected (self->imap);
  PfListing *listing = g_new0 (PfListing, 1);
  GTask *task = g_steal_pointer (&self->listing_task);
  GHashTableIter iter;
  gpointer listed;

  listing->folder = g_strdup (self->folder);
  listing->uidvalidity = selected->uidvalidity;
  listing->has_uids = TRUE;
  listing->may_remove = !selected->read_only && selected->may_delete;
  listing->messages = g_ptr_array_new_with_free_func ((GDestroyNotify) pf_listed_free);
  g_hash_table_iter_init (&iter, self->listed);
  while (g_hash_table_iter_next (&iter, NULL, &listed))
    {
      g_ptr_array_add (listing->messages, listed);
      g_hash_table_iter_steal (&iter);
    }
  g_ptr_array_sort (listing->messages, by_number);
  listing->complete = listing->messages->len >= selected->exists;
  pf_session_answer (SESSION (self), task);
  g_task_return_pointer (task, listing, (GDestroyNotify) pf_listing_free);
  g_object_unref (task);
}

static void
on_selected (PfImapSession *self, const PfImapEvent *event)
{
  const PfImapSelected *selected = pf_imap_get_selected (self->imap);

  if (event->status != PF_IMAP_OK)
    {
      g_autofree char *quoted = pf_session_quote (event->text);
      PfProblemCode code = pf_login_classify (event->code, "", FALSE);

      /* "UNAVAILABLE" and its like pass; anything else about a folder is for a person. */
      pf_session_fail_with (
          SESSION (self),
          event->code != NULL && code == PF_PROBLEM_SERVER_BUSY ? code : PF_PROBLEM_FOLDER_MISSING,
          "%s cannot open the folder %s: %s", SETTINGS (self)->server, self->folder, quoted);
    }
  else if (!selected->has_uidvalidity)
    pf_session_fail_with (SESSION (self), PF_PROBLEM_PROTOCOL_ERROR,
                          "%s tells no UIDVALIDITY: messages could not be told apart",
                          SETTINGS (self)->server);
  else
    {
      self->uidvalidity = selected->uidvalidity;
      if (selected->exists == 0)
        finish (self);
      else
        pf_imap_uid_fetch_listing (self->imap, "1:*");
    }
}

void
pf_imap_listing_reply (PfImapSession *self, const PfImapEvent *event)
{
  if (self->listing_task == NULL)
    return;
  if (event->command == PF_IMAP_SELECT || event->command == PF_IMAP_EXAMINE)
    on_selected (self, event);
  else if (event->status == PF_IMAP_OK)
    finish (self);
  else
    {
      g_autofree char *quoted = pf_session_quote (event->text);

      pf_session_fail_with (SESSION (self), PF_PROBLEM_SERVER_BUSY,
                            "%s does not list its messages: %s", SETTINGS (self)->server, quoted);
    }
}
