#include "net/deflate.h"

#include <zlib.h>

/* The peer chooses how far its stream looks back: as far as there is. */
#define WINDOW_IN (-MAX_WBITS)
/* What we send are commands of some dozen octets: a small window and small tables are as good. */
#define WINDOW_OUT (-10)
#define MEMORY_OUT 1
#define OUT_STEP 1024

struct _PfDeflate
{
  z_stream in, out;
  GByteArray *input; /* what in points to */
  gboolean full;     /* the last read filled its buffer: zlib may hold more */
  gboolean ended, broken;
};

PfDeflate *
pf_deflate_new (void)
{
  PfDeflate *self = g_new0 (PfDeflate, 1);

  self->input = g_byte_array_new ();
  if (inflateInit2 (&self->in, WINDOW_IN) != Z_OK
      || deflateInit2 (&self->out, Z_DEFAULT_COMPRESSION, Z_DEFLATED, WINDOW_OUT, MEMORY_OUT,
                       Z_DEFAULT_STRATEGY)
             != Z_OK)
    g_error ("zlib: out of memory"); /* as every allocation of GLib */
  return self;
}

void
pf_deflate_free (PfDeflate *self)
{
  if (self == NULL)
    return;
  inflateEnd (&self->in);
  deflateEnd (&self->out);
  g_byte_array_unref (self->input);
  g_free (self);
}

void
pf_deflate_feed (PfDeflate *self, const guint8 *data, gsize length)
{
  g_return_if_fail (!pf_deflate_has_input (self) && length <= G_MAXUINT32);
  g_byte_array_set_size (self->input, 0);
  g_byte_array_append (self->input, data, (guint) length);
  self->in.next_in = self->input->data;
  self->in.avail_in = (uInt) length;
}

gboolean
pf_deflate_has_input (const PfDeflate *self)
{
  return self->in.avail_in > 0 || self->full || self->broken;
}

gboolean
pf_deflate_read (PfDeflate *self, guint8 *buffer, gsize size, gsize *length)
{
  int result = Z_OK;

  *length = 0;
  self->in.next_out = buffer;
  self->in.avail_out = (uInt) MIN (size, G_MAXUINT32);
  while (!self->broken && !self->ended && result == Z_OK && self->in.avail_out > 0)
    {
      result = inflate (&self->in, Z_SYNC_FLUSH);
      self->ended = result == Z_STREAM_END;
      /* Z_BUF_ERROR: it can do nothing more without input. */
      self->broken = result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR;
    }
  self->full = !self->ended && !self->broken && self->in.avail_out == 0;
  *length = (gsize) (self->in.next_out - buffer);
  /* What was right before the fault is told first. */
  if (*length > 0)
    return TRUE;
  self->broken = self->broken || (self->ended && self->in.avail_in > 0);
  return !self->broken;
}

void
pf_deflate_write (PfDeflate *self, const guint8 *data, gsize length, GByteArray *out)
{
  guint8 step[OUT_STEP];

  self->out.next_in = (Bytef *) data;
  self->out.avail_in = (uInt) length;
  do
    {
      self->out.next_out = step;
      self->out.avail_out = sizeof step;
      deflate (&self->out, Z_SYNC_FLUSH);
      g_byte_array_append (out, step, (guint) (sizeof step - self->out.avail_out));
    }
  while (self->out.avail_out == 0);
}
