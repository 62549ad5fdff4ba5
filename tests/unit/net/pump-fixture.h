/* pump-fixture.h - for tests: a pump that drives a machine of lines, with its far end. */
#pragma once

#include "far-end.h"
#include "net/pump.h"

/* Each command is owed one line. */
typedef struct
{
  GString *fed;
  GQueue output;
  guint owed;
  guint64 answers;
  gboolean eof;
} Machine;

typedef struct
{
  Machine machine;
  FarEnd *far;
  PfPump *pump;
  guint progresses, drains;
  gboolean failed;
  GError *error;
  /* In progress() or failed(): let go of the pump; give a command. */
  gboolean free_in_progress, free_in_failed, free_in_drained;
  const char *command_in_progress;
  guint ticker; /* a source that says something now and then */
} Fixture;

/* For g_test_add(); @secure: "tls" or NULL. */
void set_up    (Fixture *f, gconstpointer secure);
void tear_down (Fixture *f, gconstpointer unused);
/* Gives the machine a command; the pump is not kicked. */
void command (Fixture *f, const char *text);
/* Turns the main loop until the far end has heard @text, and nothing else. */
void hear    (Fixture *f, const char *text);

typedef struct
{
  const char *name;
  void (*func) (Fixture *f, gconstpointer secure);
  gboolean clear, secure;
} PumpTest;

void add_pump_tests (const PumpTest *tests, gsize n);
