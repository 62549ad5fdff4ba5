/* received.h - one Received field taken apart (RFC 5321 4.4), in the forms that mail servers really
 * write.
 *
 * Whoever wrote the field may lie: whom to believe is decided in filter/envelope.h. */
#pragma once

#include <glib.h>

/* Names and addresses hold printable ASCII alone, without blanks, brackets and quotation marks, and
 * at most 255 octets; what does not fit is NULL, as is what the field does not say. */
typedef struct
{
  char *helo; /* what the host called itself */
  char *
      /* its reverse name, as looked up by who wrote the field; NULL when marked as doubtful */
      hostname;
  char *address; /* IPv4 or IPv6, without brackets, "IPv6:", port and "::ffff:" */
  char *by;      /* who wrote it */
  char *with;    /* protocol: first word behind "with" */
  char *via;
  char *id;
  char *recipient; /* behind "for": path with its angle brackets */
  char *sender;    /* behind "envelope-from": path, with angle brackets where they are written */
  gboolean has_from;
  gboolean authenticated; /* the writer says that the host had logged in: mail was submitted */
  gboolean http;          /* came by a web site or API, not by SMTP */
  gboolean
      local; /* a program on the writer's own machine handed it over, with any header it liked */
  gboolean fetched;  /* written by a program that fetches mail (POP3, IMAP) */
  gboolean doubtful; /* two froms, two addresses, an open comment: somebody plays with the form */
} PfReceived;

/**
 * pf_received_parse: @value: unfolded value of the field
 *
 * Never fails: what cannot be read is missing. Returns: (transfer full)
 */
PfReceived *pf_received_parse (const char *value);
void pf_received_free (PfReceived *received);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfReceived, pf_received_free)
