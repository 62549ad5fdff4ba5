/* Delivery to an LMTP server that the test plays. */
#include "base/problem.h"
#include "deliver/target.h"
#include "lmtp-server.h"

#include <glib/gstdio.h>
#include <string.h>

#define DELIVERIES_MAX 64

typedef struct
{
  LmtpServer server;
  char *directory, *target_name;
  PfServiceSettings settings;
  PfTarget *target;
  PfDelivery *deliveries[DELIVERIES_MAX];
  PfDeliveryResult results[DELIVERIES_MAX];
  char *texts[DELIVERIES_MAX];
  guint n_deliveries, n_results, n_probes;
  GError *error;
} Fixture;

/* --- Fixture ---------------------------------------------------------------------------------- */

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autofree char *path = NULL;

  self->directory = g_dir_make_tmp ("pf-lmtp-XXXXXX", NULL);
  path = g_build_filename (self->directory, "socket", NULL);
  self->target_name = g_strdup_printf ("lmtp:unix:%s", path);
  lmtp_server_start (&self->server, path);
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
  lmtp_server_clear (&self->server);
  g_assert_cmpint (g_rmdir (self->directory), ==, 0);
  g_free (self->directory);
  g_free (self->target_name);
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
  g_assert_cmpstr (self->server.messages->pdata[0], ==, "A: b\n\n..dot\n\xff\nno line end\n");
  g_assert_nonnull (strstr (self->server.commands->str,
                            "MAIL FROM:<bob@example.net> BODY=8BITMIME\nRCPT TO:<alice>\nDATA\n"));
  g_assert_true (g_str_has_prefix (self->server.commands->str, "LHLO "));
  /* The same connection again, and a sender that cannot be sent. */
  deliver (self, "alice", "Junk", "b\xc3\xbc@example.net", "A: b\n\nx", 7);
  wait_results (self);
  g_assert_nonnull (strstr (self->server.commands->str, "MAIL FROM:<>\nRCPT TO:<alice>\n"));
  g_assert_cmpuint (self->server.n_connections, ==, 1);
}

static void
test_detail (Fixture *self, gconstpointer data)
{
  self->settings.junk_by = PF_JUNK_BY_DETAIL;
  deliver (self, "alice@example.com", "Junk", "", "A: b\n\nx", 7);
  deliver (self, "alice", "A b", "", "A: b\n\nx", 7);
  wait_results (self);
  g_assert_nonnull (strstr (self->server.commands->str, "RCPT TO:<alice+Junk@example.com>\n"));
  g_assert_nonnull (strstr (self->server.commands->str, "RCPT TO:<alice>\n"));
}

static void
test_answers (Fixture *self, gconstpointer data)
{
  self->server.rcpt = "550 5.1.1 <alice> User doesn't exist";
  g_assert_cmpint (deliver_one (self), ==, PF_DELIVERY_UNKNOWN_USER);
  g_assert_nonnull (strstr (self->texts[0], "User doesn't exist"));
  self->server.rcpt = "452 4.2.2 over";
  g_assert_cmpint (deliver_one (self), ==, PF_DELIVERY_OVER_QUOTA);
  self->server.rcpt = NULL;
  self->server.data = "451 4.3.0 later";
  g_assert_cmpint (deliver_one (self), ==, PF_DELIVERY_DEFERRED);
  self->server.data = NULL;
  self->server.message = "552 5.2.2 full";
  g_assert_cmpint (deliver_one (self), ==, PF_DELIVERY_OVER_QUOTA);
  self->server.message = "550-5.7.1 first\r\n550 5.7.1 rejected";
  g_assert_cmpint (deliver_one (self), ==, PF_DELIVERY_REFUSED);
  self->server.message = NULL;
  g_assert_cmpint (deliver_one (self), ==, PF_DELIVERY_DONE);
  g_assert_cmpuint (self->server.n_connections, ==, 1);
  g_assert_cmpuint (self->server.now, ==, 0);
}

/* A server that takes no sender gets <> rather than nothing. */
static void
test_sender_refused (Fixture *self, gconstpointer data)
{
  self->server.once = "MAIL";
  self->server.mail = "553 5.1.7 bad sender";
  g_assert_cmpint (deliver_one (self), ==, PF_DELIVERY_DONE);
  g_assert_nonnull (strstr (self->server.commands->str, "RSET\nMAIL FROM:<>\n"));
  self->server.once = NULL;
  self->server.mail = "552 5.3.4 too big";
  g_assert_cmpint (deliver_one (self), ==, PF_DELIVERY_REFUSED);
}

/* Fails when lose() or on_lost() end a job with DONE, or give it to another connection after the
 * dot. */
static void
test_lost_after_dot (Fixture *self, gconstpointer data)
{
  g_assert_cmpint (deliver_one (self), ==, PF_DELIVERY_DONE);
  self->server.message = "!";
  g_assert_cmpint (deliver_one (self), ==, PF_DELIVERY_DEFERRED);
  g_assert_cmpuint (self->server.messages->len, ==, 2);
  self->server.message = NULL;
  g_assert_cmpint (deliver_one (self), ==, PF_DELIVERY_DONE);
  g_assert_cmpuint (self->server.messages->len, ==, 3);
}

/* An idle connection that the server gave up is no reason to defer. */
static void
test_stale (Fixture *self, gconstpointer data)
{
  g_assert_cmpint (deliver_one (self), ==, PF_DELIVERY_DONE);
  self->server.once = "MAIL";
  self->server.mail = "+421 4.4.2 Disconnected for inactivity";
  g_assert_cmpint (deliver_one (self), ==, PF_DELIVERY_DONE);
  g_assert_cmpuint (self->server.n_connections, ==, 2);
  self->server.mail = "!";
  g_assert_cmpint (deliver_one (self), ==, PF_DELIVERY_DONE);
  g_assert_cmpuint (self->server.n_connections, ==, 3);
  /* But not for ever. */
  self->server.once = NULL;
  self->server.mail = "!";
  g_assert_cmpint (deliver_one (self), ==, PF_DELIVERY_DEFERRED);
}

static void
test_no_server (Fixture *self, gconstpointer data)
{
  lmtp_server_stop (&self->server);
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
  self->server.lhlo = "500 5.5.2 what?";
  g_assert_cmpint (deliver_one (self), ==, PF_DELIVERY_DEFERRED);
  self->server.lhlo = "+nonsense";
  g_assert_cmpint (deliver_one (self), ==, PF_DELIVERY_DEFERRED);
  self->server.lhlo = NULL;
  self->server.greeting = "554 no";
  g_assert_cmpint (deliver_one (self), ==, PF_DELIVERY_DEFERRED);
  self->server.greeting = NULL;
  self->server.data = "250 what?";
  g_assert_cmpint (deliver_one (self), ==, PF_DELIVERY_DEFERRED);
}

/* One transaction a recipient, several recipients at once, four connections at most. */
static void
test_parallel (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < 10; i++)
    deliver (self, "alice", "", "", "A: b\n\nx", 7);
  wait_results (self);
  g_assert_cmpuint (self->server.most, ==, 1);
  for (guint i = 0; i < 40; i++)
    {
      g_autofree char *user = g_strdup_printf ("user%u", i % 8);

      deliver (self, user, "", "", "A: b\n\nx", 7);
    }
  wait_results (self);
  g_assert_cmpuint (self->server.n_connections, <=, 4);
  g_assert_cmpuint (self->server.messages->len, ==, 50);
  for (guint i = 0; i < 50; i++)
    g_assert_cmpint (self->results[i], ==, PF_DELIVERY_DONE);
}

static void
test_probe (Fixture *self, gconstpointer data)
{
  probe (self, "alice");
  g_assert_no_error (self->error);
  self->server.rcpt = "550 5.1.1 no";
  probe (self, "bob");
  g_assert_error (self->error, PF_PROBLEM, PF_PROBLEM_RECIPIENT_UNKNOWN);
  self->server.rcpt = "552 5.2.2 full";
  probe (self, "bob");
  g_assert_error (self->error, PF_PROBLEM, PF_PROBLEM_RECIPIENT_OVER_QUOTA);
  self->server.rcpt = "451 4.3.0 later";
  probe (self, "bob");
  g_assert_error (self->error, PF_PROBLEM, PF_PROBLEM_DELIVERY_DEFERRED);
  g_assert_nonnull (strstr (self->server.commands->str, "MAIL FROM:<>\nRCPT TO:<alice>\nRSET\n"));
  probe (self, "a> b");
  g_assert_error (self->error, PF_PROBLEM, PF_PROBLEM_RECIPIENT_UNKNOWN);
  g_assert_cmpuint (self->server.n_connections, ==, 1);
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
  g_assert_cmpstr (self->server.messages->pdata[0], ==, text->str);
  g_string_free (text, TRUE);
}

/* A server that stops reading is given up after the time of a reply. */
static void
test_stuck (Fixture *self, gconstpointer data)
{
  g_autofree char *text = g_strnfill (4 * 1024 * 1024, 'x');

  self->settings.reply_timeout = 1;
  self->server.ignore_data = TRUE;
  deliver (self, "alice", "", "", text, strlen (text));
  wait_results (self);
  g_assert_cmpint (self->results[0], ==, PF_DELIVERY_DEFERRED);
}

static void
test_silent (Fixture *self, gconstpointer data)
{
  self->settings.delivery_timeout = 1;
  self->server.message = "?";
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
