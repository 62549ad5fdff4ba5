#include "retrieve/pop3-session-private.h"

void
pf_pop3_listing_begin (PfPop3Session *self, GTask *task)
{
  g_clear_pointer (&self->sizes, g_hash_table_unref);
  g_clear_pointer (&self->listed, g_ptr_array_unref);
  self->sizes = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  self->listed = g_ptr_array_new_with_free_func ((GDestroyNotify) pf_listed_free);
  self->has_uids = TRUE;
  self->listing_task = task;
  pf_pop3_stat (self->pop3);
  pf_pop3_list (self->pop3);
  pf_pop3_uidl (self->pop3);
  pf_session_kick (SESSION (self));
}

static PfListed *
listed_new (guint32 number, const char *uid)
{
  PfListed *listed = g_new0 (PfListed, 1);

  listed->number = number;
  listed->uid = g_strdup (uid);
  return listed;
}

static gint
by_number (gconstpointer a, gconstpointer b)
{
  guint32 x = (*(const PfListed *const *) a)->number, y = (*(const PfListed *const *) b)->number;

  return (x > y) - (x < y);
}

/* Servers without UIDL: the messages are what LIST told. */
static void
list_without_uids (PfPop3Session *self)
{
  GHashTableIter iter;
  gpointer number;

  g_ptr_array_set_size (self->listed, 0);
  g_hash_table_iter_init (&iter, self->sizes);
  while (g_hash_table_iter_next (&iter, &number, NULL))
    g_ptr_array_add (self->listed, listed_new (GPOINTER_TO_UINT (number), ""));
}

/* Sizes, and which UIDLs stand several times; FALSE when LIST and UIDL do not tell of the same
 * messages. */
static gboolean
join_listing (PfPop3Session *self)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  if (self->listed->len != g_hash_table_size (self->sizes))
    return FALSE;
  g_ptr_array_sort (self->listed, by_number);
  for (guint i = 0; i < self->listed->len; i++)
    {
      PfListed *listed = self->listed->pdata[i];
      guint64 *size = g_hash_table_lookup (self->sizes, GUINT_TO_POINTER (listed->number));
      guint before = GPOINTER_TO_UINT (g_hash_table_lookup (seen, listed->uid));

      if (size == NULL)
        return FALSE;
      listed->size = *size;
      listed->occurrence = before;
      g_hash_table_insert (seen, listed->uid, GUINT_TO_POINTER (before + 1));
    }
  return TRUE;
}

static void
fail_contradiction (PfPop3Session *self)
{
  pf_session_fail_with (
      SESSION (self), PF_PROBLEM_PROTOCOL_ERROR,
      "%s contradicts itself: STAT counts %u messages, LIST tells %u, UIDL %u: nothing is fetched or removed on such a listing",
      SETTINGS (self)->server, self->stat_count, g_hash_table_size (self->sizes),
      self->listed->len);
}

void
pf_pop3_listing_finish (PfPop3Session *self)
{
  PfListing *listing;
  GTask *task;

  if (!self->has_uids)
    list_without_uids (self);
  if (!join_listing (self) || self->stat_count != self->listed->len)
    {
      fail_contradiction (self);
      return;
    }
  listing = g_new0 (PfListing, 1);
  listing->folder = g_strdup ("");
  listing->has_uids = self->has_uids;
  listing->complete = TRUE;
  listing->may_remove = TRUE;
  listing->messages = g_steal_pointer (&self->listed);
  task = g_steal_pointer (&self->listing_task);
  pf_session_answer (SESSION (self), task);
  g_task_return_pointer (task, listing, (GDestroyNotify) pf_listing_free);
  g_object_unref (task);
}

void
pf_pop3_listing_reply (PfPop3Session *self, const PfPop3Event *event)
{
  g_autofree char *quoted = NULL;

  if (event->ok)
    {
      if (event->command == PF_POP3_STAT)
        self->stat_count = event->number;
      return;
    }
  if (event->command == PF_POP3_UIDL)
    {
      self->has_uids = FALSE;
      pf_pop3_listing_finish (self);
      return;
    }
  quoted = pf_session_quote (event->text);
  pf_session_fail_with (SESSION (self), PF_PROBLEM_SERVER_BUSY, "%s does not list its messages: %s",
                        SETTINGS (self)->server, quoted);
}

static void
add_listed (PfPop3Session *self, const PfPop3Event *event)
{
  PfListed *listed = listed_new (event->number, event->text);
  const guint64 *size = g_hash_table_lookup (self->sizes, GUINT_TO_POINTER (event->number));

  g_ptr_array_add (self->listed, listed);
  if (size == NULL)
    return;
  listed->size = *size;
  pf_session_foresee (SESSION (self), listed, 0);
}

void
pf_pop3_listing_item (PfPop3Session *self, const PfPop3Event *event)
{
  if (event->command == PF_POP3_LIST && self->sizes != NULL)
    {
      guint64 *size = g_new (guint64, 1);

      *size = event->size;
      g_hash_table_insert (self->sizes, GUINT_TO_POINTER (event->number), size);
    }
  else if (event->command == PF_POP3_UIDL && self->listed != NULL)
    add_listed (self, event);
  /* A list without end is not read to its end. */
  if (self->listed != NULL && self->listing_task != NULL
      && MAX (self->listed->len, g_hash_table_size (self->sizes)) > self->stat_count)
    fail_contradiction (self);
}
