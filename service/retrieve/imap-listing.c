#include "retrieve/imap-session-private.h"

#include "base/limits.h"

/* Folder and listing are asked for in one breath: the answers come in this order. */
static guint32
first_uid (const PfImapSession *self)
{
  return self->settled != NULL ? self->settled->next_uid : 1;
}

static void
ask_for_listing (PfImapSession *self)
{
  g_autofree char *set = g_strdup_printf ("%u:*", first_uid (self));

  self->cut_at = 0;
  pf_imap_uid_fetch_listing (self->imap, set);
}

/* MESSAGELIMIT (RFC 9738 section 3.1): a server that goes through so many messages a command and no
 * more begins with the newest, and tells the UID that it came to. FALSE: it came to the end. */
static gboolean
ask_for_more (PfImapSession *self, const PfImapEvent *event)
{
  g_autofree char *set = NULL;
  g_auto (GStrv) words = NULL;
  guint64 uid = 0;

  if (g_strcmp0 (event->code, "MESSAGELIMIT") != 0 || event->code_arguments == NULL)
    return FALSE;
  words = g_strsplit (event->code_arguments, " ", 2);
  /* Downwards each time, so that there is an end. */
  if (words[0] == NULL || words[1] == NULL
      || !g_ascii_string_to_unsigned (words[1], 10, 1, G_MAXUINT32, &uid, NULL)
      || uid <= first_uid (self) || (self->cut_at != 0 && uid >= self->cut_at))
    return FALSE;
  self->cut_at = (guint32) uid;
  set = g_strdup_printf ("%u:%u", first_uid (self), self->cut_at - 1);
  pf_imap_uid_fetch_listing (self->imap, set);
  pf_session_kick (SESSION (self));
  return TRUE;
}

void
pf_imap_listing_begin (PfImapSession *self,
                       GTask *task,
                       const PfFolder *folder,
                       gboolean for_removal,
                       const PfFolderState *settled)
{
  self->listing_task = task;
  self->opened = FALSE;
  self->most_exist = 0;
  g_free (self->folder);
  self->folder = g_strdup (folder->name);
  g_clear_pointer (&self->listed, g_hash_table_unref);
  self->listed = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) pf_listed_free);
  g_clear_pointer (&self->settled, pf_folder_state_free);
  self->settled = settled != NULL ? pf_folder_state_copy (settled) : NULL;
  self->listing_void = FALSE;
  if (for_removal)
    pf_imap_select (self->imap, folder->raw_name);
  else
    pf_imap_examine (self->imap, folder->raw_name);
  ask_for_listing (self);
  pf_session_kick (SESSION (self));
}

static PfListed *
listed_for (PfImapSession *self, guint32 uid)
{
  PfListed *listed = g_hash_table_lookup (self->listed, GUINT_TO_POINTER (uid));

  if (listed != NULL)
    return listed;
  if (g_hash_table_size (self->listed) >= 2ULL * self->most_exist + PF_LIMIT_LISTED_BEYOND)
    {
      pf_session_fail_with (
          SESSION (self), PF_PROBLEM_PROTOCOL_ERROR,
          "%s contradicts itself: it counts %u messages in %s and lists more than twice as many",
          SETTINGS (self)->server, self->most_exist, self->folder);
      return NULL;
    }
  if (g_hash_table_size (self->listed) >= PF_LIMIT_LISTED_MESSAGES)
    {
      pf_session_fail_with (SESSION (self), PF_PROBLEM_LIMIT_EXCEEDED,
                            "%s lists more than %d messages", SETTINGS (self)->server,
                            PF_LIMIT_LISTED_MESSAGES);
      return NULL;
    }
  listed = g_new0 (PfListed, 1);
  listed->number = uid;
  listed->uid = g_strdup_printf ("%u", uid);
  g_hash_table_insert (self->listed, GUINT_TO_POINTER (uid), listed);
  return listed;
}

void
pf_imap_listing_item (PfImapSession *self, const PfImapEvent *event)
{
  PfListed *listed;

  if (self->listing_task == NULL || !self->opened || self->listing_void || event->uid == 0
      || !event->has_size)
    return;
  self->most_exist = MAX (self->most_exist, pf_imap_get_selected (self->imap)->exists);
  /* There is none, the server says. */
  if (self->most_exist == 0)
    return;
  /* "n:*" always brings the last message (RFC 9051 section 9, seq-range). */
  if (self->settled != NULL && event->uid < self->settled->next_uid)
    return;
  listed = listed_for (self, event->uid);
  if (listed == NULL)
    return;
  listed->size = event->size;
  listed->date = event->has_date ? event->internal_date : 0;
  listed->seen = (event->flags & PF_IMAP_FLAG_SEEN) != 0;
  listed->deleted = (event->flags & PF_IMAP_FLAG_DELETED) != 0;
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
  listing->from = self->settled != NULL ? self->settled->next_uid : 0;
  listing->unlisted = self->settled != NULL ? self->settled->messages : 0;
  listing->uidnext = selected->uidnext;
  listing->highestmodseq = selected->highestmodseq;
  listing->complete = listing->messages->len + listing->unlisted >= selected->exists;
  pf_session_answer (SESSION (self), task);
  g_task_return_pointer (task, listing, (GDestroyNotify) pf_listing_free);
  g_object_unref (task);
}

/* Is the folder the one that was settled, and did nothing go backwards in it (a mailbox that was
 * restored from a copy)? */
static gboolean
agrees (const PfFolderState *settled, const PfImapSelected *selected)
{
  if (selected->uidvalidity != settled->uidvalidity)
    return FALSE;
  if (selected->uidnext != 0
      && (selected->uidnext < settled->uidnext || selected->uidnext < settled->next_uid))
    return FALSE;
  return selected->highestmodseq >= settled->highestmodseq;
}

static void
list_all (PfImapSession *self)
{
  g_clear_pointer (&self->settled, pf_folder_state_free);
  self->listing_void = FALSE;
  ask_for_listing (self);
}

static void
on_selected (PfImapSession *self, const PfImapEvent *event)
{
  const PfImapSelected *selected = pf_imap_get_selected (self->imap);

  if (event->status != PF_IMAP_OK)
    {
      g_autofree char *quoted = pf_session_quote (event->text);
      PfProblemCode code = pf_login_classify (event->code, "", FALSE);
      gboolean passes = event->code != NULL && code == PF_PROBLEM_SERVER_BUSY;

      /* "UNAVAILABLE" and its like pass; anything else about a folder is for a person. */
      pf_session_fail_with (SESSION (self),
                            pf_session_refusal (SESSION (self), event->text,
                                                passes ? code : PF_PROBLEM_FOLDER_MISSING),
                            "%s cannot open the folder %s: %s", SETTINGS (self)->server,
                            self->folder, quoted);
      return;
    }
  if (!selected->has_uidvalidity)
    {
      pf_session_fail_with (SESSION (self), PF_PROBLEM_PROTOCOL_ERROR,
                            "%s tells no UIDVALIDITY: messages could not be told apart",
                            SETTINGS (self)->server);
      return;
    }
  self->opened = TRUE;
  self->uidvalidity = selected->uidvalidity;
  self->exists = self->most_exist = selected->exists;
  self->listing_void = self->settled != NULL && !agrees (self->settled, selected);
}

/* Each message is one that was settled or one that is listed now; anything else, and it is not
 * known which are there. */
static gboolean
adds_up (PfImapSession *self)
{
  return (guint64) self->settled->messages + g_hash_table_size (self->listed) == self->exists;
}

static void
on_listing (PfImapSession *self, const PfImapEvent *event)
{
  gboolean ok = event->status == PF_IMAP_OK;

  if (!self->opened)
    pf_session_fail_with (SESSION (self), PF_PROBLEM_PROTOCOL_ERROR,
                          "%s lists a folder that it has not opened", SETTINGS (self)->server);
  else if (!self->listing_void && ok && ask_for_more (self, event))
    return;
  else if (self->listing_void || (self->settled != NULL && (!ok || !adds_up (self))))
    list_all (self);
  /* Some find "1:*" wrong where there is nothing. */
  else if (ok || self->exists == 0)
    finish (self);
  else
    {
      g_autofree char *quoted = pf_session_quote (event->text);

      pf_session_fail_with (SESSION (self), PF_PROBLEM_SERVER_BUSY,
                            "%s does not list its messages: %s", SETTINGS (self)->server, quoted);
    }
}

void
pf_imap_listing_reply (PfImapSession *self, const PfImapEvent *event)
{
  if (self->listing_task == NULL)
    return;
  if (event->command == PF_IMAP_FETCH_LISTING)
    on_listing (self, event);
  else
    on_selected (self, event);
}
