#include "deliver/body.h"

#include "base/limits.h"
#include "base/problem.h"
#include "deliver/digest.h"
#include "deliver/store.h"
#include "filter/headers.h"
#include "protocol/header.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Octets of the body that wait for one write; only while the message arrives. */
#define BUFFER_SIZE (32 * PF_KIB)

struct _PfBody
{
  gatomicrefcount ref_count;
  char *spool_directory;
  PfStore store;
  PfDigest *digest;
  char *hex;

  GString *header;
  gsize line;     /* offset in header: where the line begins that is not complete */
  gsize field;    /* offset in header: where the last field begins */
  gsize searched; /* offset in header: no line end between line and here */
  gboolean header_done;

  guint64 gap; /* where the body begins in the store */
  guint64 body_length;
  GString *buffer;
  gboolean carriage_return; /* the last octet was one, and is not stored yet */

  guint64 received;
  gboolean is_8bit;
  guint64 start; /* where the finished message begins in the store */
  gboolean finished;
};

PfBody *
pf_body_new (const char *spool_directory)
{
  PfBody *self = g_new0 (PfBody, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->spool_directory = g_strdup (spool_directory);
  pf_store_init (&self->store, self->spool_directory);
  self->digest = pf_digest_new ();
  self->header = g_string_new (NULL);
  self->buffer = g_string_new (NULL);
  return self;
}

/* Without a way out, so that the compiler takes many octets at a time. */
static void
note_8bit (PfBody *self, const guint8 *data, gsize length)
{
  guint8 all = 0;

  if (self->is_8bit)
    return;
  for (gsize i = 0; i < length; i++)
    all |= data[i];
  self->is_8bit = all >= 0x80;
}

/* FALSE, with errno, where it cannot be read to its end. */
static gboolean
read_through (PfBody *self)
{
  g_autofree guint8 *buffer = g_malloc (BUFFER_SIZE);
  ssize_t n;

  while ((n = pread (self->store.fd, buffer, BUFFER_SIZE, (off_t) self->body_length)) > 0)
    {
      note_8bit (self, buffer, (gsize) n);
      self->body_length += (guint64) n;
    }
  return n == 0;
}

PfBody *
pf_body_new_for_file (int fd, GError **error)
{
  g_autoptr (PfBody) self = pf_body_new (NULL);

  self->store.fd = fd;
  self->finished = self->header_done = TRUE;
  if (read_through (self))
    return g_steal_pointer (&self);
  g_set_error (error, PF_PROBLEM, PF_PROBLEM_DELIVERY_DEFERRED, "A message cannot be read: %s",
               g_strerror (errno));
  return NULL;
}

PfBody *
pf_body_ref (PfBody *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

static void
drop_buffer (PfBody *self)
{
  if (self->buffer != NULL)
    g_string_free (g_steal_pointer (&self->buffer), TRUE);
}

void
pf_body_unref (PfBody *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  pf_store_clear (&self->store);
  g_clear_pointer (&self->digest, pf_digest_free);
  g_string_free (self->header, TRUE);
  drop_buffer (self);
  g_free (self->hex);
  g_free (self->spool_directory);
  g_free (self);
}

/* --- The body behind the header --------------------------------------------------------------- */

static gboolean
flush (PfBody *self, GError **error)
{
  GString *buffer = self->buffer;

  if (buffer->len == 0)
    return TRUE;
  if (!pf_store_write (&self->store, self->gap + self->body_length, buffer->str, buffer->len,
                       error))
    return FALSE;
  pf_digest_body (self->digest, buffer->str, buffer->len);
  self->body_length += buffer->len;
  g_string_truncate (buffer, 0);
  return TRUE;
}

static gboolean
append_body (PfBody *self, const char *data, gsize length, GError **error)
{
  while (length > 0)
    {
      GString *buffer = self->buffer;
      gsize part = MIN (length, BUFFER_SIZE - buffer->len);

      /* A message has many lines: where there is room, without the way through the library. */
      if (buffer->len + part < buffer->allocated_len)
        {
          memcpy (buffer->str + buffer->len, data, part);
          buffer->len += part;
        }
      else
        g_string_append_len (buffer, data, (gssize) part);
      data += part;
      length -= part;
      if (buffer->len == BUFFER_SIZE && !flush (self, error))
        return FALSE;
    }
  return TRUE;
}

/* --- Where the header ends -------------------------------------------------------------------- */

/* The header block is the first @length octets that are held; the others are body. */
static gboolean
end_header (PfBody *self, gsize length, GError **error)
{
  gsize mbox = pf_headers_skip_mbox (self->header->str, length);
  gsize rest_length = self->header->len - length;
  g_autofree char *rest = g_memdup2 (self->header->str + length, rest_length);

  self->header_done = TRUE;
  g_string_truncate (self->header, length);
  pf_digest_header (self->digest, self->header->str + mbox, length - mbox);
  self->gap = length + PF_LIMIT_TRACE_BLOCK;
  return append_body (self, rest, rest_length, error);
}

/* @line with its end, at self->line of the block: does the block end here (before it, or behind an
 * empty one)? */
static gboolean
line_ends_header (PfBody *self, const char *line, gsize length, gsize *header_length)
{
  gsize first = pf_headers_skip_mbox (self->header->str, self->header->len);
  gboolean complete;

  *header_length = self->line;
  if (self->line < first)
    return FALSE;
  if (*line == ' ' || *line == '\t')
    return self->line == first;
  *header_length += pf_header_length (line, length, &complete);
  if (!complete)
    self->field = self->line;
  return complete;
}

/* Looks at each octet once, so that a header of one-octet chunks costs no more than another. */
static gboolean
look_for_end (PfBody *self, GError **error)
{
  const char *end;
  gsize length;

  while (
      (end = memchr (self->header->str + self->searched, '\n', self->header->len - self->searched))
      != NULL)
    {
      gsize next = (gsize) (end - self->header->str) + 1;

      if (line_ends_header (self, self->header->str + self->line, next - self->line, &length))
        return end_header (self, length, error);
      self->line = self->searched = next;
    }
  self->searched = self->header->len;
  /* Too long to be held: whole fields are header, the rest is delivered as it is, unread by us. */
  if (self->header->len == PF_LIMIT_HEADER_BLOCK)
    return end_header (self, self->field, error);
  return TRUE;
}

static gboolean
append (PfBody *self, const char *data, gsize length, GError **error)
{
  while (length > 0 && !self->header_done)
    {
      gsize part = MIN (length, MIN (BUFFER_SIZE, PF_LIMIT_HEADER_BLOCK - self->header->len));

      g_string_append_len (self->header, data, (gssize) part);
      if (!look_for_end (self, error))
        return FALSE;
      data += part;
      length -= part;
    }
  return append_body (self, data, length, error);
}

/* --- As it arrives ---------------------------------------------------------------------------- */

gboolean
pf_body_write (PfBody *self, const guint8 *data, gsize length, GError **error)
{
  const char *at = (const char *) data, *end = at + length;

  self->received += length;
  note_8bit (self, data, length);
  while (at < end)
    {
      const char *stop;

      if (self->carriage_return)
        {
          self->carriage_return = FALSE;
          if (*at != '\n' && !append (self, "\r", 1, error))
            return FALSE;
        }
      stop = memchr (at, '\r', (gsize) (end - at));
      if (!append (self, at, (gsize) ((stop != NULL ? stop : end) - at), error))
        return FALSE;
      self->carriage_return = stop != NULL;
      at = stop != NULL ? stop + 1 : end;
    }
  return TRUE;
}

/* No end was seen. The last line may be without its line end. */
static gboolean
end_without_separator (PfBody *self, GError **error)
{
  gsize length = self->header->len;

  if (self->line < self->header->len)
    {
      gsize rest = self->header->len - self->line;
      g_autofree char *line = g_malloc (rest + 1);

      memcpy (line, self->header->str + self->line, rest);
      line[rest] = '\n';
      if (!line_ends_header (self, line, rest + 1, &length))
        length = self->header->len;
    }
  return end_header (self, length, error);
}

gboolean
pf_body_end (PfBody *self, GError **error)
{
  if (self->carriage_return && !append (self, "\r", 1, error))
    return FALSE;
  self->carriage_return = FALSE;
  if (!self->header_done && !end_without_separator (self, error))
    return FALSE;
  if (!flush (self, error))
    return FALSE;
  drop_buffer (self);
  self->hex = pf_digest_end (self->digest);
  g_clear_pointer (&self->digest, pf_digest_free);
  return TRUE;
}

/* --- What is known ---------------------------------------------------------------------------- */

guint64
pf_body_get_received (PfBody *self)
{
  return self->received;
}

const char *
pf_body_get_header (PfBody *self, gsize *length)
{
  *length = self->header->len;
  return self->header->str;
}

const char *
pf_body_get_digest (PfBody *self)
{
  return self->hex;
}

gboolean
pf_body_is_8bit (PfBody *self)
{
  return self->is_8bit;
}

/* --- Handing on ------------------------------------------------------------------------------- */

gboolean
pf_body_finish (PfBody *self, const char *header, gsize length, GError **error)
{
  if (length > self->gap)
    {
      g_set_error (error, PF_PROBLEM, PF_PROBLEM_DELIVERY_DEFERRED,
                   "The header grew by more than %d octets", PF_LIMIT_TRACE_BLOCK);
      return FALSE;
    }
  self->start = self->gap - length;
  self->finished = pf_store_write (&self->store, self->start, header, length, error);
  return self->finished;
}

int
pf_body_get_fd (PfBody *self)
{
  g_return_val_if_fail (self->finished, -1);
  lseek (self->store.fd, (off_t) self->start, SEEK_SET);
  return self->store.fd;
}

guint64
pf_body_get_length (PfBody *self)
{
  return self->gap - self->start + self->body_length;
}
