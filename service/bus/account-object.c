#include "bus/account-object.h"

#include "bus/properties.h"
#include "dbus-interfaces/info.h"

/* --- What is no setting ----------------------------------------------------------------------- */

typedef enum
{
  NO_PROBLEM,
  NO_DATA,
  NO_SECRET,
  NO_LAST_CHECK,
  NO_LAST_SUCCESS,
  NO_NEXT_CHECK,
  NONE_DELIVERED,
  NONE_JUNKED,
  NONE_QUARANTINED,
  NONE_FETCHED,
  NONE_ON_SERVER,
  N_COMMON
} Common;

/* What is the same in most accounts they share: an entry is made once. Main loop only. */
static GVariant *
common (Common which, const char *name, GVariant *value)
{
  static GVariant *entries[N_COMMON];
  g_autoptr (GVariant) owned = g_variant_ref_sink (value);

  if (entries[which] == NULL)
    entries[which] = g_variant_ref_sink (g_variant_new ("{sv}", name, owned));
  return entries[which];
}

static GVariant *
problem_entry (PfAccount *account)
{
  const GError *problem = pf_account_get_problem (account);
  const char *code = "";

  if (problem == NULL)
    return common (NO_PROBLEM, "Problem", g_variant_new ("(ss)", "", ""));
  if (problem->domain == PF_PROBLEM)
    code = pf_problem_nick ((PfProblemCode) problem->code);
  return pf_vardict_entry ("Problem", g_variant_new ("(ss)", code, problem->message));
}

static GVariant *
data_entry (PfAccount *account)
{
  GVariant *data = pf_account_get_problem_data (account);

  if (data == NULL)
    return common (NO_DATA, "ProblemData", g_variant_new ("a{sv}", NULL));
  return pf_vardict_entry ("ProblemData", data);
}

static GVariant *
secret_entry (PfAccount *account)
{
  if (!pf_account_get_has_secret (account))
    return common (NO_SECRET, "HasSecret", g_variant_new_boolean (FALSE));
  return pf_vardict_entry ("HasSecret", g_variant_new_boolean (TRUE));
}

static GVariant *
number_entry (Common zero, const char *name, guint64 number)
{
  if (number == 0)
    return common (zero, name, g_variant_new_uint64 (0));
  return pf_vardict_entry (name, g_variant_new_uint64 (number));
}

static GVariant *
time_entry (Common never, const char *name, gint64 time)
{
  return number_entry (never, name, (guint64) MAX (time, 0));
}

static GVariant *
on_server_entry (guint on_server)
{
  if (on_server == 0)
    return common (NONE_ON_SERVER, "OnServer", g_variant_new_uint32 (0));
  return pf_vardict_entry ("OnServer", g_variant_new_uint32 (on_server));
}

GVariant *
pf_account_state_vardict (PfAccount *account)
{
  const PfFigures *figures = pf_account_get_figures (account);
  GVariant *entries[] = {
    pf_vardict_entry ("State", g_variant_new_string (pf_account_get_state (account))),
    problem_entry (account),
    data_entry (account),
    secret_entry (account),
    time_entry (NO_LAST_CHECK, "LastCheck", figures->last_check),
    time_entry (NO_LAST_SUCCESS, "LastSuccess", figures->last_success),
    time_entry (NO_NEXT_CHECK, "NextCheck", figures->next_check),
    number_entry (NONE_DELIVERED, "Delivered", figures->delivered),
    number_entry (NONE_JUNKED, "Junked", figures->junked),
    number_entry (NONE_QUARANTINED, "Quarantined", figures->quarantined),
    number_entry (NONE_FETCHED, "OctetsFetched", figures->octets_fetched),
    on_server_entry (figures->on_server),
    pf_vardict_entry ("EnvelopeSeen",
                      g_variant_new_string (pf_envelope_seen_name (figures->envelope_seen))),
  };

  return g_variant_new_array (G_VARIANT_TYPE ("{sv}"), entries, G_N_ELEMENTS (entries));
}

static GVariant *
account_properties (PfBus *bus, const PfCaller *caller, gpointer object)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  pf_vardict_append (&builder, pf_settings_to_vardict (pf_account_get_settings (object)));
  pf_vardict_append (&builder, pf_account_state_vardict (object));
  return g_variant_builder_end (&builder);
}

static const PfMethod methods[] = {
  { "Update", pf_account_update },
  { "Test", pf_account_test },
  { "SetSecret", pf_account_set_secret },
  { "Check", pf_account_check },
  { "Remove", pf_account_remove },
  { "BeginAuthorization", pf_account_begin_authorization },
  { "CompleteAuthorization", pf_account_complete_authorization },
  { NULL, NULL },
};

const PfInterface pf_account_interface = { &org_postferry1_account_interface, methods,
                                           account_properties };
