/* fakes.h - the parts behind the door as a test wants them: schedule, checks, journal, secrets,
 * target. They take the place of the real ones at link time; accounts are real. */
#pragma once

#include "bus/bus.h"

extern struct Fakes
{
  /* of char *: what was done, in order: "store a@x password", "forget a@x" ... */
  GPtrArray *log;
  const char *fail;        /* (nullable): what begins so fails */
  gboolean hold_secrets;   /* calls to the store wait for fakes_release() */
  const char *known_user;  /* (nullable): the one recipient the target knows; NULL: any */
  GHashTable *secrets;     /* "address kind" -> char * */
  GPtrArray *events;       /* of PfEvent */
  char **asked_accounts;   /* the last query */
  GVariant *asked_filter;
  guint reloads;
  gboolean (*on_reload) (GError **error); /* (nullable): what a reload is to do */
  char *settings_path;
  gboolean online, disk_low;
  PfSchedule *schedule;
} fakes;

/* Everything new; @folder holds accounts.d. */
void     fakes_start (const char *folder, GDBusConnection *connection, gboolean session,
                      PfBusParts *parts);
void     fakes_stop  (PfBusParts *parts);
void     fakes_release (void);
/* For the fakes themselves: notes a step. FALSE with an error when it is to fail. */
gboolean fakes_step  (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* "a; b; c": what was done since the last time. (transfer full) */
char    *fakes_take_log (void);

/* An entry of the journal, as if it had happened at @time. */
void     fakes_add_event (PfEventKind kind, const char *account, gint64 time, const char *subject);
/* A message from eve@example.net that is held back. */
void     fakes_hold_back (PfKeeper *keeper, const char *id, const char *account,
                          const char *recipient, const char *verdict);
void     fakes_progress (PfCheck *check, guint done);
void     fakes_finish (PfCheck *check);
/* Takes it off the bus. */
void     fakes_expire (PfCheck *check);
