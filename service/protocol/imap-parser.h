/* imap-parser.h - reads the values of one framed line: atoms, numbers, strings, lists (RFC 9051
 * section 9). */
#pragma once

#include "protocol/imap-framer.h"

typedef struct
{
  GPtrArray *line; /* PfImapSegment */
  guint segment;
  gsize offset;
} PfImapCursor;

typedef enum
{
  PF_IMAP_VALUE_NONE, /* no value here: a parenthesis, or the end */
  PF_IMAP_VALUE_ATOM,
  PF_IMAP_VALUE_STRING, /* quoted or literal */
  PF_IMAP_VALUE_NIL,
  PF_IMAP_VALUE_BODY    /* a literal that was handed out as it came */
} PfImapValueType;

void     pf_imap_cursor_init    (PfImapCursor *cursor, GPtrArray *line);
/* The next character of text, '\0' at the end of the line or where a literal stands. */
char     pf_imap_cursor_peek    (const PfImapCursor *cursor);
gboolean pf_imap_cursor_at_end  (const PfImapCursor *cursor);
void     pf_imap_cursor_skip_blanks (PfImapCursor *cursor);
/* Takes @c when it is next. */
gboolean pf_imap_cursor_take    (PfImapCursor *cursor, char c);
/* An atom (to a blank, a parenthesis or the end; brackets belong to it); (transfer full)
 * (nullable). */
char    *pf_imap_cursor_atom    (PfImapCursor *cursor);
/* A decimal number up to @max, blanks before it skipped. */
gboolean pf_imap_cursor_number  (PfImapCursor *cursor, guint64 max, guint64 *number);
/* Any value but a list. @text: (out) (transfer full) (nullable): NUL octets end it early for
 * readers of C strings, @length tells the whole. FALSE: a grammar error. */
gboolean pf_imap_cursor_value   (PfImapCursor *cursor, PfImapValueType *type, char **text,
                                 gsize *length);
/* Passes over one value, lists included, down to PF_LIMIT_IMAP_DEPTH. FALSE: a grammar error or too
 * deep. */
gboolean pf_imap_cursor_skip_value (PfImapCursor *cursor, gboolean *too_deep);
/* (transfer full): the rest of this piece of text. */
char    *pf_imap_cursor_rest    (PfImapCursor *cursor);
/* "17-Jul-1996 02:44:25 -0700" as unix seconds; FALSE when it is none. */
gboolean pf_imap_parse_date     (const char *text, gint64 *seconds);
