/* account.h - one account as it runs: settings, state, problem, figures. */
#pragma once

#include "accounts/settings.h"
#include "base/problem.h"

#define PF_TYPE_ACCOUNT (pf_account_get_type ())
G_DECLARE_FINAL_TYPE (PfAccount, pf_account, PF, ACCOUNT, GObject)

typedef enum
{
  PF_ACTIVITY_NONE,
  PF_ACTIVITY_QUEUED,
  PF_ACTIVITY_CHECKING,
  PF_ACTIVITY_LISTENING
} PfActivity;

/* Whether the filter sees who handed a message to the provider (DESIGN 8); kept in the journal by
 * number. */
typedef enum
{
  PF_ENVELOPE_UNKNOWN, /* nothing was looked at yet */
  PF_ENVELOPE_NO,
  PF_ENVELOPE_PARTLY,  /* the sender, but not the host; or the host without a sender */
  PF_ENVELOPE_YES,
} PfEnvelopeSeen;

/* Times in microseconds since the epoch, 0 for never. */
typedef struct
{
  gint64 last_check, last_success, next_check;
  guint64 delivered, junked, quarantined, octets_fetched;
  guint on_server;
  PfEnvelopeSeen envelope_seen;
} PfFigures;

/* Signal "changed": anything that D-Bus shows may have changed; emitted synchronously, coalescing
 * is the listener's. */

/* "yes", "partly", "no", "unknown". */
const char       *pf_envelope_seen_name   (PfEnvelopeSeen seen);

PfAccount        *pf_account_new          (const PfSettings *settings);
/* The lower-cased address. */
const char       *pf_account_get_id       (PfAccount *self);
/* "/org/postferry1/account/HEX". */
const char       *pf_account_get_path     (PfAccount *self);
const PfSettings *pf_account_get_settings (PfAccount *self);
void              pf_account_set_settings (PfAccount *self, const PfSettings *settings);

/* "disabled", "idle", "queued", "checking", "listening", "retrying", "on-hold": from settings,
 * activity and problem. */
const char       *pf_account_get_state    (PfAccount *self);
PfActivity        pf_account_get_activity (PfAccount *self);
void              pf_account_set_activity (PfAccount *self, PfActivity activity);

/* NULL when all is well. The PfProblemCode is in ->code. */
const GError     *pf_account_get_problem  (PfAccount *self);
/* (nullable): a{sv} that goes with the problem. */
GVariant         *pf_account_get_problem_data (PfAccount *self);
/* When the present problem began (us), 0 without. While it is only tried again, one trouble may
 * show as several problems one after the other: then when the first of them began. */
gint64            pf_account_get_problem_since (PfAccount *self);
/**
 * pf_account_set_problem:
 * @problem: (nullable): NULL when mended
 *
 * Counts refusals of credentials: the first two are PF_PROBLEM_CLASS_RETRYING, the third puts the
 * account on hold (pf_account_get_problem_class()). A changed secret calls
 * pf_account_forget_refusals().
 * Returns: TRUE when the code changed (log it, tell somebody).
 */
gboolean          pf_account_set_problem  (PfAccount *self, const GError *problem, GVariant *data);
PfProblemClass    pf_account_get_problem_class (PfAccount *self);
void              pf_account_forget_refusals (PfAccount *self);
guint             pf_account_get_refusals (PfAccount *self);
/* For what the journal remembered over a restart. Nothing happens to a broken account, nor with
 * settings-invalid, which shows by itself when it still holds. */
void              pf_account_restore_problem (PfAccount *self, const GError *problem,
                                              guint refusals, gint64 since);
/* DESIGN 7: on hold, idle with a problem, or retrying for 24 h; never when disabled. */
gboolean          pf_account_needs_attention (PfAccount *self, gint64 now);

const PfFigures  *pf_account_get_figures  (PfAccount *self);
void              pf_account_set_figures  (PfAccount *self, const PfFigures *figures);
gboolean          pf_account_get_has_secret (PfAccount *self);
void              pf_account_set_has_secret (PfAccount *self, gboolean has_secret);
/* TRUE while its file cannot be read or is wrong: the problem is settings-invalid until
 * pf_account_set_settings(), whatever pf_account_set_problem() is told. The settings are those
 * that were good last, or the address alone where there never were any. */
gboolean          pf_account_is_broken    (PfAccount *self);
/* Its file broke. */
void              pf_account_break        (PfAccount *self, const char *sentence);
/* (transfer full): the account of a broken file. */
PfAccount        *pf_account_new_broken   (const char *address, const char *sentence);
