#include "accounts/account.h"

#include "accounts/account-name.h"
#include "accounts/account-state.h"
#include "accounts/settings-private.h"

#include <string.h>

struct _PfAccount
{
  GObject parent_instance;

  char *id;
  char *path;
  PfSettings *settings;
  gboolean broken;
  PfActivity activity;
  GError *problem;
  GVariant *problem_data;
  gint64 problem_since;
  guint refusals;
  PfFigures figures;
  gboolean has_secret;
};

G_DEFINE_FINAL_TYPE (PfAccount, pf_account, G_TYPE_OBJECT)

enum
{
  CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
pf_account_finalize (GObject *object)
{
  PfAccount *self = PF_ACCOUNT (object);

  g_free (self->id);
  g_free (self->path);
  pf_settings_unref (self->settings);
  g_clear_error (&self->problem);
  g_clear_pointer (&self->problem_data, g_variant_unref);
  G_OBJECT_CLASS (pf_account_parent_class)->finalize (object);
}

static void
pf_account_class_init (PfAccountClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = pf_account_finalize;
  signals[CHANGED] = g_signal_new ("changed", PF_TYPE_ACCOUNT, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                   NULL, G_TYPE_NONE, 0);
}

static void
pf_account_init (PfAccount *self)
{
}

static void
changed (PfAccount *self)
{
  g_signal_emit (self, signals[CHANGED], 0);
}

/* --- Settings --------------------------------------------------------------------------------- */

PfAccount *
pf_account_new (const PfSettings *settings)
{
  PfAccount *self = g_object_new (PF_TYPE_ACCOUNT, NULL);

  self->settings = pf_settings_ref (settings);
  self->id = pf_address_fold (settings->address);
  self->path = pf_account_object_path (self->id);
  return self;
}

PfAccount *
pf_account_new_broken (const char *address, const char *sentence)
{
  g_autoptr (PfSettings) settings = pf_settings_new_bare (address);
  PfAccount *self = pf_account_new (settings);

  pf_account_break (self, sentence);
  return self;
}

const char *
pf_account_get_id (PfAccount *self)
{
  return self->id;
}

const char *
pf_account_get_path (PfAccount *self)
{
  return self->path;
}

const PfSettings *
pf_account_get_settings (PfAccount *self)
{
  return self->settings;
}

gboolean
pf_account_is_broken (PfAccount *self)
{
  return self->broken;
}

/* --- Problem ---------------------------------------------------------------------------------- */

static gboolean
same_error (const GError *a, const GError *b)
{
  if (a == NULL || b == NULL)
    return a == b;
  return a->domain == b->domain && a->code == b->code && strcmp (a->message, b->message) == 0;
}

static gboolean
same_code (const GError *a, const GError *b)
{
  return a == NULL || b == NULL ? a == b : g_error_matches (a, b->domain, b->code);
}

/* TRUE when @problem goes on with what is wrong already: as long as it is only tried again, the
 * cause may have several faces. */
static gboolean
continues (PfAccount *self, const GError *problem, guint refusals)
{
  if (self->problem == NULL || problem == NULL)
    return FALSE;
  return same_code (self->problem, problem)
         || (pf_account_get_problem_class (self) == PF_PROBLEM_CLASS_RETRYING
             && pf_account_problem_class (problem, refusals) == PF_PROBLEM_CLASS_RETRYING);
}

/* TRUE when anything is other than before. */
static gboolean
put_problem (PfAccount *self, const GError *problem, GVariant *data, gint64 since)
{
  g_autoptr (GVariant) kept = data != NULL ? g_variant_ref_sink (data) : NULL;
  const gboolean same_data = kept == NULL || self->problem_data == NULL
                                 ? kept == self->problem_data
                                 : g_variant_equal (kept, self->problem_data);
  const gboolean same = same_data && same_error (self->problem, problem);

  self->problem_since = problem != NULL ? since : 0;
  if (same)
    return FALSE;
  g_clear_error (&self->problem);
  g_clear_pointer (&self->problem_data, g_variant_unref);
  self->problem = problem != NULL ? g_error_copy (problem) : NULL;
  self->problem_data = g_steal_pointer (&kept);
  return TRUE;
}

static void
put_broken (PfAccount *self, const char *sentence)
{
  g_autoptr (GError) problem =
      g_error_new_literal (PF_PROBLEM, PF_PROBLEM_SETTINGS_INVALID, sentence);

  put_problem (self, problem, NULL, self->broken ? self->problem_since : g_get_real_time ());
  self->broken = TRUE;
}

void
pf_account_break (PfAccount *self, const char *sentence)
{
  put_broken (self, sentence);
  changed (self);
}

void
pf_account_set_settings (PfAccount *self, const PfSettings *settings)
{
  PfSettings *old = self->settings;

  self->settings = pf_settings_ref (settings);
  pf_settings_unref (old);
  if (self->broken)
    put_problem (self, NULL, NULL, 0);
  self->broken = FALSE;
  changed (self);
}

const GError *
pf_account_get_problem (PfAccount *self)
{
  return self->problem;
}

GVariant *
pf_account_get_problem_data (PfAccount *self)
{
  return self->problem_data;
}

gint64
pf_account_get_problem_since (PfAccount *self)
{
  return self->problem_since;
}

gboolean
pf_account_set_problem (PfAccount *self, const GError *problem, GVariant *data)
{
  g_autoptr (GVariant) kept = data != NULL ? g_variant_ref_sink (data) : NULL;
  const guint refusals = pf_account_count_refusals (self->refusals, problem);
  const gboolean other_code = !same_code (self->problem, problem);
  const gboolean counted = refusals != self->refusals;
  const gint64 since =
      continues (self, problem, refusals) ? self->problem_since : g_get_real_time ();

  /* What a check finds does not mend a file. */
  if (self->broken)
    return FALSE;
  self->refusals = refusals;
  if (put_problem (self, problem, kept, since) || counted)
    changed (self);
  return other_code;
}

PfProblemClass
pf_account_get_problem_class (PfAccount *self)
{
  return self->problem != NULL ? pf_account_problem_class (self->problem, self->refusals)
                               : PF_PROBLEM_CLASS_IDLE;
}

void
pf_account_forget_refusals (PfAccount *self)
{
  if (self->refusals == 0)
    return;
  self->refusals = 0;
  changed (self);
}

guint
pf_account_get_refusals (PfAccount *self)
{
  return self->refusals;
}

void
pf_account_restore_problem (PfAccount *self, const GError *problem, guint refusals, gint64 since)
{
  /* Settings are read anew at each start: whether they are still wrong shows by itself, and an
   * account that is on hold for them would not be tried again. */
  if (self->broken || g_error_matches (problem, PF_PROBLEM, PF_PROBLEM_SETTINGS_INVALID))
    return;
  self->refusals = refusals;
  put_problem (self, problem, NULL, since);
  changed (self);
}

gboolean
pf_account_needs_attention (PfAccount *self, gint64 now)
{
  return pf_account_attention (self->settings->enabled, self->problem, self->refusals,
                               self->problem_since, now);
}

/* --- State and figures ------------------------------------------------------------------------ */

const char *
pf_account_get_state (PfAccount *self)
{
  return pf_account_state (self->settings->enabled, self->activity, self->problem, self->refusals);
}

PfActivity
pf_account_get_activity (PfAccount *self)
{
  return self->activity;
}

void
pf_account_set_activity (PfAccount *self, PfActivity activity)
{
  if (self->activity == activity)
    return;
  self->activity = activity;
  changed (self);
}

const char *
pf_envelope_seen_name (PfEnvelopeSeen seen)
{
  static const char *const names[] = { "unknown", "no", "partly", "yes" };

  return names[MIN (seen, G_N_ELEMENTS (names) - 1)];
}

const PfFigures *
pf_account_get_figures (PfAccount *self)
{
  return &self->figures;
}

static gboolean
same_figures (const PfFigures *a, const PfFigures *b)
{
  return a->last_check == b->last_check && a->last_success == b->last_success
         && a->next_check == b->next_check && a->delivered == b->delivered && a->junked == b->junked
         && a->quarantined == b->quarantined && a->octets_fetched == b->octets_fetched
         && a->on_server == b->on_server && a->envelope_seen == b->envelope_seen;
}

void
pf_account_set_figures (PfAccount *self, const PfFigures *figures)
{
  if (same_figures (&self->figures, figures))
    return;
  self->figures = *figures;
  changed (self);
}

gboolean
pf_account_get_has_secret (PfAccount *self)
{
  return self->has_secret;
}

void
pf_account_set_has_secret (PfAccount *self, gboolean has_secret)
{
  if (self->has_secret == has_secret)
    return;
  self->has_secret = has_secret;
  changed (self);
}
