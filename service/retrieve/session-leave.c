#include "retrieve/session-private.h"

/* Sessions on one mailbox that have said QUIT or LOGOUT and wait for the answer. */
typedef struct
{
  char *mailbox;
  guint sessions;
  GPtrArray *waiting; /* (element-type GTask): who wants to open a session there */
} Leaving;

static GHashTable *all; /* mailbox: Leaving */

static void
leaving_free (gpointer data)
{
  Leaving *leaving = data;

  g_ptr_array_unref (leaving->waiting);
  g_free (leaving->mailbox);
  g_free (leaving);
}

/* (transfer full): two accounts on one mailbox are in each other's way too. */
static char *
mailbox_of (PfSession *self)
{
  const PfSettings *settings = pf_session_get_info (self)->settings;

  return g_strdup_printf ("%d %u %s %s", settings->protocol, settings->port, settings->server,
                          settings->user_name);
}

static Leaving *
leaving_of (PfSession *self)
{
  g_autofree char *mailbox = mailbox_of (self);

  return all != NULL ? g_hash_table_lookup (all, mailbox) : NULL;
}

static Leaving *
leaving_new (PfSession *self)
{
  Leaving *leaving = g_new0 (Leaving, 1);

  leaving->mailbox = mailbox_of (self);
  leaving->waiting = g_ptr_array_new_with_free_func (g_object_unref);
  if (all == NULL)
    all = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, leaving_free);
  g_hash_table_insert (all, leaving->mailbox, leaving);
  return leaving;
}

/* A courtesy to the server: nothing but the mailbox's lock depends on its answer. */
static void
on_left (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Leaving *leaving = user_data;

  pf_session_close_finish (PF_SESSION (source), result, NULL);
  if (--leaving->sessions > 0)
    return;
  g_hash_table_steal (all, leaving->mailbox);
  for (guint i = 0; i < leaving->waiting->len; i++)
    g_task_return_boolean (leaving->waiting->pdata[i], TRUE);
  leaving_free (leaving);
}

void
pf_session_leave (PfSession *self)
{
  Leaving *leaving = leaving_of (self);

  if (leaving == NULL)
    leaving = leaving_new (self);
  leaving->sessions++;
  pf_session_close_async (self, on_left, leaving);
}

void
pf_session_await_left_async (PfSession *self, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);
  Leaving *leaving = leaving_of (self);

  if (leaving != NULL)
    g_ptr_array_add (leaving->waiting, task);
  else
    {
      g_task_return_boolean (task, TRUE);
      g_object_unref (task);
    }
}
