/* STARTTLS on a channel: what is sent and received around the handshake, and how it fails. */
#include <string.h>
#include <sys/socket.h>

#include "base/problem.h"
#include "far-end.h"
#include "peer.h"

static void
far_end_wait_for (FarEnd *far, const char *text)
{
  g_autoptr (GString) heard = g_string_new (NULL);
  char buffer[256];

  while (strstr (heard->str, text) == NULL)
    {
      gssize n = far_end_read (far, buffer, sizeof buffer);

      g_assert_cmpint (n, >=, 0);
      g_string_append_len (heard, buffer, n);
      g_main_context_iteration (NULL, FALSE);
    }
}

/* What is sent while the handshake is under way waits for its end. Fails when wants_output() and
 * fill_wire() do not look at the handshake: the octets would go out in the clear. */
static void
test_start_tls (void)
{
  PfChannel *near;
  g_autoptr (FarEnd) far = far_end_new (&near);
  g_autoptr (Talk) talk = talk_new (near);
  g_autoptr (PfEndpoint) endpoint = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  char octets[16 * 1024];
  ssize_t n;

  talk_send (talk, "STLS\r\n");
  far_end_wait_for (far, "STLS\r\n");
  far_end_say (far, "+OK\r\n");
  talk_wait_for (talk, "+OK\r\n");
  g_assert_false (pf_channel_is_secure (near));

  endpoint = far_end_begin_tls (far, near, &result);
  talk_send (talk, "PASS hunter2\r\n");
  turn_all ();
  n = recv (far_end_get_fd (far), octets, sizeof octets, MSG_PEEK);
  g_assert_cmpint (n, >, 0);
  g_assert_null (memmem (octets, (gsize) n, "hunter2", 7));
  g_assert_cmpuint (pf_channel_get_unsent (near), ==, strlen ("PASS hunter2\r\n"));

  far_end_finish_tls (far, near, &result);
  g_assert_true (pf_channel_is_secure (near));
  g_assert_nonnull (endpoint->peer_certificate);
  far_end_wait_for (far, "PASS hunter2\r\n");
  far_end_say (far, "+OK in\r\n");
  talk_wait_for (talk, "+OK in\r\n");
}

/* Octets that come behind the last of the handshake in one segment are not lost, and wait until
 * they are wanted. */
static void
test_data_behind_handshake (void)
{
  PfChannel *near;
  g_autoptr (FarEnd) far = far_end_new (&near);
  g_autoptr (PfEndpoint) endpoint = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (Talk) talk = NULL;

  endpoint = far_end_begin_tls (far, near, &result);
  while (!far_end_shake_hands (far))
    g_main_context_iteration (NULL, FALSE);
  far_end_say (far, "+OK at once\r\n");
  far_end_finish_tls (far, near, &result);
  turn_all ();
  talk = talk_new (near);
  talk_wait_for (talk, "+OK at once\r\n");
}

/* Octets in the clear behind the answer to STARTTLS, too late for the machine to see: no TLS. */
static void
test_injection (void)
{
  PfChannel *near;
  g_autoptr (FarEnd) far = far_end_new (&near);
  g_autoptr (Talk) talk = talk_new (near);
  g_autoptr (PfEndpoint) endpoint = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  far_end_say (far, "+OK you are logged in\r\n");
  endpoint = far_end_begin_tls (far, near, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_false (pf_channel_start_tls_finish (near, result, &error));
  g_assert_error (error, PF_PROBLEM, PF_PROBLEM_TLS_FAILED);
  g_assert_cmpuint (talk->received->len, ==, 0);
  g_assert_false (talk->closed);
  g_assert_false (pf_channel_is_secure (near));
}

static void
test_closed_meanwhile (void)
{
  PfChannel *near;
  g_autoptr (FarEnd) far = far_end_new (&near);
  g_autoptr (Talk) talk = talk_new (near);
  g_autoptr (PfEndpoint) endpoint = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  endpoint = far_end_begin_tls (far, near, &result);
  talk_send (talk, "PASS hunter2\r\n");
  turn_all ();
  pf_channel_close (near);
  /* Not from within the call: its caller may be taking itself down. */
  g_assert_null (result);
  turn_all ();
  g_assert_false (pf_channel_start_tls_finish (near, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (talk->closed);
}

/* Secrets that waited for a handshake that failed are never sent. */
static void
test_refused_peer_gets_nothing (void)
{
  PfChannel *near;
  g_autoptr (FarEnd) far = far_end_new (&near);
  g_autoptr (Talk) talk = talk_new (near);
  g_autoptr (PfEndpoint) endpoint =
      endpoint_new ("mail.example.com", 995, PF_SECURITY_STARTTLS, "");
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  char buffer[64];

  far_end_secure (far);
  pf_channel_start_tls_async (near, endpoint, NULL, far_end_on_result, &result);
  talk_send (talk, "PASS hunter2\r\n");
  while (result == NULL)
    {
      far_end_shake_hands (far);
      g_main_context_iteration (NULL, FALSE);
    }
  g_assert_false (pf_channel_start_tls_finish (near, result, &error));
  g_assert_error (error, PF_PROBLEM, PF_PROBLEM_CERTIFICATE_UNTRUSTED);
  g_assert_nonnull (endpoint->peer_certificate);
  g_assert_false (talk->closed);
  g_assert_cmpuint (pf_channel_get_unsent (near), ==, 0);
  turn_all ();
  while (!far_end_shake_hands (far) && far_end_read (far, buffer, sizeof buffer) >= 0)
    turn_all ();
  g_assert_cmpint (far_end_read (far, buffer, sizeof buffer), <, 0);
}

static void
test_cancel_handshake (void)
{
  PfChannel *near;
  g_autoptr (FarEnd) far = far_end_new (&near);
  g_autoptr (PfChannel) channel = near;
  g_autoptr (PfEndpoint) endpoint =
      endpoint_new ("mail.example.com", 995, PF_SECURITY_STARTTLS, "");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  pf_channel_start_tls_async (channel, endpoint, cancellable, far_end_on_result, &result);
  turn_all ();
  g_cancellable_cancel (cancellable);
  turn_all ();
  g_assert_nonnull (result);
  g_assert_false (pf_channel_start_tls_finish (channel, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_start_tls_too_late (void)
{
  PfChannel *near;
  g_autoptr (FarEnd) far = far_end_new (&near);
  g_autoptr (PfChannel) channel = near;
  g_autoptr (PfEndpoint) endpoint =
      endpoint_new ("mail.example.com", 995, PF_SECURITY_STARTTLS, "");
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  pf_channel_close (channel);
  pf_channel_start_tls_async (channel, endpoint, NULL, far_end_on_result, &result);
  turn_all ();
  g_assert_false (pf_channel_start_tls_finish (channel, result, &error));
  g_assert_error (error, PF_PROBLEM, PF_PROBLEM_CONNECTION_FAILED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/net/start-tls/upgrade", test_start_tls);
  g_test_add_func ("/net/start-tls/data-behind", test_data_behind_handshake);
  g_test_add_func ("/net/start-tls/injection", test_injection);
  g_test_add_func ("/net/start-tls/closed-meanwhile", test_closed_meanwhile);
  g_test_add_func ("/net/start-tls/refused-peer", test_refused_peer_gets_nothing);
  g_test_add_func ("/net/start-tls/cancel", test_cancel_handshake);
  g_test_add_func ("/net/start-tls/too-late", test_start_tls_too_late);
  return g_test_run ();
}
