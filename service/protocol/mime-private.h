/* mime-private.h - the parts that are open, one in the other. */
#pragma once

#include "protocol/mime-content.h"
#include "protocol/mime-fields.h"

/* Of a message, and of those that stand encoded in it. */
typedef struct
{
  const PfMimeHandler *handler;
  gpointer user_data;
  guint parts;
  gboolean over_limit, leave_names;
} PfMimeShared;

typedef struct
{
  PfMimePart part;
  char *type;
  GPtrArray *boundaries; /* (element-type utf8): empty in a part that is no multipart */
  PfMimeDecoder decoder;
  GByteArray *content; /* decoded and not yet told */
  PfMime *child;       /* (nullable): reads the content of a message or multipart that is encoded */
  const guint8 *held;  /* the last line's end: it is the boundary's if one follows */
  gsize n_held;
  GByteArray *text;     /* the content's last line, as far as it is there */
  gboolean text_over;   /* which is too long to be one of an uuencoded file */
  PfMimePart *file;     /* (nullable): the uuencoded one that is open */
  PfMimeDecoder *base64; /* (nullable): of a file of that kind */
} PfMimeFrame;

PfMime *pf_mime_new_child (PfMimeShared *shared, guint depth);

/* (nullable): NULL beyond the limits. Tells of the beginning. */
PfMimeFrame *pf_mime_frame_begin   (PfMimeShared *shared, const PfMimeFields *fields, guint depth);
/* A piece of a line of the content as it stands in the message; @ends: with its end. */
void         pf_mime_frame_content (PfMimeFrame *self, PfMimeShared *shared, const guint8 *data,
                                    gsize length, gboolean ends);
/* Tells all that is left, and the end. */
void         pf_mime_frame_end     (PfMimeFrame *self, PfMimeShared *shared);
void         pf_mime_frame_free    (PfMimeFrame *self);
