/* check.h - one check of one account, or one test of settings: a job with a phase, a progress and a
 * result (DESIGN 5). */
#pragma once

#include "accounts/account.h"
#include "base/secret.h"
#include "deliver/target.h"
#include "filter/filter.h"
#include "journal/journal.h"
#include "retrieve/session.h"
#include "retrieve/tally.h"
#include "secrets/secrets.h"

/* The parts a check works with; all outlive it. */
typedef struct
{
  PfJournal *journal;
  PfSecrets *secrets;
  PfTarget *target;
  PfFilter *filter;
  const PfServiceSettings *settings;
  const char *state_directory;
  const char *spool_directory;
  const char *quarantine_directory;
} PfCheckParts;

#define PF_TYPE_CHECK (pf_check_get_type ())
G_DECLARE_FINAL_TYPE (PfCheck, pf_check, PF, CHECK, GObject)

typedef enum
{
  PF_CHECK_KIND_CHECK,
  PF_CHECK_KIND_TEST,
  PF_CHECK_KIND_DISCOVER
} PfCheckKind;

typedef enum
{
  PF_CHECK_RUNNING,
  PF_CHECK_SUCCEEDED,
  PF_CHECK_FAILED,
  PF_CHECK_CANCELLED
} PfCheckState;

/* Signals: "changed" (something D-Bus shows changed; not coalesced) and "finished", once, the last
 * one. */

typedef struct
{
  gboolean by_person; /* what was set aside is tried again */
  gboolean explain;
  guint limit;        /* 0: MaxMessagesPerCheck */
} PfCheckOptions;

/* A check of @account. Its settings are those of now. (transfer full) */
PfCheck      *pf_check_new_check (const PfCheckParts *parts, PfAccount *account,
                                  const PfCheckOptions *options);
/* A test of @account with its stored secret, or of @settings with @secret. (transfer full) */
PfCheck      *pf_check_new_test  (const PfCheckParts *parts, PfAccount *account,
                                  const PfSettings *settings, PfSecret *secret);
/* @session: (nullable) (transfer full): an open one from a listener, used instead of a new
 * connection. */
void          pf_check_start     (PfCheck *self, PfSession *session);
/* (transfer full) (nullable): after a check that went well, the session to listen with; else it was
 * closed. */
PfSession    *pf_check_steal_session (PfCheck *self);
const PfSettings *pf_check_get_settings (PfCheck *self);
const PfTally *pf_check_get_tally (PfCheck *self);
/* (nullable): goes with the problem. */
GVariant     *pf_check_get_problem_data (PfCheck *self);
guint         pf_check_get_on_server (PfCheck *self);
/* It was asked only to tell what would happen. */
gboolean      pf_check_is_dry_run (PfCheck *self);
/* Messages were left behind for want of room in this check: the next one need not wait. */
gboolean      pf_check_has_more  (PfCheck *self);

/* "/org/postferry1/check/N" */
const char   *pf_check_get_path    (PfCheck *self);
PfCheckKind   pf_check_get_kind    (PfCheck *self);
/* (nullable) (transfer none): NULL for TestSettings */
PfAccount    *pf_check_get_account (PfCheck *self);
PfCheckState  pf_check_get_state   (PfCheck *self);
const GError *pf_check_get_problem (PfCheck *self); /* (nullable) */
/* Kind, State, Phase, MessagesTotal, MessagesDone, OctetsTotal, OctetsDone, Result, Steps and
 * Account as a{sv}; floating. */
GVariant     *pf_check_to_vardict  (PfCheck *self);
/* a{sv}, floating: DESIGN 5; complete once finished. */
GVariant     *pf_check_get_result  (PfCheck *self);
void          pf_check_cancel      (PfCheck *self);
/* Who started it: for visibility of tests. (guint) -1 for the schedule. */
guint         pf_check_get_starter (PfCheck *self);
void          pf_check_set_starter (PfCheck *self, guint uid);
