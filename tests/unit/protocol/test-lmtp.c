#include "protocol/lmtp.h"

#include <string.h>

/* --- Help ------------------------------------------------------------------------------------- */

static void
feed (PfLmtp *lmtp, const char *text)
{
  pf_lmtp_machine.feed (lmtp, (const guint8 *) text, strlen (text));
}

/* (transfer full) */
static GByteArray *
take (PfLmtp *lmtp)
{
  GByteArray *all = g_byte_array_new ();
  GBytes *output;

  while ((output = pf_lmtp_machine.take_output (lmtp)) != NULL)
    {
      g_byte_array_append (all, g_bytes_get_data (output, NULL), (guint) g_bytes_get_size (output));
      g_bytes_unref (output);
    }
  return all;
}

static void
assert_sent (PfLmtp *lmtp, const char *text)
{
  g_autoptr (GByteArray) sent = take (lmtp);

  g_assert_cmpmem (sent->data, sent->len, text, strlen (text));
}

static void
assert_reply (PfLmtp *lmtp, PfLmtpCommand command, guint status)
{
  PfLmtpEvent event;

  g_assert_true (pf_lmtp_next_event (lmtp, &event));
  g_assert_cmpint (event.type, ==, PF_LMTP_EVENT_REPLY);
  g_assert_cmpint (event.command, ==, command);
  g_assert_cmpuint (event.status, ==, status);
}

static void
assert_nothing (PfLmtp *lmtp)
{
  PfLmtpEvent event;

  g_assert_false (pf_lmtp_next_event (lmtp, &event));
}

/* A machine that was told 354 for one recipient. */
static PfLmtp *
begin_message (void)
{
  PfLmtp *lmtp = pf_lmtp_new ();

  feed (lmtp, "220 ready\r\n");
  assert_reply (lmtp, PF_LMTP_GREETING, 220);
  g_assert_true (pf_lmtp_mail (lmtp, "", ""));
  feed (lmtp, "250 ok\r\n");
  assert_reply (lmtp, PF_LMTP_MAIL, 250);
  g_assert_true (pf_lmtp_rcpt (lmtp, "ann"));
  feed (lmtp, "250 ok\r\n");
  assert_reply (lmtp, PF_LMTP_RCPT, 250);
  pf_lmtp_data (lmtp);
  feed (lmtp, "354 go\r\n");
  assert_reply (lmtp, PF_LMTP_DATA, 354);
  g_byte_array_unref (take (lmtp));
  return lmtp;
}

/* --- The message ------------------------------------------------------------------------------ */

typedef struct
{
  const char *text;
  gsize length;
  const char *sent;
} Case;

#define TEXT(literal) literal, sizeof literal - 1

static const Case cases[] = {
  { TEXT (""), ".\r\n" },
  { TEXT ("\n"), "\r\n.\r\n" },
  { TEXT ("a"), "a\r\n.\r\n" },
  { TEXT ("a\n"), "a\r\n.\r\n" },
  { TEXT ("a\r\n"), "a\r\n.\r\n" },
  { TEXT ("a\nb\r\nc"), "a\r\nb\r\nc\r\n.\r\n" },
  { TEXT ("."), "..\r\n.\r\n" },
  { TEXT (".\n"), "..\r\n.\r\n" },
  { TEXT ("..\r\n.\r\n.a\na.\n"), "...\r\n..\r\n..a\r\na.\r\n.\r\n" },
  /* SMTP smuggling: nothing in the text may look like its end, whatever the server takes for a
   * line's. */
  { TEXT ("a\n.\nb"), "a\r\n..\r\nb\r\n.\r\n" },
  { TEXT ("a\r\n.\r\nb"), "a\r\n..\r\nb\r\n.\r\n" },
  { TEXT ("a\n.\r\nb"), "a\r\n..\r\nb\r\n.\r\n" },
  { TEXT ("a\r\n.\nb"), "a\r\n..\r\nb\r\n.\r\n" },
  { TEXT ("a\0\n\0.\0\nb"), "a\r\n..\r\nb\r\n.\r\n" },
  { TEXT ("a\r\0\n.\0\r\n"), "a\r\n..\r\n.\r\n" },
  { TEXT ("\0.\r\n"), "..\r\n.\r\n" },
  /* A lone CR is text. */
  { TEXT ("a\rb\n"), "a\rb\r\n.\r\n" },
  { TEXT ("a\r\r\n"), "a\r\r\n.\r\n" },
  { TEXT ("a\r.\r\n"), "a\r.\r\n.\r\n" },
  { TEXT ("\r"), "\r\r\n.\r\n" },
  { TEXT ("\r.\r"), "\r.\r\r\n.\r\n" },
  { TEXT ("\xff\xfe\x80"), "\xff\xfe\x80\r\n.\r\n" },
};

static void
send_split (const Case *test, gsize first, gsize second)
{
  g_autoptr (PfLmtp) lmtp = begin_message ();
  const guint8 *text = (const guint8 *) test->text;

  pf_lmtp_message (lmtp, text, first);
  pf_lmtp_message (lmtp, text + first, second - first);
  pf_lmtp_message (lmtp, text + second, test->length - second);
  g_assert_false (pf_lmtp_machine.expects_answer (lmtp));
  pf_lmtp_message_end (lmtp);
  g_assert_true (pf_lmtp_machine.expects_answer (lmtp));
  assert_sent (lmtp, test->sent);
}

/* Cut in three at every two places. Product changes that fail this: put_octet() without the second
 * dot; a bare LF sent as it is. */
static void
test_message (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    for (gsize first = 0; first <= cases[i].length; first++)
      for (gsize second = first; second <= cases[i].length; second++)
        send_split (&cases[i], first, second);
}

/* Whatever the octets: CR LF . CR LF stands at the end only, and no LF without its CR. */
static void
test_any_octets (void)
{
  static const char alphabet[] = { '\r', '\n', '.', '\0', 'x' };

  for (guint n = 0; n < 5 * 5 * 5 * 5 * 5 * 5; n++)
    {
      g_autoptr (PfLmtp) lmtp = begin_message ();
      g_autoptr (GByteArray) sent = NULL;
      guint left = n;

      for (guint i = 0; i < 6; i++, left /= 5)
        pf_lmtp_message (lmtp, (const guint8 *) &alphabet[left % 5], 1);
      pf_lmtp_message_end (lmtp);
      sent = take (lmtp);
      for (guint i = 0; i < sent->len; i++)
        {
          gboolean end = i + 3 == sent->len;

          g_assert_false (sent->data[i] == '\n' && (i == 0 || sent->data[i - 1] != '\r'));
          g_assert_false (sent->data[i] == '\0');
          if ((i == 0 || sent->data[i - 1] == '\n') && sent->data[i] == '.')
            g_assert_true (end || sent->data[i + 1] == '.');
        }
      g_assert_cmpmem (sent->data + sent->len - 3, 3, ".\r\n", 3);
    }
}

/* --- The rest --------------------------------------------------------------------------------- */

/* Octets of a message go out after a 354 only; a dot too. */
static void
test_message_unasked (void)
{
  g_autoptr (PfLmtp) lmtp = pf_lmtp_new ();

  pf_lmtp_message (lmtp, (const guint8 *) "x", 1);
  pf_lmtp_message_end (lmtp);
  assert_sent (lmtp, "");
  feed (lmtp, "220 ready\r\n");
  assert_reply (lmtp, PF_LMTP_GREETING, 220);
  pf_lmtp_message_end (lmtp);
  assert_sent (lmtp, "");
  assert_nothing (lmtp);
}

/* What could end the command line is not sent. Product change that fails this: queueing without
 * asking pf_address_is_safe(). */
static void
test_arguments (void)
{
  g_autoptr (PfLmtp) lmtp = pf_lmtp_new ();

  feed (lmtp, "220 ready\r\n");
  assert_reply (lmtp, PF_LMTP_GREETING, 220);
  g_assert_false (pf_lmtp_mail (lmtp, "a\r\nRSET", ""));
  g_assert_false (pf_lmtp_mail (lmtp, "a> X", ""));
  g_assert_false (pf_lmtp_mail (lmtp, "a", "BODY=8BITMIME\r\nRSET"));
  g_assert_false (pf_lmtp_rcpt (lmtp, "a\nb"));
  g_assert_false (pf_lmtp_rcpt (lmtp, "a b"));
  g_assert_false (pf_lmtp_rcpt (lmtp, ""));
  assert_sent (lmtp, "");
  g_assert_false (pf_lmtp_machine.expects_answer (lmtp));
  pf_lmtp_lhlo (lmtp, "x\r\nRSET");
  assert_sent (lmtp, "LHLO localhost\r\n");
}

/* Held back until the greeting; while the message is sent; while its answers are owed. */
static void
test_order (void)
{
  g_autoptr (PfLmtp) lmtp = pf_lmtp_new ();
  g_autoptr (PfLmtp) sending = begin_message ();

  pf_lmtp_noop (lmtp);
  assert_sent (lmtp, "");
  g_assert_true (pf_lmtp_machine.expects_answer (lmtp));
  g_assert_cmpuint (pf_lmtp_machine.answers (lmtp), ==, 0);
  feed (lmtp, "220 ready\r\n");
  assert_reply (lmtp, PF_LMTP_GREETING, 220);
  assert_sent (lmtp, "NOOP\r\n");
  g_assert_cmpuint (pf_lmtp_machine.answers (lmtp), ==, 1);

  pf_lmtp_rset (sending);
  pf_lmtp_message_end (sending);
  assert_sent (sending, ".\r\n");
  feed (sending, "250 ok\r\n");
  assert_reply (sending, PF_LMTP_MESSAGE, 250);
  assert_sent (sending, "RSET\r\n");
}

/* As many answers as recipients, through hundreds of transactions. */
static void
test_recipients (void)
{
  g_autoptr (PfLmtp) lmtp = pf_lmtp_new ();

  feed (lmtp, "220 ready\r\n");
  assert_reply (lmtp, PF_LMTP_GREETING, 220);
  pf_lmtp_lhlo (lmtp, "box");
  feed (lmtp, "250-mail\r\n250 PIPELINING\r\n");
  assert_reply (lmtp, PF_LMTP_LHLO, 250);
  for (guint n = 1; n <= 200; n++)
    {
      g_assert_true (pf_lmtp_mail (lmtp, "", ""));
      feed (lmtp, "250 ok\r\n");
      assert_reply (lmtp, PF_LMTP_MAIL, 250);
      for (guint i = 0; i < n; i++)
        g_assert_true (pf_lmtp_rcpt (lmtp, "ann"));
      for (guint i = 0; i < n; i++)
        {
          feed (lmtp, i % 2 == 0 ? "250 ok\r\n" : "550 no\r\n");
          assert_reply (lmtp, PF_LMTP_RCPT, i % 2 == 0 ? 250 : 550);
        }
      pf_lmtp_data (lmtp);
      feed (lmtp, "354 go\r\n");
      assert_reply (lmtp, PF_LMTP_DATA, 354);
      pf_lmtp_message_end (lmtp);
      for (guint i = 0; i < (n + 1) / 2; i++)
        {
          g_assert_true (pf_lmtp_machine.expects_answer (lmtp));
          feed (lmtp, "250 ok\r\n");
          assert_reply (lmtp, PF_LMTP_MESSAGE, 250);
        }
      g_assert_false (pf_lmtp_machine.expects_answer (lmtp));
    }
}

/* A poisoned machine is silent for good. */
static void
test_poisoned (void)
{
  g_autoptr (PfLmtp) lmtp = begin_message ();
  PfLmtpEvent event;

  feed (lmtp, "nonsense\r\n250 ok\r\n");
  g_assert_true (pf_lmtp_next_event (lmtp, &event));
  g_assert_cmpint (event.type, ==, PF_LMTP_EVENT_FAULT);
  g_assert_cmpint (event.fault, ==, PF_FAULT_SYNTAX);
  assert_nothing (lmtp);
  pf_lmtp_message (lmtp, (const guint8 *) "x", 1);
  pf_lmtp_message_end (lmtp);
  pf_lmtp_noop (lmtp);
  feed (lmtp, "250 ok\r\n");
  pf_lmtp_machine.feed_eof (lmtp);
  assert_sent (lmtp, "");
  assert_nothing (lmtp);
  g_assert_false (pf_lmtp_machine.expects_answer (lmtp));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lmtp/message", test_message);
  g_test_add_func ("/lmtp/any-octets", test_any_octets);
  g_test_add_func ("/lmtp/message-unasked", test_message_unasked);
  g_test_add_func ("/lmtp/arguments", test_arguments);
  g_test_add_func ("/lmtp/order", test_order);
  g_test_add_func ("/lmtp/recipients", test_recipients);
  g_test_add_func ("/lmtp/poisoned", test_poisoned);
  return g_test_run ();
}
