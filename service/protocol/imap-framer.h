/* imap-framer.h - cuts the stream of an IMAP server into lines, their literals included, before
 * anything is parsed (RFC 9051 section 4.3).
 *
 * A line is bounded (PF_LIMIT_IMAP_LINE for its text, PF_LIMIT_IMAP_STRING for a literal in it).
 * Literals of BODY[] are not collected but handed out as they arrive. A bare LF ends a line too:
 * what a line holds cannot be mistaken by that, since literals are counted.
 */
#pragma once

#include <glib.h>

typedef struct _PfImapFramer PfImapFramer;

typedef enum
{
  PF_IMAP_SEGMENT_TEXT,
  PF_IMAP_SEGMENT_LITERAL, /* octets, maybe NUL among them */
  PF_IMAP_SEGMENT_BODY     /* a literal that was handed out: only its place is kept */
} PfImapSegmentType;

typedef struct
{
  PfImapSegmentType type;
  GString *data; /* NULL for BODY */
} PfImapSegment;

typedef enum
{
  PF_IMAP_FRAME_MORE,       /* more input is needed */
  PF_IMAP_FRAME_LINE,       /* a line is complete: pf_imap_framer_get_line() */
  PF_IMAP_FRAME_BODY_BEGIN, /* @size octets of a body follow */
  PF_IMAP_FRAME_BODY,       /* @data, @length */
  PF_IMAP_FRAME_BODY_END,
  PF_IMAP_FRAME_SYNTAX,     /* poisoned */
  PF_IMAP_FRAME_LIMIT       /* poisoned */
} PfImapFrame;

typedef struct
{
  guint64 size;
  const guint8 *data;
  gsize length;
} PfImapPiece;

PfImapFramer *pf_imap_framer_new  (void);
void          pf_imap_framer_free (PfImapFramer *self);
void          pf_imap_framer_feed (PfImapFramer *self, const guint8 *data, gsize length);
/* What @piece points to is valid until the next call or feed. */
PfImapFrame   pf_imap_framer_next (PfImapFramer *self, PfImapPiece *piece);
/* (element-type PfImapSegment) (transfer none): of the last LINE, valid until the next call of
 * pf_imap_framer_next(). */
GPtrArray    *pf_imap_framer_get_line (PfImapFramer *self);
/* TRUE when nothing is begun: no part of a line, nothing unread. */
gboolean      pf_imap_framer_is_idle  (PfImapFramer *self);
/* Octets not looked at yet; and throwing them away. */
gsize         pf_imap_framer_get_left (PfImapFramer *self);
/* (transfer full): the octets not looked at yet are no text: they are taken out. */
GBytes       *pf_imap_framer_take_left (PfImapFramer *self);
void          pf_imap_framer_reset    (PfImapFramer *self);
