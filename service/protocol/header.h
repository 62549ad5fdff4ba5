/* header.h - reading a message's header block without changing a byte of it (RFC 5322 2.2, obsolete
 * forms included). */
#pragma once

#include <glib.h>

/* One field as it stands in the block: no copy. */
typedef struct
{
  const char *start; /* first octet of the name */
  gsize length;      /* whole field with its line ends, continuation lines included */
  gsize name_length; /* without blanks before the colon */
  const char *value; /* behind the colon */
  gsize value_length; /* to the end of the field, line ends included */
} PfHeaderField;

typedef struct
{
  const char *at, *end;
} PfHeaderIter;

/**
 * pf_header_length:
 *
 * How many octets of @data are header, the empty line that ends it included. Lines end in LF or
 * CRLF. The block also ends before a line that is neither a field nor a continuation (no colon,
 * or a name with blanks or controls): Dovecot does the same. @complete tells whether an end was
 * seen; FALSE means: feed more.
 */
gsize    pf_header_length    (const char *data, gsize length, gboolean *complete);
/* TRUE when the block ended with an empty line. */
gboolean pf_header_separated (const char *data, gsize header_length);
void     pf_header_iter_init (PfHeaderIter *iter, const char *data, gsize length);
gboolean pf_header_iter_next (PfHeaderIter *iter, PfHeaderField *field);
gboolean pf_header_field_is  (const PfHeaderField *field, const char *name);
/* (transfer full): the value unfolded (line ends removed, blanks kept), blanks at both ends
 * removed. Octets as they are, but a NUL becomes a blank: nothing is hidden behind it. */
char    *pf_header_field_unfold (const PfHeaderField *field);
/* (transfer full) (nullable): the first field called @name, unfolded. */
char    *pf_header_lookup    (const char *data, gsize length, const char *name);
