#include "protocol/pop3.h"

#include "base/limits.h"

#include <malloc.h>
#include <string.h>

/* --- Help ------------------------------------------------------------------------------------- */

static void
feed (PfPop3 *pop3, const char *text)
{
  pf_pop3_machine.feed (pop3, (const guint8 *) text, strlen (text));
}

static void
assert_sent (PfPop3 *pop3, const char *text)
{
  g_autoptr (GBytes) sent = pf_pop3_machine.take_output (pop3);

  if (sent == NULL)
    g_assert_cmpstr (text, ==, "");
  else
    g_assert_cmpmem (g_bytes_get_data (sent, NULL), g_bytes_get_size (sent), text, strlen (text));
}

static void
assert_event (PfPop3 *pop3, PfPop3EventType type, PfPop3Command command)
{
  PfPop3Event event;

  g_assert_true (pf_pop3_next_event (pop3, &event));
  g_assert_cmpint (event.type, ==, type);
  g_assert_cmpint (event.command, ==, command);
  g_assert_nonnull (event.text);
}

static void
assert_nothing (PfPop3 *pop3)
{
  PfPop3Event event;

  g_assert_false (pf_pop3_next_event (pop3, &event));
}

static PfPop3 *
greeted (void)
{
  PfPop3 *pop3 = pf_pop3_new ();

  feed (pop3, "+OK\r\n");
  assert_event (pop3, PF_POP3_EVENT_REPLY, PF_POP3_GREETING);
  return pop3;
}

/* --- Wiping ----------------------------------------------------------------------------------- */

/* Memory given back must not hold this any more. The linker puts our g_free() in the place of
 * GLib's. */
static const char secret[] = "c2VjcmV0-hunter2";
static guint leaks;

void __real_g_free (void *memory);
void __wrap_g_free (void *memory);

void
__wrap_g_free (void *memory)
{
  if (memory != NULL
      && memmem (memory, malloc_usable_size (memory), secret, strlen (secret)) != NULL)
    leaks++;
  __real_g_free (memory);
}

/* Product changes that fail this: g_free() for pf_output_wipe_string() or in pf_output_clear(). */
static void
test_wiped (void)
{
  g_autofree char *token = g_strdup_printf ("%s%0300d", secret, 0);
  PfPop3 *pop3 = greeted ();

  leaks = 0;
  __wrap_g_free (g_strdup (secret));
  g_assert_cmpuint (leaks, ==, 1); /* so this test can see one */
  leaks = 0;
  g_assert_true (pf_pop3_pass (pop3, secret));
  /* Held back behind PASS, released, and never taken: three ways to go. */
  pf_pop3_auth (pop3, "PLAIN", secret);
  assert_sent (pop3, "PASS c2VjcmV0-hunter2\r\n");
  feed (pop3, "-ERR\r\n");
  assert_event (pop3, PF_POP3_EVENT_REPLY, PF_POP3_PASS);
  assert_sent (pop3, "AUTH PLAIN c2VjcmV0-hunter2\r\n");
  feed (pop3, "-ERR\r\n");
  assert_event (pop3, PF_POP3_EVENT_REPLY, PF_POP3_AUTH);
  pf_pop3_auth (pop3, "PLAIN", token);
  assert_sent (pop3, "AUTH PLAIN\r\n");
  feed (pop3, "+ \r\n");
  assert_nothing (pop3);
  /* The buffer grows, and moves. */
  pf_pop3_auth_respond (pop3, secret);
  for (guint i = 0; i < 20; i++)
    pf_pop3_auth_respond (pop3, token);
  pf_pop3_auth (pop3, "PLAIN", token);
  g_assert_true (pf_pop3_pass (pop3, secret));
  pf_pop3_free (pop3);
  g_assert_cmpuint (leaks, ==, 0);
  memset (token, 'x', strlen (token));
}

/* --- Arguments -------------------------------------------------------------------------------- */

static void
test_arguments (void)
{
  static const char *const bad[] = { "a\r\nDELE 1", "a\n", "\r", "\n" };
  g_autoptr (PfPop3) pop3 = greeted ();

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_assert_false (pf_pop3_user (pop3, bad[i]));
      g_assert_false (pf_pop3_pass (pop3, bad[i]));
    }
  assert_sent (pop3, "");
  g_assert_false (pf_pop3_machine.expects_answer (pop3));
  g_assert_true (pf_pop3_user (pop3, "a b\xff"));
  assert_sent (pop3, "USER a b\xff\r\n");
  feed (pop3, "+OK\r\n");
  assert_event (pop3, PF_POP3_EVENT_REPLY, PF_POP3_USER);
  g_assert_true (pf_pop3_pass (pop3, " with blanks "));
  assert_sent (pop3, "PASS  with blanks \r\n");
}

/* An answer to a challenge goes out while AUTH is under way only: elsewhere it would be a
 * command. */
static void
test_stray_response (void)
{
  g_autoptr (PfPop3) pop3 = greeted ();

  pf_pop3_auth_respond (pop3, "c2VjcmV0");
  pf_pop3_auth_cancel (pop3);
  assert_sent (pop3, "");
  pf_pop3_noop (pop3);
  pf_pop3_auth_respond (pop3, "c2VjcmV0");
  assert_sent (pop3, "NOOP\r\n");
  g_assert_false (pf_pop3_tls_started (pop3)); /* no STLS was under way */
}

/* --- For the pump ----------------------------------------------------------------------------- */

static void
test_clocks (void)
{
  g_autoptr (PfPop3) pop3 = pf_pop3_new ();

  g_assert_true (pf_pop3_machine.expects_answer (pop3));
  g_assert_cmpuint (pf_pop3_machine.answers (pop3), ==, 0);
  feed (pop3, "+OK\r\n");
  assert_event (pop3, PF_POP3_EVENT_REPLY, PF_POP3_GREETING);
  g_assert_false (pf_pop3_machine.expects_answer (pop3));
  g_assert_cmpuint (pf_pop3_machine.answers (pop3), ==, 1);
  pf_pop3_retr (pop3, 1);
  g_assert_true (pf_pop3_machine.expects_answer (pop3));
  feed (pop3, "+OK\r\ntext\r\n");
  assert_event (pop3, PF_POP3_EVENT_REPLY, PF_POP3_RETR);
  assert_event (pop3, PF_POP3_EVENT_BODY, PF_POP3_RETR);
  g_assert_true (pf_pop3_machine.expects_answer (pop3));
  g_assert_cmpuint (pf_pop3_machine.answers (pop3), ==, 1);
  feed (pop3, ".\r\n");
  assert_event (pop3, PF_POP3_EVENT_END, PF_POP3_RETR);
  g_assert_false (pf_pop3_machine.expects_answer (pop3));
  g_assert_cmpuint (pf_pop3_machine.answers (pop3), ==, 2);
}

/* A poisoned machine is silent for good. */
static void
test_poisoned (void)
{
  g_autoptr (PfPop3) pop3 = greeted ();

  pf_pop3_noop (pop3);
  pf_pop3_noop (pop3);
  feed (pop3, "nonsense\r\n+OK\r\n");
  assert_event (pop3, PF_POP3_EVENT_FAULT, PF_POP3_GREETING);
  assert_nothing (pop3);
  feed (pop3, "+OK\r\n");
  pf_pop3_quit (pop3);
  pf_pop3_set_pipelining (pop3, TRUE);
  pf_pop3_machine.feed_eof (pop3);
  assert_nothing (pop3);
  assert_sent (pop3, "");
  g_assert_false (pf_pop3_machine.expects_answer (pop3));
  g_assert_true (pf_pop3_tls_started (pop3)); /* do not go on */
  assert_nothing (pop3);
}

/* --- Size ------------------------------------------------------------------------------------- */

/* As many messages as we list, octets fed in slices; the last number again is one too many. */
static void
test_largest_listing (void)
{
  g_autoptr (PfPop3) pop3 = greeted ();
  guint items = 0;
  PfPop3Event event;

  pf_pop3_uidl (pop3);
  feed (pop3, "+OK\r\n");
  assert_event (pop3, PF_POP3_EVENT_REPLY, PF_POP3_UIDL);
  for (guint number = 1; number <= PF_LIMIT_LISTED_MESSAGES;)
    {
      g_autoptr (GString) slice = g_string_new (NULL);

      for (; number <= PF_LIMIT_LISTED_MESSAGES && slice->len < 60000; number++)
        g_string_append_printf (slice, "%u %08x\r\n", number, number);
      feed (pop3, slice->str);
      while (pf_pop3_next_event (pop3, &event))
        {
          g_assert_cmpint (event.type, ==, PF_POP3_EVENT_ITEM);
          g_assert_cmpuint (event.number, ==, ++items);
        }
    }
  g_assert_cmpuint (items, ==, PF_LIMIT_LISTED_MESSAGES);
  feed (pop3, "1000000 x\r\n");
  assert_event (pop3, PF_POP3_EVENT_FAULT, PF_POP3_GREETING);
}

/* 16 MiB without a line end, in small pieces: all of it comes out, and is looked at once (else this
 * runs into the test's time-out). */
static void
test_body_without_lines (void)
{
  g_autoptr (PfPop3) pop3 = greeted ();
  g_autofree char *piece = g_strnfill (1024, 'x');
  gsize octets = 0;
  PfPop3Event event;

  pf_pop3_retr (pop3, 7);
  feed (pop3, "+OK\r\n");
  assert_event (pop3, PF_POP3_EVENT_REPLY, PF_POP3_RETR);
  for (guint i = 0; i < 16 * 1024; i++)
    {
      feed (pop3, piece);
      while (pf_pop3_next_event (pop3, &event))
        {
          g_assert_cmpint (event.type, ==, PF_POP3_EVENT_BODY);
          g_assert_cmpuint (event.number, ==, 7);
          octets += event.length;
        }
    }
  g_assert_cmpuint (octets, ==, 16 * 1024 * 1024);
}

/* Many commands at once, with pipelining and without. */
static void
test_many_commands (void)
{
  for (guint pipelining = 0; pipelining <= 1; pipelining++)
    {
      g_autoptr (PfPop3) pop3 = greeted ();

      pf_pop3_set_pipelining (pop3, pipelining != 0);
      for (guint number = 1; number <= 50000; number++)
        pf_pop3_dele (pop3, number);
      pf_pop3_quit (pop3);
      for (guint number = 1; number <= 50000; number++)
        {
          PfPop3Event event;

          feed (pop3, "+OK\r\n");
          g_assert_true (pf_pop3_next_event (pop3, &event));
          g_assert_cmpuint (event.number, ==, number);
        }
      feed (pop3, "+OK\r\n");
      assert_event (pop3, PF_POP3_EVENT_REPLY, PF_POP3_QUIT);
      g_assert_false (pf_pop3_machine.expects_answer (pop3));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pop3/wiped", test_wiped);
  g_test_add_func ("/pop3/arguments", test_arguments);
  g_test_add_func ("/pop3/stray-response", test_stray_response);
  g_test_add_func ("/pop3/clocks", test_clocks);
  g_test_add_func ("/pop3/poisoned", test_poisoned);
  g_test_add_func ("/pop3/largest-listing", test_largest_listing);
  g_test_add_func ("/pop3/body-without-lines", test_body_without_lines);
  g_test_add_func ("/pop3/many-commands", test_many_commands);
  return g_test_run ();
}
