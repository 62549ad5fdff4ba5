/* A server that answers before it was asked: commands are given while events are still drained, as
 * a session does. */
#include "protocol/pop3.h"

#include <string.h>

static void
feed (PfPop3 *pop3, const char *text)
{
  pf_pop3_machine.feed (pop3, (const guint8 *) text, strlen (text));
}

/* Mutant: in read_status(), do not look at self->early. */
static void
test_an_answer_ahead_of_its_command (void)
{
  g_autoptr (PfPop3) pop3 = pf_pop3_new ();
  PfPop3Event event;

  feed (pop3, "+OK ready\r\n");
  g_assert_true (pf_pop3_next_event (pop3, &event));
  g_assert_true (pf_pop3_user (pop3, "carol"));
  g_bytes_unref (pf_pop3_machine.take_output (pop3));
  feed (pop3, "+OK\r\n+OK\r\n");
  g_assert_true (pf_pop3_next_event (pop3, &event));
  g_assert_cmpint (event.command, ==, PF_POP3_USER);
  g_assert_true (pf_pop3_pass (pop3, "secret"));
  g_assert_true (pf_pop3_next_event (pop3, &event));
  g_assert_cmpint (event.type, ==, PF_POP3_EVENT_FAULT);
  g_assert_cmpint (event.fault, ==, PF_FAULT_SYNTAX);
  g_assert_null (pf_pop3_machine.take_output (pop3));
}

static void
test_pipelined_answers_are_no_fault (void)
{
  g_autoptr (PfPop3) pop3 = pf_pop3_new ();
  PfPop3Event event;
  guint replies = 0;

  feed (pop3, "+OK ready\r\n");
  g_assert_true (pf_pop3_next_event (pop3, &event));
  pf_pop3_set_pipelining (pop3, TRUE);
  pf_pop3_dele (pop3, 1);
  pf_pop3_dele (pop3, 2);
  g_bytes_unref (pf_pop3_machine.take_output (pop3));
  feed (pop3, "+OK\r\n+OK\r\n");
  while (pf_pop3_next_event (pop3, &event))
    {
      g_assert_cmpint (event.type, ==, PF_POP3_EVENT_REPLY);
      replies++;
    }
  g_assert_cmpuint (replies, ==, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pop3/answer-ahead", test_an_answer_ahead_of_its_command);
  g_test_add_func ("/pop3/pipelined", test_pipelined_answers_are_no_fault);
  return g_test_run ();
}
