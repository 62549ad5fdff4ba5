/* schedule.h - when each account is checked: intervals, jitter, back-off, slots per server,
 * listening, by hand (DESIGN 7). */
#pragma once

#include "accounts/registry.h"
#include "retrieve/check.h"

#define PF_TYPE_SCHEDULE (pf_schedule_get_type ())
G_DECLARE_FINAL_TYPE (PfSchedule, pf_schedule, PF, SCHEDULE, GObject)

/* Signals: "check-added" (PfCheck), "check-removed" (PfCheck, PF_LIMIT_CHECK_LINGER_SECONDS after
 * its end), "changed" (online or disk-low). */

PfSchedule *pf_schedule_new   (PfRegistry *registry, const PfCheckParts *parts);
/* @bus: (nullable): where logind announces sleep. */
void        pf_schedule_start (PfSchedule *self, GDBusConnection *bus);
/* Cancels what runs and waits for nothing. */
void        pf_schedule_stop  (PfSchedule *self);
/* New service settings or target after a reload. */
void        pf_schedule_set_parts (PfSchedule *self, const PfCheckParts *parts);

/**
 * pf_schedule_check:
 * @options: a{sv}, validated: `limit u`, `explain b`
 *
 * At once whatever the state or the back-off. Returns: (transfer none): the running check where
 * there is one already.
 */
PfCheck    *pf_schedule_check (PfSchedule *self, PfAccount *account, GVariant *options);
/* A check of kind test: of @account with its stored secret (@settings NULL), or of @settings with
 * @secret (@account NULL). (transfer none) */
PfCheck    *pf_schedule_test  (PfSchedule *self, PfAccount *account, const PfSettings *settings,
                               PfSecret *secret);
/* (nullable) (transfer none) */
PfCheck    *pf_schedule_lookup (PfSchedule *self, const char *object_path);
/* (transfer none) (element-type PfCheck): running and lingering */
GPtrArray  *pf_schedule_list   (PfSchedule *self);
/* A secret was set: refusals are forgotten, the account is checked soon. */
void        pf_schedule_secret_changed (PfSchedule *self, PfAccount *account);

gboolean    pf_schedule_is_online   (PfSchedule *self);
gboolean    pf_schedule_is_disk_low (PfSchedule *self);
