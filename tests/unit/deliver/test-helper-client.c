/* The service's end of the socket to postferry-deliver: the test is the supervisor, and the
 * helper. */
#include "base/problem.h"
#include "deliver/target.h"
#include "helper/request.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DELIVERIES_MAX 400

typedef struct
{
  PfTarget *target;
  PfHelperLink link;
  PfServiceSettings settings;
  int control; /* the supervisor's end */
  int helper;  /* the helper's end */
  PfDelivery *deliveries[DELIVERIES_MAX];
  guint n_deliveries, n_results;
  PfDeliveryResult results[DELIVERIES_MAX];
  char *texts[DELIVERIES_MAX];
  PfRequestRecord records[PF_LIMIT_HELPER_BATCH];
  GError *error; /* of the last probe */
  guint n_probes;
} Fixture;

typedef struct
{
  Fixture *fixture;
  guint index;
} Wait;

static void
set_up (Fixture *self, gconstpointer data)
{
  int pair[2];

  self->helper = -1;
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
  self->control = pair[0];
  self->link = (PfHelperLink){ .kind = PF_HELPER_BY_SUPERVISOR, .fd = pair[1] };
  self->settings.target = (char *) "local";
  self->target = pf_target_new (&self->settings, &self->link, FALSE);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  if (self->helper >= 0)
    close (self->helper);
  while (self->n_results < self->n_deliveries)
    g_main_context_iteration (NULL, TRUE);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_finalize_object (self->target);
  if (self->control >= 0)
    close (self->control);
  close (self->link.fd);
  for (guint i = 0; i < self->n_deliveries; i++)
    {
      pf_delivery_free (self->deliveries[i]);
      g_free (self->texts[i]);
    }
  g_clear_error (&self->error);
}

/* --- The service ------------------------------------------------------------------------------ */

static void
on_delivered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Wait *wait = user_data;
  Fixture *self = wait->fixture;

  self->results[wait->index] =
      pf_target_deliver_finish (PF_TARGET (source), result, &self->texts[wait->index]);
  g_assert_nonnull (self->texts[wait->index]);
  self->n_results++;
  g_free (wait);
}

static void
deliver_as (Fixture *self, const char *user, const char *folder, guint number)
{
  PfDelivery *delivery = g_new0 (PfDelivery, 1);
  Wait *wait = g_new0 (Wait, 1);

  delivery->id = g_strdup_printf ("%032x", number);
  delivery->user = g_strdup (user);
  delivery->folder = g_strdup (folder);
  delivery->sender = g_strdup ("");
  delivery->seen = TRUE;
  delivery->date = 7;
  delivery->body = pf_body_new (g_get_tmp_dir ());
  pf_body_write (delivery->body, (const guint8 *) "A: b\n\nbody", 10, NULL);
  pf_body_end (delivery->body, NULL);
  pf_body_finish (delivery->body, "A: b\n\n", 6, NULL);
  wait->fixture = self;
  wait->index = self->n_deliveries++;
  self->deliveries[wait->index] = delivery;
  pf_target_deliver_async (self->target, delivery, on_delivered, wait);
}

static void
deliver (Fixture *self, const char *user)
{
  deliver_as (self, user, "", self->n_deliveries);
}

static void
wait_results (Fixture *self, guint n)
{
  while (self->n_results < n)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (self->n_results, ==, n);
}

static void
on_probed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fixture *self = user_data;

  g_clear_error (&self->error);
  self->n_probes++;
  if (pf_target_probe_finish (PF_TARGET (source), result, &self->error))
    g_assert_no_error (self->error);
  else
    g_assert_nonnull (self->error);
}

/* --- The helper ------------------------------------------------------------------------------- */

static void
wait_readable (int fd)
{
  struct pollfd wait = { .fd = fd, .events = POLLIN };

  while (poll (&wait, 1, 1) == 0)
    while (g_main_context_iteration (NULL, FALSE))
      ;
}

static void
expect_nothing (int fd)
{
  struct pollfd wait = { .fd = fd, .events = POLLIN };

  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpint (poll (&wait, 1, 0), ==, 0);
}

/* The service asks its supervisor for a helper, and gets us. */
static void
become_helper (Fixture *self)
{
  char octet;
  struct iovec data = { &octet, 1 };
  union
  {
    struct cmsghdr align;
    char room[CMSG_SPACE (sizeof (int))];
  } space = { 0 };
  struct msghdr message = { .msg_iov = &data,
                            .msg_iovlen = 1,
                            .msg_control = space.room,
                            .msg_controllen = sizeof space.room };
  int pair[2];

  if (self->helper >= 0)
    close (self->helper);
  wait_readable (self->control);
  g_assert_cmpint (recv (self->control, &octet, 1, 0), ==, 1);
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), ==, 0);
  space.align = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
                                  .cmsg_type = SCM_RIGHTS,
                                  .cmsg_len = CMSG_LEN (sizeof (int)) };
  memcpy (CMSG_DATA (&space.align), &pair[0], sizeof (int));
  g_assert_cmpint (sendmsg (self->control, &message, 0), ==, 1);
  close (pair[0]);
  self->helper = pair[1];
}

/* One packet of requests: a good one, with its descriptors at the message's first octet. Returns:
 * how many records. */
static gsize
take_packet (Fixture *self)
{
  struct iovec data = { self->records, sizeof self->records };
  int fds[PF_LIMIT_HELPER_BATCH];
  union
  {
    struct cmsghdr align;
    char room[CMSG_SPACE (sizeof fds)];
  } space = { 0 };
  struct msghdr message = { .msg_iov = &data,
                            .msg_iovlen = 1,
                            .msg_control = space.room,
                            .msg_controllen = sizeof space.room };
  gsize n_fds = 0, n = 0;
  ssize_t length;

  wait_readable (self->helper);
  length = recvmsg (self->helper, &message, MSG_CMSG_CLOEXEC);
  g_assert_cmpint (length, >, 0);
  if (CMSG_FIRSTHDR (&message) != NULL)
    {
      n_fds = (CMSG_FIRSTHDR (&message)->cmsg_len - CMSG_LEN (0)) / sizeof (int);
      memcpy (fds, CMSG_DATA (CMSG_FIRSTHDR (&message)), n_fds * sizeof (int));
    }
  g_assert_null (pf_request_parse ((const guint8 *) self->records, (gsize) length, n_fds, &n));
  for (gsize i = 0; i < n_fds; i++)
    {
      char text[20] = "";

      g_assert_cmpint (read (fds[i], text, sizeof text), ==, 10);
      g_assert_cmpstr (text, ==, "A: b\n\nbody");
      close (fds[i]);
    }
  return n;
}

static void
answer (Fixture *self, const PfRequestRecord *record, guint32 code)
{
  PfRequestAnswer packet = { .code = code };

  memcpy (packet.id, record->id, sizeof packet.id);
  g_assert_cmpint (send (self->helper, &packet, sizeof packet, 0), ==, sizeof packet);
}

static void
answer_all (Fixture *self, gsize n, guint32 code)
{
  for (gsize i = 0; i < n; i++)
    answer (self, &self->records[i], code);
}

/* --- Tests ------------------------------------------------------------------------------------ */

/* While the disk is busy with one packet the next one grows; a slow user holds up nobody else. */
static void
test_batches (Fixture *self, gconstpointer data)
{
  deliver (self, "alice");
  become_helper (self);
  g_assert_cmpuint (take_packet (self), ==, 1);
  g_assert_cmpuint (self->records[0].flags, ==, PF_REQUEST_SEEN);
  g_assert_cmpint (self->records[0].date, ==, 7);
  for (guint i = 0; i < 100; i++)
    deliver (self, "alice");
  expect_nothing (self->helper);
  deliver (self, "bob");
  g_assert_cmpuint (take_packet (self), ==, 1);
  answer_all (self, 1, PF_HELPER_DONE); /* bob's */
  wait_results (self, 1);
  g_assert_cmpint (self->results[101], ==, PF_DELIVERY_DONE);
  self->records[0].id[31] = '0';
  self->records[0].id[30] = '0'; /* alice's first */
  answer (self, self->records, PF_HELPER_DONE);
  g_assert_cmpuint (take_packet (self), ==, 64);
  answer_all (self, 64, PF_HELPER_DONE);
  g_assert_cmpuint (take_packet (self), ==, 36);
  answer_all (self, 36, PF_HELPER_DONE);
  wait_results (self, 102);
}

static void
test_codes (Fixture *self, gconstpointer data)
{
  static const struct
  {
    guint32 code;
    PfDeliveryResult result;
    PfProblemCode problem;
  } rows[] = {
    { PF_HELPER_DONE, PF_DELIVERY_DONE, 0 },
    { PF_HELPER_REFUSED, PF_DELIVERY_REFUSED, PF_PROBLEM_DELIVERY_DEFERRED },
    { PF_HELPER_NO_USER, PF_DELIVERY_UNKNOWN_USER, PF_PROBLEM_RECIPIENT_UNKNOWN },
    { PF_HELPER_CANNOT_CREATE, PF_DELIVERY_DEFERRED, PF_PROBLEM_DELIVERY_DEFERRED },
    { PF_HELPER_TEMPORARY, PF_DELIVERY_DEFERRED, PF_PROBLEM_DELIVERY_DEFERRED },
    { PF_HELPER_NO_PERMISSION, PF_DELIVERY_DEFERRED, PF_PROBLEM_DELIVERY_DEFERRED },
    { PF_HELPER_SETTINGS, PF_DELIVERY_DEFERRED, PF_PROBLEM_DELIVERY_DEFERRED },
    { PF_HELPER_OVER_QUOTA, PF_DELIVERY_OVER_QUOTA, PF_PROBLEM_RECIPIENT_OVER_QUOTA },
    { PF_HELPER_DISK_FULL, PF_DELIVERY_DISK_FULL, PF_PROBLEM_DELIVERY_DEFERRED },
    { 12345, PF_DELIVERY_DEFERRED, PF_PROBLEM_DELIVERY_DEFERRED },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      deliver (self, "alice");
      if (i == 0)
        become_helper (self);
      g_assert_cmpuint (take_packet (self), ==, 1);
      answer (self, self->records, rows[i].code);
      wait_results (self, i + 1);
      g_assert_cmpint (self->results[i], ==, rows[i].result);
      g_assert_nonnull (strstr (self->texts[i], "alice"));

      pf_target_probe_async (self->target, "alice", NULL, on_probed, self);
      g_assert_cmpuint (take_packet (self), ==, 1);
      g_assert_cmpuint (self->records[0].operation, ==, PF_REQUEST_PROBE);
      answer (self, self->records, rows[i].code);
      while (self->n_probes <= i)
        g_main_context_iteration (NULL, TRUE);
      if (rows[i].code == PF_HELPER_DONE)
        g_assert_no_error (self->error);
      else
        g_assert_error (self->error, PF_PROBLEM, (int) rows[i].problem);
    }
}

/* What was sent is in doubt, what was not goes to the next helper. Fails when lose() does not call
 * fail_outstanding(). */
static void
test_helper_dies (Fixture *self, gconstpointer data)
{
  deliver (self, "alice");
  become_helper (self);
  g_assert_cmpuint (take_packet (self), ==, 1);
  answer (self, self->records, PF_HELPER_DONE);
  wait_results (self, 1);
  deliver (self, "alice");
  g_assert_cmpuint (take_packet (self), ==, 1);
  deliver (self, "alice");
  become_helper (self); /* closes the former one */
  wait_results (self, 2);
  g_assert_cmpint (self->results[1], ==, PF_DELIVERY_DEFERRED);
  g_assert_cmpuint (take_packet (self), ==, 1);
  answer (self, self->records, PF_HELPER_DONE);
  wait_results (self, 3);
  g_assert_cmpint (self->results[2], ==, PF_DELIVERY_DONE);
}

/* An answer to nothing ends the link: a helper that mixes ids up must not make anything count as
 * delivered. Fails when take_answers() goes on. */
static void
test_answer_unasked (Fixture *self, gconstpointer data)
{
  deliver (self, "alice");
  become_helper (self);
  g_assert_cmpuint (take_packet (self), ==, 1);
  self->records[0].id[0] ^= 1;
  answer (self, self->records, PF_HELPER_DONE);
  wait_results (self, 1);
  g_assert_cmpint (self->results[0], ==, PF_DELIVERY_DEFERRED);
}

static void
test_answer_cut (Fixture *self, gconstpointer data)
{
  deliver (self, "alice");
  become_helper (self);
  take_packet (self);
  g_assert_cmpint (send (self->helper, self->records[0].id, 32, 0), ==, 32);
  wait_results (self, 1);
  g_assert_cmpint (self->results[0], ==, PF_DELIVERY_DEFERRED);
}

/* One id at a time: its answer could not be told apart. */
static void
test_same_id (Fixture *self, gconstpointer data)
{
  deliver_as (self, "alice", "", 5);
  deliver_as (self, "bob", "", 5);
  become_helper (self);
  g_assert_cmpuint (take_packet (self), ==, 1);
  expect_nothing (self->helper);
  answer (self, self->records, PF_HELPER_DONE);
  g_assert_cmpuint (take_packet (self), ==, 1);
  g_assert_cmpstr (self->records[0].user, ==, "bob");
  answer (self, self->records, PF_HELPER_DONE);
  wait_results (self, 2);
}

static void
test_never_sent (Fixture *self, gconstpointer data)
{
  deliver_as (self, "../root", "", 1);
  deliver_as (self, "alice", "a.b", 2);
  wait_results (self, 2);
  g_assert_cmpint (self->results[0], ==, PF_DELIVERY_UNKNOWN_USER);
  g_assert_cmpint (self->results[1], ==, PF_DELIVERY_DEFERRED);
  pf_target_probe_async (self->target, "", NULL, on_probed, self);
  while (self->n_probes < 1)
    g_main_context_iteration (NULL, TRUE);
  g_assert_error (self->error, PF_PROBLEM, PF_PROBLEM_RECIPIENT_UNKNOWN);
  expect_nothing (self->control);
}

static void
test_cancelled (Fixture *self, gconstpointer data)
{
  g_autoptr (GCancellable) waiting = g_cancellable_new (), sent = g_cancellable_new ();

  pf_target_probe_async (self->target, "alice", sent, on_probed, self);
  become_helper (self);
  g_assert_cmpuint (take_packet (self), ==, 1);
  pf_target_probe_async (self->target, "alice", waiting, on_probed, self);
  g_cancellable_cancel (waiting);
  g_cancellable_cancel (sent);
  while (self->n_probes < 2)
    g_main_context_iteration (NULL, TRUE);
  g_assert_error (self->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  answer (self, self->records, PF_HELPER_DONE); /* late, and nobody waits */
  expect_nothing (self->helper);
  deliver (self, "alice");
  g_assert_cmpuint (take_packet (self), ==, 1);
  answer (self, self->records, PF_HELPER_DONE);
  wait_results (self, 1);
}

static void
test_no_supervisor (Fixture *self, gconstpointer data)
{
  close (self->control);
  self->control = -1;
  deliver (self, "alice");
  deliver (self, "bob");
  wait_results (self, 2);
  g_assert_cmpint (self->results[0], ==, PF_DELIVERY_DEFERRED);
}

static void
test_no_socket (Fixture *self, gconstpointer data)
{
  PfHelperLink link = { .kind = PF_HELPER_BY_SOCKET, .path = "/nonexistent/deliver.sock" };
  g_autoptr (PfTarget) other = pf_target_new (&self->settings, &link, FALSE);

  pf_target_probe_async (other, "alice", NULL, on_probed, self);
  while (self->n_probes < 1)
    g_main_context_iteration (NULL, TRUE);
  g_assert_error (self->error, PF_PROBLEM, PF_PROBLEM_DELIVERY_DEFERRED);
  g_assert_nonnull (strstr (self->error->message, "postferry-deliver.socket"));
}

/* The real one, as a child: 100 messages into a Maildir of our own. */
static void
test_spawned (Fixture *self, gconstpointer data)
{
  PfHelperLink link = { .kind = PF_HELPER_BY_SPAWN, .path = g_getenv ("PF_DELIVER") };
  g_autofree char *directory = g_dir_make_tmp ("pf-client-XXXXXX", NULL);
  g_autofree char *mailbox = g_build_filename (directory, "box", NULL),
                  *cur = g_build_filename (mailbox, "cur", NULL);
  g_autofree char *path = g_build_filename (directory, "postferry.conf", NULL);
  g_autofree char *text = g_strdup_printf ("[Local]\nMailbox=%s\n", mailbox), *command = NULL;
  GDir *entries;
  guint n = 0;

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  g_setenv ("CONFIGURATION_DIRECTORY", directory, TRUE);
  g_object_unref (self->target);
  self->target = pf_target_new (&self->settings, &link, TRUE);
  for (guint i = 0; i < 100; i++)
    deliver_as (self, g_get_user_name (), "", i);
  deliver_as (self, "nosuchuser", "", 1000);
  wait_results (self, 101);
  for (guint i = 0; i < 100; i++)
    g_assert_cmpint (self->results[i], ==, PF_DELIVERY_DONE);
  g_assert_cmpint (self->results[100], ==, PF_DELIVERY_UNKNOWN_USER);
  entries = g_dir_open (cur, 0, NULL);
  for (const char *name; (name = g_dir_read_name (entries)) != NULL;)
    n++;
  g_dir_close (entries);
  command = g_strdup_printf ("rm -r %s", directory);
  g_assert_true (g_spawn_command_line_sync (command, NULL, NULL, NULL, NULL));
  g_assert_cmpuint (n, ==, 100);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(NAME, FUNCTION) g_test_add (NAME, Fixture, NULL, set_up, FUNCTION, tear_down)
  ADD ("/helper-client/batches", test_batches);
  ADD ("/helper-client/codes", test_codes);
  ADD ("/helper-client/helper-dies", test_helper_dies);
  ADD ("/helper-client/answer-unasked", test_answer_unasked);
  ADD ("/helper-client/answer-cut", test_answer_cut);
  ADD ("/helper-client/same-id", test_same_id);
  ADD ("/helper-client/never-sent", test_never_sent);
  ADD ("/helper-client/cancelled", test_cancelled);
  ADD ("/helper-client/no-supervisor", test_no_supervisor);
  ADD ("/helper-client/no-socket", test_no_socket);
  ADD ("/helper-client/spawned", test_spawned);
  return g_test_run ();
}
