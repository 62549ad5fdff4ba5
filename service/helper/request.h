/* request.h - what crosses the socket to postferry-deliver: fixed records there, fixed answers
 * back. Pure.
 *
 * One packet (SOCK_SEQPACKET) holds 1 to PF_LIMIT_HELPER_BATCH records; each record of operation
 * deliver has one descriptor in the packet's SCM_RIGHTS, in the order of the records, positioned at
 * the message's first octet. One packet of answers holds answers to some of the records, in any
 * order; each record is answered once. Both ends are on one machine and from one build: numbers are
 * in the machine's own order.
 */
#pragma once

#include "base/limits.h"

#include <glib.h>

#define PF_REQUEST_VERSION 1
#define PF_REQUEST_ID_LENGTH 32
#define PF_REQUEST_USER_SIZE 256
#define PF_REQUEST_FOLDER_SIZE 512

typedef enum
{
  PF_REQUEST_PROBE = 1, /* could this user get mail? */
  PF_REQUEST_DELIVER = 2
} PfRequestOperation;

#define PF_REQUEST_IN_DOUBT (1U << 0) /* look for the id before anything is written */
#define PF_REQUEST_SEEN (1U << 1)     /* arrives as read */

typedef struct
{
  guint32 version;
  guint32 operation;
  guint32 flags;
  guint32 reserved; /* 0 */
  gint64 date;      /* seconds; 0 for now */
  guint64 length;   /* of the message in octets; 0 for a probe */
  char id[PF_REQUEST_ID_LENGTH];
  char user[PF_REQUEST_USER_SIZE];     /* NUL-terminated, zeros behind */
  char folder[PF_REQUEST_FOLDER_SIZE]; /* the same: UTF-8, parts between '/', "" for the inbox */
} PfRequestRecord;

/* Answers are exit codes of sysexits.h, and two of our own beyond its last one (78). */
typedef enum
{
  PF_HELPER_DONE = 0,         /* EX_OK: durable there, exactly once */
  PF_HELPER_REFUSED = 65,     /* EX_DATAERR: a mail delivery command will never take this message */
  PF_HELPER_NO_USER = 67,     /* EX_NOUSER: unknown, below MinimumUid=, or not the session's own */
  PF_HELPER_CANNOT_CREATE = 73, /* EX_CANTCREAT: home or mailbox not there, or no folder */
  PF_HELPER_TEMPORARY = 75,   /* EX_TEMPFAIL */
  PF_HELPER_NO_PERMISSION = 77, /* EX_NOPERM: not the user's to write, or behind a link */
  PF_HELPER_SETTINGS = 78,    /* EX_CONFIG: [Local] of postferry.conf is not usable */
  PF_HELPER_OVER_QUOTA = 80,
  PF_HELPER_DISK_FULL = 81
} PfHelperCode;

typedef struct
{
  char id[PF_REQUEST_ID_LENGTH];
  guint32 code;
} PfRequestAnswer;

#define PF_REQUEST_PACKET_SIZE (PF_LIMIT_HELPER_BATCH * sizeof (PfRequestRecord))
#define PF_REQUEST_ANSWERS_SIZE (PF_LIMIT_HELPER_BATCH * sizeof (PfRequestAnswer))

/* 32 lower-case hex digits at @id, which need not be terminated. */
gboolean pf_request_id_is_valid     (const char *id);
/* UTF-8 without '/', ':' and controls, not beginning with '-' or '.', short enough for a record. */
gboolean pf_request_user_is_valid   (const char *user);
/* "" or parts between '/', none empty, of UTF-8 without '.', controls and '~' in front, short
 * enough for a record. */
gboolean pf_request_folder_is_valid (const char *folder);

/**
 * pf_request_record_fill:
 * @id: 32 octets
 *
 * Makes a record that pf_request_parse() takes. Returns: FALSE where an argument is not valid.
 */
gboolean pf_request_record_fill (PfRequestRecord *record, PfRequestOperation operation,
                                 const char *id,
                                 const char *user, const char *folder);

/**
 * pf_request_parse:
 * @packet: aligned as malloc() does
 * @n_descriptors: that came with it
 * @n_records: (out): how many records @packet is
 *
 * Returns: NULL when every octet of the packet is as it must be, else why not (static).
 */
const char *pf_request_parse (const guint8 *packet, gsize length, gsize n_descriptors,
                              gsize *n_records);

/* How many answers @length octets are; 0 when they are none. */
gsize pf_request_count_answers (gsize length);
