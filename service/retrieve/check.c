#include "retrieve/check-private.h"

#include "dbus-interfaces/names.h"

G_DEFINE_FINAL_TYPE (PfCheck, pf_check, G_TYPE_OBJECT)

enum
{
  SIGNAL_CHANGED,
  SIGNAL_FINISHED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];
static guint last_number;

static const char *const kinds[] = { "check", "test", "discover" };
static const char *const states[] = { "running", "succeeded", "failed", "cancelled" };
static const char *const phases[] = { "connecting", "authenticating", "listing", "fetching",
                                      "removing" };

/* --- Making ----------------------------------------------------------------------------------- */

static PfCheck *
check_new (const PfCheckParts *parts,
           PfCheckKind kind,
           PfAccount *account,
           const PfSettings *settings)
{
  PfCheck *self = g_object_new (PF_TYPE_CHECK, NULL);

  self->parts = *parts;
  pf_service_settings_ref (parts->settings);
  g_object_ref (parts->target);
  self->kind = kind;
  self->path = g_strdup_printf (PF_PATH_CHECKS "/%u", ++last_number);
  self->settings = pf_settings_ref (settings);
  self->provider = pf_providers_lookup (settings->server, settings->protocol);
  if (account != NULL)
    {
      self->account = g_object_ref (account);
      self->account_hash = g_path_get_basename (pf_account_get_path (account));
    }
  return self;
}

PfCheck *
pf_check_new_check (const PfCheckParts *parts, PfAccount *account, const PfCheckOptions *options)
{
  PfCheck *self =
      check_new (parts, PF_CHECK_KIND_CHECK, account, pf_account_get_settings (account));

  self->by_person = options->by_person;
  self->explain = options->explain;
  self->limit = options->limit != 0 ? options->limit : self->settings->max_messages_per_check;
  self->limit_left = self->limit;
  if (self->explain)
    self->messages = g_ptr_array_new_with_free_func ((GDestroyNotify) g_variant_unref);
  return self;
}

PfCheck *
pf_check_new_test (const PfCheckParts *parts,
                   PfAccount *account,
                   const PfSettings *settings,
                   PfSecret *secret)
{
  PfCheck *self = check_new (parts, PF_CHECK_KIND_TEST, account,
                             settings != NULL ? settings : pf_account_get_settings (account));

  self->by_person = TRUE;
  self->secret = secret != NULL ? pf_secret_ref (secret) : NULL;
  return self;
}

/* --- Telling ---------------------------------------------------------------------------------- */

void
pf_check_changed (PfCheck *self)
{
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

void
pf_check_set_phase (PfCheck *self, PfPhase phase)
{
  self->phase = phase;
  pf_check_changed (self);
}

gboolean
pf_check_is_over (PfCheck *self)
{
  return self->failed || self->state != PF_CHECK_RUNNING;
}

void
pf_check_note (PfCheck *self, GError *problem)
{
  if (self->problem == NULL)
    self->problem = problem;
  else
    g_error_free (problem);
}

void
pf_check_fail (PfCheck *self, GError *problem)
{
  g_autoptr (PfCheck) alive = g_object_ref (self);

  if (pf_check_is_over (self))
    {
      g_error_free (problem);
      return;
    }
  self->failed = TRUE;
  g_clear_error (&self->problem);
  self->problem = problem;
  if (g_error_matches (problem, PF_PROBLEM, PF_PROBLEM_PROTOCOL_ERROR))
    pf_check_doubt_fetched (self);
  if (self->session != NULL)
    {
      GVariant *certificate = pf_session_get_certificate (self->session);

      if (g_error_matches (problem, PF_PROBLEM, PF_PROBLEM_CERTIFICATE_UNTRUSTED)
          && certificate != NULL)
        self->problem_data = g_variant_ref (certificate);
      /* Nothing is removed any more, and POP3 does not QUIT: what was retrieved may not be
       * committed. */
      pf_session_drop (self->session, problem);
    }
  pf_check_settle (self);
}

void
pf_check_add_step (PfCheck *self, const char *name, gboolean ok, const char *text, const char *mend)
{
  GVariantDict step;

  g_variant_dict_init (&step, NULL);
  g_variant_dict_insert (&step, "Name", "s", name);
  g_variant_dict_insert (&step, "Ok", "b", ok);
  g_variant_dict_insert (&step, "Text", "s", text);
  g_variant_dict_insert (&step, "Mend", "s", mend != NULL ? mend : "");
  g_ptr_array_add (self->steps, g_variant_ref_sink (g_variant_dict_end (&step)));
  pf_check_changed (self);
}

static GVariant *
vardict_array (GPtrArray *items)
{
  return g_variant_new_array (G_VARIANT_TYPE_VARDICT, (GVariant *const *) items->pdata, items->len);
}

static GVariant *
problem_pair (PfCheck *self)
{
  const char *code = "";

  if (self->problem == NULL)
    return g_variant_new ("(ss)", "", "");
  if (self->problem->domain == PF_PROBLEM)
    code = pf_problem_nick ((PfProblemCode) self->problem->code);
  return g_variant_new ("(ss)", code, self->problem->message);
}

GVariant *
pf_check_get_result (PfCheck *self)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  pf_tally_append (&self->tally, &builder);
  g_variant_builder_add (&builder, "{sv}", "Problem", problem_pair (self));
  if (self->explain)
    g_variant_builder_add (&builder, "{sv}", "Messages", vardict_array (self->messages));
  return g_variant_builder_end (&builder);
}

GVariant *
pf_check_to_vardict (PfCheck *self)
{
  const char *account = self->account != NULL ? pf_account_get_path (self->account) : "/";
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&builder, "{sv}", "Account", g_variant_new_object_path (account));
  g_variant_builder_add (&builder, "{sv}", "Kind", g_variant_new_string (kinds[self->kind]));
  g_variant_builder_add (&builder, "{sv}", "State", g_variant_new_string (states[self->state]));
  g_variant_builder_add (&builder, "{sv}", "Phase", g_variant_new_string (phases[self->phase]));
  g_variant_builder_add (&builder, "{sv}", "MessagesTotal",
                         g_variant_new_uint32 (self->messages_total));
  g_variant_builder_add (&builder, "{sv}", "MessagesDone",
                         g_variant_new_uint32 (self->messages_done));
  g_variant_builder_add (&builder, "{sv}", "OctetsTotal",
                         g_variant_new_uint64 (self->octets_total));
  g_variant_builder_add (&builder, "{sv}", "OctetsDone", g_variant_new_uint64 (self->octets_done));
  g_variant_builder_add (&builder, "{sv}", "Result", pf_check_get_result (self));
  g_variant_builder_add (&builder, "{sv}", "Steps", vardict_array (self->steps));
  return g_variant_builder_end (&builder);
}

/* --- Ending ----------------------------------------------------------------------------------- */

static PfCheckState
final_state (PfCheck *self)
{
  if (self->failed && g_error_matches (self->problem, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return PF_CHECK_CANCELLED;
  if (self->problem == NULL
      || pf_problem_class ((PfProblemCode) self->problem->code) == PF_PROBLEM_CLASS_IDLE)
    return PF_CHECK_SUCCEEDED;
  return PF_CHECK_FAILED;
}

static void
record_end (PfCheck *self)
{
  PfEvent *event = pf_event_new (PF_EVENT_CHECK, self->settings->address);
  g_autofree char *text = pf_tally_to_text (&self->tally);

  event->reason = self->problem == NULL ? g_strdup (text)
                                        : g_strdup_printf ("%s; %s", text, self->problem->message);
  event->size = self->tally.octets;
  pf_journal_record (self->parts.journal, event);
}

void
pf_check_finish (PfCheck *self)
{
  g_autoptr (PfCheck) alive = g_object_ref (self);

  if (self->state != PF_CHECK_RUNNING)
    return;
  /* Anything that is no problem of the account is told as one all the same: nothing fails in
   * silence. */
  if (self->problem != NULL && self->problem->domain != PF_PROBLEM
      && !g_error_matches (self->problem, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      GError *problem =
          g_error_new (PF_PROBLEM, PF_PROBLEM_DELIVERY_DEFERRED, "%s", self->problem->message);

      g_error_free (self->problem);
      self->problem = problem;
    }
  self->state = final_state (self);
  if (self->kind == PF_CHECK_KIND_CHECK && !self->explain)
    record_end (self);
  pf_check_changed (self);
  g_signal_emit (self, signals[SIGNAL_FINISHED], 0);
}

void
pf_check_cancel (PfCheck *self)
{
  pf_check_fail (self,
                 g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "The check was cancelled"));
}

/* --- What is known ---------------------------------------------------------------------------- */

PfFigures
pf_check_figures (PfCheck *self, guint delivered, guint junked, guint quarantined, guint64 octets)
{
  PfFigures figures = *pf_account_get_figures (self->account);

  figures.delivered += delivered;
  figures.junked += junked;
  figures.quarantined += quarantined;
  figures.octets_fetched += octets;
  return figures;
}

PfSession *
pf_check_steal_session (PfCheck *self)
{
  if (self->session == NULL || !pf_session_is_open (self->session))
    return NULL;
  return g_steal_pointer (&self->session);
}

const char *
pf_check_get_path (PfCheck *self)
{
  return self->path;
}

PfCheckKind
pf_check_get_kind (PfCheck *self)
{
  return self->kind;
}

PfAccount *
pf_check_get_account (PfCheck *self)
{
  return self->account;
}

const PfSettings *
pf_check_get_settings (PfCheck *self)
{
  return self->settings;
}

const PfTally *
pf_check_get_tally (PfCheck *self)
{
  return &self->tally;
}

PfCheckState
pf_check_get_state (PfCheck *self)
{
  return self->state;
}

const GError *
pf_check_get_problem (PfCheck *self)
{
  return self->problem;
}

GVariant *
pf_check_get_problem_data (PfCheck *self)
{
  return self->problem_data;
}

guint
pf_check_get_on_server (PfCheck *self)
{
  return self->on_server;
}

gboolean
pf_check_is_dry_run (PfCheck *self)
{
  return self->explain;
}

gboolean
pf_check_has_more (PfCheck *self)
{
  return self->more;
}

guint
pf_check_get_starter (PfCheck *self)
{
  return self->starter;
}

void
pf_check_set_starter (PfCheck *self, guint uid)
{
  self->starter = uid;
}

/* --- Object ----------------------------------------------------------------------------------- */

static void
pf_check_finalize (GObject *object)
{
  PfCheck *self = PF_CHECK (object);

  if (self->session != NULL)
    pf_session_drop (self->session, NULL);
  g_clear_object (&self->session);
  g_clear_object (&self->account);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->secret, pf_secret_unref);
  g_clear_pointer (&self->deferred, g_ptr_array_unref);
  g_clear_pointer (&self->plan, g_ptr_array_unref);
  g_clear_pointer (&self->listing, pf_listing_free);
  g_clear_pointer (&self->ledger, pf_ledger_free);
  g_clear_pointer (&self->folders, g_ptr_array_unref);
  g_clear_pointer (&self->folders_seen, g_hash_table_unref);
  g_clear_pointer (&self->recipients, g_hash_table_unref);
  g_clear_pointer (&self->steps, g_ptr_array_unref);
  g_clear_pointer (&self->messages, g_ptr_array_unref);
  g_clear_pointer (&self->problem_data, g_variant_unref);
  g_clear_error (&self->problem);
  pf_service_settings_unref ((PfServiceSettings *) self->parts.settings);
  g_clear_object (&self->parts.target);
  pf_settings_unref ((PfSettings *) self->settings);
  g_free (self->account_hash);
  g_free (self->wanted);
  g_free (self->path);
  G_OBJECT_CLASS (pf_check_parent_class)->finalize (object);
}

static void
pf_check_class_init (PfCheckClass *class)
{
  G_OBJECT_CLASS (class)->finalize = pf_check_finalize;
  signals[SIGNAL_CHANGED] = g_signal_new ("changed", PF_TYPE_CHECK, G_SIGNAL_RUN_LAST, 0, NULL,
                                          NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_FINISHED] = g_signal_new ("finished", PF_TYPE_CHECK, G_SIGNAL_RUN_LAST, 0, NULL,
                                           NULL, NULL, G_TYPE_NONE, 0);
}

static void
pf_check_init (PfCheck *self)
{
  self->starter = (guint) -1;
  self->cancellable = g_cancellable_new ();
  self->steps = g_ptr_array_new_with_free_func ((GDestroyNotify) g_variant_unref);
  self->recipients = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}
