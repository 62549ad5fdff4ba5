/* tls.h - the client side of TLS as a machine: octets in, octets out, no socket (OpenSSL over
 * memory BIOs). */
#pragma once

#include "net/endpoint.h"

typedef struct _PfTls PfTls;

typedef enum
{
  PF_TLS_MORE, /* nothing until more comes from the peer */
  PF_TLS_DONE, /* the handshake is complete; octets were read */
  PF_TLS_END,  /* the peer ended the stream with close_notify */
  PF_TLS_FAILED
} PfTlsResult;

/* NULL with an error of pf_trust_open(). */
PfTls *pf_tls_new  (const PfEndpoint *endpoint, GError **error);
void   pf_tls_free (PfTls *self);

/* Takes what came from the peer; only when pf_tls_has_input() says that nothing is left of
 * before. */
void     pf_tls_feed      (PfTls *self, GBytes *data);
void     pf_tls_feed_eof  (PfTls *self);
gboolean pf_tls_has_input (PfTls *self);

PfTlsResult pf_tls_handshake (PfTls *self, GError **error);
/* @size: at least PF_TLS_RECORD, or what is left of a record would wait unseen. */
PfTlsResult pf_tls_read      (PfTls *self, guint8 *buffer, gsize size, gsize *length,
                              GError **error);
gboolean    pf_tls_write     (PfTls *self, const guint8 *data, gsize length, GError **error);
/* Says close_notify, after which nothing is written. */
void        pf_tls_end       (PfTls *self);
/* Moves what is to be sent to the peer behind @wire. Ask after each of the calls above. */
void        pf_tls_take_output (PfTls *self, GByteArray *wire);

/* (nullable): see PfEndpoint's peer_certificate; known as soon as the peer showed one. */
GVariant *pf_tls_get_peer_certificate (PfTls *self);
/* TRUE when what failed was a stream that ended without close_notify. */
gboolean  pf_tls_was_cut (PfTls *self);

/* The most that one TLS record holds. */
#define PF_TLS_RECORD (16 * 1024)

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfTls, pf_tls_free)
