/* notice.h - the mail that tells somebody what is held back: pure. */
#pragma once

#include "deliver/quarantine-item.h"

typedef struct
{
  const char *id;        /* of this delivery: 32 hex digits */
  const char *host;      /* our own name */
  const char *recipient; /* the local user */
  gint64 time;           /* unix seconds */
  guint days;            /* until a message is deleted, from its arrival */
  const PfQuarantineItem *const *items; /* those that are named, newest first */
  guint n_items;
  guint total;           /* those that are new, named or not */
} PfNotice;

/* (transfer full): header block with its empty line, and body: LF line ends, ASCII alone. What came
 * from mail is one line of text wherever it stands, and can neither look like a line of ours nor
 * end the header. */
GString *pf_notice_header (const PfNotice *self);
GString *pf_notice_body   (const PfNotice *self);
