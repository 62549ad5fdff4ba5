/* Whose records may go to the helper: one packet of a user, a second where a delivery succeeded. */
#include "deliver/helper-turns.h"

#include "base/limits.h"

#define MANY PF_LIMIT_HELPER_BATCH
#define ID "0123456789abcdef0123456789abcdef"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfHelperTurns, pf_helper_turns_free)

static PfRequestRecord
record_for (const char *user, const char *folder)
{
  PfRequestRecord record = { 0 };

  g_assert_true (pf_request_record_fill (&record, PF_REQUEST_DELIVER, ID, user, folder));
  return record;
}

static void
deliver_once (PfHelperTurns *turns, const PfRequestRecord *record, guint32 code)
{
  pf_helper_turns_sent (turns, record);
  pf_helper_turns_answered (turns, record, code);
}

/* Fails when may_send() does not ask is_settled(): two processes would make one folder. */
static void
test_first_delivery_is_alone (void)
{
  g_autoptr (PfHelperTurns) turns = pf_helper_turns_new ();
  PfRequestRecord inbox = record_for ("anna", ""), junk = record_for ("anna", "Junk");

  g_assert_true (pf_helper_turns_may_send (turns, &inbox, 1));
  pf_helper_turns_sent (turns, &inbox);
  g_assert_false (pf_helper_turns_may_send (turns, &inbox, MANY));
  pf_helper_turns_answered (turns, &inbox, PF_HELPER_DONE);
  pf_helper_turns_sent (turns, &inbox);
  g_assert_true (pf_helper_turns_may_send (turns, &inbox, MANY));
  g_assert_false (pf_helper_turns_may_send (turns, &junk, MANY));
  /* Not for a few. */
  g_assert_false (pf_helper_turns_may_send (turns, &inbox, 1));
}

static void
test_failure_unsettles (void)
{
  g_autoptr (PfHelperTurns) turns = pf_helper_turns_new ();
  PfRequestRecord inbox = record_for ("anna", "");

  deliver_once (turns, &inbox, PF_HELPER_DONE);
  deliver_once (turns, &inbox, PF_HELPER_DISK_FULL);
  pf_helper_turns_sent (turns, &inbox);
  g_assert_false (pf_helper_turns_may_send (turns, &inbox, MANY));
}

/* Fails without the bound of `busy`: a home that hangs would take all there is. */
static void
test_two_packets_and_no_third (void)
{
  g_autoptr (PfHelperTurns) turns = pf_helper_turns_new ();
  PfRequestRecord anna = record_for ("anna", ""), bert = record_for ("bert", "");

  deliver_once (turns, &anna, PF_HELPER_DONE);
  for (guint i = 0; i <= PF_LIMIT_HELPER_BATCH; i++)
    pf_helper_turns_sent (turns, &anna);
  g_assert_false (pf_helper_turns_may_send (turns, &anna, MANY));
  g_assert_true (pf_helper_turns_may_send (turns, &bert, 1));
  pf_helper_turns_lost (turns);
  g_assert_true (pf_helper_turns_may_send (turns, &anna, 1));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/deliver/helper-turns/first-delivery-is-alone", test_first_delivery_is_alone);
  g_test_add_func ("/deliver/helper-turns/failure-unsettles", test_failure_unsettles);
  g_test_add_func ("/deliver/helper-turns/two-packets-and-no-third", test_two_packets_and_no_third);
  return g_test_run ();
}
