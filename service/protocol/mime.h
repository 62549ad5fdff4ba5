/* mime.h - what is in a message: its parts, their names, their content decoded (RFC 2045 to 2047,
 * 2183, 2231), as it arrives.
 *
 * It is for looking into mail, not for showing it: where readers of mail differ about a message
 * that breaks the rules, each reading is told as far as there is a way to tell them all, so that a
 * part is hidden from none of them.
 */
#pragma once

#include <glib.h>

typedef enum
{
  PF_MIME_IDENTITY, /* 7bit, 8bit, binary, none, or one that nobody knows */
  PF_MIME_BASE64,
  PF_MIME_QUOTED_PRINTABLE,
  PF_MIME_UUENCODE
} PfMimeEncoding;

typedef struct
{
  guint number;     /* 1 is the message itself; in the order in which they begin */
  guint depth;      /* 0 for the message */
  const char *type; /* lower case, "text/plain" where none is told */
  PfMimeEncoding encoding;
  /* (element-type utf8): every name that some reader may see, all valid UTF-8; a decoded
   * one has lost what lies behind a NUL, and is there once more with a blank in its place. */
  GPtrArray *names;
  gpointer user; /* whatever the handler wants to keep */
} PfMimePart;

/* Parts lie in one another: each begin has its end, in the reverse order. A multipart's own content
 * is what stands before and behind its parts. An uuencoded file is a part inside the text, whose
 * own content stays the whole text. */
typedef struct
{
  void (*begin) (PfMimePart *part, gpointer user_data);
  void (*data) (PfMimePart *part, const guint8 *data, gsize length, gpointer user_data);
  void (*end) (PfMimePart *part, gpointer user_data);
} PfMimeHandler;

typedef struct _PfMime PfMime;

/* @handler is the caller's and must live as long. */
PfMime  *pf_mime_new      (const PfMimeHandler *handler, gpointer user_data);
/* Names are told as they stand, and only one of each part: for who asks whether there are any. */
void     pf_mime_leave_names (PfMime *self);
/* Any split of the message. Lines end in LF or CRLF. */
void     pf_mime_feed     (PfMime *self, const guint8 *data, gsize length);
/* The message ended: so do all parts. Nothing may be fed any more. */
void     pf_mime_feed_eof (PfMime *self);
/* TRUE when something lay beyond a limit (depth, parts, header, names) and was not looked into. */
gboolean pf_mime_is_over_limit (PfMime *self);
/* Without pf_mime_feed_eof() parts that have not ended are freed without being told. */
void     pf_mime_free     (PfMime *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfMime, pf_mime_free)
