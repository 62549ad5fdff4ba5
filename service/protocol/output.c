#include "protocol/output.h"

#include <string.h>

#define SMALLEST 256

/* What g_realloc() would leave behind is wiped here. */
static void
grow (PfOutput *self, gsize needed)
{
  gsize size = MAX (self->size, SMALLEST);
  guint8 *data;

  while (size < needed)
    size *= 2;
  data = g_malloc (size);
  if (self->length > 0)
    memcpy (data, self->data, self->length);
  if (self->data != NULL)
    explicit_bzero (self->data, self->size);
  g_free (self->data);
  self->data = data;
  self->size = size;
}

void
pf_output_append (PfOutput *self, const void *data, gsize length)
{
  if (length == 0)
    return;
  if (self->length + length > self->size)
    grow (self, self->length + length);
  memcpy (self->data + self->length, data, length);
  self->length += length;
}

static void
free_output (gpointer data)
{
  PfOutput *self = data;

  pf_output_clear (self);
  g_free (self);
}

GBytes *
pf_output_take (PfOutput *self)
{
  PfOutput *taken;

  if (self->length == 0)
    return NULL;
  taken = g_memdup2 (self, sizeof *self);
  memset (self, 0, sizeof *self);
  return g_bytes_new_with_free_func (taken->data, taken->length, free_output, taken);
}

void
pf_output_clear (PfOutput *self)
{
  if (self->data != NULL)
    explicit_bzero (self->data, self->size);
  g_free (self->data);
  memset (self, 0, sizeof *self);
}

void
pf_output_wipe_string (char *string)
{
  if (string != NULL)
    explicit_bzero (string, strlen (string));
  g_free (string);
}
