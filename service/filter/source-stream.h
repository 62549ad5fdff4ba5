/* source-stream.h - a message in a descriptor as the GInputStream that libsoup sends: never more of
 * it on the heap than libsoup asks for at a time. */
#pragma once

#include "filter/scanner.h"

#define PF_TYPE_SOURCE_STREAM (pf_source_stream_get_type ())
G_DECLARE_FINAL_TYPE (PfSourceStream, pf_source_stream, PF, SOURCE_STREAM, GInputStream)

/* The descriptor stays the caller's. Reading it to an untimely end is an error: half a message must
 * not pass for the whole. */
PfSourceStream *pf_source_stream_new (const PfScanSource *source);
/* Monotonic time of the last octets that were taken, 0 for none so far. */
gint64          pf_source_stream_get_moved  (PfSourceStream *self);
/* The descriptor could not be read. */
gboolean        pf_source_stream_has_failed (PfSourceStream *self);
