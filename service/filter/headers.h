/* headers.h - the lines we put on top of a message and those we take out (specs 12): pure, bytes to
 * bytes. */
#pragma once

#include "filter/scan-lines.h"

/* Strings may be NULL where not known; every value is filtered before it is written. */
typedef struct
{
  const char *return_path;  /* envelope sender for Return-Path; NULL: no such line (LMTP) */
  const char *delivered_to; /* the local user; NULL writes none */
  const char *account_hash; /* the object's HEX, for X-Postferry */
  const char *delivery_id;
  const char *uid;
  const char *host;         /* our own name, for Received's by and X-Postferry */
  const char *peer_name;    /* the provider's server */
  const char *peer_address; /* its IP */
  const char *protocol;     /* "POP3", "POP3S", "IMAP", "IMAPS" */
  const char *version;
  gboolean scan_skipped;    /* X-Postferry-Scan: skipped */
  gint64 time;              /* unix seconds */
  const PfScanLines *scan;  /* what scanners found and want; NULL for nothing */
} PfTrace;

/* (transfer full): the finished header block, LF line ends: our lines, then @header with the fields
 * of specs 12 section 3 taken out and every other byte as it was. Where the message does not begin
 * with a field, an empty line follows ours. */
GString *pf_headers_finish (const char *header, gsize length, const PfTrace *trace);

/* (transfer full): envelope sender for MAIL FROM: specs 12 section 5; "" for <> or not known. */
char    *pf_headers_sender (const char *header, gsize length);
/* TRUE when the message came through this very account on this host before, or has more than
 * PF_LIMIT_RECEIVED_FIELDS. */
gboolean pf_headers_is_loop (const char *header, gsize length, const char *host,
                             const char *account_hash);
/* (transfer full) (nullable): the value of the envelope recipient field @name (Delivered-To,
 * X-Original-To): topmost, the address alone. */
char    *pf_headers_recipient (const char *header, gsize length, const char *name);
/* (transfer full): Subject decoded (RFC 2047) to UTF-8, at most 4 KiB; "" without. */
char    *pf_headers_subject (const char *header, gsize length);
/* GMime, once a process. */
void     pf_headers_start_gmime (void);
/* How many octets at the front are an mbox line (`From ` or `>From `) that some servers send before
 * the first field. */
gsize    pf_headers_skip_mbox (const char *header, gsize length);
