/* Secrets out of descriptors: what is taken, what is refused, and that nothing can make the service
 * wait. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/limits.h"
#include "bus/secret-reader.h"
#include "dbus-interfaces/errors.h"

typedef struct
{
  GMainLoop *loop;
  PfSecret *secret;
  GError *error;
} Outcome;

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Outcome *outcome = user_data;

  outcome->secret = pf_secret_read_finish (result, &outcome->error);
  g_main_loop_quit (outcome->loop);
}

static Outcome
read_secret (int fd)
{
  Outcome outcome = { g_main_loop_new (NULL, FALSE), NULL, NULL };

  pf_secret_read_async (fd, NULL, on_read, &outcome);
  g_main_loop_run (outcome.loop);
  g_main_loop_unref (outcome.loop);
  g_assert_cmpint (fcntl (fd, F_GETFD), ==, -1); /* closed, whatever happened */
  return outcome;
}

static void
assert_secret (Outcome outcome, const char *text, gsize length)
{
  gsize got;
  const char *data;

  g_assert_no_error (outcome.error);
  data = pf_secret_peek (outcome.secret, &got);
  g_assert_cmpmem (data, got, text, length);
  pf_secret_unref (outcome.secret);
}

static void
assert_refused (Outcome outcome, PfError code)
{
  g_assert_null (outcome.secret);
  g_assert_error (outcome.error, PF_ERROR, (int) code);
  g_clear_error (&outcome.error);
}

static int
make_memfd (const char *data, gsize length)
{
  int fd = memfd_create ("secret", MFD_CLOEXEC | MFD_ALLOW_SEALING);

  g_assert_cmpint (write (fd, data, length), ==, (gssize) length);
  return fd;
}

static int
make_pipe (const char *data, gsize length)
{
  int fds[2];

  g_assert_cmpint (pipe2 (fds, O_CLOEXEC), ==, 0);
  g_assert_cmpint (write (fds[1], data, length), ==, (gssize) length);
  close (fds[1]);
  return fds[0];
}

static void
test_taken (void)
{
  assert_secret (read_secret (make_memfd ("hunter2", 7)), "hunter2", 7);
  assert_secret (read_secret (make_pipe ("hunter2", 7)), "hunter2", 7);
  /* every octet counts */
  assert_secret (read_secret (make_pipe (" pass\nwort \n", 12)), " pass\nwort \n", 12);
  assert_secret (read_secret (make_memfd ("p\xc3\xa4ss", 5)), "p\xc3\xa4ss", 5);
}

/* From the beginning, wherever the caller left the offset: breaks when pread() becomes read(). */
static void
test_offset (void)
{
  int fd = make_memfd ("hunter2", 7);

  lseek (fd, 5, SEEK_SET);
  assert_secret (read_secret (fd), "hunter2", 7);
}

static void
test_sealed (void)
{
  int fd = make_memfd ("hunter2", 7);

  g_assert_cmpint (
      fcntl (fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL), ==, 0);
  assert_secret (read_secret (fd), "hunter2", 7);
}

static void
test_content (void)
{
  assert_refused (read_secret (make_memfd ("", 0)), PF_ERROR_INVALID_SETTING);
  assert_refused (read_secret (make_pipe ("", 0)), PF_ERROR_INVALID_SETTING);
  assert_refused (read_secret (make_memfd ("a\0b", 3)), PF_ERROR_INVALID_SETTING);
  assert_refused (read_secret (make_pipe ("\0", 1)), PF_ERROR_INVALID_SETTING);
  assert_refused (read_secret (make_memfd ("\xff\xfe", 2)), PF_ERROR_INVALID_SETTING);
}

/* Exactly the limit is taken, one more is not: breaks when CAPACITY is PF_LIMIT_SECRET. */
static void
test_size (void)
{
  g_autofree char *data = g_malloc (PF_LIMIT_SECRET + 1);

  memset (data, 'x', PF_LIMIT_SECRET + 1);
  assert_secret (read_secret (make_memfd (data, PF_LIMIT_SECRET)), data, PF_LIMIT_SECRET);
  assert_refused (read_secret (make_memfd (data, PF_LIMIT_SECRET + 1)), PF_ERROR_LIMIT_EXCEEDED);
}

static gpointer
write_slowly (gpointer data)
{
  int fd = GPOINTER_TO_INT (data);
  char block[1000];

  memset (block, 'y', sizeof block);
  for (guint i = 0; i < 100 && write (fd, block, sizeof block) > 0; i++)
    g_thread_yield ();
  close (fd);
  return NULL;
}

/* A writer without end is cut off at the limit, not at the end of memory. */
static void
test_pipe_without_end (void)
{
  int fds[2];
  GThread *writer;

  signal (SIGPIPE, SIG_IGN);
  g_assert_cmpint (pipe2 (fds, O_CLOEXEC), ==, 0);
  writer = g_thread_new ("writer", write_slowly, GINT_TO_POINTER (fds[1]));
  assert_refused (read_secret (fds[0]), PF_ERROR_LIMIT_EXCEEDED);
  g_thread_join (writer);
}

static gpointer
write_in_parts (gpointer data)
{
  int fd = GPOINTER_TO_INT (data);

  for (const char *p = "correct horse"; *p != '\0'; p++)
    {
      g_assert_cmpint (write (fd, p, 1), ==, 1);
      g_usleep (2000);
    }
  close (fd);
  return NULL;
}

static void
test_pipe_in_parts (void)
{
  int fds[2];
  GThread *writer;

  g_assert_cmpint (pipe2 (fds, O_CLOEXEC), ==, 0);
  writer = g_thread_new ("writer", write_in_parts, GINT_TO_POINTER (fds[1]));
  assert_secret (read_secret (fds[0]), "correct horse", 13);
  g_thread_join (writer);
}

static int
make_deleted_file (void)
{
  g_autofree char *path = NULL;
  int fd = g_file_open_tmp ("pf-secret-XXXXXX", &path, NULL);

  g_assert_cmpint (write (fd, "hunter2", 7), ==, 7);
  unlink (path);
  return fd;
}

static void
test_other_kinds (void)
{
  int sockets[2], fds[2];
  g_autofree char *path = NULL;
  int file = g_file_open_tmp ("pf-secret-XXXXXX", &path, NULL);

  g_assert_cmpint (write (file, "hunter2", 7), ==, 7);
  assert_refused (read_secret (file), PF_ERROR_INVALID_SETTING);
  unlink (path);
  assert_refused (read_secret (open ("/", O_RDONLY | O_DIRECTORY)), PF_ERROR_INVALID_SETTING);
  assert_refused (read_secret (open ("/dev/zero", O_RDONLY)), PF_ERROR_INVALID_SETTING);
  assert_refused (read_secret (open ("/proc/self/status", O_RDONLY)), PF_ERROR_INVALID_SETTING);
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, sockets), ==, 0);
  assert_refused (read_secret (sockets[0]), PF_ERROR_INVALID_SETTING);
  close (sockets[1]);
  /* the wrong end */
  g_assert_cmpint (pipe2 (fds, O_CLOEXEC), ==, 0);
  assert_refused (read_secret (fds[1]), PF_ERROR_INVALID_SETTING);
  close (fds[0]);
}

/* A file without a name on a disk may block for ever (FUSE, NFS): no memfd. Breaks when is_memfd()
 * asks for no seals. */
static void
test_deleted_file (void)
{
  int fd = make_deleted_file ();

  if (fcntl (fd, F_GET_SEALS) >= 0)
    {
      close (fd);
      g_test_skip ("the temporary folder is in memory, where a file is as good as a memfd");
      return;
    }
  assert_refused (read_secret (fd), PF_ERROR_INVALID_SETTING);
}

static gboolean
on_tick (gpointer user_data)
{
  guint *ticks = user_data;

  ++*ticks;
  return G_SOURCE_CONTINUE;
}

/* A writer that never closes is given up, and the main loop turns meanwhile although the caller has
 * the pipe blocking: breaks when move_some() reads with read(). */
static void
test_silent_pipe (void)
{
  int fds[2], reader;
  guint ticks = 0, source;

  g_assert_cmpint (pipe2 (fds, O_CLOEXEC), ==, 0);
  g_assert_cmpint (write (fds[1], "half", 4), ==, 4);
  reader = dup (fds[0]);
  source = g_timeout_add (10, on_tick, &ticks);
  assert_refused (read_secret (fds[0]), PF_ERROR_INVALID_SETTING);
  g_assert_cmpuint (ticks, >, 10);
  g_assert_cmpint (fcntl (reader, F_GETFL) & O_NONBLOCK, ==,
                   0); /* the caller's pipe is as it was */
  g_source_remove (source);
  close (reader);
  close (fds[1]);
}

/* --- A caller that takes the octets away again ------------------------------------------------ */

typedef struct
{
  int write_fd, steal_fd;
  gint ticks;
} Theft;

static gboolean
on_idle (gpointer user_data)
{
  g_atomic_int_inc ((gint *) user_data);
  return G_SOURCE_CONTINUE;
}

static gpointer
steal (gpointer data)
{
  Theft *theft = data;
  char octet;

  while (read (theft->steal_fd, &octet, 1) == 1)
    continue;
  return NULL;
}

/* One octet, and the end only when the main loop was seen to turn after it. */
static gpointer
write_and_watch (gpointer data)
{
  Theft *theft = data;
  gint seen;

  g_assert_cmpint (write (theft->write_fd, "x", 1), ==, 1);
  seen = g_atomic_int_get (&theft->ticks);
  for (guint i = 0; g_atomic_int_get (&theft->ticks) < seen + 3; i++)
    {
      if (i > 100000)
        g_error ("the main loop is blocked");
      g_usleep (100);
    }
  close (theft->write_fd);
  return NULL;
}

/* The octet that made the pipe readable may be gone when it is read, since the caller reads there
 * too: breaks now and then in so many rounds when move_some() waits (without SPLICE_F_NONBLOCK, or
 * with read()). */
static void
test_stolen (void)
{
  for (guint round = 0; round < 500; round++)
    {
      Theft theft = { 0 };
      GThread *thief, *writer;
      Outcome outcome;
      int fds[2];
      guint idle;

      g_assert_cmpint (pipe2 (fds, O_CLOEXEC), ==, 0);
      theft.write_fd = fds[1];
      theft.steal_fd = dup (fds[0]);
      idle = g_timeout_add (0, on_idle, &theft.ticks);
      thief = g_thread_new ("thief", steal, &theft);
      writer = g_thread_new ("writer", write_and_watch, &theft);
      outcome = read_secret (fds[0]);
      if (outcome.secret != NULL)
        assert_secret (outcome, "x", 1);
      else
        assert_refused (outcome, PF_ERROR_INVALID_SETTING);
      g_thread_join (writer);
      g_thread_join (thief);
      g_source_remove (idle);
      close (theft.steal_fd);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bus/secret-reader/taken", test_taken);
  g_test_add_func ("/bus/secret-reader/offset", test_offset);
  g_test_add_func ("/bus/secret-reader/sealed", test_sealed);
  g_test_add_func ("/bus/secret-reader/content", test_content);
  g_test_add_func ("/bus/secret-reader/size", test_size);
  g_test_add_func ("/bus/secret-reader/pipe-without-end", test_pipe_without_end);
  g_test_add_func ("/bus/secret-reader/pipe-in-parts", test_pipe_in_parts);
  g_test_add_func ("/bus/secret-reader/other-kinds", test_other_kinds);
  g_test_add_func ("/bus/secret-reader/deleted-file", test_deleted_file);
  g_test_add_func ("/bus/secret-reader/silent-pipe", test_silent_pipe);
  g_test_add_func ("/bus/secret-reader/stolen", test_stolen);
  return g_test_run ();
}
