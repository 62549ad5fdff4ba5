/* mime-fields.h - what the Content- fields of a part's header say. */
#pragma once

#include "protocol/mime.h"

typedef struct
{
  char *type;            /* of the first Content-Type that names one; "text/plain" */
  gboolean multipart;    /* some Content-Type says so */
  gboolean message;      /* the same */
  PfMimeEncoding encoding;
  GPtrArray *boundaries; /* of all Content-Type fields, none empty, each cut to 80 octets */
  GPtrArray *names;
  gboolean over_limit;   /* there were more names than are kept */
  gboolean leave_names;
} PfMimeFields;

/* @header: with or without the empty line. Lines that are no field are passed over. @leave_names:
 * see pf_mime_leave_names(). */
PfMimeFields *pf_mime_fields_read (const char *header, gsize length, gboolean leave_names);
void          pf_mime_fields_free (PfMimeFields *self);
/* TRUE when a line of @header begins a Content- field. */
gboolean      pf_mime_fields_any  (const char *header, gsize length);
/* (transfer full): @value with its encoded words decoded (RFC 2047), inside quotes too, as readers
 * do; valid UTF-8. */
char         *pf_mime_decode_words (const char *value);
/* Adds @value in each form that a reader may see it in. FALSE: too many. */
gboolean      pf_mime_names_add   (GPtrArray *names, const char *value, gsize length,
                                   const char *charset);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfMimeFields, pf_mime_fields_free)
