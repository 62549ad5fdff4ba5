/* attachments.h - what is in a message's attachments (DESIGN 8), by way of the program that looks
 * into them (archive/), since it is no work for a process that holds passwords.
 *
 * The program is started when the first message comes, and stays. A message that makes it break off
 * twice is malformed; a program that cannot be started is trouble, and no verdict.
 */
#pragma once

#include "filter/attachment-classes.h"
#include "filter/scanner.h"

typedef struct
{
  PfAttachmentClass class;
  char *name;   /* of the file; fit to be read, as all texts here; "" where it has none */
  char *path;   /* of the archives in which it lies, apart by slashes; "" for the message itself */
  char *detail; /* of PF_ATTACHMENT_MALFORMED: why; else "" */
} PfAttachmentFinding;

/* @findings: of classes that were asked for, and malformed ones, in the order they were found. */
typedef struct
{
  GPtrArray *findings; /* (element-type PfAttachmentFinding) */
  gboolean malformed;
} PfAttachmentResult;

void  pf_attachment_result_free (PfAttachmentResult *self);
/* (transfer full) (nullable): a sentence of the finding that weighs most; NULL without any. */
char *pf_attachment_result_text (const PfAttachmentResult *self);

/* What is looked for. */
typedef struct
{
  const char *const *classes;    /* BlockClasses */
  const char *const *extensions; /* BlockExtensions */
  gboolean names_only;           /* a message beyond MaxScanSize */
} PfAttachmentRules;

#define PF_TYPE_ATTACHMENTS (pf_attachments_get_type ())
G_DECLARE_FINAL_TYPE (PfAttachments, pf_attachments, PF, ATTACHMENTS, GObject)

/* @program: (nullable): the path of postferry-archive; NULL: where it is installed. */
PfAttachments *pf_attachments_new (const char *program);

/* @source and @rules are the caller's; the source must stay as it is until the end. */
void pf_attachments_scan_async (PfAttachments *self, const PfScanSource *source,
                                const PfAttachmentRules *rules, GCancellable *cancellable,
                                GAsyncReadyCallback callback, gpointer user_data);
/* (transfer full) (nullable): NULL with G_IO_ERROR_CANCELLED, or with PF_PROBLEM where the message
 * could not be looked into and waits. */
PfAttachmentResult *pf_attachments_scan_finish (PfAttachments *self, GAsyncResult *result,
                                                GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfAttachmentResult, pf_attachment_result_free)
