/* Who may change what, as a table: from a method and whose account it is to the polkit action. */
#include <string.h>

#include "bus/policy.h"
#include "dbus-interfaces/info.h"
#include "dbus-interfaces/names.h"

#define OWN                                                                                        \
  {                                                                                                \
    TRUE, TRUE, TRUE, FALSE, FALSE                                                                 \
  }
#define FOREIGN                                                                                    \
  {                                                                                                \
    FALSE, FALSE, FALSE, FALSE, FALSE                                                              \
  }

typedef struct
{
  const char *method;
  PfOwnership ownership;
  const char *action;
} Row;

static const Row rows[] = {
  /* One's own, all of it. */
  { "Manager.AddAccount", OWN, PF_ACTION_MANAGE_OWN },
  { "Manager.TestSettings", OWN, PF_ACTION_MANAGE_OWN },
  { "Manager.Validate", OWN, PF_ACTION_MANAGE_OWN },
  { "Manager.Discover", OWN, PF_ACTION_MANAGE_OWN },
  { "Account.Update", OWN, PF_ACTION_MANAGE_OWN },
  { "Account.SetSecret", OWN, PF_ACTION_MANAGE_OWN },
  { "Account.Test", OWN, PF_ACTION_MANAGE_OWN },
  { "Account.Remove", OWN, PF_ACTION_MANAGE_OWN },
  { "Account.BeginAuthorization", OWN, PF_ACTION_MANAGE_OWN },
  { "Account.CompleteAuthorization", OWN, PF_ACTION_MANAGE_OWN },
  { "Account.Check", OWN, PF_ACTION_CHECK },
  { "Check.Cancel", OWN, PF_ACTION_CHECK },
  { "Manager.CheckAll", OWN, PF_ACTION_CHECK },
  /* Somebody else's. */
  { "Manager.AddAccount", FOREIGN, PF_ACTION_MANAGE },
  { "Manager.TestSettings", FOREIGN, PF_ACTION_MANAGE },
  { "Account.Update", FOREIGN, PF_ACTION_MANAGE },
  { "Account.SetSecret", FOREIGN, PF_ACTION_MANAGE },
  { "Account.Test", FOREIGN, PF_ACTION_MANAGE },
  { "Account.Remove", FOREIGN, PF_ACTION_MANAGE },
  { "Account.Check", FOREIGN, PF_ACTION_MANAGE },
  { "Check.Cancel", FOREIGN, PF_ACTION_MANAGE },
  { "Manager.CheckAll", FOREIGN, PF_ACTION_MANAGE },
  /* Given away, or taken: breaks when manage_action() looks at one side alone. */
  { "Account.Update", { TRUE, FALSE, FALSE, FALSE, FALSE }, PF_ACTION_MANAGE },
  { "Account.Update", { FALSE, TRUE, TRUE, FALSE, FALSE }, PF_ACTION_MANAGE },
  /* LocalUser is the caller, somebody else stands in Recipients. */
  { "Account.Update", { FALSE, FALSE, TRUE, FALSE, FALSE }, PF_ACTION_MANAGE },
  { "Account.Check", { FALSE, FALSE, TRUE, FALSE, FALSE }, PF_ACTION_CHECK },
  /* The harvest rule: breaks when `o->moves_secret && !o->brings_secret` is dropped from
   * manage_action(). */
  { "Account.Update", { TRUE, TRUE, TRUE, TRUE, FALSE }, PF_ACTION_MANAGE },
  { "Account.Update", { TRUE, TRUE, TRUE, TRUE, TRUE }, PF_ACTION_MANAGE_OWN },
  { "Account.Update", { FALSE, FALSE, FALSE, TRUE, TRUE }, PF_ACTION_MANAGE },
  /* Whosever it is. */
  { "Manager.Import", OWN, PF_ACTION_MANAGE },
  { "Manager.Recipients", OWN, PF_ACTION_MANAGE },
  { "Manager.Reload", OWN, PF_ACTION_CONFIGURE },
  /* Held back: breaks when quarantine_action() looks at one alone. */
  { "Quarantine.Open", { .is_local_user = TRUE, .may_have = TRUE }, PF_ACTION_QUARANTINE_OWN },
  { "Quarantine.Release", { .is_local_user = TRUE, .may_have = TRUE }, PF_ACTION_QUARANTINE_OWN },
  { "Quarantine.Delete", { .is_local_user = TRUE, .may_have = TRUE }, PF_ACTION_QUARANTINE_OWN },
  { "Quarantine.Open", { .is_local_user = TRUE }, PF_ACTION_QUARANTINE },
  { "Quarantine.Release", { .is_local_user = TRUE }, PF_ACTION_QUARANTINE },
  { "Quarantine.Delete", { .is_local_user = TRUE }, PF_ACTION_QUARANTINE },
  { "Quarantine.Release", { .may_have = TRUE }, PF_ACTION_QUARANTINE },
  { "Quarantine.Release", FOREIGN, PF_ACTION_QUARANTINE },
  { "Quarantine.AllowSender", OWN, NULL },
  { "Quarantine.AllowSender", { .is_local_user = TRUE }, PF_ACTION_MANAGE },
  { "FilterPolicy.Update", OWN, PF_ACTION_CONFIGURE },
  /* Nobody is asked. */
  { "Quarantine.List", FOREIGN, NULL },
  { "Manager.GetAccount", FOREIGN, NULL },
  { "Manager.GetLog", FOREIGN, NULL },
  { "Manager.GetStatistics", FOREIGN, NULL },
  { "FilterPolicy.Status", FOREIGN, NULL },
};

static void
test_table (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const char *action = "untouched";

      g_test_message ("row %" G_GSIZE_FORMAT ": %s", i, rows[i].method);
      g_assert_true (pf_policy_action (rows[i].method, &rows[i].ownership, &action));
      g_assert_cmpstr (action, ==, rows[i].action);
    }
}

/* Nothing known of whose it is: an administrator. */
static void
test_without_ownership (void)
{
  const char *action;

  g_assert_true (pf_policy_action ("Account.Update", NULL, &action));
  g_assert_cmpstr (action, ==, PF_ACTION_MANAGE);
  g_assert_true (pf_policy_action ("Account.Check", NULL, &action));
  g_assert_cmpstr (action, ==, PF_ACTION_MANAGE);
}

/* A method that nobody thought of is refused: breaks when pf_policy_action() ends in `return
 * TRUE`. */
static void
test_unknown (void)
{
  static const PfOwnership own = OWN;
  const char *action = NULL;

  g_assert_false (pf_policy_action ("Account.Explode", &own, &action));
  g_assert_false (pf_policy_action ("Update", &own, &action));
  g_assert_nonnull (action);
}

/* Every method of the interface has its row. */
static void
test_complete (void)
{
  const GDBusInterfaceInfo *all[] = { &org_postferry1_manager_interface,
                                      &org_postferry1_account_interface,
                                      &org_postferry1_check_interface,
                                      &org_postferry1_filter_policy_interface,
                                      &org_postferry1_quarantine_interface };

  for (gsize i = 0; i < G_N_ELEMENTS (all); i++)
    for (GDBusMethodInfo **method = all[i]->methods; *method != NULL; method++)
      {
        g_autofree char *name =
            g_strdup_printf ("%s.%s", all[i]->name + strlen ("org.postferry1."), (*method)->name);
        const char *action;

        g_test_message ("%s", name);
        g_assert_true (pf_policy_action (name, NULL, &action));
      }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bus/policy/table", test_table);
  g_test_add_func ("/bus/policy/without-ownership", test_without_ownership);
  g_test_add_func ("/bus/policy/unknown", test_unknown);
  g_test_add_func ("/bus/policy/complete", test_complete);
  return g_test_run ();
}
