#include "schedule/schedule-private.h"

/* News come in showers: a moment's wait makes one check of them. */
#define DEBOUNCE_MILLISECONDS 500
/* A listener that was cut off is made anew by a check; soon, but not all at once when a server restarts. */
#define RECONNECT_MILLISECONDS 5000

static void idle_again (PfEntry *entry);

typedef struct
{
  PfEntry *entry;
  PfSession *session;
} PfIdle;

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
    {
      /* Servers end idle sessions now and then: no failure as long as the next check works. */
      pf_entry_hang_up (entry);
      if (pf_account_get_settings (entry->account)->enabled)
        pf_entry_plan_in (entry, RECONNECT_MILLISECONDS
                                     + (guint) g_random_int_range (0, RECONNECT_MILLISECONDS));
    }
  else if (current && entry->check != NULL)
    /* A check waits for this session to be free. */
    pf_schedule_dispatch (entry->schedule);
  else if (current && news)
    pf_entry_plan_in (entry, DEBOUNCE_MILLISECONDS);
  else if (current)
    idle_again (entry);
  pf_entry_unref (entry);
  g_object_unref (idle->session);
  g_free (idle);
}

static void
idle_again (PfEntry *entry)
{
  PfIdle *idle = g_new0 (PfIdle, 1);

  idle->entry = pf_entry_ref (entry);
  idle->session = g_object_ref (entry->listener);
  entry->idling = TRUE;
  pf_account_set_activity (entry->account, PF_ACTIVITY_LISTENING);
  pf_session_idle_async (entry->listener, on_idle, idle);
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
