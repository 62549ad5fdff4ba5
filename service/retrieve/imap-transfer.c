#include "retrieve/imap-session-private.h"

#include "base/limits.h"

/* Messages that one UID FETCH asks for, and their octets: some make a command worth its round trip,
 * and one slow answer holds up no more than these. */
#define BATCH_MESSAGES 32
#define BATCH_OCTETS (256 * PF_KIB)
/* Office 365 breaks with about 50 commands in flight, other clients stay below 25 (specs 02 section
 * 7); with fewer than the least under way, a batch goes out however small it is. */
#define MOST_COMMANDS 16
#define LEAST_COMMANDS 4
/* A set of BATCH_MESSAGES UIDs is never longer. */
#define SET_LENGTH (BATCH_MESSAGES * 12)

/* One message that is asked for. */
typedef struct
{
  GTask *task;
  guint32 uid;
  guint64 listed_size;
  PfBody *body;
  gboolean asked; /* a command that asks for it was given; until then no answer is its own */
  gboolean too_large, nil;
  gboolean alone;  /* asked for in a command of its own */
  gboolean exists; /* the answer was odd, and the UID is still there */
} PfImapFetch;

void
pf_imap_fetch_free (gpointer data)
{
  PfImapFetch *fetch = data;

  g_clear_pointer (&fetch->body, pf_body_unref);
  g_free (fetch);
}

static PfImapFetch *
find_fetch (PfImapSession *self, guint32 uid)
{
  return g_hash_table_lookup (self->fetches, GUINT_TO_POINTER (uid));
}

/* --- Asking ----------------------------------------------------------------------------------- */

/* @uids: (transfer full): what the command that got @tag asks for. */
static void
note_command (PfImapSession *self, guint tag, GArray *uids)
{
  g_hash_table_insert (self->commands, GUINT_TO_POINTER (tag), uids);
}

static void
ask_for (PfImapSession *self, GArray *uids)
{
  g_autoptr (GPtrArray) sets =
      pf_imap_uid_sets ((const guint32 *) (gpointer) uids->data, uids->len, SET_LENGTH);

  note_command (self, pf_imap_uid_fetch_bodies (self->imap, sets->pdata[0]), uids);
}

static GArray *
one_uid (guint32 uid)
{
  GArray *uids = g_array_new (FALSE, FALSE, sizeof (guint32));

  return g_array_append_val (uids, uid);
}

/* (transfer full): the first of those that wait. */
static GArray *
take_batch (PfImapSession *self)
{
  GArray *uids = g_array_new (FALSE, FALSE, sizeof (guint32));
  guint64 octets = 0;

  while (self->waiting->len > uids->len && uids->len < BATCH_MESSAGES && octets < BATCH_OCTETS)
    {
      guint32 uid = g_array_index (self->waiting, guint32, uids->len);

      g_array_append_val (uids, uid);
      find_fetch (self, uid)->asked = TRUE;
      octets += find_fetch (self, uid)->listed_size;
    }
  g_array_remove_range (self->waiting, 0, uids->len);
  self->waiting_octets -= octets;
  return uids;
}

static gboolean
batch_is_full (const PfImapSession *self)
{
  return self->waiting->len >= BATCH_MESSAGES || self->waiting_octets >= BATCH_OCTETS;
}

void
pf_imap_transfer_flush_full (PfImapSession *self)
{
  while (batch_is_full (self) && g_hash_table_size (self->commands) < MOST_COMMANDS)
    ask_for (self, take_batch (self));
}

void
pf_imap_transfer_flush (PfImapSession *self)
{
  pf_imap_transfer_flush_full (self);
  while (self->waiting->len > 0 && g_hash_table_size (self->commands) < LEAST_COMMANDS)
    ask_for (self, take_batch (self));
  pf_session_kick (SESSION (self));
}

void
pf_imap_transfer_begin (PfImapSession *self, GTask *task, const PfListed *listed)
{
  PfImapFetch *fetch = g_new0 (PfImapFetch, 1);

  fetch->task = task;
  fetch->uid = listed->number;
  fetch->listed_size = listed->size;
  g_hash_table_insert (self->fetches, GUINT_TO_POINTER (fetch->uid), fetch);
  g_array_append_val (self->waiting, fetch->uid);
  self->waiting_octets += listed->size;
}

/* --- Answers ---------------------------------------------------------------------------------- */

/* The literal arrives before we can be sure whose it is: items come in any order. */
void
pf_imap_transfer_body (PfImapSession *self, const PfImapEvent *event)
{
  const PfSessionInfo *info = pf_session_get_info (SESSION (self));
  GError *error = NULL;

  if (event->type == PF_IMAP_EVENT_BODY_BEGIN)
    {
      g_clear_pointer (&self->body, pf_body_unref);
      /* Nobody asked for it: it is read, and kept nowhere. */
      if (g_hash_table_size (self->fetches) == 0)
        return;
      if (event->size > info->max_message_size
          && event->size - info->max_message_size > PF_LIMIT_READ_OVER)
        {
          pf_session_fail_with (
              SESSION (self), PF_PROBLEM_LIMIT_EXCEEDED,
              "%s sends a message that is larger than it said and than MaxMessageSize: the connection was dropped",
              info->settings->server);
          return;
        }
      self->body = pf_body_new (info->spool_directory);
      self->body_announced = event->size;
      self->body_length = 0;
      self->body_too_large = event->size > info->max_message_size;
    }
  else if (self->body == NULL)
    return;
  else if (event->type == PF_IMAP_EVENT_BODY)
    {
      self->body_length += event->length;
      if (!self->body_too_large && !pf_body_write (self->body, event->data, event->length, &error))
        pf_session_fail (SESSION (self), error);
    }
  else if (!pf_body_end (self->body, &error))
    pf_session_fail (SESSION (self), error);
}

/* Courier hands out a made-up message for one that is gone, and Exchange an empty one: ask before
 * it is believed (specs 13). */
static gboolean
is_odd (PfImapSession *self, const PfImapFetch *fetch)
{
  gboolean exact = !pf_session_get_info (SESSION (self))->provider->estimates;

  return fetch->body == NULL
         || (exact && !fetch->too_large && pf_body_get_received (fetch->body) != fetch->listed_size)
         || pf_body_get_received (fetch->body) == 0;
}

/* The caller may ask for more, or drop the session, within this. */
static void
conclude (PfImapSession *self, PfImapFetch *fetch, PfFetchResult result, const char *text)
{
  PfBody *body = result == PF_FETCH_DONE || result == PF_FETCH_UNCERTAIN
                     ? g_steal_pointer (&fetch->body)
                     : NULL;
  GTask *task = fetch->task;

  g_hash_table_remove (self->fetches, GUINT_TO_POINTER (fetch->uid));
  pf_session_return_fetched (SESSION (self), task, result, body, text);
}

/* A body that is whole needs no word more; the rest of its command may take its time. */
void
pf_imap_transfer_item (PfImapSession *self, const PfImapEvent *event)
{
  g_autoptr (PfBody) body = g_steal_pointer (&self->body);
  PfImapFetch *fetch = event->uid != 0 ? find_fetch (self, event->uid) : NULL;

  /* Only what was asked for counts; and of several answers to it the first, or one that is as long
   * as it was listed. */
  if (fetch == NULL || !fetch->asked || !event->has_body
      || (fetch->body != NULL
          && (body == NULL || pf_body_get_received (body) != fetch->listed_size)))
    return;
  if (event->body_nil || body == NULL)
    {
      fetch->nil = TRUE;
      return;
    }
  g_clear_pointer (&fetch->body, pf_body_unref);
  fetch->body = g_steal_pointer (&body);
  fetch->too_large = self->body_too_large;
  if (fetch->too_large)
    conclude (self, fetch, PF_FETCH_TOO_LARGE, NULL);
  else if (!is_odd (self, fetch))
    conclude (self, fetch, PF_FETCH_DONE, NULL);
}

void
pf_imap_transfer_found (PfImapSession *self, const PfImapEvent *event)
{
  PfImapFetch *fetch = find_fetch (self, event->uid);

  if (fetch != NULL)
    fetch->exists = TRUE;
}

static void
conclude_checked (PfImapSession *self, PfImapFetch *fetch)
{
  if (!fetch->exists)
    conclude (self, fetch, PF_FETCH_GONE, "another session removed it");
  else if (fetch->body == NULL || pf_body_get_received (fetch->body) == 0)
    conclude (self, fetch, PF_FETCH_REFUSED, "the server hands out an empty message");
  else
    conclude (self, fetch, PF_FETCH_UNCERTAIN, NULL);
}

/* The command is over, and nothing to be believed came for @fetch. */
static void
ask_again (PfImapSession *self, PfImapFetch *fetch, const PfImapEvent *event)
{
  g_autofree char *criteria = NULL;

  if (event->status != PF_IMAP_OK && fetch->alone)
    conclude (self, fetch, PF_FETCH_REFUSED, event->text);
  else if (event->status != PF_IMAP_OK)
    {
      /* One bad message spoils the answer for all that were asked for with it. */
      fetch->alone = TRUE;
      ask_for (self, one_uid (fetch->uid));
    }
  else
    {
      criteria = g_strdup_printf ("UID %u", fetch->uid);
      fetch->exists = FALSE;
      /* Courier's SEARCH still finds what its session has not yet told to be gone. */
      pf_imap_noop (self->imap);
      note_command (self, pf_imap_uid_search (self->imap, criteria), one_uid (fetch->uid));
    }
}

void
pf_imap_transfer_reply (PfImapSession *self, const PfImapEvent *event)
{
  g_autoptr (GArray) uids = NULL;

  if (!g_hash_table_steal_extended (self->commands, GUINT_TO_POINTER (event->tag_number), NULL,
                                    (gpointer *) &uids))
    return;
  for (guint i = 0; i < uids->len; i++)
    {
      PfImapFetch *fetch = find_fetch (self, g_array_index (uids, guint32, i));

      if (fetch == NULL)
        continue;
      if (uids->len == 1)
        fetch->alone = TRUE;
      if (event->command == PF_IMAP_SEARCH)
        conclude_checked (self, fetch);
      else
        ask_again (self, fetch, event);
    }
  pf_imap_transfer_flush (self);
}
