/* tally.h - what a check has done so far, counted. */
#pragma once

#include <glib.h>

typedef struct
{
  guint delivered, junked, quarantined, deferred, refused, skipped, known, removed;
  guint64 octets;
} PfTally;

/* Adds the keys of DESIGN 5 (`Delivered u` ...) to @builder, an a{sv}. Main loop only. */
void  pf_tally_append (const PfTally *tally, GVariantBuilder *builder);
/* (transfer full): "3 delivered, 1 deferred, 20 known" for the log. */
char *pf_tally_to_text    (const PfTally *tally);
