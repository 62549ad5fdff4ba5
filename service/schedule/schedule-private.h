/* schedule-private.h - the schedule's state, shared by the files that are it.
 *
 *   schedule.c   the object: entries follow the registry; checks by hand
 *   timing.c     when an entry is due next
 *   runner.c     queue and slots: from due to running to finished
 *   outcome.c    what a check's end means for its account
 *   listener.c   IDLE between the checks
 */
#pragma once

#include "accounts/providers.h"
#include "base/resume-watch.h"
#include "deliver/users.h"
#include "schedule/agenda.h"
#include "schedule/patience.h"
#include "schedule/schedule.h"
#include "schedule/slots.h"

/* One account. */
typedef struct
{
  PfSchedule *schedule; /* not owned */
  PfAccount *account;
  PfDate *date;       /* of the next check; NULL where none is planned */
  guint failures;     /* checks in a row that failed for a passing reason */
  PfCheck *check;     /* queued or running */
  PfTurn *turn;       /* of that check */
  PfSession *listener;
  gboolean idling;
  gint64 idling_since, idling_until; /* monotonic, us */
  guint vain;         /* checks in a row that news brought about and that found nothing */
  guint reach_check;  /* a question to the network monitor is under way: its number */
  gint ref_count;
} PfEntry;

struct _PfSchedule
{
  GObject parent_instance;

  PfRegistry *registry;
  PfCheckParts parts;
  GHashTable *entries;  /* id -> PfEntry */
  PfAgenda *agenda;     /* of the entries */
  PfPatience *patience;
  guint probe_timer;    /* the network changed: do the listeners' connections live? */
  PfSlots *slots;
  GPtrArray *checks;    /* PfCheck, running and lingering */
  GHashTable *by_path;  /* object path -> PfCheck, the same */
  PfAgenda *lingering;  /* when finished checks go */
  PfResumeWatch *resume_watch;
  PfUsersWatch *users_watch;
  GNetworkMonitor *monitor;
  guint disk_timer;
  gboolean disk_low, stopped;
};

PfEntry *pf_entry_ref   (PfEntry *entry);
void     pf_entry_unref (PfEntry *entry);

/* timing.c */
/* Plans the next check by the account's state; cancels what was planned. */
void pf_entry_plan      (PfEntry *entry);
void pf_entry_plan_in   (PfEntry *entry, guint milliseconds);
/* The same for a check that nobody asked for: not before the provider bears another log-in. */
void pf_entry_plan_soon (PfEntry *entry, guint milliseconds);
void pf_entry_plan_none (PfEntry *entry);
/* (transfer none) */
const PfProvider *pf_entry_provider (PfEntry *entry);
/* What is planned is dropped; NextCheck stays as it is. */
void pf_entry_unplan    (PfEntry *entry);
/* Of the agenda. */
void pf_entry_on_date   (gpointer entry, gpointer user_data);

/* runner.c */
/* It is time: asks whether the server can be reached, then queues a check. */
void pf_entry_due       (PfEntry *entry);
/* Queues @check for @entry; it begins at once when a person waits for it. */
void pf_entry_queue     (PfEntry *entry, PfCheck *check, gboolean urgent);
/* A person waits for the check that was queued by the schedule. */
void pf_entry_hurry     (PfEntry *entry);
void pf_schedule_dispatch (PfSchedule *self);
void pf_schedule_adopt  (PfSchedule *self, PfCheck *check);
void pf_schedule_forget_checks (PfSchedule *self);
/* Of the agenda of those that linger. */
void pf_schedule_on_lingered (gpointer check, gpointer user_data);

/* outcome.c */
void pf_entry_apply     (PfEntry *entry, PfCheck *check);

/* listener.c */
/* FALSE when its server is known to end every IDLE at once. */
gboolean pf_entry_may_listen (PfEntry *entry);
/* Asks for a sign of life: a connection that is dead fails within ReplyTimeout. */
void     pf_entry_probe     (PfEntry *entry);
void pf_entry_listen    (PfEntry *entry, PfSession *session);
void pf_entry_hang_up   (PfEntry *entry);
/* (transfer full) (nullable): the listener's session, when it can be used at once. */
PfSession *pf_entry_take_listener (PfEntry *entry);
