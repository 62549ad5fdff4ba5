/* A compressed channel against an end in this process: octets, bombs, nonsense (RFC 4978). */
#include <string.h>
#include <zlib.h>

#include "base/limits.h"
#include "base/problem.h"
#include "far-end.h"
#include "net/channel-private.h"
#include "net/tls.h"
#include "peer.h"

#define BOMB (8 * PF_MIB)

static FarEnd *
make_pair (gboolean secure, PfChannel **near)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (PfEndpoint) endpoint = NULL;
  FarEnd *far = far_end_new (near);

  if (secure)
    {
      endpoint = far_end_begin_tls (far, *near, &result);
      far_end_finish_tls (far, *near, &result);
    }
  return far;
}

/* (transfer full): @length octets of @data, or of zeros where it is NULL, as a peer packs them. */
static GByteArray *
pack (const void *data, gsize length, int flush)
{
  GByteArray *out = g_byte_array_new ();
  g_autofree guint8 *zeros = g_malloc0 (length + 1);
  z_stream stream = { 0 };

  g_byte_array_set_size (out, (guint) length + 1000);
  g_assert_cmpint (deflateInit2 (&stream, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), ==, Z_OK);
  stream.next_in = data != NULL ? (Bytef *) data : zeros;
  stream.avail_in = (uInt) length;
  stream.next_out = out->data;
  stream.avail_out = out->len;
  deflate (&stream, flush);
  g_byte_array_set_size (out, out->len - stream.avail_out);
  deflateEnd (&stream);
  return out;
}

/* What @far reads, unpacked, until it holds @wanted. */
static void
expect_packed (FarEnd *far, const char *wanted)
{
  z_stream stream = { 0 };
  char text[1024] = "";
  guint8 packed[1024];

  g_assert_cmpint (inflateInit2 (&stream, -15), ==, Z_OK);
  stream.next_out = (Bytef *) text;
  stream.avail_out = sizeof text - 1;
  while (strcmp (text, wanted) != 0)
    {
      gssize n;

      turn_all ();
      n = far_end_read (far, packed, sizeof packed);
      g_assert_cmpint (n, >=, 0);
      stream.next_in = packed;
      stream.avail_in = (uInt) n;
      if (n > 0)
        g_assert_cmpint (inflate (&stream, Z_SYNC_FLUSH), ==, Z_OK);
      *stream.next_out = '\0';
      g_assert_true (g_str_has_prefix (wanted, text));
    }
  inflateEnd (&stream);
}

static void
test_both_ways (gconstpointer secure)
{
  PfChannel *near;
  g_autoptr (FarEnd) far = make_pair (secure != NULL, &near);
  g_autoptr (Talk) talk = talk_new (near);
  g_autoptr (GByteArray) packed = pack ("* OK one\r\n* OK two\r\n", 20, Z_SYNC_FLUSH);

  /* Some of it came with the yes. */
  pf_channel_start_deflate (near, packed->data, 3);
  g_assert_cmpuint (talk->received->len, ==, 0);
  g_assert_cmpint (far_end_write (far, packed->data + 3, packed->len - 3), ==, packed->len - 3);
  talk_wait_for (talk, "* OK one\r\n* OK two\r\n");
  talk_send (talk, "A1 NOOP\r\n");
  expect_packed (far, "A1 NOOP\r\n");
}

/* What came with the yes alone is not waited for. */
static void
test_all_ahead (gconstpointer secure)
{
  PfChannel *near;
  g_autoptr (FarEnd) far = make_pair (secure != NULL, &near);
  g_autoptr (Talk) talk = talk_new (near);
  g_autoptr (GByteArray) packed = pack ("* OK one\r\n", 10, Z_SYNC_FLUSH);

  pf_channel_start_deflate (near, packed->data, packed->len);
  talk_wait_for (talk, "* OK one\r\n");
}

typedef struct
{
  PfChannel *channel;
  gsize received, turn, largest_turn, largest;
  guint pause_after;
  gboolean closed;
} Count;

static void
count_received (PfChannel *channel, const guint8 *data, gsize length, gpointer user_data)
{
  Count *count = user_data;

  for (gsize i = 0; i < length; i++)
    g_assert_cmpuint (data[i], ==, 0);
  count->received += length;
  count->turn += length;
  count->largest = MAX (count->largest, length);
  count->largest_turn = MAX (count->largest_turn, count->turn);
  if (count->pause_after != 0 && count->received >= count->pause_after)
    pf_channel_set_reading (channel, FALSE);
}

static void
count_closed (PfChannel *channel, const GError *error, gpointer user_data)
{
  ((Count *) user_data)->closed = TRUE;
}

static const PfChannelHandlers count_handlers = { count_received, count_closed, NULL };

/* A thousand octets for each one: they come in pieces that fit into a buffer, no more in a turn
 * than a turn may take, and none while none are wanted. Fails when deliver() does not count. */
static void
test_bomb (gconstpointer secure)
{
  PfChannel *near_made;
  g_autoptr (FarEnd) far = make_pair (secure != NULL, &near_made);
  g_autoptr (PfChannel) near = near_made;
  g_autoptr (GByteArray) packed = pack (NULL, BOMB, Z_SYNC_FLUSH);
  Count count = { .channel = near, .pause_after = 3 * PF_MIB };
  gsize before;

  g_assert_cmpuint (packed->len, <, 16 * PF_KIB);
  pf_channel_set_handlers (near, &count_handlers, &count);
  pf_channel_start_deflate (near, NULL, 0);
  g_assert_cmpint (far_end_write (far, packed->data, packed->len), ==, packed->len);
  while (count.received < count.pause_after)
    {
      count.turn = 0;
      g_main_context_iteration (NULL, TRUE);
    }
  before = count.received;
  turn_all ();
  g_assert_cmpuint (count.received, ==, before);
  count.pause_after = 0;
  pf_channel_set_reading (near, TRUE);
  while (count.received < BOMB)
    {
      count.turn = 0;
      g_main_context_iteration (NULL, TRUE);
    }
  turn_all ();
  g_assert_cmpuint (count.received, ==, BOMB);
  g_assert_cmpuint (count.largest, <=, PF_TLS_RECORD);
  g_assert_cmpuint (count.largest_turn, <, PF_LIMIT_INFLATE_TURN + PF_TLS_RECORD);
  g_assert_false (count.closed);
}

static void
assert_broken (gboolean secure, const void *data, gsize length, const char *told_first)
{
  PfChannel *near;
  g_autoptr (FarEnd) far = make_pair (secure, &near);
  g_autoptr (Talk) talk = talk_new (near);

  pf_channel_start_deflate (near, NULL, 0);
  g_assert_cmpint (far_end_write (far, data, length), ==, length);
  talk_wait_closed (talk);
  g_assert_error (talk->error, PF_PROBLEM, PF_PROBLEM_PROTOCOL_ERROR);
  g_assert_nonnull (strstr (talk->error->message, "COMPRESS"));
  g_assert_cmpstr (talk->received->str, ==, told_first);
}

/* Text, a header that is none, octets behind the end. Fails when pf_deflate_read() tells no
 * fault. */
static void
test_nonsense (gconstpointer secure)
{
  g_autoptr (GByteArray) ended = pack ("bye", 3, Z_FINISH);

  assert_broken (secure != NULL, "A1 OK not compressed\r\n", 22, "");
  assert_broken (secure != NULL, "\x1f\x8b\x08\x00", 4, "");
  g_byte_array_append (ended, (const guint8 *) "more", 4);
  assert_broken (secure != NULL, ended->data, ended->len, "bye");
}

/* The end of the stream within is no fault, nor is the end of the connection. */
static void
test_end (gconstpointer secure)
{
  PfChannel *near;
  g_autoptr (FarEnd) far = make_pair (secure != NULL, &near);
  g_autoptr (Talk) talk = talk_new (near);
  g_autoptr (GByteArray) ended = pack ("* BYE\r\n", 7, Z_FINISH);

  pf_channel_start_deflate (near, NULL, 0);
  g_assert_cmpint (far_end_write (far, ended->data, ended->len), ==, ended->len);
  far_end_finish (far);
  talk_wait_closed (talk);
  g_assert_no_error (talk->error);
  g_assert_cmpstr (talk->received->str, ==, "* BYE\r\n");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name)                                                                                  \
  g_test_add_data_func ("/net/compress/clear/" #name, NULL, test_##name);                          \
  g_test_add_data_func ("/net/compress/tls/" #name, "tls", test_##name)
  ADD (both_ways);
  ADD (all_ahead);
  ADD (bomb);
  ADD (nonsense);
  ADD (end);
  return g_test_run ();
}
