/* A channel against an end in this process: order, back-pressure, ends, handlers that let go. */
#include <string.h>
#include <sys/socket.h>

#include "base/problem.h"
#include "far-end.h"
#include "net/channel-private.h"
#include "peer.h"

#define MIB (1024 * 1024)

/* A pair of ends, under TLS where @secure says so. */
static FarEnd *
make_pair (gboolean secure, Talk **talk)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (PfEndpoint) endpoint = NULL;
  PfChannel *near;
  FarEnd *far = far_end_new (&near);

  if (secure)
    {
      endpoint = far_end_begin_tls (far, near, &result);
      far_end_finish_tls (far, near, &result);
    }
  *talk = talk_new (near);
  return far;
}

/* --- Back-pressure ---------------------------------------------------------------------------- */

/* Writes all that is taken while the main loop turns and the other side does not read. */
static gsize
fill (FarEnd *far)
{
  static const char block[16 * 1024];
  gsize written = 0;
  guint idle = 0;

  while (idle < 3)
    {
      gssize n = far_end_write (far, block, sizeof block);

      g_assert_cmpint (n, >=, 0);
      written += (gsize) n;
      idle = n == 0 ? idle + 1 : 0;
      turn_all ();
    }
  return written;
}

/* Fails when wants_input() does not look at `reading`, or deliver_decrypted() goes on all the
 * same. */
static void
test_back_pressure (gconstpointer secure)
{
  Talk *talk_made;
  g_autoptr (FarEnd) far = make_pair (secure != NULL, &talk_made);
  g_autoptr (Talk) talk = talk_made;
  gsize written;

  pf_channel_set_reading (talk->channel, FALSE);
  written = fill (far);
  g_assert_cmpuint (talk->received->len, ==, 0);
  /* What the kernel keeps in a pair of sockets, and no more. */
  g_assert_cmpuint (written, <, MIB);
  pf_channel_set_reading (talk->channel, TRUE);
  while (talk->received->len < written)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (talk->received->len, ==, written);
}

typedef struct
{
  PfChannel *channel;
  gsize received;
  gboolean paused, closed;
  guint pauses;
  guint32 checksum;
} Slow;

static gboolean
go_on (gpointer user_data)
{
  Slow *slow = user_data;

  slow->paused = FALSE;
  pf_channel_set_reading (slow->channel, TRUE);
  return G_SOURCE_REMOVE;
}

/* Takes at most one slice at a time. */
static void
slow_received (PfChannel *channel, const guint8 *data, gsize length, gpointer user_data)
{
  Slow *slow = user_data;

  g_assert_false (slow->paused);
  for (gsize i = 0; i < length; i++)
    slow->checksum = slow->checksum * 31 + data[i];
  slow->received += length;
  slow->paused = TRUE;
  slow->pauses++;
  pf_channel_set_reading (channel, FALSE);
  g_idle_add (go_on, slow);
}

static void
slow_closed (PfChannel *channel, const GError *error, gpointer user_data)
{
  Slow *slow = user_data;

  g_assert_no_error (error);
  slow->closed = TRUE;
}

/* 20 MB, all of them in order, through pauses at every slice; what is under way stays bounded,
 * since the writer never gets ahead by more than the kernel keeps and one slice. */
static void
test_big_in (gconstpointer secure)
{
  const PfChannelHandlers handlers = { slow_received, slow_closed, NULL };
  const gsize total = 20 * MIB;
  Talk *talk_made;
  g_autoptr (FarEnd) far = make_pair (secure != NULL, &talk_made);
  g_autoptr (Talk) talk = talk_made;
  Slow slow = { .channel = talk->channel };
  guint8 block[16 * 1024];
  guint32 checksum = 0;
  gsize written = 0, offset = 0;

  pf_channel_set_handlers (talk->channel, &handlers, &slow);
  for (gsize i = 0; i < sizeof block; i++)
    block[i] = (guint8) (i * 7 + i / 256);
  while (slow.received < total)
    {
      gssize n = written == total ? 0 : far_end_write (far, block + offset, sizeof block - offset);

      g_assert_cmpint (n, >=, 0);
      for (gssize i = 0; i < n; i++)
        checksum = checksum * 31 + block[offset + (gsize) i];
      written += (gsize) n;
      offset = (offset + (gsize) n) % sizeof block;
      g_assert_cmpuint (written - slow.received, <, MIB);
      g_main_context_iteration (NULL, FALSE);
    }
  g_assert_cmpuint (slow.checksum, ==, checksum);
  g_assert_cmpuint (slow.pauses, >, 100);
  far_end_finish (far);
  wait_until (&slow.closed);
}

static void
test_big_out (gconstpointer secure)
{
  Talk *talk_made;
  g_autoptr (FarEnd) far = make_pair (secure != NULL, &talk_made);
  g_autoptr (Talk) talk = talk_made;
  const gsize total = 20 * MIB;
  guint8 *data = g_malloc (total);
  g_autoptr (GBytes) bytes = NULL;
  gsize seen = 0;
  guint8 buffer[16 * 1024];

  for (gsize i = 0; i < total; i++)
    data[i] = (guint8) (i * 31 + i / 256);
  bytes = g_bytes_new_take (data, total);
  pf_channel_send (talk->channel, bytes);
  g_assert_cmpuint (pf_channel_get_unsent (talk->channel), ==, total);
  turn_all ();
  /* Nobody reads: nothing more is taken, nothing spins. */
  g_assert_cmpuint (pf_channel_get_unsent (talk->channel), >, total - MIB);
  g_assert_cmpuint (talk->drained, ==, 0);
  while (seen < total)
    {
      gssize n = far_end_read (far, buffer, sizeof buffer);

      g_assert_cmpint (n, >=, 0);
      g_assert_cmpint (memcmp (buffer, data + seen, (gsize) n), ==, 0);
      seen += (gsize) n;
      g_main_context_iteration (NULL, FALSE);
    }
  turn_all ();
  g_assert_cmpuint (pf_channel_get_unsent (talk->channel), ==, 0);
  g_assert_cmpuint (talk->drained, ==, 1);
}

/* What trickles in gathers; whatever comes is handed out in the end all the same. Fails without
 * end_rest_in_time(): nothing would be read again. */
static void
test_patient (gconstpointer secure)
{
  Talk *talk_made;
  g_autoptr (FarEnd) far = make_pair (secure != NULL, &talk_made);
  g_autoptr (Talk) talk = talk_made;

  pf_channel_set_patient (talk->channel, TRUE);
  far_end_say (far, "one ");
  talk_wait_for (talk, "one ");
  far_end_say (far, "two ");
  far_end_say (far, "three");
  talk_wait_for (talk, "two three");
  far_end_finish (far);
  talk_wait_closed (talk);
  g_assert_no_error (talk->error);
  g_assert_cmpstr (talk->received->str, ==, "one two three");
}

/* --- Ends ------------------------------------------------------------------------------------- */

static void
test_end (gconstpointer secure)
{
  Talk *talk_made;
  g_autoptr (FarEnd) far = make_pair (secure != NULL, &talk_made);
  g_autoptr (Talk) talk = talk_made;

  far_end_say (far, "bye");
  far_end_finish (far);
  talk_wait_closed (talk);
  g_assert_no_error (talk->error);
  g_assert_cmpstr (talk->received->str, ==, "bye");
  g_assert_false (pf_channel_was_cut (talk->channel));
}

/* Fails when the contexts are given SSL_OP_IGNORE_UNEXPECTED_EOF. */
static void
test_cut (void)
{
  Talk *talk_made;
  g_autoptr (FarEnd) far = make_pair (TRUE, &talk_made);
  g_autoptr (Talk) talk = talk_made;

  far_end_say (far, "half");
  far_end_cut (far);
  talk_wait_closed (talk);
  g_assert_error (talk->error, PF_PROBLEM, PF_PROBLEM_TLS_FAILED);
  g_assert_true (pf_channel_was_cut (talk->channel));
  g_assert_cmpstr (talk->received->str, ==, "half");
}

static void
test_bad_record (void)
{
  Talk *talk_made;
  g_autoptr (FarEnd) far = make_pair (TRUE, &talk_made);
  g_autoptr (Talk) talk = talk_made;
  guint8 record[5 + 64] = { 0x17, 0x03, 0x03, 0x00, 64 };

  far_end_say (far, "good");
  g_assert_cmpint (send (far_end_get_fd (far), record, sizeof record, 0), ==, sizeof record);
  talk_wait_closed (talk);
  g_test_message ("%s", talk->error->message);
  g_assert_error (talk->error, PF_PROBLEM, PF_PROBLEM_TLS_FAILED);
  g_assert_false (pf_channel_was_cut (talk->channel));
  g_assert_cmpstr (talk->received->str, ==, "good");
}

/* What the peer said before it went is told, though our own words found nobody. */
static void
test_last_words (gconstpointer secure)
{
  Talk *talk_made;
  g_autoptr (FarEnd) far = make_pair (secure != NULL, &talk_made);
  g_autoptr (Talk) talk = talk_made;

  pf_channel_set_reading (talk->channel, FALSE);
  far_end_say (far, "-ERR idle for too long\r\n");
  far_end_finish (far);
  talk_send (talk, "NOOP\r\n");
  turn_all ();
  g_assert_false (talk->closed);
  g_assert_cmpuint (pf_channel_get_unsent (talk->channel), ==, 0);
  pf_channel_set_reading (talk->channel, TRUE);
  talk_wait_closed (talk);
  g_assert_cmpstr (talk->received->str, ==, "-ERR idle for too long\r\n");
  g_assert_error (talk->error, PF_PROBLEM, PF_PROBLEM_CONNECTION_FAILED);
  g_assert_nonnull (strstr (talk->error->message, "mail.example.com:995"));
}

/* A peer that is gone while nothing is wanted of it: the main loop sleeps. Fails (by never ending)
 * when update leaves the socket in the source with no condition. */
static void
test_hang_up_unread (void)
{
  Talk *talk_made;
  g_autoptr (FarEnd) far = make_pair (FALSE, &talk_made);
  g_autoptr (Talk) talk = talk_made;

  pf_channel_set_reading (talk->channel, FALSE);
  turn_all ();
  far_end_cut (far);
  turn_all ();
  g_assert_false (talk->closed);
}

static void
test_reset (void)
{
  g_autoptr (Peer) peer = peer_new ("tls-server.py", "clear", NULL);
  g_autoptr (PfEndpoint) endpoint = endpoint_new ("127.0.0.1", peer->port, PF_SECURITY_NONE, "");
  g_autoptr (Talk) talk = talk_new (dial (endpoint, NULL));
  g_autofree char *where = pf_endpoint_describe (endpoint);

  talk_wait_for (talk, "+OK hello\r\n");
  talk_send (talk, "RESET\r\n");
  talk_wait_closed (talk);
  g_test_message ("%s", talk->error->message);
  g_assert_error (talk->error, PF_PROBLEM, PF_PROBLEM_CONNECTION_FAILED);
  g_assert_nonnull (strstr (talk->error->message, where));
  g_assert_nonnull (strstr (talk->error->message, "reset"));
}

/* --- Handlers that let go --------------------------------------------------------------------- */

typedef enum
{
  AT_RECEIVED,
  AT_CLOSED,
  AT_DRAINED
} Moment;

typedef struct
{
  Moment moment;
  PfChannel *channel;
  guint calls;
} Releaser;

static void
let_go (Releaser *releaser, Moment moment)
{
  if (releaser->moment != moment)
    return;
  releaser->calls++;
  pf_channel_close (releaser->channel);
  g_clear_object (&releaser->channel);
}

static void
releaser_received (PfChannel *channel, const guint8 *data, gsize length, gpointer user_data)
{
  let_go (user_data, AT_RECEIVED);
}

static void
releaser_closed (PfChannel *channel, const GError *error, gpointer user_data)
{
  let_go (user_data, AT_CLOSED);
}

static void
releaser_drained (PfChannel *channel, gpointer user_data)
{
  let_go (user_data, AT_DRAINED);
}

static void
let_go_at (Moment moment, gboolean secure)
{
  const PfChannelHandlers handlers = { releaser_received, releaser_closed, releaser_drained };
  Talk *talk_made;
  g_autoptr (FarEnd) far = make_pair (secure, &talk_made);
  Releaser releaser = { .moment = moment, .channel = g_object_ref (talk_made->channel) };
  gpointer watched = talk_made->channel;

  g_object_add_weak_pointer (watched, &watched);
  pf_channel_set_handlers (releaser.channel, &handlers, &releaser);
  g_object_unref (talk_made->channel);
  talk_made->channel = NULL;
  if (moment == AT_DRAINED)
    {
      g_autoptr (GBytes) bytes = g_bytes_new_static ("one", 3);

      pf_channel_send (releaser.channel, bytes);
    }
  far_end_say (far, "one");
  far_end_say (far, "two");
  if (moment == AT_CLOSED)
    far_end_finish (far);
  while (releaser.calls == 0)
    g_main_context_iteration (NULL, TRUE);
  turn_all ();
  g_assert_cmpuint (releaser.calls, ==, 1);
  g_assert_null (watched);
  g_string_free (talk_made->received, TRUE);
  g_free (talk_made);
}

/* Under AddressSanitizer: fails when dispatch() takes no reference. */
static void
test_let_go (gconstpointer secure)
{
  let_go_at (AT_RECEIVED, secure != NULL);
  let_go_at (AT_CLOSED, secure != NULL);
  let_go_at (AT_DRAINED, secure != NULL);
}

static void
test_dropped_unsent (void)
{
  Talk *talk_made;
  g_autoptr (FarEnd) far = make_pair (TRUE, &talk_made);
  g_autoptr (Talk) talk = talk_made;

  talk_send (talk, "never sent");
  pf_channel_close (talk->channel);
  talk_send (talk, "nor this");
  g_assert_cmpuint (pf_channel_get_unsent (talk->channel), ==, 0);
  pf_channel_close (talk->channel);
  turn_all ();
  g_assert_false (talk->closed);
}

/* close_notify is said by us too. */
static void
test_goodbye (void)
{
  Talk *talk_made;
  g_autoptr (FarEnd) far = make_pair (TRUE, &talk_made);
  g_autoptr (Talk) talk = talk_made;
  guint8 record[64];

  turn_all ();
  pf_channel_close (talk->channel);
  /* An encrypted alert of TLS 1.3: 24 octets of application data. */
  g_assert_cmpint (recv (far_end_get_fd (far), record, sizeof record, MSG_PEEK), ==, 24);
  g_assert_cmpint (far_end_read (far, record, sizeof record), ==, -1);
}

static void
add_both (const char *name, GTestDataFunc func)
{
  g_autofree char *clear = g_strdup_printf ("/net/channel/%s/clear", name);
  g_autofree char *secure = g_strdup_printf ("/net/channel/%s/tls", name);

  g_test_add_data_func (clear, NULL, func);
  g_test_add_data_func (secure, "tls", func);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  add_both ("back-pressure", test_back_pressure);
  add_both ("big-in", test_big_in);
  add_both ("big-out", test_big_out);
  add_both ("patient", test_patient);
  add_both ("end", test_end);
  add_both ("last-words", test_last_words);
  add_both ("let-go", test_let_go);
  g_test_add_func ("/net/channel/cut", test_cut);
  g_test_add_func ("/net/channel/bad-record", test_bad_record);
  g_test_add_func ("/net/channel/hang-up-unread", test_hang_up_unread);
  g_test_add_func ("/net/channel/reset", test_reset);
  g_test_add_func ("/net/channel/dropped-unsent", test_dropped_unsent);
  g_test_add_func ("/net/channel/goodbye", test_goodbye);
  status = g_test_run ();
  clean_up ();
  return status;
}
