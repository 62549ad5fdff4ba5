#include "cli-client/account.h"

#include "cli-client/json.h"
#include "cli-client/settings.h"
#include "dbus-interfaces/info.h"
#include "dbus-interfaces/names.h"

/* (transfer container): property names of the interface; with @states only those that are no
 * settings. */
static const char **
property_names (gboolean states)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  GDBusPropertyInfo **property = org_postferry1_account_interface.properties;

  for (; *property != NULL; property++)
    if (!states || pf_key_find ((*property)->name) == NULL)
      g_ptr_array_add (names, (*property)->name);
  g_ptr_array_add (names, NULL);
  return (const char **) g_ptr_array_free (g_steal_pointer (&names), FALSE);
}

const char *const *
pf_account_state_names (void)
{
  static const char **names;

  if (names == NULL)
    names = property_names (TRUE);
  return names;
}

JsonNode *
pf_account_json (GVariant *properties)
{
  g_autofree const char **order = property_names (FALSE);

  return pf_json_object (properties, order);
}

JsonNode *
pf_account_json_read (PfClient *client, const char *path, GError **error)
{
  g_autoptr (GVariant) properties = pf_client_get_all (client, path, PF_INTERFACE_ACCOUNT, error);

  return properties != NULL ? pf_account_json (properties) : NULL;
}

PfStyle
pf_account_style (GVariant *properties)
{
  const char *state = pf_property_string (properties, "State");
  const char *code, *text;

  if (g_str_equal (state, "on-hold"))
    return PF_STYLE_BAD;
  if (g_str_equal (state, "disabled"))
    return PF_STYLE_DIM;
  pf_property_problem (properties, "Problem", &code, &text);
  return *code != '\0' ? PF_STYLE_WARNING : PF_STYLE_PLAIN;
}

/* --- Attention -------------------------------------------------------------------------------- */

static gboolean
may_need (GVariant *properties)
{
  const char *code, *text;

  pf_property_problem (properties, "Problem", &code, &text);
  return *code != '\0' && pf_property_boolean (properties, "Enabled");
}

/* On hold comes first, then idle and listening, then the rest. */
static guint
urgency (GVariant *properties)
{
  static const char *const states[] = { "on-hold", "idle", "listening" };
  const char *state = pf_property_string (properties, "State");

  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    if (g_str_equal (states[i], state))
      return i;
  return G_N_ELEMENTS (states);
}

static gint
compare_need (gconstpointer a, gconstpointer b)
{
  GVariant *one = (*(PfObject *const *) a)->properties;
  GVariant *other = (*(PfObject *const *) b)->properties;
  guint one_urgency = urgency (one), other_urgency = urgency (other);
  guint64 one_success = pf_property_number (one, "LastSuccess");
  guint64 other_success = pf_property_number (other, "LastSuccess");

  if (one_urgency != other_urgency)
    return one_urgency < other_urgency ? -1 : 1;
  if (one_success != other_success)
    return one_success < other_success ? -1 : 1;
  return g_strcmp0 (pf_property_string (one, "Address"), pf_property_string (other, "Address"));
}

GPtrArray *
pf_accounts_in_need (GPtrArray *accounts, guint attention)
{
  GPtrArray *needs = g_ptr_array_new ();

  for (guint i = 0; i < accounts->len; i++)
    if (may_need (((PfObject *) accounts->pdata[i])->properties))
      g_ptr_array_add (needs, accounts->pdata[i]);
  g_ptr_array_sort (needs, compare_need);
  if (needs->len > attention)
    g_ptr_array_set_size (needs, (gint) attention);
  return needs;
}
