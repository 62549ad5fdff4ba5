/* world.h - the whole door on a bus of its own: real accounts, the other parts faked, and three
 * callers. */
#pragma once

#include "fake-polkit.h"
#include "fakes.h"
#include "fixture.h"

/* An account of this user is nobody's, one of that is daemon's: two ordinary users that every
 * machine has. */
#define NOBODY "nobody"
#define DAEMON "daemon"

/* A connection and what it heard: "PATH MEMBER ARGUMENTS". */
typedef struct
{
  GDBusConnection *connection;
  GPtrArray *heard;
  guint filter;
} Client;

typedef struct
{
  char *folder;
  PfBusParts parts;
  PfBus *bus;
  GDBusConnection *service;
  const char *name;
  gulong registry_signals[3];
  Client root, nobody, daemon; /* root: the tests' own user, the owner with --session */
} World;

/* FALSE: skipped, only root can be several users. */
gboolean   world_start (World *world, gboolean session);
void       world_stop  (World *world);

/* As @client; the name of the remote error where it fails. @arguments: in the text form of
 * GVariant. */
GVariant  *world_call  (World *world, Client *client, const char *path, const char *method,
                        const char *arguments, char **error_name);
void       world_expect (World *world, Client *client, const char *path, const char *method,
                         const char *arguments,
                         const char *error_name);
/* The same with a secret: every "%h" of @arguments is its handle. */
FixtureCall *world_send_secret (World *world, Client *client, const char *path, const char *method,
                                const char *arguments,
                                const char *secret);
void       world_expect_call (FixtureCall *call, const char *error_name);
/* Adds an account behind the door's back: ADDRESS of LocalUser. */
PfAccount *world_add   (World *world, const char *address, const char *local_user);
/* What @client heard since the last time, one a line, after everything under way has been told.
 * (transfer full) */
char      *world_heard (World *world, Client *client);
/* Long enough for what is coalesced. */
void       world_pause (World *world);

/* --- world-asserts.c -------------------------------------------------------------------------- */

#define MANAGER "/org/postferry1/Manager"
#define ROOT "/org/postferry1"
#define GET "org.freedesktop.DBus.Properties.Get"
#define GET_ALL "org.freedesktop.DBus.Properties.GetAll"
#define SET "org.freedesktop.DBus.Properties.Set"
#define INTROSPECT "org.freedesktop.DBus.Introspectable.Introspect"
#define MANAGED "org.freedesktop.DBus.ObjectManager.GetManagedObjects"
#define UNKNOWN_OBJECT "org.freedesktop.DBus.Error.UnknownObject"

void        world_assert_has     (const char *text, const char *part);
void        world_assert_has_not (const char *text, const char *part);
/* How often @part is in @text. */
guint       world_count          (const char *text, const char *part);
/* (nullable) (transfer full) */
char       *world_text           (GVariant *value);
/* A call's whole outcome as text, with @path as PATH. (transfer full) */
char       *world_outcome        (World *world, Client *client, const char *path,
                                  const char *method, const char *arguments);
/* Each client is a listener from its first call: this is it. */
void        world_listen         (World *world);
/* What the parts behind the door did since the last time. */
void        world_assert_log     (const char *expected);
void        world_assert_secret  (const char *key, const char *expected);
/* The actions that polkit was asked about since the last time. */
void        world_assert_asked   (const char *expected);
/* a@example.org of nobody, with a password and a token, its making forgotten: its path. */
const char *world_make_account   (World *world);
PfAccount  *world_lookup         (World *world);
