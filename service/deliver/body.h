/* body.h - one fetched message: written once as it arrives, then handed on by descriptor (DESIGN
 * 3).
 *
 * The octets are kept with LF line ends (CRLF becomes LF; lone CR and NUL stay). The header block
 * is held on the heap up to PF_LIMIT_HEADER_BLOCK; what follows goes into a memfd, or beyond
 * PF_LIMIT_BODY_IN_MEMORY into an unnamed file of the spool folder, behind a gap that is wide
 * enough for the finished header. So nothing is copied when the header is put in front, and nothing
 * large is ever on the heap.
 */
#pragma once

#include <gio/gio.h>

typedef struct _PfBody PfBody;

PfBody     *pf_body_new   (const char *spool_directory);
/**
 * pf_body_new_for_file:
 * @fd: a regular file that nobody writes to any more, open for reading; the body's from now on
 *
 * A message that is finished already, such as one from quarantine: header and digest are not known
 * of it. Reads all of it once, and blocks as long. Errors: PF_PROBLEM_DELIVERY_DEFERRED.
 */
PfBody     *pf_body_new_for_file (int fd, GError **error);
PfBody     *pf_body_ref   (PfBody *self);
void        pf_body_unref (PfBody *self);
/* As it arrives, split anywhere. Errors: PF_PROBLEM_DISK_LOW, PF_PROBLEM_DELIVERY_DEFERRED. */
gboolean    pf_body_write (PfBody *self, const guint8 *data, gsize length, GError **error);
/* The message is complete: the digest is known from now on. */
gboolean    pf_body_end   (PfBody *self, GError **error);

/* Octets as received. */
guint64     pf_body_get_received (PfBody *self);
/* The header block as it came, LF line ends, with its empty line where it has one. */
const char *pf_body_get_header   (PfBody *self, gsize *length);
/* Hex SHA-256 for recognition: without the fields servers write (Status, X-Status, X-UID, X-UIDL,
 * X-Keywords, X-IMAPbase, X-IMAP), header folding undone and blanks folded to one, line ends at the
 * very end ignored (specs 13). */
const char *pf_body_get_digest   (PfBody *self);

/**
 * pf_body_finish:
 * @header: the finished header block, trace lines included: at most the block that came plus
 * PF_LIMIT_TRACE_BLOCK
 *
 * Puts @header in front of the body. May be called again with another header (next recipient) once
 * the delivery before is answered.
 */
gboolean    pf_body_finish (PfBody *self, const char *header, gsize length, GError **error);
/* After pf_body_finish(): the descriptor, positioned at the message's first octet; and how long the
 * message is. The position is set anew by each call. */
int         pf_body_get_fd     (PfBody *self);
guint64     pf_body_get_length (PfBody *self);
/* TRUE when an octet >= 0x80 was seen. */
gboolean    pf_body_is_8bit    (PfBody *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfBody, pf_body_unref)
