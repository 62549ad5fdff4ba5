/* fake-polkit.h - a polkitd that says what each test wants, and remembers what it was asked. */
#pragma once

#include <gio/gio.h>

typedef enum
{
  FAKE_POLKIT_YES,
  FAKE_POLKIT_NO,
  FAKE_POLKIT_CHALLENGE,
  FAKE_POLKIT_DISMISSED,
  FAKE_POLKIT_ERROR,
  FAKE_POLKIT_NOTHING, /* never answers */
  FAKE_POLKIT_HOLD     /* answers with fake_polkit_answer() */
} FakePolkitSay;

extern struct FakePolkit
{
  FakePolkitSay say;
  const char *yes_to; /* (nullable): this action is allowed, whatever @say is */
  guint asked, cancelled;
  guint flags;
  GVariant *details;
  char *subject;
  GPtrArray *actions; /* of char *: what was asked, in order */
  GPtrArray *held;    /* of GDBusMethodInvocation */
} fake_polkit;

/* On the bus of fixture_start_bus(). */
void fake_polkit_start  (void);
void fake_polkit_stop   (void);
/* Its name is gone, and what it was asked stays without an answer. */
void fake_polkit_vanish (void);
/* The oldest question that is held back. */
void fake_polkit_answer (FakePolkitSay say);
