/* probe.h - how the scanners are, asked now: for somebody who waits for the answer. */
#pragma once

#include "filter/filter.h"

typedef enum
{
  PF_PROBE_OFF,
  PF_PROBE_ABSENT, /* `auto`, and it never answered so far */
  PF_PROBE_REACHABLE,
  PF_PROBE_UNREACHABLE
} PfProbeState;

typedef struct
{
  PfProbeState state;
  char *version;     /* what it calls itself; "" where not known */
  gint64 signatures; /* unix seconds; 0 where not known */
  gint64 answered, failed; /* unix seconds of the last ones; 0: never */
  char *error;       /* a sentence; "" where nothing is wrong */
} PfProbed;

typedef struct
{
  PfProbed rspamd, clamd;
} PfProbe;

/* "reachable" and so on. */
const char *pf_probe_state_nick (PfProbeState state);

/* Asks both at the same time, and each for no longer than PF_LIMIT_PROBE_SECONDS. */
void     pf_probe_async  (PfFilter *filter, GCancellable *cancellable,
                          GAsyncReadyCallback callback, gpointer user_data);
/* (transfer full) (nullable): NULL with G_IO_ERROR_CANCELLED only. */
PfProbe *pf_probe_finish (GAsyncResult *result, GError **error);
void     pf_probe_free   (PfProbe *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfProbe, pf_probe_free)
