/* bus.h - the D-Bus door: builds the gate and the objects, takes them down (DESIGN 5). */
#pragma once

#include "deliver/keeper.h"
#include "schedule/schedule.h"

typedef struct
{
  GDBusConnection *connection;
  gboolean session; /* no polkit: a caller of our own uid is the owner, others see nothing */
  PfRegistry *registry;
  PfJournal *journal;
  PfSecrets *secrets;
  PfSchedule *schedule;
  PfTarget *target;
  PfFilter *filter;
  const char *quarantine_directory; /* outlives the bus */
  PfKeeper *keeper;
  const PfServiceSettings *settings;
  const char *settings_path; /* postferry.conf; outlives the bus */
  /* Manager.Reload(): reads settings again. */
  gboolean (*reload) (gpointer user_data, GError **error);
  gpointer reload_data;
} PfBusParts;

typedef struct _PfBus PfBus;

/* Exports everything; call it before the name is requested. */
PfBus *pf_bus_new  (const PfBusParts *parts, GError **error);
/* New service settings or target after a reload. */
void   pf_bus_set_parts (PfBus *self, const PfBusParts *parts);
void   pf_bus_free (PfBus *self);
