#include "bus/account-object.h"

#include "bus/properties.h"
#include "dbus-interfaces/info.h"

static GVariant *
problem_pair (PfAccount *account)
{
  const GError *problem = pf_account_get_problem (account);

  if (problem == NULL || problem->domain != PF_PROBLEM)
    return g_variant_new ("(ss)", "", problem != NULL ? problem->message : "");
  return g_variant_new ("(ss)", pf_problem_nick ((PfProblemCode) problem->code), problem->message);
}

static GVariant *
time_value (gint64 time)
{
  return g_variant_new_uint64 ((guint64) MAX (time, 0));
}

GVariant *
pf_account_state_vardict (PfAccount *account)
{
  const PfFigures *figures = pf_account_get_figures (account);
  GVariant *data = pf_account_get_problem_data (account);
  GVariantBuilder b;

  g_variant_builder_init (&b, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&b, "{sv}", "State",
                         g_variant_new_string (pf_account_get_state (account)));
  g_variant_builder_add (&b, "{sv}", "Problem", problem_pair (account));
  g_variant_builder_add (&b, "{sv}", "ProblemData",
                         data != NULL ? data : g_variant_new ("a{sv}", NULL));
  g_variant_builder_add (&b, "{sv}", "HasSecret",
                         g_variant_new_boolean (pf_account_get_has_secret (account)));
  g_variant_builder_add (&b, "{sv}", "LastCheck", time_value (figures->last_check));
  g_variant_builder_add (&b, "{sv}", "LastSuccess", time_value (figures->last_success));
  g_variant_builder_add (&b, "{sv}", "NextCheck", time_value (figures->next_check));
  g_variant_builder_add (&b, "{sv}", "Delivered", g_variant_new_uint64 (figures->delivered));
  g_variant_builder_add (&b, "{sv}", "Junked", g_variant_new_uint64 (figures->junked));
  g_variant_builder_add (&b, "{sv}", "Quarantined", g_variant_new_uint64 (figures->quarantined));
  g_variant_builder_add (&b, "{sv}", "OctetsFetched",
                         g_variant_new_uint64 (figures->octets_fetched));
  g_variant_builder_add (&b, "{sv}", "OnServer", g_variant_new_uint32 (figures->on_server));
  g_variant_builder_add (
      &b, "{sv}", "EnvelopeSeen",
      g_variant_new_string (figures->envelope_seen != NULL ? figures->envelope_seen : "unknown"));
  return g_variant_builder_end (&b);
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
