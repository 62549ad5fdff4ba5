#include "retrieve/imap-session-private.h"

#include <stdlib.h>

/* One UID FETCH of a body under way. */
typedef struct
{
  GTask *task;
  guint32 uid;
  guint64 listed_size;
  PfBody *body;
  gboolean too_large, nil;
  gboolean checking; /* the answer was odd: does the UID still exist? */
  gboolean exists;
} PfImapFetch;

void
pf_imap_fetch_free (gpointer data)
{
  PfImapFetch *fetch = data;

  g_clear_pointer (&fetch->body, pf_body_unref);
  g_free (fetch);
}

void
pf_imap_transfer_begin (PfImapSession *self, GTask *task, const PfListed *listed)
{
  PfImapFetch *fetch = g_new0 (PfImapFetch, 1);
  guint tag = pf_imap_uid_fetch_body (self->imap, listed->number);

  fetch->task = task;
  fetch->uid = listed->number;
  fetch->listed_size = listed->size;
  g_hash_table_insert (self->fetches, GUINT_TO_POINTER (tag), fetch);
  pf_session_kick (SESSION (self));
}

static PfImapFetch *
find_by_uid (PfImapSession *self, guint32 uid)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->fetches);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (((PfImapFetch *) value)->uid == uid && !((PfImapFetch *) value)->checking)
      return value;
  return NULL;
}

/* The literal arrives before we can be sure whose it is: items come in any order. */
void
pf_imap_transfer_body (PfImapSession *self, const PfImapEvent *event)
{
  const PfSessionInfo *info = pf_session_get_info (SESSION (self));
  GError *error = NULL;

  if (event->type == PF_IMAP_EVENT_BODY_BEGIN)
    {
      g_clear_pointer (&self->body, pf_body_unref);
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

void
pf_imap_transfer_item (PfImapSession *self, const PfImapEvent *event)
{
  g_autoptr (PfBody) body = g_steal_pointer (&self->body);
  PfImapFetch *fetch = event->uid != 0 ? find_by_uid (self, event->uid) : NULL;

  /* Only what was asked for counts; and the first answer to it. */
  if (fetch == NULL || !event->has_body || fetch->body != NULL)
    return;
  if (event->body_nil || body == NULL)
    fetch->nil = TRUE;
  else
    {
      fetch->body = g_steal_pointer (&body);
      fetch->too_large = self->body_too_large;
    }
}

/* Courier hands out a made-up message for one that is gone, and Exchange an empty one: ask before it is believed (specs 13). */
static gboolean
is_odd (const PfImapFetch *fetch)
{
  return fetch->body == NULL
         || (!fetch->too_large && pf_body_get_received (fetch->body) != fetch->listed_size)
         || pf_body_get_received (fetch->body) == 0;
}

static void
conclude (PfImapSession *self, PfImapFetch *fetch, PfFetchResult result, const char *text)
{
  PfBody *body = result == PF_FETCH_DONE || result == PF_FETCH_UNCERTAIN
                     ? g_steal_pointer (&fetch->body)
                     : NULL;

  pf_session_return_fetched (SESSION (self), fetch->task, result, body, text);
  pf_imap_fetch_free (fetch);
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

void
pf_imap_transfer_found (PfImapSession *self, const PfImapEvent *event)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->fetches);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (((PfImapFetch *) value)->checking && ((PfImapFetch *) value)->uid == event->uid)
      ((PfImapFetch *) value)->exists = TRUE;
}

void
pf_imap_transfer_reply (PfImapSession *self, const PfImapEvent *event)
{
  PfImapFetch *fetch = g_hash_table_lookup (self->fetches, GUINT_TO_POINTER (event->tag_number));

  if (fetch == NULL)
    return;
  g_hash_table_steal (self->fetches, GUINT_TO_POINTER (event->tag_number));
  if (fetch->checking)
    conclude_checked (self, fetch);
  else if (event->status != PF_IMAP_OK)
    conclude (self, fetch, PF_FETCH_REFUSED, event->text);
  else if (fetch->too_large)
    conclude (self, fetch, PF_FETCH_TOO_LARGE, NULL);
  else if (is_odd (fetch))
    {
      g_autofree char *criteria = g_strdup_printf ("UID %u", fetch->uid);
      guint tag = pf_imap_uid_search (self->imap, criteria);

      fetch->checking = TRUE;
      g_hash_table_insert (self->fetches, GUINT_TO_POINTER (tag), fetch);
    }
  else
    conclude (self, fetch, PF_FETCH_DONE, NULL);
}
