#include "drivers.h"
#include "fuzz.h"
#include "protocol/lmtp.h"
#include "protocol/pop3.h"

static const FuzzDeed deeds[] = {
  { 'l', "lhlo box", FUZZ_ALONE },   { 'm', "mail a@b", FUZZ_GROUP },
  { 'r', "rcpt alice", FUZZ_GROUP }, { 'd', "data", FUZZ_ALONE },
  { 'g', "data", FUZZ_GROUP },       { 't', "text a\\n.b", FUZZ_ANY },
  { 'T', "text \\r", FUZZ_ANY },     { 'e', "end", FUZZ_ANY },
  { 'x', "rset", FUZZ_GROUP },       { 'n', "noop", FUZZ_ALONE },
  { 'q', "quit", FUZZ_ALONE },       { 'h', "has SIZE", FUZZ_ANY },
};

static void
feed (const PfMachineClass *machine, gpointer self, const char *text, gsize length)
{
  machine->feed (self, (const guint8 *) text, length);
}

/* (transfer full): @data as an LMTP client sends it behind a 354, in pieces of @piece. */
static GByteArray *
send_message (const guint8 *data, gsize size, gsize piece)
{
  g_autoptr (PfLmtp) lmtp = pf_lmtp_new ();
  GByteArray *sent = g_byte_array_new ();
  PfLmtpEvent event;
  GBytes *output;

  pf_lmtp_data (lmtp);
  feed (&pf_lmtp_machine, lmtp, "220\r\n", 5);
  g_assert_true (pf_lmtp_next_event (lmtp, &event));
  g_bytes_unref (pf_lmtp_machine.take_output (lmtp));
  feed (&pf_lmtp_machine, lmtp, "354\r\n", 5);
  g_assert_true (pf_lmtp_next_event (lmtp, &event));
  for (gsize at = 0; at < size; at += piece)
    pf_lmtp_message (lmtp, data + at, MIN (piece, size - at));
  pf_lmtp_message_end (lmtp);
  while ((output = pf_lmtp_machine.take_output (lmtp)) != NULL)
    {
      g_byte_array_append (sent, g_bytes_get_data (output, NULL),
                           (guint) g_bytes_get_size (output));
      g_bytes_unref (output);
    }
  return sent;
}

/* (transfer full): @sent as a POP3 client reads it: its end must be the end. */
static GByteArray *
read_message (const GByteArray *sent)
{
  g_autoptr (PfPop3) pop3 = pf_pop3_new ();
  GByteArray *body = g_byte_array_new ();
  PfPop3Event event;

  feed (&pf_pop3_machine, pop3, "+OK\r\n", 5);
  g_assert_true (pf_pop3_next_event (pop3, &event));
  pf_pop3_retr (pop3, 1);
  feed (&pf_pop3_machine, pop3, "+OK\r\n", 5);
  feed (&pf_pop3_machine, pop3, (const char *) sent->data, sent->len);
  g_assert_true (pf_pop3_next_event (pop3, &event));
  while (pf_pop3_next_event (pop3, &event) && event.type == PF_POP3_EVENT_BODY)
    g_byte_array_append (body, event.data, (guint) event.length);
  g_assert_cmpint (event.type, ==, PF_POP3_EVENT_END);
  g_assert_false (pf_pop3_next_event (pop3, &event));
  return body;
}

/* (transfer full): what the message is on the wire, without its dots: written as plainly as can
 * be. */
static GByteArray *
normalise (const guint8 *data, gsize size)
{
  GByteArray *out = g_byte_array_new ();

  for (gsize i = 0; i < size; i++)
    {
      if (data[i] == '\0')
        continue;
      if (data[i] == '\n' && (out->len == 0 || out->data[out->len - 1] != '\r'))
        g_byte_array_append (out, (const guint8 *) "\r", 1);
      g_byte_array_append (out, data + i, 1);
    }
  if (out->len > 0 && out->data[out->len - 1] != '\n')
    g_byte_array_append (out, (const guint8 *) "\r\n", 2);
  return out;
}

/* A message that is sent and read again is the message, whatever is in it and however it was
 * cut. */
static void
round_trip (const guint8 *data, gsize size)
{
  g_autoptr (GByteArray) whole = send_message (data, size, MAX (size, 1));
  g_autoptr (GByteArray) bytewise = send_message (data, size, 1);
  g_autoptr (GByteArray) body = read_message (whole);
  g_autoptr (GByteArray) expected = normalise (data, size);

  g_assert_cmpmem (whole->data, whole->len, bytewise->data, bytewise->len);
  g_assert_cmpmem (body->data, body->len, expected->data, expected->len);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  fuzz_conversation (&talk_lmtp, deeds, G_N_ELEMENTS (deeds), NULL, data, size);
  round_trip (data, size);
  return 0;
}
