/* machine.h - the one shape of every protocol machine: bytes in, events and bytes out.
 *
 * A machine owns no socket, no clock and no log. Whoever drives it (net/pump.h) feeds it what
 * arrived and sends what it has to say; whoever uses it (retrieve/, deliver/) gives commands
 * and reads events. A machine that met a breach of grammar or of a limit is poisoned: it tells
 * one fault event, takes no further input and produces no further output.
 */
#pragma once

#include <glib.h>

/* Why a machine was poisoned. */
typedef enum
{
  PF_FAULT_NONE,
  PF_FAULT_SYNTAX, /* the peer broke the grammar or answered what was not asked */
  PF_FAULT_LIMIT,  /* an answer beyond a limit of base/limits.h */
  PF_FAULT_EOF     /* the stream ended inside an answer or while one was owed */
} PfFault;

/* What the pump needs of a machine; each machine exports one constant of this. */
typedef struct
{
  /* Takes all @length octets (none are left over). May be called with any split of the stream. */
  void (*feed) (gpointer machine, const guint8 *data, gsize length);
  /* The stream ended. */
  void (*feed_eof) (gpointer machine);
  /* (transfer full) (nullable): what is to be sent next, NULL when nothing is. Holds secrets
   * after a log-in command. */
  GBytes *(*take_output) (gpointer machine);
  /* TRUE while the peer owes an answer: only then a silence is a time-out. */
  gboolean (*expects_answer) (gpointer machine);
  /* How many answers were complete so far: the time one answer may take begins anew with each. */
  guint64 (*answers) (gpointer machine);
} PfMachineClass;
