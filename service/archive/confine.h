/* confine.h - what a process that reads hostile octets can still do: compute. */
#pragma once

#include <glib.h>

/* Where the worker finds the message, and where it writes its answer. */
#define PF_MESSAGE_FD 4
#define PF_ANSWER_FD 5

/* Makes the filter of system calls once, for all workers. FALSE with a sentence on stderr. */
gboolean pf_confine_prepare (void);
/* This process from here on: no file, no network, no other process; memory, time. FALSE: it must
 * not go on. */
gboolean pf_confine (void);
