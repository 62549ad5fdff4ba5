/* Delivery to an LMTP server that the test plays. */
#include "base/problem.h"
#include "deliver/target.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <string.h>

#define DELIVERIES_MAX 64

typedef struct _Peer Peer;

typedef struct
{
  GSocketService *service;
  char *directory, *path, *target_name;
  PfServiceSettings settings;
  PfTarget *target;
  /* What the server says; NULL: the usual. A reply that begins with '!' closes the connection
   * instead, '+' after it is sent, "?" says nothing. */
  const char *greeting, *lhlo, *mail, *rcpt, *data, *message;
  const char *once;               /* "MESSAGE" or so: the reply holds for one time only */
  gboolean ignore_data;           /* reads nothing of a message */
  guint n_connections, now, most; /* connections with a transaction at the same time */
  Peer *hung;                     /* reads nothing any more */
  GString *commands;
  GPtrArray *messages;
  PfDelivery *deliveries[DELIVERIES_MAX];
  PfDeliveryResult results[DELIVERIES_MAX];
  char *texts[DELIVERIES_MAX];
  guint n_deliveries, n_results, n_probes;
  GError *error;
} Fixture;

/* --- The server ------------------------------------------------------------------------------- */

struct _Peer
{
  Fixture *fixture;
  GSocketConnection *connection;
  GDataInputStream *input;
  GString *message; /* NULL: commands are read */
};

static void read_line (Peer *peer);

static void
peer_free (Peer *peer)
{
  g_io_stream_close (G_IO_STREAM (peer->connection), NULL, NULL);
  g_object_unref (peer->connection);
  g_object_unref (peer->input);
  if (peer->message != NULL)
    g_string_free (peer->message, TRUE);
  g_free (peer);
}

/* Returns: FALSE when the connection was closed. */
static gboolean
say (Peer *peer, const char *command, const char **scripted, const char *usual)
{
  Fixture *self = peer->fixture;
  const char *reply = *scripted != NULL ? *scripted : usual;
  g_autofree char *line = g_strdup_printf ("%s\r\n", *reply == '+' ? reply + 1 : reply);

  if (g_strcmp0 (self->once, command) == 0)
    *scripted = NULL;
  if (*reply != '!' && *reply != '?')
    g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (peer->connection)), line,
                               strlen (line), NULL, NULL, NULL);
  if (*reply == '!' || *reply == '+')
    {
      peer_free (peer);
      return FALSE;
    }
  return TRUE;
}

static gboolean
take_command (Peer *peer, const char *line)
{
  Fixture *self = peer->fixture;
  const char *none = NULL;

  g_string_append_printf (self->commands, "%s\n", line);
  if (g_str_has_prefix (line, "LHLO "))
    return say (peer, "LHLO", &self->lhlo, "250-there\r\n250-8BITMIME\r\n250 PIPELINING");
  if (g_str_has_prefix (line, "MAIL "))
    {
      self->now++;
      self->most = MAX (self->most, self->now);
      return say (peer, "MAIL", &self->mail, "250 2.1.0 OK");
    }
  if (g_str_has_prefix (line, "RCPT "))
    return say (peer, "RCPT", &self->rcpt, "250 2.1.5 OK");
  if (g_str_equal (line, "DATA"))
    {
      peer->message = self->data == NULL ? g_string_new (NULL) : NULL;
      return say (peer, "DATA", &self->data, "354 go on");
    }
  if (g_str_equal (line, "RSET"))
    self->now--;
  return say (peer, "", &none, g_str_equal (line, "QUIT") ? "+221 bye" : "250 OK");
}

static gboolean
take_text (Peer *peer, const char *line)
{
  Fixture *self = peer->fixture;

  if (!g_str_equal (line, "."))
    {
      g_string_append_printf (peer->message, "%s\n", line);
      return TRUE;
    }
  g_ptr_array_add (self->messages, g_string_free (g_steal_pointer (&peer->message), FALSE));
  self->now--;
  return say (peer, "MESSAGE", &self->message, "250 2.0.0 saved");
}

static void
on_line (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Peer *peer = user_data;
  gsize length;
  g_autofree char *line = g_data_input_stream_read_line_finish (peer->input, result, &length, NULL);

  if (line == NULL)
    {
      peer_free (peer);
      return;
    }
  if (peer->message != NULL ? take_text (peer, line) : take_command (peer, line))
    read_line (peer);
}

static void
read_line (Peer *peer)
{
  if (peer->message != NULL && peer->fixture->ignore_data)
    {
      peer->fixture->hung = peer;
      return;
    }
  g_data_input_stream_read_line_async (peer->input, 0, NULL, on_line, peer);
}

static gboolean
on_incoming (GSocketService *service,
             GSocketConnection *connection,
             GObject *source,
             gpointer user_data)
{
  Fixture *self = user_data;
  Peer *peer = g_new0 (Peer, 1);

  self->n_connections++;
  peer->fixture = self;
  peer->connection = g_object_ref (connection);
  peer->input = g_data_input_stream_new (g_io_stream_get_input_stream (G_IO_STREAM (connection)));
  g_data_input_stream_set_newline_type (peer->input, G_DATA_STREAM_NEWLINE_TYPE_CR_LF);
  if (say (peer, "GREETING", &self->greeting, "220 there"))
    read_line (peer);
  return TRUE;
}

/* --- Fixture ---------------------------------------------------------------------------------- */

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autoptr (GSocketAddress) address = NULL;

  self->directory = g_dir_make_tmp ("pf-lmtp-XXXXXX", NULL);
  self->path = g_build_filename (self->directory, "socket", NULL);
  self->target_name = g_strdup_printf ("lmtp:unix:%s", self->path);
  address = g_unix_socket_address_new (self->path);
  self->service = g_socket_service_new ();
  g_assert_true (g_socket_listener_add_address (G_SOCKET_LISTENER (self->service), address,
                                                G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT,
                                                NULL, NULL, NULL));
  g_signal_connect (self->service, "incoming", G_CALLBACK (on_incoming), self);
  self->commands = g_string_new (NULL);
  self->messages = g_ptr_array_new_with_free_func (g_free);
  self->settings = (PfServiceSettings){ .target = self->target_name,
                                        .delivery_timeout = 5,
                                        .connect_timeout = 5,
                                        .reply_timeout = 5,
                                        .command_timeout = 20 };
  g_atomic_ref_count_init (&self->settings.ref_count);
  self->target = pf_target_new (&self->settings, NULL, FALSE);
  g_assert_true (pf_target_writes_return_path (self->target));
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_assert_finalize_object (self->target);
  g_clear_pointer (&self->hung, peer_free);
  g_socket_service_stop (self->service);
  g_object_unref (self->service);
  for (guint i = 0; i < 100; i++)
    g_main_context_iteration (NULL, FALSE);
  g_remove (self->path);
  g_rmdir (self->directory);
  g_free (self->directory);
  g_free (self->path);
  g_free (self->target_name);
  g_string_free (self->commands, TRUE);
  g_ptr_array_unref (self->messages);
  g_clear_error (&self->error);
  for (guint i = 0; i < self->n_deliveries; i++)
    {
      pf_delivery_free (self->deliveries[i]);
      g_free (self->texts[i]);
    }
}

typedef struct
{
  Fixture *fixture;
  guint index;
} Wait;

static void
on_delivered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Wait *wait = user_data;
  Fixture *self = wait->fixture;

  self->results[wait->index] =
      pf_target_deliver_finish (PF_TARGET (source), result, &self->texts[wait->index]);
  self->n_results++;
}

static void
deliver (Fixture *self,
         const char *user,
         const char *folder,
         const char *sender,
         const char *text,
         gsize length)
{
  PfDelivery *delivery = g_new0 (PfDelivery, 1);
  Wait *wait = g_new0 (Wait, 1);

  delivery->id = g_strdup_printf ("%032x", self->n_deliveries);
  delivery->user = g_strdup (user);
  delivery->folder = g_strdup (folder);
  delivery->sender = g_strdup (sender);
  delivery->body = pf_body_new (self->directory);
  pf_body_write (delivery->body, (const guint8 *) text, length, NULL);
  pf_body_end (delivery->body, NULL);
  pf_body_finish (delivery->body, "A: b\n\n", 6, NULL);
  wait->fixture = self;
  wait->index = self->n_deliveries++;
  self->deliveries[wait->index] = delivery;
  pf_target_deliver_async (self->target, delivery, on_delivered, wait);
}

static void
wait_results (Fixture *self)
{
  while (self->n_results < self->n_deliveries)
    g_main_context_iteration (NULL, TRUE);
}

static PfDeliveryResult
deliver_one (Fixture *self)
{
  deliver (self, "alice", "", "bob@example.net", "A: b\n\nx\n", 8);
  wait_results (self);
  return self->results[self->n_results - 1];
}

static void
on_probed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fixture *self = user_data;

  g_clear_error (&self->error);
  pf_target_probe_finish (PF_TARGET (source), result, &self->error);
  self->n_probes++;
}

static void
probe (Fixture *self, const char *user)
{
  guint n = self->n_probes;

  pf_target_probe_async (self->target, user, NULL, on_probed, self);
  while (self->n_probes == n)
    g_main_context_iteration (NULL, TRUE);
}

/* --- Tests ------------------------------------------------------------------------------------ */

static void
test_deliver (Fixture *self, gconstpointer data)
{
  static const char text[] = "A: b\r\n\r\n.dot\r\n\xff\r\nno line end";

  deliver (self, "alice", "", "bob@example.net", text, sizeof text - 1);
  wait_results (self);
  g_assert_cmpint (self->results[0], ==, PF_DELIVERY_DONE);
  g_assert_cmpstr (self->messages->pdata[0], ==, "A: b\n\n..dot\n\xff\nno line end\n");
  g_assert_nonnull (strstr (self->commands->str,
                            "MAIL FROM:<bob@example.net> BODY=8BITMIME\nRCPT TO:<alice>\nDATA\n"));
  g_assert_true (g_str_has_prefix (self->commands->str, "LHLO "));
  /* The same connection again, and a sender that cannot be sent. */
  deliver (self, "alice", "Junk", "b\xc3\xbc@example.net", "A: b\n\nx", 7);
  wait_results (self);
  g_assert_nonnull (strstr (self->commands->str, "MAIL FROM:<>\nRCPT TO:<alice>\n"));
  g_assert_cmpuint (self->n_connections, ==, 1);
}

static void
test_detail (Fixture *self, gconstpointer data)
{
  self->settings.junk_by = PF_JUNK_BY_DETAIL;
  deliver (self, "alice@example.com", "Junk", "", "A: b\n\nx", 7);
  deliver (self, "alice", "A b", "", "A: b\n\nx", 7);
  wait_results (self);
  g_assert_nonnull (strstr (self->commands->str, "RCPT TO:<alice+Junk@example.com>\n"));
  g_assert_nonnull (strstr (self->commands->str, "RCPT TO:<alice>\n"));
}

static void
test_answers (Fixture *self, gconstpointer data)
{
  self->rcpt = "550 5.1.1 <alice> User doesn't exist";
  g_assert_cmpint (deliver_one (self), ==, PF_DELIVERY_UNKNOWN_USER);
  g_assert_nonnull (strstr (self->texts[0], "User doesn't exist"));
  self->rcpt = "452 4.2.2 over";
  g_assert_cmpint (deliver_one (self), ==, PF_DELIVERY_OVER_QUOTA);
  self->rcpt = NULL;
  self->data = "451 4.3.0 later";
  g_assert_cmpint (deliver_one (self), ==, PF_DELIVERY_DEFERRED);
  self->data = NULL;
  self->message = "552 5.2.2 full";
  g_assert_cmpint (deliver_one (self), ==, PF_DELIVERY_OVER_QUOTA);
  self->message = "550-5.7.1 first\r\n550 5.7.1 rejected";
  g_assert_cmpint (deliver_one (self), ==, PF_DELIVERY_REFUSED);
  self->message = NULL;
  g_assert_cmpint (deliver_one (self), ==, PF_DELIVERY_DONE);
  g_assert_cmpuint (self->n_connections, ==, 1);
  g_assert_cmpuint (self->now, ==, 0);
}

/* A server that takes no sender gets <> rather than nothing. */
static void
test_sender_refused (Fixture *self, gconstpointer data)
{
  self->once = "MAIL";
  self->mail = "553 5.1.7 bad sender";
  g_assert_cmpint (deliver_one (self), ==, PF_DELIVERY_DONE);
  g_assert_nonnull (strstr (self->commands->str, "RSET\nMAIL FROM:<>\n"));
  self->once = NULL;
  self->mail = "552 5.3.4 too big";
  g_assert_cmpint (deliver_one (self), ==, PF_DELIVERY_REFUSED);
}

/* Fails when lose() or on_lost() end a job with DONE, or give it to another connection after the
 * dot. */
static void
test_lost_after_dot (Fixture *self, gconstpointer data)
{
  g_assert_cmpint (deliver_one (self), ==, PF_DELIVERY_DONE);
  self->message = "!";
  g_assert_cmpint (deliver_one (self), ==, PF_DELIVERY_DEFERRED);
  g_assert_cmpuint (self->messages->len, ==, 2);
  self->message = NULL;
  g_assert_cmpint (deliver_one (self), ==, PF_DELIVERY_DONE);
  g_assert_cmpuint (self->messages->len, ==, 3);
}

/* An idle connection that the server gave up is no reason to defer. */
static void
test_stale (Fixture *self, gconstpointer data)
{
  g_assert_cmpint (deliver_one (self), ==, PF_DELIVERY_DONE);
  self->once = "MAIL";
  self->mail = "+421 4.4.2 Disconnected for inactivity";
  g_assert_cmpint (deliver_one (self), ==, PF_DELIVERY_DONE);
  g_assert_cmpuint (self->n_connections, ==, 2);
  self->mail = "!";
  g_assert_cmpint (deliver_one (self), ==, PF_DELIVERY_DONE);
  g_assert_cmpuint (self->n_connections, ==, 3);
  /* But not for ever. */
  self->once = NULL;
  self->mail = "!";
  g_assert_cmpint (deliver_one (self), ==, PF_DELIVERY_DEFERRED);
}

static void
test_no_server (Fixture *self, gconstpointer data)
{
  g_socket_service_stop (self->service);
  g_socket_listener_close (G_SOCKET_LISTENER (self->service));
  for (guint i = 0; i < 10; i++)
    deliver (self, "alice", "", "", "A: b\n\nx", 7);
  wait_results (self);
  for (guint i = 0; i < 10; i++)
    g_assert_cmpint (self->results[i], ==, PF_DELIVERY_DEFERRED);
  probe (self, "alice");
  g_assert_error (self->error, PF_PROBLEM, PF_PROBLEM_DELIVERY_DEFERRED);
}

static void
test_wrong_server (Fixture *self, gconstpointer data)
{
  self->lhlo = "500 5.5.2 what?";
  g_assert_cmpint (deliver_one (self), ==, PF_DELIVERY_DEFERRED);
  self->lhlo = "+nonsense";
  g_assert_cmpint (deliver_one (self), ==, PF_DELIVERY_DEFERRED);
  self->lhlo = NULL;
  self->greeting = "554 no";
  g_assert_cmpint (deliver_one (self), ==, PF_DELIVERY_DEFERRED);
  self->greeting = NULL;
  self->data = "250 what?";
  g_assert_cmpint (deliver_one (self), ==, PF_DELIVERY_DEFERRED);
}

/* One transaction a recipient, several recipients at once, four connections at most. */
static void
test_parallel (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < 10; i++)
    deliver (self, "alice", "", "", "A: b\n\nx", 7);
  wait_results (self);
  g_assert_cmpuint (self->most, ==, 1);
  for (guint i = 0; i < 40; i++)
    {
      g_autofree char *user = g_strdup_printf ("user%u", i % 8);

      deliver (self, user, "", "", "A: b\n\nx", 7);
    }
  wait_results (self);
  g_assert_cmpuint (self->n_connections, <=, 4);
  g_assert_cmpuint (self->messages->len, ==, 50);
  for (guint i = 0; i < 50; i++)
    g_assert_cmpint (self->results[i], ==, PF_DELIVERY_DONE);
}

static void
test_probe (Fixture *self, gconstpointer data)
{
  probe (self, "alice");
  g_assert_no_error (self->error);
  self->rcpt = "550 5.1.1 no";
  probe (self, "bob");
  g_assert_error (self->error, PF_PROBLEM, PF_PROBLEM_RECIPIENT_UNKNOWN);
  self->rcpt = "552 5.2.2 full";
  probe (self, "bob");
  g_assert_error (self->error, PF_PROBLEM, PF_PROBLEM_RECIPIENT_OVER_QUOTA);
  self->rcpt = "451 4.3.0 later";
  probe (self, "bob");
  g_assert_error (self->error, PF_PROBLEM, PF_PROBLEM_DELIVERY_DEFERRED);
  g_assert_nonnull (strstr (self->commands->str, "MAIL FROM:<>\nRCPT TO:<alice>\nRSET\n"));
  probe (self, "a> b");
  g_assert_error (self->error, PF_PROBLEM, PF_PROBLEM_RECIPIENT_UNKNOWN);
  g_assert_cmpuint (self->n_connections, ==, 1);
}

/* Larger than all buffers: octet for octet. */
static void
test_large (Fixture *self, gconstpointer data)
{
  GString *text = g_string_new ("A: b\n\n");

  while (text->len < 6 * 1024 * 1024)
    g_string_append_printf (text, "%070u\n", g_random_int ());
  deliver (self, "alice", "", "", text->str, text->len);
  wait_results (self);
  g_assert_cmpint (self->results[0], ==, PF_DELIVERY_DONE);
  g_assert_cmpstr (self->messages->pdata[0], ==, text->str);
  g_string_free (text, TRUE);
}

/* A server that stops reading is given up after the time of a reply. */
static void
test_stuck (Fixture *self, gconstpointer data)
{
  g_autofree char *text = g_strnfill (4 * 1024 * 1024, 'x');

  self->settings.reply_timeout = 1;
  self->ignore_data = TRUE;
  deliver (self, "alice", "", "", text, strlen (text));
  wait_results (self);
  g_assert_cmpint (self->results[0], ==, PF_DELIVERY_DEFERRED);
}

static void
test_silent (Fixture *self, gconstpointer data)
{
  self->settings.delivery_timeout = 1;
  self->message = "?";
  g_assert_cmpint (deliver_one (self), ==, PF_DELIVERY_DEFERRED);
}

static void
test_bad_target (Fixture *self, gconstpointer data)
{
  self->settings.target = (char *) "lmtp:nonsense";
  g_object_unref (self->target);
  self->target = pf_target_new (&self->settings, NULL, FALSE);
  g_assert_cmpint (deliver_one (self), ==, PF_DELIVERY_DEFERRED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(NAME, FUNCTION) g_test_add (NAME, Fixture, NULL, set_up, FUNCTION, tear_down)
  ADD ("/lmtp-target/deliver", test_deliver);
  ADD ("/lmtp-target/detail", test_detail);
  ADD ("/lmtp-target/answers", test_answers);
  ADD ("/lmtp-target/sender-refused", test_sender_refused);
  ADD ("/lmtp-target/lost-after-dot", test_lost_after_dot);
  ADD ("/lmtp-target/stale", test_stale);
  ADD ("/lmtp-target/no-server", test_no_server);
  ADD ("/lmtp-target/wrong-server", test_wrong_server);
  ADD ("/lmtp-target/parallel", test_parallel);
  ADD ("/lmtp-target/probe", test_probe);
  ADD ("/lmtp-target/large", test_large);
  ADD ("/lmtp-target/stuck", test_stuck);
  ADD ("/lmtp-target/silent", test_silent);
  ADD ("/lmtp-target/bad-target", test_bad_target);
  return g_test_run ();
}
