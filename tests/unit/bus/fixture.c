#include "fixture.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CONFIG                                                                                     \
  "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN\"\n"           \
  " \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"                            \
  "<busconfig><type>system</type><listen>unix:path=%s/bus</listen><auth>EXTERNAL</auth>\n"         \
  "<policy context=\"default\"><allow user=\"*\"/><allow own=\"*\"/>\n"                            \
  "<allow send_type=\"method_call\"/><allow send_type=\"signal\"/>\n"                              \
  "<allow send_requested_reply=\"true\" send_type=\"method_return\"/>\n"                           \
  "<allow send_requested_reply=\"true\" send_type=\"error\"/>\n"                                   \
  "<allow receive_type=\"method_call\"/><allow receive_type=\"method_return\"/>\n"                 \
  "<allow receive_type=\"error\"/><allow receive_type=\"signal\"/>\n"                              \
  "</policy></busconfig>\n"

static struct
{
  char *folder;
  char *address;
  GSubprocess *daemon;
} bus;

void
fixture_start_bus (void)
{
  g_autofree char *path = NULL, *config = NULL;
  g_autoptr (GDataInputStream) output = NULL;
  g_autoptr (GError) error = NULL;

  bus.folder = g_dir_make_tmp ("pf-bus-XXXXXX", NULL);
  g_assert_cmpint (chmod (bus.folder, 0755), ==, 0);
  path = g_build_filename (bus.folder, "bus.conf", NULL);
  config = g_strdup_printf (CONFIG, bus.folder);
  g_assert_true (g_file_set_contents (path, config, -1, NULL));
  bus.daemon = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE,
                                 &error, "dbus-daemon", "--nofork", "--nopidfile", "--config-file",
                                 path, "--print-address", NULL);
  g_assert_no_error (error);
  output = g_data_input_stream_new (g_subprocess_get_stdout_pipe (bus.daemon));
  bus.address = g_data_input_stream_read_line (output, NULL, NULL, NULL);
  g_assert_nonnull (bus.address);
  g_setenv ("DBUS_SYSTEM_BUS_ADDRESS", bus.address, TRUE);
}

void
fixture_stop_bus (void)
{
  g_autofree char *config = g_build_filename (bus.folder, "bus.conf", NULL);
  g_autofree char *socket = g_build_filename (bus.folder, "bus", NULL);

  g_subprocess_force_exit (bus.daemon);
  g_subprocess_wait (bus.daemon, NULL, NULL);
  g_clear_object (&bus.daemon);
  unlink (config);
  unlink (socket);
  rmdir (bus.folder);
  g_clear_pointer (&bus.folder, g_free);
  g_clear_pointer (&bus.address, g_free);
}

gboolean
fixture_needs_root (void)
{
  if (geteuid () == 0)
    return TRUE;
  g_test_skip ("only root can be several users");
  return FALSE;
}

/* The system call itself changes this thread alone, where glibc's setresuid() would change the
 * whole process. */
static gpointer
connect_as (gpointer data)
{
  guint uid = GPOINTER_TO_UINT (data);
  g_autoptr (GError) error = NULL;
  GDBusConnection *connection;

  if (uid != (guint) -1)
    g_assert_cmpint (syscall (SYS_setresuid, uid, uid, uid), ==, 0);
  connection =
      g_dbus_connection_new_for_address_sync (bus.address,
                                              G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT
                                                  | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                              NULL, NULL, &error);
  g_assert_no_error (error);
  return connection;
}

GDBusConnection *
fixture_connect (guint uid)
{
  return g_thread_join (g_thread_new ("connect", connect_as, GUINT_TO_POINTER (uid)));
}

/* Looks every millisecond: what is waited for is set by callbacks of many kinds. */
typedef struct
{
  GMainLoop *loop;
  const guint *value;
  guint at_least;
} Wait;

static gboolean
on_look (gpointer user_data)
{
  Wait *wait = user_data;

  if (*wait->value >= wait->at_least)
    g_main_loop_quit (wait->loop);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_too_late (gpointer user_data)
{
  g_error ("waited for 30 seconds");
  return G_SOURCE_REMOVE;
}

void
fixture_wait_for (const guint *value, guint at_least)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Wait wait = { loop, value, at_least };
  guint timer, look;

  if (*value >= at_least)
    return;
  timer = g_timeout_add_seconds (30, on_too_late, NULL);
  look = g_timeout_add (1, on_look, &wait);
  g_main_loop_run (loop);
  g_source_remove (look);
  g_source_remove (timer);
}

void
fixture_wait (const gboolean *flag)
{
  fixture_wait_for ((const guint *) flag, TRUE);
}

static gboolean
on_nothing_left (gpointer user_data)
{
  g_main_loop_quit (user_data);
  return G_SOURCE_REMOVE;
}

void
fixture_drain (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);

  g_idle_add_full (G_PRIORITY_LOW, on_nothing_left, loop, NULL);
  g_main_loop_run (loop);
}

static void
on_reply (GObject *source, GAsyncResult *result, gpointer user_data)
{
  FixtureCall *call = user_data;

  call->reply = g_dbus_connection_send_message_with_reply_finish (G_DBUS_CONNECTION (source),
                                                                  result, &call->error);
  if (call->reply != NULL)
    g_dbus_message_to_gerror (call->reply, &call->error);
  call->done = TRUE;
}

FixtureCall *
fixture_send (GDBusConnection *connection,
              const char *destination,
              const char *path,
              const char *interface,
              const char *member,
              GVariant *arguments,
              GUnixFDList *fds,
              GDBusMessageFlags flags)
{
  g_autoptr (GDBusMessage) message =
      g_dbus_message_new_method_call (destination, path, interface, member);
  FixtureCall *call = g_new0 (FixtureCall, 1);

  if (arguments != NULL)
    g_dbus_message_set_body (message, arguments);
  if (fds != NULL)
    g_dbus_message_set_unix_fd_list (message, fds);
  g_dbus_message_set_flags (message, flags);
  g_dbus_connection_send_message_with_reply (connection, message, G_DBUS_SEND_MESSAGE_FLAGS_NONE,
                                             G_MAXINT, NULL, NULL, on_reply, call);
  return call;
}

void
fixture_call_free (FixtureCall *call)
{
  g_assert_true (call->done);
  g_clear_object (&call->reply);
  g_clear_error (&call->error);
  g_free (call);
}

GVariant *
fixture_call (GDBusConnection *connection,
              const char *destination,
              const char *path,
              const char *interface,
              const char *member,
              GVariant *arguments,
              GError **error)
{
  FixtureCall *call = fixture_send (connection, destination, path, interface, member, arguments,
                                    NULL, G_DBUS_MESSAGE_FLAGS_NONE);
  GVariant *body = NULL;

  fixture_wait (&call->done);
  if (call->error != NULL)
    g_propagate_error (error, g_steal_pointer (&call->error));
  else
    body = g_dbus_message_get_body (call->reply) != NULL
               ? g_variant_ref (g_dbus_message_get_body (call->reply))
               : g_variant_ref_sink (g_variant_new ("()"));
  fixture_call_free (call);
  return body;
}

void
fixture_settle (GDBusConnection *connection)
{
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (GVariant) reply =
          fixture_call (connection, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                        "org.freedesktop.DBus", "GetId", NULL, NULL);

      fixture_drain ();
    }
}

char *
fixture_error_name (const GError *error)
{
  return error != NULL ? g_dbus_error_get_remote_error (error) : NULL;
}
