/* output.h - octets that a machine has to send. They may be secrets: no copy of them is left in
 * memory that was given back. */
#pragma once

#include <glib.h>

typedef struct
{
  guint8 *data;
  gsize length, size;
} PfOutput;

/* A zeroed PfOutput is empty. */
void    pf_output_append (PfOutput *self, const void *data, gsize length);
/* (transfer full) (nullable): all of it, NULL when empty; wiped when the last reference goes. */
GBytes *pf_output_take   (PfOutput *self);
void    pf_output_clear  (PfOutput *self);

/* Frees a NUL-terminated string after wiping it; NULL is fine. */
void    pf_output_wipe_string (char *string);
