/* check.h - one check of one account, or one test of settings: a job with a phase, a progress and a result (DESIGN 5). */
#pragma once

#include "accounts/account.h"
#include "base/secret.h"
#include "deliver/target.h"
#include "journal/journal.h"
#include "secrets/secrets.h"

/* The parts a check works with; all outlive it. */
typedef struct
{
  PfJournal *journal;
  PfSecrets *secrets;
  PfTarget *target;
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

/* Signals: "changed" (something D-Bus shows changed; not coalesced) and "finished", once, the last one. */

/* "/org/postferry1/check/N" */
const char   *pf_check_get_path    (PfCheck *self);
PfCheckKind   pf_check_get_kind    (PfCheck *self);
/* (nullable) (transfer none): NULL for TestSettings */
PfAccount    *pf_check_get_account (PfCheck *self);
PfCheckState  pf_check_get_state   (PfCheck *self);
const GError *pf_check_get_problem (PfCheck *self); /* (nullable) */
/* Kind, State, Phase, MessagesTotal, MessagesDone, OctetsTotal, OctetsDone, Result, Steps and Account as a{sv}; floating. */
GVariant     *pf_check_to_vardict  (PfCheck *self);
/* a{sv}, floating: DESIGN 5; complete once finished. */
GVariant     *pf_check_get_result  (PfCheck *self);
void          pf_check_cancel      (PfCheck *self);
/* Who started it: for visibility of tests. (guint) -1 for the schedule. */
guint         pf_check_get_starter (PfCheck *self);
void          pf_check_set_starter (PfCheck *self, guint uid);
