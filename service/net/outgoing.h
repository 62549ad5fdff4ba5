/* outgoing.h - octets on their way out: what was queued, and what is about to go on the wire.
 *
 * Whatever passes here may be a password: our copies are wiped when they are done with.
 */
#pragma once

#include <glib.h>

typedef struct
{
  GQueue queue;     /* GBytes, as they were given */
  gsize head_taken; /* of the first of them */
  gsize queued;     /* octets in the queue */
  GByteArray *wire; /* (nullable): as they go out, under TLS encrypted */
  gsize wire_sent;  /* of them */
} PfOutgoing;

void pf_outgoing_init  (PfOutgoing *self);
void pf_outgoing_clear (PfOutgoing *self);

void  pf_outgoing_push (PfOutgoing *self, GBytes *data);
/* Moves up to @size octets out of the queue into @buffer, which the caller wipes. */
gsize pf_outgoing_pop  (PfOutgoing *self, guint8 *buffer, gsize size);
gsize pf_outgoing_get_queued (const PfOutgoing *self);

/* (transfer none): to append what goes on the wire. */
GByteArray   *pf_outgoing_wire (PfOutgoing *self);
const guint8 *pf_outgoing_peek (const PfOutgoing *self, gsize *length);
/* @length octets of the wire were taken by the kernel. */
void          pf_outgoing_sent (PfOutgoing *self, gsize length);
gsize         pf_outgoing_get_wire_length (const PfOutgoing *self);
