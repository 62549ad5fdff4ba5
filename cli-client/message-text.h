/* message-text.h - the beginning of a message, fit to be read on a terminal: pure. */
#pragma once

#include <glib.h>

typedef struct
{
  GPtrArray *names, *values; /* of char *: each field of the header, unfolded, printable */
  GPtrArray *lines;          /* of char *: the beginning of the text, printable, as it was sent */
  gboolean more;             /* there is more text */
  gboolean dropped;          /* the last field is one too many */
} PfMessageText;

/**
 * pf_message_text_new:
 * @data: the beginning of a message
 * @whole: that is all of it
 *
 * Nothing is decoded: base64 stays base64. Octets that a terminal would act on come out as \xNN.
 */
PfMessageText *pf_message_text_new (const char *data, gsize length, gboolean whole);
void pf_message_text_free (PfMessageText *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfMessageText, pf_message_text_free)
