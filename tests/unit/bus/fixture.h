/* fixture.h - a message bus of the test's own, and connections to it as several users. */
#pragma once

#include <gio/gio.h>

/* Starts dbus-daemon on a socket in a new folder; DBUS_SYSTEM_BUS_ADDRESS names it from then on. */
void             fixture_start_bus (void);
void             fixture_stop_bus  (void);
/* A user that every machine has, and who is no administrator: the bus lets in only whom the user
 * database knows. */
#define FIXTURE_NOBODY 65534

/* A connection to it. @uid: (guint) -1 for oneself; another one needs root. */
GDBusConnection *fixture_connect   (guint uid);
/* FALSE: the test was skipped, since only root can be several users. */
gboolean         fixture_needs_root (void);
/* The main loop turns until @flag is TRUE; the test fails after 30 s. */
void             fixture_wait      (const gboolean *flag);
/* The same until *@value is at least so much. */
void             fixture_wait_for  (const guint *value, guint at_least);
/* Until nothing is left to do. */
void             fixture_drain     (void);
/* The main loop turns until nothing is left to do and a round trip of @connection has come back. */
void             fixture_settle    (GDBusConnection *connection);

/* A call under way; its reply or error is in the result once @done. */
typedef struct
{
  gboolean done;
  GDBusMessage *reply;
  GError *error;
} FixtureCall;

/* @destination, @path, @interface: as they are; @arguments: floating is taken. */
FixtureCall     *fixture_send      (GDBusConnection *connection, const char *destination,
                                    const char *path, const char *interface,
                                    const char *member, GVariant *arguments, GUnixFDList *fds,
                                     GDBusMessageFlags flags);
void             fixture_call_free (FixtureCall *call);
/* Sends and waits. Returns: (nullable) (transfer full): the body of the reply; else @error has the
 * remote one. */
GVariant        *fixture_call      (GDBusConnection *connection, const char *destination,
                                    const char *path, const char *interface,
                                    const char *member, GVariant *arguments, GError **error);
/* The D-Bus name of a remote error. (transfer full) */
char            *fixture_error_name (const GError *error);
