#include "schedule/schedule-private.h"

/* News come in showers: a moment's wait makes one check of them. Where they lead to nothing again
 * and again, it grows. */
#define DEBOUNCE_MILLISECONDS 50
#define DEBOUNCE_DOUBLINGS 10
/* A listener that was cut off is made anew by a check; soon, but not all at once when a server
 * restarts. */
#define RECONNECT_MILLISECONDS 5000

static void idle_again (PfEntry *entry);

typedef struct
{
  PfEntry *entry;
  PfSession *session;
} PfIdle;

static const char *
server_of (PfEntry *entry)
{
  return pf_account_get_settings (entry->account)->server;
}

/* A server ends idle sessions now and then: no failure as long as the next check works. */
static void
on_ended (PfEntry *entry, const GError *error)
{
  gint64 now = g_get_monotonic_time ();

  /* A silence is no sign of impatience. */
  if (!g_error_matches (error, PF_PROBLEM, PF_PROBLEM_TIMED_OUT))
    pf_patience_ended (entry->schedule->patience, server_of (entry),
                       (guint) ((now - entry->idling_since) / G_USEC_PER_SEC), now);
  pf_entry_hang_up (entry);
  if (pf_account_get_settings (entry->account)->enabled)
    pf_entry_plan_soon (entry, RECONNECT_MILLISECONDS
                                   + (guint) g_random_int_range (0, RECONNECT_MILLISECONDS));
}

static void
on_idle (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PfIdle *idle = user_data;
  PfEntry *entry = idle->entry;
  gboolean current = entry->listener == idle->session;
  gboolean news = FALSE;
  g_autoptr (GError) error = NULL;

  pf_session_idle_finish (PF_SESSION (source), result, &news, &error);
  if (current)
    entry->idling = FALSE;
  if (current && error != NULL)
    on_ended (entry, error);
  else if (current && entry->check != NULL)
    /* A check waits for this session to be free. */
    pf_schedule_dispatch (entry->schedule);
  else if (current && news)
    {
      pf_entry_plan_in (entry, DEBOUNCE_MILLISECONDS << MIN (entry->vain, DEBOUNCE_DOUBLINGS));
      entry->vain++;
    }
  else if (current)
    {
      /* A probe ends it before its time. */
      if (g_get_monotonic_time () >= entry->idling_until)
        pf_patience_borne (entry->schedule->patience, server_of (entry));
      idle_again (entry);
    }
  pf_entry_unref (entry);
  g_object_unref (idle->session);
  g_free (idle);
}

static void
idle_again (PfEntry *entry)
{
  PfIdle *idle = g_new0 (PfIdle, 1);
  gint64 now = g_get_monotonic_time ();
  guint borne = pf_patience_seconds (entry->schedule->patience, server_of (entry), now);
  guint known = pf_entry_provider (entry)->idle;
  guint seconds = known != 0 ? MIN (borne, known) : borne;

  idle->entry = pf_entry_ref (entry);
  idle->session = g_object_ref (entry->listener);
  entry->idling = TRUE;
  pf_account_set_activity (entry->account, PF_ACTIVITY_LISTENING);
  entry->idling_since = now;
  entry->idling_until = now + (gint64) seconds * G_USEC_PER_SEC;
  pf_session_idle_async (entry->listener, MAX (seconds, 1), on_idle, idle);
}

gboolean
pf_entry_may_listen (PfEntry *entry)
{
  return pf_patience_seconds (entry->schedule->patience, server_of (entry), g_get_monotonic_time ())
         > 0;
}

void
pf_entry_probe (PfEntry *entry)
{
  if (entry->listener != NULL && entry->idling)
    pf_session_idle_end (entry->listener);
}

void
pf_entry_listen (PfEntry *entry, PfSession *session)
{
  pf_entry_hang_up (entry);
  entry->listener = g_object_ref (session);
  idle_again (entry);
}

void
pf_entry_hang_up (PfEntry *entry)
{
  g_autoptr (PfSession) session = g_steal_pointer (&entry->listener);

  if (session == NULL)
    return;
  entry->idling = FALSE;
  pf_session_drop (session, NULL);
  if (pf_account_get_activity (entry->account) == PF_ACTIVITY_LISTENING)
    pf_account_set_activity (entry->account, PF_ACTIVITY_NONE);
}

PfSession *
pf_entry_take_listener (PfEntry *entry)
{
  if (entry->listener == NULL)
    return NULL;
  if (entry->idling || !pf_session_is_open (entry->listener))
    {
      /* In the middle of IDLE: a new connection is simpler than waiting for the end of this one. */
      pf_entry_hang_up (entry);
      return NULL;
    }
  return g_steal_pointer (&entry->listener);
}
