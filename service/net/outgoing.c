#include "net/outgoing.h"

#include "base/secret.h"

#include <string.h>

/* Longer texts are messages, not passwords; wiping them would only copy them once more. */
#define WIPED_LENGTH (64 * 1024)

static void
wipe_bytes (GBytes *bytes)
{
  gsize length;
  guint8 *data;

  if (g_bytes_get_size (bytes) > WIPED_LENGTH)
    {
      g_bytes_unref (bytes);
      return;
    }
  /* Where the reference was the last one, these are the very octets, else a copy. */
  data = g_bytes_unref_to_data (bytes, &length);
  if (length > 0)
    pf_secret_wipe (data, length);
  g_free (data);
}

static void
free_wire (PfOutgoing *self)
{
  if (self->wire == NULL)
    return;
  if (self->wire->len > 0)
    pf_secret_wipe (self->wire->data, self->wire->len);
  g_clear_pointer (&self->wire, g_byte_array_unref);
  self->wire_sent = 0;
}

void
pf_outgoing_init (PfOutgoing *self)
{
  memset (self, 0, sizeof *self);
  g_queue_init (&self->queue);
}

void
pf_outgoing_clear (PfOutgoing *self)
{
  GBytes *bytes;

  while ((bytes = g_queue_pop_head (&self->queue)) != NULL)
    wipe_bytes (bytes);
  self->head_taken = self->queued = 0;
  free_wire (self);
}

void
pf_outgoing_push (PfOutgoing *self, GBytes *data)
{
  if (g_bytes_get_size (data) == 0)
    return;
  g_queue_push_tail (&self->queue, g_bytes_ref (data));
  self->queued += g_bytes_get_size (data);
}

gsize
pf_outgoing_pop (PfOutgoing *self, guint8 *buffer, gsize size)
{
  gsize taken = 0;

  while (taken < size && self->queued > 0)
    {
      gsize length;
      GBytes *head = g_queue_peek_head (&self->queue);
      const guint8 *data = g_bytes_get_data (head, &length);
      gsize n = MIN (size - taken, length - self->head_taken);

      memcpy (buffer + taken, data + self->head_taken, n);
      taken += n;
      self->head_taken += n;
      self->queued -= n;
      if (self->head_taken == length)
        {
          wipe_bytes (g_queue_pop_head (&self->queue));
          self->head_taken = 0;
        }
    }
  return taken;
}

gsize
pf_outgoing_get_queued (const PfOutgoing *self)
{
  return self->queued;
}

GByteArray *
pf_outgoing_wire (PfOutgoing *self)
{
  if (self->wire == NULL)
    self->wire = g_byte_array_new ();
  return self->wire;
}

const guint8 *
pf_outgoing_peek (const PfOutgoing *self, gsize *length)
{
  *length = pf_outgoing_get_wire_length (self);
  return *length == 0 ? NULL : self->wire->data + self->wire_sent;
}

void
pf_outgoing_sent (PfOutgoing *self, gsize length)
{
  self->wire_sent += length;
  if (pf_outgoing_get_wire_length (self) == 0)
    free_wire (self);
}

gsize
pf_outgoing_get_wire_length (const PfOutgoing *self)
{
  return self->wire == NULL ? 0 : self->wire->len - self->wire_sent;
}
