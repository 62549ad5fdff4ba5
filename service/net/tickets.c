#include "net/tickets.h"

#include "base/limits.h"

#include <time.h>

/* Main loop only. */
static GHashTable *tickets;

static void
session_free (gpointer session)
{
  SSL_SESSION_free (session);
}

static gboolean
is_fresh (SSL_SESSION *session)
{
  gint64 age = (gint64) time (NULL) - SSL_SESSION_get_time (session);
  gint64 lifetime = MIN (SSL_SESSION_get_timeout (session), PF_LIMIT_TLS_TICKET_SECONDS);

  return age >= 0 && age < lifetime && SSL_SESSION_is_resumable (session);
}

static gboolean
is_stale_entry (gpointer key, gpointer session, gpointer user_data)
{
  return !is_fresh (session);
}

void
pf_tickets_put (const char *key, SSL_SESSION *session)
{
  if (tickets == NULL)
    tickets = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, session_free);
  if (g_hash_table_size (tickets) >= PF_LIMIT_TLS_TICKETS && !g_hash_table_contains (tickets, key))
    {
      g_hash_table_foreach_remove (tickets, is_stale_entry, NULL);
      /* Only a full handshake is lost. */
      if (g_hash_table_size (tickets) >= PF_LIMIT_TLS_TICKETS)
        g_hash_table_remove_all (tickets);
    }
  g_hash_table_replace (tickets, g_strdup (key), session);
}

SSL_SESSION *
pf_tickets_take (const char *key)
{
  gpointer stored_key, session;

  if (tickets == NULL || !g_hash_table_steal_extended (tickets, key, &stored_key, &session))
    return NULL;
  g_free (stored_key);
  if (is_fresh (session))
    return session;
  SSL_SESSION_free (session);
  return NULL;
}

void
pf_tickets_clear (void)
{
  g_clear_pointer (&tickets, g_hash_table_unref);
}
