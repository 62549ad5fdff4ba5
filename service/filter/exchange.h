/* exchange.h - one HTTP request to a scanner and its answer: bounded in size and time, nothing
 * followed, nothing retried but on a connection that was kept alive and had ended. */
#pragma once

#include "filter/scanner.h"

#include <libsoup/soup.h>

typedef struct
{
  PfScanReason reason; /* PF_SCAN_NO_REASON: @status and @body are a whole answer */
  char *text;          /* of a reason: a sentence, fit to be read */
  guint status;        /* HTTP; 0 without an answer */
  GString *body;       /* NUL-terminated behind its end */
  char *type;          /* Content-Type without its parameters, "" without */
  char *server;        /* Server, (nullable) */
} PfExchange;

/**
 * pf_exchange_session_new:
 * @base: an absolute URL: `http://HOST:PORT`, `https://..`, or `unix:/path`
 *
 * Returns: (transfer full): no proxy, no cookies, no log-in, no decompression; certificates
 * checked.
 */
SoupSession *pf_exchange_session_new (const char *base, guint connections);

/**
 * pf_exchange_async:
 * @message: (transfer full) (nullable): NULL when the URL was none
 * @source: (nullable): its body
 * @limit: octets of the answer's body
 * @timeout: seconds for the answer, from the last octet of the message that could be sent; all in
 *   all PF_LIMIT_SCAN_SECONDS
 */
void        pf_exchange_async  (SoupSession *session, SoupMessage *message,
                                const PfScanSource *source, gsize limit, guint timeout,
                                GCancellable *cancellable, GAsyncReadyCallback callback,
                                gpointer user_data);
/* (transfer full) (nullable): NULL with G_IO_ERROR_CANCELLED only. */
PfExchange *pf_exchange_finish (GAsyncResult *result, GError **error);
void        pf_exchange_free   (PfExchange *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfExchange, pf_exchange_free)
