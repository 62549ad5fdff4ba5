/* rspamd-private.h - Rspamd's client from within. */
#pragma once

#include "filter/exchange.h"
#include "filter/rspamd-request.h"
#include "filter/scanner-private.h"

/* One of its two ports. */
typedef struct
{
  SoupSession *session; /* NULL: off */
  char *base;           /* "http://host:port", without a final slash */
} PfRspamdPort;

struct _PfRspamd
{
  GObject parent_instance;
  PfScannerState state;
  PfRspamdPort scanner, controller;
  PfScanQueue queue;
};

/* (transfer full) (nullable): NULL when the URL is none. */
SoupMessage *pf_rspamd_port_message (const PfRspamdPort *port, const char *method,
                                     const char *path);
