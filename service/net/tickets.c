#include "net/tickets.h"

#include "base/limits.h"

#include <time.h>

/* Main loop only. */
static GHashTable *tickets; /* key -> GQueue of SSL_SESSION, the newest last */
static guint count;

static void
session_free (gpointer session)
{
  SSL_SESSION_free (session);
  count--;
}

static void
sessions_free (gpointer sessions)
{
  g_queue_free_full (sessions, session_free);
}

static gboolean
is_fresh (SSL_SESSION *session)
{
  gint64 age = (gint64) time (NULL) - SSL_SESSION_get_time (session);
  gint64 lifetime = MIN (SSL_SESSION_get_timeout (session), PF_LIMIT_TLS_TICKET_SECONDS);

  return age >= 0 && age < lifetime && SSL_SESSION_is_resumable (session);
}

/* A server's newest is stale: so are the others. */
static gboolean
are_stale (gpointer key, gpointer sessions, gpointer user_data)
{
  return !is_fresh (g_queue_peek_tail (sessions));
}

static void
make_room (void)
{
  if (count < PF_LIMIT_TLS_TICKETS)
    return;
  g_hash_table_foreach_remove (tickets, are_stale, NULL);
  /* Only full handshakes are lost. */
  if (count >= PF_LIMIT_TLS_TICKETS)
    g_hash_table_remove_all (tickets);
}

void
pf_tickets_put (const char *key, SSL_SESSION *session)
{
  GQueue *sessions;

  if (tickets == NULL)
    tickets = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, sessions_free);
  make_room ();
  sessions = g_hash_table_lookup (tickets, key);
  if (sessions == NULL)
    {
      sessions = g_queue_new ();
      g_hash_table_insert (tickets, g_strdup (key), sessions);
    }
  if (sessions->length >= PF_LIMIT_TLS_TICKETS_PER_SERVER)
    session_free (g_queue_pop_head (sessions));
  g_queue_push_tail (sessions, session);
  count++;
}

SSL_SESSION *
pf_tickets_take (const char *key)
{
  GQueue *sessions = tickets != NULL ? g_hash_table_lookup (tickets, key) : NULL;
  SSL_SESSION *session;

  if (sessions == NULL)
    return NULL;
  session = g_queue_pop_tail (sessions);
  count--;
  if (!is_fresh (session))
    {
      SSL_SESSION_free (session);
      /* The newest was stale. */
      g_hash_table_remove (tickets, key);
      return NULL;
    }
  if (sessions->length == 0)
    g_hash_table_remove (tickets, key);
  return session;
}

void
pf_tickets_clear (void)
{
  g_clear_pointer (&tickets, g_hash_table_unref);
}
