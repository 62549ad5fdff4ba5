/* attachment-classes.h - what the attachment rules tell apart (DESIGN 8), and how the program that
 * looks into attachments (archive/) is asked. Includes glib.h only: both sides use it.
 */
#pragma once

#include <glib.h>

typedef enum
{
  PF_ATTACHMENT_EXECUTABLE,
  PF_ATTACHMENT_ARCHIVE,
  PF_ATTACHMENT_OFFICE_MACRO,
  PF_ATTACHMENT_ENCRYPTED_ARCHIVE,
  PF_ATTACHMENT_EXTENSION, /* one of the administrator's own list */
  PF_ATTACHMENT_MALFORMED, /* beyond a limit, or not to be read to its end: always wanted */
  PF_ATTACHMENT_N_CLASSES
} PfAttachmentClass;

#define PF_ATTACHMENT_BIT(class) (1u << (class))

/* "executables", "archives", "office-macros", "encrypted-archives" as in BlockClasses, "extensions",
 * "malformed". */
const char *pf_attachment_class_nick (PfAttachmentClass class);
gboolean    pf_attachment_class_parse (const char *nick, PfAttachmentClass *class);

/* A request on the SOCK_SEQPACKET pair: this, then @n_extensions texts each with its NUL; with it
 * come two descriptors, the message and where to write the answer. */
typedef struct
{
  guint32 version; /* PF_ATTACHMENT_VERSION */
  guint32 wanted;  /* bits of classes */
  guint32 names_only;
  guint32 n_extensions;
  guint64 offset, length; /* of the message in its descriptor */
} PfAttachmentRequest;

#define PF_ATTACHMENT_VERSION 1

/* The answer is text: "begun", then "found CLASS NAME PATH DETAIL" for each finding, then "end",
 * each a line, the words of a finding apart by a TAB; or "unreadable" where the message's octets are
 * not there. What ends without either is none. */
#define PF_ATTACHMENT_BEGUN "begun"
#define PF_ATTACHMENT_FOUND "found"
#define PF_ATTACHMENT_UNREADABLE "unreadable"
#define PF_ATTACHMENT_END "end"
