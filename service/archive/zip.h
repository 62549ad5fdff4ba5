/* zip.h - what a zip's own headers say, in the directory and in front of each entry: some programs
 * go by the one, some by the other. */
#pragma once

#include "archive/examination.h"

typedef struct
{
  gboolean encrypted;
  guint n_local;  /* headers in front of entries, those in zips inside too */
  gboolean odd;  /* there is a link or a folder with a file's content */
  gboolean over; /* there are more than are read */
  guint64 unpacked; /* octets of all entries, as the directory tells them */
  GHashTable *names; /* (element-type utf8 utf8): of all headers; what is no UTF-8 made valid */
} PfZipHeaders;

void     pf_zip_read_headers  (PfZipHeaders *self, const guint8 *data, gsize length);
void     pf_zip_headers_clear (PfZipHeaders *self);
/* The record that ends the directory, and nothing else. */
gboolean pf_zip_is_empty      (const guint8 *data, gsize length);
/* Where the record stands that ends the directory, and the directory where it says: TRUE. */
gboolean pf_zip_has_end       (const guint8 *data, gsize length);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PfZipHeaders, pf_zip_headers_clear)
