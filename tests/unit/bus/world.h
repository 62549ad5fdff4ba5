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
